// SPDX-License-Identifier: Apache-2.0
//
// Fields: how many members a plain struct has, and a reference to each, without anybody listing them twice.
//
// Members are counted by trying how many initialisers the struct takes, and reached by structured binding.
//
//   Bounds     16 fields a struct; more is a compile error that says so.
//   Cost       All of it happens in the compiler.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace pulpo::detail {

inline constexpr std::size_t kFieldsMax = 16;

/// Converts to whatever a member is, but not to the struct itself: T{any} must not read as a copy. Never called; it has a body
/// because std::optional's constructor makes compilers want one.
template <class Self>
struct AnyField {
  template <class U>
  requires(!std::is_same_v<U, Self>) operator U() const {  // NOLINT: it must convert silently
    __builtin_unreachable();
  }
};

template <class T, std::size_t... I>
constexpr bool takes_fields(std::index_sequence<I...>) {
  return requires { T{(static_cast<void>(I), AnyField<T>{})...}; };
}

template <class T, std::size_t count = kFieldsMax + 1>
constexpr std::size_t count_fields() {
  if constexpr (count == 0) {
    return 0;
  } else if constexpr (takes_fields<T>(std::make_index_sequence<count>{})) {
    return count;
  } else {
    return count_fields<T, count - 1>();
  }
}

template <class T>
inline constexpr std::size_t kFieldCount = std::is_empty_v<T> ? 0 : count_fields<T>();

/// Calls `function` with a reference to each member of `value`, in their order.
template <class T, class F>
constexpr decltype(auto) with_fields(T& value, F&& function) {
  using Plain = std::remove_const_t<T>;
  static_assert(std::is_aggregate_v<Plain>, "pulpo: a message is a plain struct: public members, no constructors, no base with data");
  constexpr std::size_t count = kFieldCount<Plain>;
  static_assert(count <= kFieldsMax, "pulpo: a message has at most 16 fields; nest another message struct instead");
  // clang-format off
  if constexpr (count == 0) { return function(); }
  else if constexpr (count == 1) { auto& [a] = value; return function(a); }
  else if constexpr (count == 2) { auto& [a, b] = value; return function(a, b); }
  else if constexpr (count == 3) { auto& [a, b, c] = value; return function(a, b, c); }
  else if constexpr (count == 4) { auto& [a, b, c, d] = value; return function(a, b, c, d); }
  else if constexpr (count == 5) { auto& [a, b, c, d, e] = value; return function(a, b, c, d, e); }
  else if constexpr (count == 6) { auto& [a, b, c, d, e, f] = value; return function(a, b, c, d, e, f); }
  else if constexpr (count == 7) { auto& [a, b, c, d, e, f, g] = value; return function(a, b, c, d, e, f, g); }
  else if constexpr (count == 8) { auto& [a, b, c, d, e, f, g, h] = value; return function(a, b, c, d, e, f, g, h); }
  else if constexpr (count == 9) { auto& [a, b, c, d, e, f, g, h, i] = value; return function(a, b, c, d, e, f, g, h, i); }
  else if constexpr (count == 10) { auto& [a, b, c, d, e, f, g, h, i, j] = value; return function(a, b, c, d, e, f, g, h, i, j); }
  else if constexpr (count == 11) { auto& [a, b, c, d, e, f, g, h, i, j, k] = value; return function(a, b, c, d, e, f, g, h, i, j, k); }
  else if constexpr (count == 12) { auto& [a, b, c, d, e, f, g, h, i, j, k, l] = value; return function(a, b, c, d, e, f, g, h, i, j, k, l); }
  else if constexpr (count == 13) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = value; return function(a, b, c, d, e, f, g, h, i, j, k, l, m); }
  else if constexpr (count == 14) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = value; return function(a, b, c, d, e, f, g, h, i, j, k, l, m, n); }
  else if constexpr (count == 15) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = value; return function(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o); }
  else if constexpr (count == 16) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = value; return function(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p); }
  // clang-format on
}

}  // namespace pulpo::detail
