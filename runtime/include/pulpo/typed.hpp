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
// With keys, the fields are a map: unknown keys are ignored, and what is absent keeps the member's default, so that nodes of different
// versions understand each other while an update rolls out. A struct of keys without a name is a value for fields and replies:
//
//   struct Configure { using Message = Cast<"configure">;                                         // {:configure, %{rate: 5, unit: "ms"}}
//                      static constexpr auto kKeys = keys("rate", "unit");
//                      int rate = 5; std::string unit = "ms"; };
//   struct Point     { static constexpr auto kKeys = keys("x", "y"); double x = 0, y = 0; };      // %{x: 0.0, y: 0.0}
//
//   Errors     from_term() is empty when the term is not that type or does not fit it; nothing is guessed.
//   Cost       A message without fields is an atom inside the Term: no allocation either way. With fields: one tuple.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "pulpo/atom.hpp"
#include "pulpo/codec.hpp"
#include "pulpo/detail/fields.hpp"
#include "pulpo/detail/type_text.hpp"
#include "pulpo/term.hpp"

namespace pulpo {

/// A request, named as its term is, and what answers it. Without a second argument the answer is `:ok`.
template <FixedText name, class Answer = void>
struct Call {
  using Reply = Answer;
  static constexpr std::string_view kName = name.view();
  [[nodiscard]] static Atom tag() { return operator""_atom<name>(); }
};
/// A message that nobody answers, sent with cast().
template <FixedText name>
struct Cast {
  static constexpr std::string_view kName = name.view();
  [[nodiscard]] static Atom tag() { return operator""_atom<name>(); }
};
/// A plain message, sent with send() or send_after().
template <FixedText name>
struct Info {
  static constexpr std::string_view kName = name.view();
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

/// The names of a struct's members, in their order; see keys().
template <std::size_t count>
struct Keys {
  std::array<std::string_view, count> names;
  static constexpr std::size_t size() { return count; }
  [[nodiscard]] constexpr bool are_distinct() const {
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (names[i] == names[j]) return false;
      }
    }
    return true;
  }
};
/// `static constexpr auto kKeys = keys("x", "y");` in a struct makes its term a map with these atoms as keys.
template <class... Text>
[[nodiscard]] consteval auto keys(const Text&... names) {
  return Keys<sizeof...(Text)>{{std::string_view(names)...}};
}

/// A struct whose fields are a map.
template <class T>
concept KeyedStruct = requires {
  T::kKeys.names;
};

/// What a request is answered with; void for `:ok`.
template <CallMessage T>
using ReplyOf = typename T::Message::Reply;

namespace detail {

/// Each member of a message, when it has no keys: what follows the name in its tuple.
template <class T>
inline constexpr std::size_t kPlaces = KeyedStruct<T> ? 1 : kFieldCount<T>;

/// Finds or makes the atoms of `names`.
void key_atoms(std::span<const std::string_view> names, std::span<Atom> atoms);
[[nodiscard]] Term map_of(std::span<const Atom> keys, std::span<const Term> values);

template <KeyedStruct T>
[[nodiscard]] const auto& keys_of() {
  static_assert(T::kKeys.size() == kFieldCount<T>, "pulpo: keys(…) names each member of the struct once, in their order");
  static_assert(T::kKeys.are_distinct(), "pulpo: keys(…) names a key twice");
  static const auto atoms = [] {
    std::array<Atom, T::kKeys.size()> made;
    key_atoms(T::kKeys.names, made);
    return made;
  }();
  return atoms;
}

/// A struct's members as a map.
template <KeyedStruct T>
Term encode_map(const T& value) {
  const auto& keys = keys_of<T>();
  return with_fields(value, [&keys](const auto&... field) {
    const std::array<Term, sizeof...(field)> values{to_term(field)...};
    return map_of(keys, values);
  });
}

/// False when a key that is there does not fit. Members whose key is absent are left as they are.
template <KeyedStruct T>
bool decode_map(const Term& term, T& out) {
  const auto& keys = keys_of<T>();
  if (!term.is_map()) return false;
  return with_fields(out, [&](auto&... field) {
    [[maybe_unused]] const Atom* key = keys.data();
    const auto read = [&term](Atom name, auto& member) {
      const Term* const found = term.map_find(name);
      return found == nullptr || decode_into(*found, member);
    };
    return (read(*key++, field) && ...);
  });
}

/// The types of a struct's members.
struct FieldTypes {
  template <class... F>
  constexpr std::type_identity<std::tuple<F...>> operator()(F&...) const {
    return {};
  }
};
template <class T>
using FieldsOf = typename decltype(with_fields(std::declval<T&>(), FieldTypes{}))::type;

template <class T, class... F>
constexpr void say_fields(Words& words, std::type_identity<std::tuple<F...>>) {
  if constexpr (KeyedStruct<T>) {
    words << "%{";
    std::size_t i = 0;
    ((words << (i == 0 ? "" : ", ") << T::kKeys.names[i] << ": ", ++i, say<F>(words)), ...);
    words << "}";
  } else {
    say_each<F...>(words, ", ");
  }
}
template <class T>
requires(MessageStruct<T> || KeyedStruct<T>) struct TypeWords<T> {
  static constexpr void say(Words& words) {
    constexpr std::type_identity<FieldsOf<T>> fields;
    if constexpr (!MessageStruct<T>) {
      say_fields<T>(words, fields);
    } else if constexpr (kPlaces<T> == 0) {
      words.atom(T::Message::kName);
    } else {
      (words << "{").atom(T::Message::kName) << ", ";
      say_fields<T>(words, fields);
      words << "}";
    }
  }
};

}  // namespace detail

/// {:name, field, …}, or :name when there are no fields; {:name, %{key: field, …}} with keys.
template <MessageStruct T>
struct Codec<T> {
  static constexpr std::size_t kPlaces = detail::kPlaces<T>;

  static Term encode(const T& message) {
    if constexpr (kPlaces == 0) {
      return T::Message::tag();
    } else if constexpr (KeyedStruct<T>) {
      return Term::tuple({T::Message::tag(), detail::encode_map(message)});
    } else {
      return detail::with_fields(message, [](const auto&... field) {
        const std::array<Term, kPlaces + 1> elements{Term(T::Message::tag()), to_term(field)...};
        return Term::tuple(std::span<const Term>(elements));
      });
    }
  }

  static bool decode(const Term& term, T& out) {
    if constexpr (kPlaces == 0) {
      return term.is_atom(T::Message::tag());
    } else {
      return term.is_tuple() && decode_elements(term.elements(), out);
    }
  }
  /// The same for a tuple that is not one yet.
  static bool decode_elements(std::span<const Term> elements, T& out) requires(kPlaces > 0) {
    if (elements.size() != kPlaces + 1 || !elements[0].is_atom(T::Message::tag())) return false;
    if constexpr (KeyedStruct<T>) {
      return detail::decode_map(elements[1], out);
    } else {
      return detail::with_fields(out, [&elements](auto&... field) {
        std::size_t index = 0;
        return (decode_into(elements[++index], field) && ...);
      });
    }
  }
};

/// %{key: field, …}
template <KeyedStruct T>
requires(!MessageStruct<T>) struct Codec<T> {
  static Term encode(const T& value) { return detail::encode_map(value); }
  static bool decode(const Term& term, T& out) { return detail::decode_map(term, out); }
};

/// The message if the term is one: `if (auto add = match<Add>(term))`.
template <MessageStruct T>
[[nodiscard]] std::optional<T> match(const Term& term) {
  return from_term<T>(term);
}

}  // namespace pulpo
