// SPDX-License-Identifier: Apache-2.0
//
// Term: the one value type. It is the message, the exit reason, the configuration, the console's value and the
// wire's payload.
//
// 16 bytes, immutable. Atoms, integers, floats, pids, references and binaries of up to 14 bytes lie inside;
// everything else is a pointer to an immutable, counted block. Equality and order are Erlang's:
// number < atom < reference < fun < port < pid < tuple < map < nil < list < binary.
//
//   Ownership  A copy shares the block. Views (bytes(), elements()) live as long as some copy does.
//   Threads    Counts are plain while a block is known to one core only. Before a term crosses to
//              another thread it goes through share(), from when on the counts of what it holds are atomic.
//   Bounds     Nesting is never followed by recursion: a term of any depth is freed, compared, printed and
//              shared on a small stack. Readers and decoders refuse more than kDepthMax levels.
//   Errors     An accessor for another type stops the node (PULPO_ASSERT): look at type() first, or use the
//              as_…() forms, which return an empty optional.
//   Cost       Copy of an inline term: two words. Copy of a block: one increment.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "pulpo/atom.hpp"
#include "pulpo/bytes.hpp"
#include "pulpo/pid.hpp"

namespace pulpo {

namespace detail {
struct TermBlock;

/// A type's name as its author wrote it: "ping_pong::Server". Read out of the compiler's own text: the demangler would weigh
/// tens of KB in every program.
template <class T>
[[nodiscard]] constexpr std::string_view type_name() {
  constexpr std::string_view text = __PRETTY_FUNCTION__;  // "… type_name() [with T = ping_pong::Server; …]" or "… [T = ping_pong::Server]"
  constexpr std::size_t begin = text.find("T = ") + 4;
  return text.substr(begin, text.find_first_of(";]", begin) - begin);
}

/// One for each C++ type: its address tells types apart, without RTTI.
struct ObjectType {
  std::string_view name;
};
template <class T>
inline constexpr ObjectType kObjectType{type_name<T>()};
}  // namespace detail

class Term {
 public:
  static constexpr std::size_t kDepthMax = 10'000;

  /// In Erlang's order of types.
  enum class Type : std::uint8_t {
    integer,
    big_integer,
    floating,
    atom,
    reference,
    function,
    object,  ///< A C++ object of this program, see object(). Erlang has none.
    port,
    pid,
    tuple,
    map,
    nil,
    list,
    binary
  };

  // --- Making --------------------------------------------------------------------------------
  Term() noexcept;            ///< The atom `nil`.
  Term(Atom atom) noexcept;   // NOLINT: these are terms
  Term(bool value) noexcept;  // NOLINT: the atoms `true` and `false`
  template <class I>
  requires(std::is_integral_v<I> && !std::is_same_v<I, bool> && (sizeof(I) < 8 || std::is_signed_v<I>)) Term(I value)
  noexcept : Term(Integer{}, static_cast<std::int64_t>(value)) {}  // NOLINT
  Term(double value);                                              // NOLINT: finite; NaN and infinities are no terms (PULPO_ASSERT)
  Term(const Pid& pid) noexcept;                                   // NOLINT
  Term(const Ref& ref) noexcept;                                   // NOLINT
  Term(std::string_view text) : Term(binary(text)) {}              // NOLINT: an Elixir string is a binary
  Term(const std::string& text) : Term(binary(text)) {}            // NOLINT
  Term(const char* text) : Term(binary(text)) {}                   // NOLINT

  [[nodiscard]] static Term binary(ByteView bytes);
  [[nodiscard]] static Term tuple(std::span<const Term> elements);
  [[nodiscard]] static Term tuple(std::initializer_list<Term> elements) { return tuple(std::span(elements.begin(), elements.size())); }
  [[nodiscard]] static Term empty_list() noexcept;
  /// A proper list, or an improper one when `tail` is not a list; a list as tail is appended.
  [[nodiscard]] static Term list(std::span<const Term> elements, const Term& tail = empty_list());
  [[nodiscard]] static Term list(std::initializer_list<Term> elements) { return list(std::span(elements.begin(), elements.size())); }
  /// Erlang's "text": the list of its code points, kept as compact bytes, and equal to that list. `utf8` must be UTF-8.
  [[nodiscard]] static Term charlist(std::string_view utf8);
  /// A later pair replaces an earlier one of the same key (strict equality: 1 and 1.0 are two keys).
  [[nodiscard]] static Term map(std::vector<std::pair<Term, Term>> pairs);
  /// An integer beyond 64 bits, carried and compared but not calculated with; little-endian magnitude. One that
  /// fits 64 bits becomes an integer.
  [[nodiscard]] static Term big_integer(bool negative, ByteView magnitude);
  /// `&Module.function/arity`, with the first of its arguments already bound to it: no more than `arity` (PULPO_ASSERT).
  [[nodiscard]] static Term function(Atom module, Atom name, std::uint8_t arity, std::span<const Term> bound = {});

  /// Any C++ object, to hand it from process to process of one node (D5): it has no text that could be read, and cannot leave its
  /// node. Whoever drops the last copy destroys it, on any core: its destructor must not suspend. Equal to itself only. Not null.
  template <class T>
  [[nodiscard]] static Term object(std::shared_ptr<T> object) {
    return make_object(std::const_pointer_cast<std::remove_const_t<T>>(std::move(object)), detail::kObjectType<std::remove_const_t<T>>);
  }

  Term(const Term& other) noexcept;
  Term(Term&& other) noexcept;
  Term& operator=(const Term& other) noexcept;
  Term& operator=(Term&& other) noexcept;
  ~Term();

  // --- Looking ---------------------------------------------------------------------------------
  [[nodiscard]] Type type() const noexcept;
  [[nodiscard]] bool is_atom() const noexcept;
  [[nodiscard]] bool is_atom(Atom wanted) const noexcept;
  [[nodiscard]] bool is_integer() const noexcept;  ///< 64-bit ones.
  [[nodiscard]] bool is_tuple() const noexcept;
  [[nodiscard]] bool is_tuple(std::size_t size) const noexcept;
  [[nodiscard]] bool is_list() const noexcept;  ///< Also the empty one, and improper ones.
  [[nodiscard]] bool is_proper_list() const noexcept;
  [[nodiscard]] bool is_map() const noexcept;
  [[nodiscard]] bool is_binary() const noexcept;
  [[nodiscard]] bool is_pid() const noexcept;
  [[nodiscard]] bool is_ref() const noexcept;
  [[nodiscard]] bool is_object() const noexcept;

  [[nodiscard]] Atom atom() const noexcept;
  [[nodiscard]] std::int64_t integer() const noexcept;
  [[nodiscard]] double floating() const noexcept;
  [[nodiscard]] Pid pid() const noexcept;
  [[nodiscard]] Ref ref() const noexcept;
  [[nodiscard]] ByteView bytes() const& noexcept;  ///< Of a binary. An inline one's bytes lie in this very Term.
  ByteView bytes() const&& = delete;
  /// Elements of a tuple. For lists see list_size() and list_at(): a charlist has no elements to point at.
  [[nodiscard]] std::span<const Term> elements() const noexcept;
  [[nodiscard]] std::size_t list_size() const noexcept;  ///< Elements before the tail.
  [[nodiscard]] Term list_at(std::size_t index) const;
  [[nodiscard]] Term list_tail() const noexcept;  ///< The empty list of a proper one.
  /// The list as UTF-8 text when every element is a code point; Erlang's "abc".
  [[nodiscard]] std::optional<std::string> charlist_text() const;
  /// Key, value, key, value …, in the order of keys.
  [[nodiscard]] std::span<const Term> map_items() const noexcept;
  [[nodiscard]] std::size_t map_size() const noexcept { return map_items().size() / 2; }
  [[nodiscard]] const Term* map_find(const Term& key) const noexcept;
  struct BigInteger {
    bool negative;
    ByteView magnitude;  ///< Little-endian, no leading zeros.
  };
  [[nodiscard]] BigInteger big_integer_parts() const noexcept;
  struct Function {
    Atom module, name;
    std::uint8_t arity;
    std::span<const Term> bound;
  };
  [[nodiscard]] Function function_parts() const noexcept;
  /// The object when the term is one of type T, else null.
  template <class T>
  [[nodiscard]] std::shared_ptr<T> as_object() const noexcept {
    return std::static_pointer_cast<T>(object_of(detail::kObjectType<std::remove_const_t<T>>));
  }
  /// The C++ name of an object's type.
  [[nodiscard]] std::string_view object_type() const noexcept;

  [[nodiscard]] std::optional<Atom> as_atom() const noexcept { return is_atom() ? std::optional(atom()) : std::nullopt; }
  [[nodiscard]] std::optional<std::int64_t> as_integer() const noexcept { return is_integer() ? std::optional(integer()) : std::nullopt; }
  /// Text of a binary, or of a charlist (Erlang configuration files write text so).
  [[nodiscard]] std::optional<std::string> as_text() const;

  /// Erlang's ==: 1 == 1.0.
  [[nodiscard]] static std::weak_ordering compare(const Term& left, const Term& right) noexcept;
  /// Erlang's =:=, which tells 1 from 1.0 (and, as of OTP 27, 0.0 from -0.0); the order of map keys: integers before floats.
  [[nodiscard]] static std::strong_ordering compare_exactly(const Term& left, const Term& right) noexcept;
  friend bool operator==(const Term& left, const Term& right) noexcept {
    if (left.low_ == right.low_ && left.high_ == right.high_) return true;
    if (left.is_inline() || right.is_inline()) return false;
    return compare_exactly(left, right) == 0;
  }

  /// Elixir's inspect: `{:ok, "text", [1, 2]}`.
  [[nodiscard]] std::string text() const;
  /// Erlang's ~p on one line: `{ok,<<"text">>,[1,2]}`.
  [[nodiscard]] std::string erlang_text() const;

  /// Bytes this term holds beyond its own 16, blocks counted once per reference: what mailbox limits count. At most SIZE_MAX / 2,
  /// so that whoever adds to it need not ask.
  [[nodiscard]] std::size_t heap_bytes() const noexcept;
  [[nodiscard]] bool is_inline() const noexcept;  ///< Holds no block: copying it touches no count.
  /// Makes the counts of everything it holds atomic. Before it crosses to another thread.
  void share() const noexcept;

 private:
  struct Integer {};
  Term(Integer, std::int64_t value) noexcept;
  Term(std::uint64_t low, std::uint64_t high) noexcept : low_(low), high_(high) {}
  [[nodiscard]] static Term make_object(std::shared_ptr<void> object, const detail::ObjectType& type);
  [[nodiscard]] std::shared_ptr<void> object_of(const detail::ObjectType& type) const noexcept;
  [[nodiscard]] bool holds(Type type) const noexcept;
  [[nodiscard]] detail::TermBlock* block() const noexcept;
  friend struct TermAccess;

  // The last byte is the Type, its top bit set when low_ is the address of a block. What is not used is 0, so that two
  // terms of equal bits are equal and two inline ones of other bits are not. Before it: a binary has its bytes in 0 to 13
  // and their number in 14; a reference its second and third word, its node and its first word (18 bits).
  alignas(8) std::uint64_t low_;
  std::uint64_t high_;
};
static_assert(sizeof(Term) == 16);

/// Where and why a text is no term.
struct SyntaxError {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  std::string message;                     ///< What was found and what was expected, for a person.
  [[nodiscard]] std::string text() const;  ///< "line 3, column 7: …"
};

template <class T, class E>
class Result;

/// Reads one Elixir term, the whole text: `{:cal, 4, 5}`, `PingPong`, `%{a: 1}`, `"text"`, `'charlist'`,
/// `#PID<0.12.1>`. Literals only: no variables, no operators, no interpolation.
[[nodiscard]] Result<Term, SyntaxError> read_elixir(std::string_view text);
/// Reads one Erlang term, the whole text, with or without the final dot.
[[nodiscard]] Result<Term, SyntaxError> read_erlang(std::string_view text);
/// Reads an Erlang term file: terms, each ended by a dot; comments are skipped (file:consult/1).
[[nodiscard]] Result<std::vector<Term>, SyntaxError> read_erlang_file(std::string_view text);

}  // namespace pulpo

#include "pulpo/term_inline.hpp"  // IWYU pragma: export
