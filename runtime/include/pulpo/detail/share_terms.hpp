// SPDX-License-Identifier: Apache-2.0
//
// share_terms(): share() for every term that a value holds, before the value crosses to another core.
//
// Start arguments are kept by a supervisor on its core and read by its children on theirs, at the same time. Looks into
// terms, optionals, ranges, pairs, tuples and message structs; what a class or a lambda of the author's own hides it cannot see.
//
//   Cost       None for types that hold no term.
#pragma once

#include <ranges>
#include <tuple>
#include <type_traits>

#include "pulpo/detail/fields.hpp"
#include "pulpo/term.hpp"

namespace pulpo::detail {

template <class T>
void share_terms(const T& value) {
  if constexpr (std::is_same_v<T, Term>) {
    value.share();
  } else if constexpr (
      requires { typename T::Message; } || requires { T::kKeys; }) {
    with_fields(value, [](const auto&... field) { (share_terms(field), ...); });
  } else if constexpr (requires { std::tuple_size<T>::value; }) {
    std::apply([](const auto&... part) { (share_terms(part), ...); }, value);
  } else if constexpr (requires {
                         value.has_value();
                         *value;
                       }) {
    if (value.has_value()) share_terms(*value);
  } else if constexpr (std::ranges::range<const T>) {
    if constexpr (!std::is_arithmetic_v<std::ranges::range_value_t<const T>> && !std::is_same_v<std::ranges::range_value_t<const T>, T>) {
      for (const auto& element : value) share_terms(element);
    }
  }
}

}  // namespace pulpo::detail
