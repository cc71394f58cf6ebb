// SPDX-License-Identifier: Apache-2.0
//
// AtomsOut, AtomsIn: the atom tables of one connection, one per direction.
//
// An atom's text travels once; from then on its index in this direction's table does. The definition is part of
// the frame that needs it first, so a frame that is taken back takes its definitions back too.
//
//   Bounds     A table holds at most Atom::kCountMax entries. A peer may make AtomQuota::limit atoms that did not exist
//              here; the quota outlives connections, or a peer would fill the table by dialling again and again.
//   Threads    The link's core.
//   Errors     AtomsIn::define(): Errc::bad_message, saying which limit.
//   Cost       AtomsOut: an array access, 4 bytes for every atom up to the highest number used. AtomsIn: the same.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "pulpo/atom.hpp"
#include "pulpo/result.hpp"

namespace pulpo::wire {

class AtomsOut {
 public:
  static constexpr std::uint32_t kUndefined = UINT32_MAX;
  /// The atom's index, or kUndefined when its text has not been sent on this connection.
  [[nodiscard]] std::uint32_t find(Atom atom) const noexcept {
    return atom.index() < index_of_.size() ? index_of_[atom.index()] : kUndefined;
  }
  /// Gives `atom` the next index. The caller sends its text.
  std::uint32_t define(Atom atom);
  [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(defined_.size()); }
  /// Takes back every definition after the first `size`.
  void truncate(std::uint32_t size) noexcept;

 private:
  std::vector<std::uint32_t> index_of_;  ///< By atom number; kUndefined where not sent.
  std::vector<Atom> defined_;            ///< In the order of definition.
};

/// How many atoms one peer has made in this program. One per peer, owned by the session's side.
struct AtomQuota {
  std::uint32_t limit = 4096;  ///< architecture.md, Defaults and limits. Atoms are never freed.
  std::uint32_t made = 0;
};

class AtomsIn {
 public:
  explicit AtomsIn(AtomQuota& quota) noexcept : quota_(quota) {}
  /// `text` takes the next index.
  Outcome<void> define(std::string_view text);
  [[nodiscard]] bool find(std::uint64_t index, Atom& atom) const noexcept {
    if (index >= atoms_.size()) return false;
    atom = atoms_[static_cast<std::size_t>(index)];
    return true;
  }
  [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(atoms_.size()); }

 private:
  AtomQuota& quota_;
  std::vector<Atom> atoms_;
};

}  // namespace pulpo::wire
