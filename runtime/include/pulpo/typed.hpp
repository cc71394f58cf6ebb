// SPDX-License-Identifier: Apache-2.0
//
// Typed messages: plain C++ structs as views of terms, fixed at compile time.
//
//   struct Ping { using Message = Call<"ping", Atom>; };                                          // :ping, answered by an atom
//   struct Add  { using Message = Call<"cal", std::int64_t>; std::int64_t x = 0, y = 0; };        // {:cal, x, y}
//
// A console, a config file or an Elixir node can say the same message; there is no second schema. to_term(), from_term<T>()
// and match<T>() also serve every C++ type that a field or a reply may have; see pulpo/codec.hpp for the table.
//
//   Errors     from_term() is empty when the term is not that type or does not fit it; nothing is guessed.
//   Cost       A message without fields is an atom inside the Term: no allocation either way. With fields: one tuple.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <type_traits>

#include "pulpo/atom.hpp"
#include "pulpo/codec.hpp"
#include "pulpo/detail/fields.hpp"
#include "pulpo/term.hpp"

namespace pulpo {

/// A request, named as its term is, and what answers it. Without a second argument the answer is `:ok`.
template <FixedText name, class Answer = void>
struct Call {
  using Reply = Answer;
  [[nodiscard]] static Atom tag() { return operator""_atom<name>(); }
};
/// A message that nobody answers, sent with cast().
template <FixedText name>
struct Cast {
  [[nodiscard]] static Atom tag() { return operator""_atom<name>(); }
};
/// A plain message, sent with send() or send_after().
template <FixedText name>
struct Info {
  [[nodiscard]] static Atom tag() { return operator""_atom<name>(); }
};
/// What a server says to itself with continue_with(): handled before any other message.
template <FixedText name>
struct Continue {
  [[nodiscard]] static Atom tag() { return operator""_atom<name>(); }
};

namespace detail {
template <class T>
inline constexpr int kMessageKind = 0;
template <FixedText name, class Answer>
inline constexpr int kMessageKind<Call<name, Answer>> = 1;
template <FixedText name>
inline constexpr int kMessageKind<Cast<name>> = 2;
template <FixedText name>
inline constexpr int kMessageKind<Info<name>> = 3;
template <FixedText name>
inline constexpr int kMessageKind<Continue<name>> = 4;
template <class T>
constexpr int message_kind() {
  if constexpr (requires { typename T::Message; }) {
    return kMessageKind<typename T::Message>;
  } else {
    return 0;
  }
}

/// The tag of a term that may be a message: the atom, or a tuple's first one.
[[nodiscard]] inline Atom tag_of(const Term& term) noexcept {
  if (term.is_atom()) return term.atom();
  if (term.is_tuple()) {
    const auto elements = term.elements();
    if (!elements.empty() && elements[0].is_atom()) return elements[0].atom();
  }
  return Atom::from_index(~0u);  // no atom has this number
}
}  // namespace detail

template <class T>
concept CallMessage = detail::message_kind<T>()
== 1;
template <class T>
concept CastMessage = detail::message_kind<T>()
== 2;
template <class T>
concept InfoMessage = detail::message_kind<T>()
== 3;
template <class T>
concept ContinueMessage = detail::message_kind<T>()
== 4;
/// A struct that names its term.
template <class T>
concept MessageStruct = detail::message_kind<T>()
!= 0;

/// What a request is answered with; void for `:ok`.
template <CallMessage T>
using ReplyOf = typename T::Message::Reply;

/// {:name, field, …}, or :name when there are no fields.
template <MessageStruct T>
struct Codec<T> {
  static constexpr std::size_t kFields = detail::kFieldCount<T>;

  static Term encode(const T& message) {
    if constexpr (kFields == 0) {
      return T::Message::tag();
    } else {
      return detail::with_fields(message, [](const auto&... field) {
        const std::array<Term, kFields + 1> elements{Term(T::Message::tag()), to_term(field)...};
        return Term::tuple(std::span<const Term>(elements));
      });
    }
  }

  static bool decode(const Term& term, T& out) {
    if constexpr (kFields == 0) {
      return term.is_atom(T::Message::tag());
    } else {
      return term.is_tuple() && decode_elements(term.elements(), out);
    }
  }
  /// The same for a tuple that is not one yet.
  static bool decode_elements(std::span<const Term> elements, T& out) requires(kFields > 0) {
    if (elements.size() != kFields + 1 || !elements[0].is_atom(T::Message::tag())) return false;
    return detail::with_fields(out, [&elements](auto&... field) {
      std::size_t index = 0;
      return (decode_into(elements[++index], field) && ...);
    });
  }
};

/// The message if the term is one: `if (auto add = match<Add>(term))`.
template <MessageStruct T>
[[nodiscard]] std::optional<T> match(const Term& term) {
  return from_term<T>(term);
}

}  // namespace pulpo
