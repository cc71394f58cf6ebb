// SPDX-License-Identifier: Apache-2.0
//
// ConfigText: the one term of a configuration file, and where each part of it stands.
//
// A Term does not know where it was read. The places lie beside it, one for each token that is or opens a term, in the order of
// the text, each with the end of what it opens; so the two are walked side by side, and nothing is searched for.
//
//   Ownership  A PlacedTerm borrows its ConfigText.
//   Threads    Any; immutable.
//   Errors     Fault bad_argument: "a.config:3:5: found …, expected …".
//   Bounds     Nesting as Term::kDepthMax; none of it is followed by recursion.
//   Cost       The text is read twice, for the term and for the places; 12 bytes a place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pulpo/result.hpp"
#include "pulpo/term.hpp"

namespace pulpo {

class ConfigText;

/// A term of a configuration file, and where it stands there.
class PlacedTerm {
 public:
  [[nodiscard]] const Term& term() const noexcept { return term_; }
  [[nodiscard]] const ConfigText& text() const noexcept { return *text_; }
  /// "a.config:3:5".
  [[nodiscard]] std::string place() const;
  /// The elements of a tuple or a list. Those of a text in quotes all stand where it does.
  [[nodiscard]] std::vector<PlacedTerm> parts() const;

  /// The term as messages quote it: Erlang's text, not longer than a part of a line.
  [[nodiscard]] std::string quoted() const;
  /// "a.config:3:5: `detail`".
  [[nodiscard]] std::string line(std::string_view detail) const;
  [[nodiscard]] Fault wrong(std::string_view detail) const;
  /// "a.config:3:5: found foo, expected `what`".
  [[nodiscard]] Fault expected(std::string_view what) const;

 private:
  friend class ConfigText;
  PlacedTerm(const ConfigText& text, std::uint32_t at, Term term) : text_(&text), at_(at), term_(std::move(term)) {}

  const ConfigText* text_;
  std::uint32_t at_;
  Term term_;
};

class ConfigText {
 public:
  /// Reads `text`, which messages call `file`: one term, ended by a dot.
  [[nodiscard]] static Outcome<ConfigText> read(std::string_view text, std::string file);

  [[nodiscard]] PlacedTerm root() const { return {*this, 0, root_}; }
  [[nodiscard]] const std::string& file() const noexcept { return file_; }

 private:
  friend class PlacedTerm;
  struct Place {
    std::uint32_t line, column;
    std::uint32_t end;  ///< The first place behind it and its parts.
  };
  ConfigText() = default;

  std::string file_;
  Term root_;
  std::vector<Place> places_;
};

}  // namespace pulpo
