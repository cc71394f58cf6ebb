// SPDX-License-Identifier: Apache-2.0
//
// Codec: which C++ types are which terms.
//
//   bool, Atom, Pid, Ref, Term       themselves
//   integers                         integers; decoding checks the range
//   double, float                    floats; decoding takes an integer too, as a person types `5` for 5.0
//   an enum                          an atom, by the author's table: enum_atoms(E), below
//   std::string, string_view         binary; decoding takes an Erlang charlist too, since configuration files write text so
//   std::optional<T>                 T, or nil
//   Result<T>                        {:ok, T} | {:error, reason}; Result<void>: :ok | {:error, reason}
//   std::vector<T>, std::set<T>      a list
//   std::array<T, n>                 a list of n elements
//   std::map<K, V>                   a map
//   std::tuple, std::pair            a tuple
//   std::variant                     the first alternative that fits
//   std::shared_ptr<T>               an object of this node, see Term::object(); null is nil
//   std::chrono durations            whole milliseconds; Timeout also :infinity
//   a message struct                 {:name, field, …} or :name: pulpo/typed.hpp
//   a struct with keys               %{key: field, …}, as a message {:name, %{key: field, …}}
//
// For a type of your own specialise Codec<T>: `static Term encode(const T&)`, `static bool decode(const Term&, T& out)`, and for errors
// `static constexpr const char* kText`, what it looks like as a term.
//
//   Errors     decode() returns false when the term is another type or does not fit; `out` may then hold part of it.
#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <ratio>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "pulpo/error.hpp"
#include "pulpo/term.hpp"
#include "pulpo/time.hpp"

namespace pulpo {

namespace detail {
template <class>
inline constexpr bool kDependentFalse = false;
}

template <class T>
struct Codec {
  static constexpr bool kMissing = true;  ///< Which a template may ask: kIsTerm.
  static Term encode(const T&) {
    refuse();
    return {};
  }
  static bool decode(const Term&, T&) {
    refuse();
    return false;
  }

 private:
  static constexpr void refuse() {
    static_assert(detail::kDependentFalse<T>,
                  "pulpo: this C++ type is no term. Use one of the table in pulpo/codec.hpp, give an enum its enum_atoms(), give a struct "
                  "`using Message = Call<…> | Cast<…> | Info<…>`, or specialise pulpo::Codec for it");
  }
};

template <class T>
[[nodiscard]] Term to_term(const T& value) {
  return Codec<T>::encode(value);
}

template <class T>
[[nodiscard]] bool decode_into(const Term& term, T& out) {
  return Codec<T>::decode(term, out);
}

/// The value if the term is one, and fits.
template <class T>
[[nodiscard]] std::optional<T> from_term(const Term& term) {
  T value{};
  if (!Codec<T>::decode(term, value)) return std::nullopt;
  return value;
}

/// One line of an enum's table, found by the enum's own namespace:
///   constexpr auto enum_atoms(Mode) { return std::array{EnumAtom{Mode::slow, "slow"}, EnumAtom{Mode::fast, "fast"}}; }
template <class E>
struct EnumAtom {
  E value;
  std::string_view name;
};
template <class E>
EnumAtom(E, const char*) -> EnumAtom<E>;

// --- Types that are terms already --------------------------------------------------------------------

template <>
struct Codec<Term> {
  static Term encode(const Term& term) { return term; }
  static bool decode(const Term& term, Term& out) {
    out = term;
    return true;
  }
};

template <>
struct Codec<Atom> {
  static Term encode(Atom atom) { return atom; }
  static bool decode(const Term& term, Atom& out) {
    if (!term.is_atom()) return false;
    out = term.atom();
    return true;
  }
};

template <>
struct Codec<bool> {
  static Term encode(bool value) { return value; }
  static bool decode(const Term& term, bool& out) {
    out = term.is_atom(atoms::true_);
    return out || term.is_atom(atoms::false_);
  }
};

template <>
struct Codec<Pid> {
  static Term encode(const Pid& pid) { return pid; }
  static bool decode(const Term& term, Pid& out) {
    if (!term.is_pid()) return false;
    out = term.pid();
    return true;
  }
};

template <>
struct Codec<Ref> {
  static Term encode(const Ref& ref) { return ref; }
  static bool decode(const Term& term, Ref& out) {
    if (!term.is_ref()) return false;
    out = term.ref();
    return true;
  }
};

// --- Numbers -------------------------------------------------------------------------------------------

namespace detail {
[[nodiscard]] Term encode_unsigned(std::uint64_t value);
[[nodiscard]] bool decode_unsigned(const Term& term, std::uint64_t& out);
[[nodiscard]] bool decode_floating(const Term& term, double& out);
[[nodiscard]] Term encode_error(const Error& error);
[[nodiscard]] Error decode_error(const Term& reason);
}  // namespace detail

template <std::integral I>
requires(!std::same_as<I, bool>) struct Codec<I> {
  static Term encode(I value) {
    if constexpr (sizeof(I) == 8 && std::is_unsigned_v<I>) {
      return detail::encode_unsigned(value);
    } else {
      return static_cast<std::int64_t>(value);
    }
  }
  static bool decode(const Term& term, I& out) {
    if constexpr (sizeof(I) == 8 && std::is_unsigned_v<I>) {
      std::uint64_t value = 0;
      if (!detail::decode_unsigned(term, value)) return false;
      out = static_cast<I>(value);
    } else {
      if (!term.is_integer()) return false;
      const std::int64_t value = term.integer();
      if (value < static_cast<std::int64_t>(std::numeric_limits<I>::min()) ||
          value > static_cast<std::int64_t>(std::numeric_limits<I>::max()))
        return false;
      out = static_cast<I>(value);
    }
    return true;
  }
};

template <std::floating_point F>
struct Codec<F> {
  static Term encode(F value) { return static_cast<double>(value); }
  static bool decode(const Term& term, F& out) {
    double value = 0;
    if (!detail::decode_floating(term, value)) return false;
    out = static_cast<F>(value);
    return true;
  }
};

template <class E>
requires std::is_enum_v<E>
struct Codec<E> {
  static_assert(
      requires { enum_atoms(E{}); }, "pulpo: an enum is an atom: give it `constexpr auto enum_atoms(E)` beside it");
  static Term encode(E value) {
    for (const auto& entry : enum_atoms(E{})) {
      if (entry.value == value) return Atom(entry.name);
    }
    PULPO_ASSERT(!"a value that its enum_atoms() does not name");
    return Term();
  }
  static bool decode(const Term& term, E& out) {
    if (!term.is_atom()) return false;
    const std::string_view name = term.atom().text();
    for (const auto& entry : enum_atoms(E{})) {
      if (entry.name == name) {
        out = entry.value;
        return true;
      }
    }
    return false;
  }
};

template <class Rep, class Period>
struct Codec<std::chrono::duration<Rep, Period>> {
  using D = std::chrono::duration<Rep, Period>;
  static Term encode(D value) { return static_cast<std::int64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(value).count()); }
  static bool decode(const Term& term, D& out) {
    if (!term.is_integer()) return false;
    const std::int64_t milliseconds = term.integer();
    if constexpr (std::is_floating_point_v<Rep>) {
      out = std::chrono::milliseconds(milliseconds);
    } else {
      using Units = std::ratio_divide<std::milli, Period>;  // of D, in a millisecond
      constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / Units::num;
      if (milliseconds > most || milliseconds < -most) return false;
      const std::int64_t units = milliseconds * Units::num / Units::den;
      if (units > std::numeric_limits<Rep>::max() || units < std::numeric_limits<Rep>::min()) return false;
      out = D(static_cast<Rep>(units));
    }
    return true;
  }
};

template <>
struct Codec<Timeout> {
  static Term encode(Timeout value) {
    if (value.is_infinite()) return atoms::infinity;
    return to_term(value.duration());
  }
  static bool decode(const Term& term, Timeout& out) {
    if (term.is_atom(atoms::infinity)) {
      out = Timeout::infinity();
      return true;
    }
    Duration duration{};
    if (!decode_into(term, duration) || duration < Duration::zero()) return false;
    out = duration;
    return true;
  }
};

// --- Text ------------------------------------------------------------------------------------------------

template <>
struct Codec<std::string> {
  static Term encode(const std::string& text) { return text; }
  static bool decode(const Term& term, std::string& out) {
    auto text = term.as_text();
    if (!text) return false;
    out = std::move(*text);
    return true;
  }
};

template <>
struct Codec<std::string_view> {
  static Term encode(std::string_view text) { return text; }
  static bool decode(const Term&, std::string_view&) = delete;  // it would point into a term that dies first: use std::string
};

// --- Several values ----------------------------------------------------------------------------------------

template <class T>
struct Codec<std::optional<T>> {
  static Term encode(const std::optional<T>& value) { return value ? to_term(*value) : Term(); }
  static bool decode(const Term& term, std::optional<T>& out) {
    if (term.is_atom(atoms::nil)) {
      out.reset();
      return true;
    }
    return decode_into(term, out.emplace());
  }
};

template <class T>
struct Codec<std::vector<T>> {
  static Term encode(const std::vector<T>& values) {
    std::vector<Term> elements;
    elements.reserve(values.size());
    for (const auto& value : values) elements.push_back(to_term<T>(value));
    return Term::list(elements);
  }
  static bool decode(const Term& term, std::vector<T>& out) {
    if (!term.is_proper_list()) return false;
    const std::size_t size = term.list_size();
    out.clear();
    out.reserve(size);
    for (std::size_t i = 0; i < size; ++i) {
      T value{};
      if (!decode_into(term.list_at(i), value)) return false;
      out.push_back(std::move(value));
    }
    return true;
  }
};

template <class T>
struct Codec<std::set<T>> {
  static Term encode(const std::set<T>& values) {
    std::vector<Term> elements;
    elements.reserve(values.size());
    for (const auto& value : values) elements.push_back(to_term<T>(value));
    return Term::list(elements);
  }
  static bool decode(const Term& term, std::set<T>& out) {
    std::vector<T> values;
    if (!decode_into(term, values)) return false;
    out = std::set<T>(std::make_move_iterator(values.begin()), std::make_move_iterator(values.end()));
    return true;
  }
};

template <class T, std::size_t n>
struct Codec<std::array<T, n>> {
  static Term encode(const std::array<T, n>& values) {
    std::array<Term, n> elements;
    for (std::size_t i = 0; i < n; ++i) elements[i] = to_term<T>(values[i]);
    return Term::list(std::span<const Term>(elements));
  }
  static bool decode(const Term& term, std::array<T, n>& out) {
    if (!term.is_proper_list() || term.list_size() != n) return false;
    for (std::size_t i = 0; i < n; ++i) {
      if (!decode_into(term.list_at(i), out[i])) return false;
    }
    return true;
  }
};

template <class K, class V>
struct Codec<std::map<K, V>> {
  static Term encode(const std::map<K, V>& values) {
    std::vector<std::pair<Term, Term>> pairs;
    pairs.reserve(values.size());
    for (const auto& [key, value] : values) pairs.emplace_back(to_term(key), to_term(value));
    return Term::map(std::move(pairs));
  }
  static bool decode(const Term& term, std::map<K, V>& out) {
    if (!term.is_map()) return false;
    out.clear();
    const std::span<const Term> items = term.map_items();
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      K key{};
      V value{};
      if (!decode_into(items[i], key) || !decode_into(items[i + 1], value)) return false;
      out.insert_or_assign(std::move(key), std::move(value));
    }
    return true;
  }
};

template <class... T>
struct Codec<std::tuple<T...>> {
  static Term encode(const std::tuple<T...>& values) {
    return std::apply(
        [](const T&... value) {
          const std::array<Term, sizeof...(T)> elements{to_term(value)...};
          return Term::tuple(std::span<const Term>(elements));
        },
        values);
  }
  static bool decode(const Term& term, std::tuple<T...>& out) {
    if (!term.is_tuple(sizeof...(T))) return false;
    const std::span<const Term> elements = term.elements();
    return std::apply(
        [&](T&... value) {
          [[maybe_unused]] std::size_t index = 0;
          return (decode_into(elements[index++], value) && ...);
        },
        out);
  }
};

template <class A, class B>
struct Codec<std::pair<A, B>> {
  static Term encode(const std::pair<A, B>& value) { return Term::tuple({to_term(value.first), to_term(value.second)}); }
  static bool decode(const Term& term, std::pair<A, B>& out) {
    return term.is_tuple(2) && decode_into(term.elements()[0], out.first) && decode_into(term.elements()[1], out.second);
  }
};

template <class T>
struct Codec<std::shared_ptr<T>> {
  static Term encode(const std::shared_ptr<T>& object) { return object ? Term::object(object) : Term(); }
  static bool decode(const Term& term, std::shared_ptr<T>& out) {
    out = term.as_object<T>();
    return out != nullptr || term.is_atom(atoms::nil);
  }
};

template <class... T>
struct Codec<std::variant<T...>> {
  static Term encode(const std::variant<T...>& value) {
    return std::visit([](const auto& held) { return to_term(held); }, value);
  }
  static bool decode(const Term& term, std::variant<T...>& out) { return (decode_into(term, out.template emplace<T>()) || ...); }
};

template <class T>
struct Codec<Result<T, Error>> {
  static Term encode(const Result<T, Error>& result) {
    if (!result) return Term::tuple({atoms::error, detail::encode_error(result.error())});
    if constexpr (std::is_void_v<T>) {
      return atoms::ok;
    } else {
      return Term::tuple({atoms::ok, to_term(*result)});
    }
  }
  static bool decode(const Term& term, Result<T, Error>& out) {
    if (term.is_tuple(2) && term.elements()[0].is_atom(atoms::error)) {
      out = detail::decode_error(term.elements()[1]);
      return true;
    }
    if constexpr (std::is_void_v<T>) {
      if (!term.is_atom(atoms::ok)) return false;
      out = Result<void, Error>();
      return true;
    } else {
      T value{};
      if (!term.is_tuple(2) || !term.elements()[0].is_atom(atoms::ok) || !decode_into(term.elements()[1], value)) return false;
      out = std::move(value);
      return true;
    }
  }
};

/// Result has no default value, so this one is not built on decode().
template <class R>
requires std::same_as<R, Result<typename R::Value, Error>>
[[nodiscard]] std::optional<R> from_term(const Term& term) {
  R value{Error{}};
  if (!Codec<R>::decode(term, value)) return std::nullopt;
  return value;
}

// --- Asking whether a type is one ------------------------------------------------------------------------

namespace detail {
template <class T>
struct IsTerm {
  static constexpr bool value() {
    if constexpr (std::is_enum_v<T>) {
      return requires { enum_atoms(T{}); };
    } else {
      return !requires { Codec<T>::kMissing; };
    }
  }
};
template <class... T>
struct AreTerms {
  static constexpr bool value() { return (IsTerm<T>::value() && ...); }
};
template <class T>
struct IsTerm<std::optional<T>> : AreTerms<T> {};
template <class T>
struct IsTerm<std::vector<T>> : AreTerms<T> {};
template <class T>
struct IsTerm<std::set<T>> : AreTerms<T> {};
template <class T, std::size_t n>
struct IsTerm<std::array<T, n>> : AreTerms<T> {};
template <class K, class V>
struct IsTerm<std::map<K, V>> : AreTerms<K, V> {};
template <class A, class B>
struct IsTerm<std::pair<A, B>> : AreTerms<A, B> {};
template <class... T>
struct IsTerm<std::tuple<T...>> : AreTerms<T...> {};
template <class... T>
struct IsTerm<std::variant<T...>> : AreTerms<T...> {};
template <>
struct IsTerm<Result<void, Error>> : AreTerms<> {};
template <class T>
struct IsTerm<Result<T, Error>> : AreTerms<T> {};
}  // namespace detail

/// Whether to_term() takes a T. For templates that have another way for other types; those that have not simply call to_term().
template <class T>
inline constexpr bool kIsTerm = detail::IsTerm<T>::value();

}  // namespace pulpo
