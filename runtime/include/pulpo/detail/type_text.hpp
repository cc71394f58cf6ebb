// SPDX-License-Identifier: Apache-2.0
//
// What the term of a C++ type looks like, in Elixir's words: `{:cal, integer, integer}`. For errors that say what was expected.
//
//   Bounds     1,000 bytes a text; what is longer ends in "…".
//   Cost       All of it happens in the compiler: a text is bytes in the program, no code.
#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "pulpo/codec.hpp"
#include "pulpo/term.hpp"

namespace pulpo::detail {

/// A text under construction in the compiler.
struct Words {
  static constexpr std::size_t kMax = 1'000;
  char at[kMax]{};
  std::size_t size = 0;

  constexpr Words& operator<<(std::string_view text) {
    constexpr std::string_view more = "…";
    for (const char character : text) {
      if (size + more.size() >= kMax) break;
      at[size++] = character;
    }
    if (size + more.size() == kMax) {
      for (const char character : more) at[size++] = character;
    }
    return *this;
  }
  /// An atom as Elixir writes it.
  constexpr Words& atom(std::string_view name) {
    if (name.starts_with("Elixir.")) return *this << name.substr(7);
    bool plain = !name.empty() && !(name[0] >= '0' && name[0] <= '9');
    for (const char c : name) plain = plain && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_');
    return plain ? *this << ":" << name : *this << ":\"" << name << "\"";
  }
  constexpr Words& number(std::int64_t value) {
    if (value < 0) return (*this << "-").number(-value);
    if (value > 9) number(value / 10);
    const char digit = static_cast<char>('0' + value % 10);
    return *this << std::string_view(&digit, 1);
  }
};

template <class T>
struct TypeWords;
template <class T>
constexpr void say(Words& words) {
  TypeWords<std::remove_cvref_t<T>>::say(words);
}
/// `A, B` of some types, `A | B` with another separator.
template <class... T>
constexpr void say_each([[maybe_unused]] Words& words, [[maybe_unused]] std::string_view separator) {
  [[maybe_unused]] bool first = true;
  ((words << (std::exchange(first, false) ? std::string_view() : separator), say<T>(words)), ...);
}

template <class E>
concept ConstantAtoms = requires {
  typename std::integral_constant<std::size_t, enum_atoms(E{}).size()>;
};

template <class T>
struct TypeWords {
  static constexpr void say(Words& words) {
    if constexpr (std::is_void_v<T>) {
      words << ":ok";
    } else if constexpr (requires { std::string_view(Codec<T>::kText); }) {
      words << Codec<T>::kText;  // an author's own
    } else if constexpr (std::is_same_v<T, Term>) {
      words << "term";
    } else if constexpr (std::is_same_v<T, Atom>) {
      words << "atom";
    } else if constexpr (std::is_same_v<T, bool>) {
      words << "boolean";
    } else if constexpr (std::is_same_v<T, Pid>) {
      words << "pid";
    } else if constexpr (std::is_same_v<T, Ref>) {
      words << "reference";
    } else if constexpr (std::is_same_v<T, std::string>) {
      words << "string";
    } else if constexpr (std::is_same_v<T, Timeout>) {
      words << "milliseconds | :infinity";
    } else if constexpr (std::floating_point<T>) {
      words << "float";
    } else if constexpr (std::integral<T>) {
      if constexpr (sizeof(T) == 8) {
        words << (std::is_signed_v<T> ? "integer" : "non_neg_integer");
      } else {
        words.number(std::numeric_limits<T>::min()) << "..";
        words.number(std::numeric_limits<T>::max());
      }
    } else if constexpr (std::is_enum_v<T>) {
      if constexpr (ConstantAtoms<T>) {
        bool first = true;
        for (const auto& entry : enum_atoms(T{})) (words << (std::exchange(first, false) ? "" : " | ")).atom(entry.name);
      } else {
        words << "an atom of " << type_name<T>();
      }
    } else {
      words << type_name<T>();
    }
  }
};
template <class Rep, class Period>
struct TypeWords<std::chrono::duration<Rep, Period>> {
  static constexpr void say(Words& words) { words << "milliseconds"; }
};
template <class T>
struct TypeWords<std::optional<T>> {
  static constexpr void say(Words& words) {
    detail::say<T>(words);
    words << " | nil";
  }
};
template <class T>
struct TypeWords<std::vector<T>> {
  static constexpr void say(Words& words) {
    words << "[";
    detail::say<T>(words);
    words << "]";
  }
};
template <class T>
struct TypeWords<std::set<T>> : TypeWords<std::vector<T>> {};
template <class T, std::size_t n>
struct TypeWords<std::array<T, n>> {
  static constexpr void say(Words& words) {
    TypeWords<std::vector<T>>::say(words);
    (words << " of ").number(n);
  }
};
template <class K, class V>
struct TypeWords<std::map<K, V>> {
  static constexpr void say(Words& words) {
    words << "%{";
    say_each<K, V>(words, " => ");
    words << "}";
  }
};
template <class... T>
struct TypeWords<std::tuple<T...>> {
  static constexpr void say(Words& words) {
    words << "{";
    say_each<T...>(words, ", ");
    words << "}";
  }
};
template <class A, class B>
struct TypeWords<std::pair<A, B>> : TypeWords<std::tuple<A, B>> {};
template <class... T>
struct TypeWords<std::variant<T...>> {
  static constexpr void say(Words& words) { say_each<T...>(words, " | "); }
};
template <class T>
struct TypeWords<std::shared_ptr<T>> {
  static constexpr void say(Words& words) { words << "an object " << type_name<T>() << " of this node | nil"; }
};
template <class T>
struct TypeWords<Result<T, Error>> {
  static constexpr void say(Words& words) {
    if constexpr (std::is_void_v<T>) {
      words << ":ok";
    } else {
      words << "{:ok, ";
      detail::say<T>(words);
      words << "}";
    }
    words << " | {:error, term}";
  }
};

/// What `speaker(words)` says, as a constant of the program.
template <auto speaker>
inline constexpr auto kSpoken = [] {
  constexpr Words words = [] {
    Words said;
    speaker(said);
    return said;
  }();
  std::array<char, words.size + 1> text{};
  for (std::size_t i = 0; i < words.size; ++i) text[i] = words.at[i];
  return text;
}();
template <auto speaker>
[[nodiscard]] constexpr std::string_view spoken() {
  return {kSpoken<speaker>.data(), kSpoken<speaker>.size() - 1};
}

}  // namespace pulpo::detail

namespace pulpo {

/// What a T looks like as a term, for a person.
template <class T>
inline constexpr std::string_view kTypeText = detail::spoken<&detail::say<T>>();

}  // namespace pulpo
