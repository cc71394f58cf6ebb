// SPDX-License-Identifier: Apache-2.0
//
// Integers and floats as text, in both directions, big integers among them.
//
//   Bounds     Decimal digits cost the square of their number, so that both directions stop at some thousand of
//              them: longer ones are written and read to a power of two as base, which is linear.
//   Threads    Any. No state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "pulpo/term.hpp"

namespace pulpo::detail {

/// Beyond any number a person types; as many take 3 ms to read and 2 ms to print (one core of the build machine, -O2).
inline constexpr std::size_t kDigitsMax = 10'000;
/// Magnitudes beyond this are printed to base 16: 4 KiB are 9,865 decimal digits, which can be read back.
inline constexpr std::size_t kDecimalBytesMax = 4096;

enum class Language : std::uint8_t { elixir, erlang };

void append_integer(std::string& out, const Term& integer, Language language);

/// The shortest digits that read back as the same float, in the notation of Erlang's float_to_binary(F, [short]).
void append_float(std::string& out, double value);

[[nodiscard]] constexpr unsigned digit_value(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'z') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'Z') return static_cast<unsigned>(c - 'A') + 10;
  return 255;
}

/// The integer of these digits, all of them below `base` (2 to 36). At most kDigitsMax, unless base is a power of two.
[[nodiscard]] Term integer_of_digits(std::string_view digits, unsigned base, bool negative);

}  // namespace pulpo::detail
