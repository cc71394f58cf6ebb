// SPDX-License-Identifier: Apache-2.0
//
// Atom: a name, kept once in the program and compared by its number.
//
//   Bounds     2^20 atoms a program, 255 characters each; atoms are never freed, so whatever comes from
//              outside must be counted before it becomes one (net/wire does).
//   Threads    Any. The table is one of the three process-wide things; text() takes no lock.
//   Cost       Comparison: one integer. Creation: a hash and a lock; a known atom's look-up the same. A
//              literal ("ping"_atom) is looked up once a program.
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pulpo {

class Atom {
 public:
  static constexpr std::uint32_t kCountMax = 1u << 20;
  static constexpr std::size_t kCharactersMax = 255;

  /// The atom `nil`.
  constexpr Atom() noexcept = default;
  /// Finds or makes the atom of this UTF-8 text. Stops the node (PULPO_ASSERT) when the table is full or the text is no
  /// atom's: for names in the program itself. What comes from outside goes through make().
  explicit Atom(std::string_view text);
  /// The same for text from outside: empty when the text is too long, is not UTF-8, or the table is full.
  [[nodiscard]] static std::optional<Atom> make(std::string_view text);
  /// The atom of this text if there is one; makes none.
  [[nodiscard]] static std::optional<Atom> find(std::string_view text);
  [[nodiscard]] static constexpr Atom from_index(std::uint32_t index) noexcept {
    Atom atom;
    atom.index_ = index;
    return atom;
  }

  [[nodiscard]] constexpr std::uint32_t index() const noexcept { return index_; }
  [[nodiscard]] std::string_view text() const noexcept;  ///< Lives as long as the program.
  /// How many atoms the program has.
  [[nodiscard]] static std::uint32_t count() noexcept;

  friend constexpr bool operator==(Atom, Atom) noexcept = default;

 private:
  std::uint32_t index_ = 0;
};

/// Atoms of the runtime itself: their numbers are fixed, in this order, from 0.
namespace atoms {
// clang-format off
#define PULPO_KNOWN_ATOMS(X) \
  X(nil, "nil") X(true_, "true") X(false_, "false") X(undefined, "undefined") X(ok, "ok") X(error, "error") \
  X(normal, "normal") X(shutdown, "shutdown") X(kill, "kill") X(killed, "killed") X(noproc, "noproc") \
  X(noconnection, "noconnection") X(nodedown, "nodedown") X(timeout, "timeout") X(calling_self, "calling_self") \
  X(infinity, "infinity") X(EXIT, "EXIT") X(DOWN, "DOWN") X(process, "process") X(badarg, "badarg") \
  X(undef, "undef") X(function_clause, "function_clause") X(system_limit, "system_limit") X(nocatch, "nocatch") \
  X(gen_call, "$gen_call") X(gen_cast, "$gen_cast") X(already_started, "already_started") X(stop, "stop") \
  X(GenServer, "Elixir.GenServer") X(call, "call") X(nonode_nohost, "nonode@nohost")
// clang-format on
enum KnownIndex : std::uint32_t {
#define PULPO_X(name, text) k_##name,
  PULPO_KNOWN_ATOMS(PULPO_X)
#undef PULPO_X
      kKnownCount
};
#define PULPO_X(name, text) inline constexpr Atom name = Atom::from_index(k_##name);
PULPO_KNOWN_ATOMS(PULPO_X)
#undef PULPO_X
}  // namespace atoms

/// Text that can be a template argument: the name in Call<"ping", Atom>.
template <std::size_t N>
struct FixedText {
  char characters[N]{};
  constexpr FixedText(const char (&text)[N]) { std::copy_n(text, N, characters); }  // NOLINT: a literal is one
  [[nodiscard]] constexpr std::string_view view() const { return {characters, N - 1}; }
};

/// "pong"_atom is `:pong`. For a module's name say "Elixir.PingPong"_atom, or alias("PingPong").
template <FixedText text>
[[nodiscard]] inline Atom operator""_atom() {
  static const Atom atom{text.view()};
  return atom;
}

/// A name as the console and the command line read it: "PingPong" is the atom Elixir.PingPong, since it starts
/// with a capital letter as an Elixir alias does; ":PingPong" and "ping_pong" are plain atoms. Empty when it is no name.
[[nodiscard]] std::optional<Atom> atom_of_name(std::string_view name);

}  // namespace pulpo
