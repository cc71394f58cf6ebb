// SPDX-License-Identifier: Apache-2.0
#include "term/integers.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "pulpo/assert.hpp"

namespace pulpo::detail {
namespace {

using Limbs = std::vector<std::uint32_t>;  // least significant first

void append_decimal(std::string& out, ByteView magnitude) {
  Limbs limbs((magnitude.size() + 3) / 4);
  std::memcpy(limbs.data(), magnitude.data(), magnitude.size());
  constexpr std::uint32_t kChunk = 1'000'000'000;
  std::vector<std::uint32_t> chunks;
  while (!limbs.empty()) {
    std::uint64_t rest = 0;
    for (std::size_t i = limbs.size(); i-- > 0;) {
      rest = (rest << 32) | limbs[i];
      limbs[i] = static_cast<std::uint32_t>(rest / kChunk);
      rest %= kChunk;
    }
    while (!limbs.empty() && limbs.back() == 0) limbs.pop_back();
    chunks.push_back(static_cast<std::uint32_t>(rest));
  }
  out += std::to_string(chunks.back());
  for (std::size_t i = chunks.size() - 1; i-- > 0;) {
    const std::string digits = std::to_string(chunks[i]);
    out.append(9 - digits.size(), '0');
    out += digits;
  }
}

void append_hexadecimal(std::string& out, ByteView magnitude) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  bool leading = true;
  for (std::size_t i = magnitude.size(); i-- > 0;) {
    const auto byte = static_cast<unsigned char>(magnitude[i]);
    if (!leading || byte >= 16) out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
    leading = false;
  }
}

Limbs limbs_of_bits(std::string_view digits, unsigned bits) {
  Limbs limbs(digits.size() * bits / 32 + 1, 0);
  std::size_t at = 0;
  for (std::size_t i = digits.size(); i-- > 0; at += bits) {
    const std::uint64_t value = std::uint64_t{digit_value(digits[i])} << (at % 32);
    limbs[at / 32] |= static_cast<std::uint32_t>(value);
    if (value >> 32 != 0) limbs[at / 32 + 1] |= static_cast<std::uint32_t>(value >> 32);
  }
  return limbs;
}

Limbs limbs_of_base(std::string_view digits, unsigned base) {
  PULPO_ASSERT(digits.size() <= kDigitsMax);
  Limbs limbs;
  for (const char digit : digits) {
    std::uint64_t carry = digit_value(digit);
    for (std::uint32_t& word : limbs) {
      carry += std::uint64_t{word} * base;
      word = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    if (carry != 0) limbs.push_back(static_cast<std::uint32_t>(carry));
  }
  return limbs;
}

}  // namespace

void append_integer(std::string& out, const Term& integer, Language language) {
  if (integer.is_integer()) {
    char buffer[24];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, integer.integer()).ptr;
    out.append(buffer, end);
    return;
  }
  const Term::BigInteger big = integer.big_integer_parts();
  if (big.negative) out += '-';
  if (big.magnitude.size() <= kDecimalBytesMax) {
    append_decimal(out, big.magnitude);
  } else {
    out += language == Language::elixir ? "0x" : "16#";
    append_hexadecimal(out, big.magnitude);
  }
}

void append_float(std::string& out, double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  if (text.front() == '-') {
    out += '-';
    text.remove_prefix(1);
  }
  const std::size_t e = text.find('e');
  std::string digits(text.substr(0, 1));
  if (e > 2) digits += text.substr(2, e - 2);
  int exponent = 0;
  const char* first = text.data() + e + 1;
  if (*first == '+') ++first;
  std::from_chars(first, text.data() + text.size(), exponent);

  const int count = static_cast<int>(digits.size());
  std::string scientific = digits.substr(0, 1) + '.' + (count > 1 ? digits.substr(1) : "0") + 'e' + std::to_string(exponent);
  std::string plain;
  if (exponent < 0) {
    plain = "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  } else if (count <= exponent + 1) {
    plain = digits + std::string(static_cast<std::size_t>(exponent + 1 - count), '0') + ".0";
  } else {
    plain = digits.substr(0, static_cast<std::size_t>(exponent + 1)) + '.' + digits.substr(static_cast<std::size_t>(exponent + 1));
  }
  // Plain unless that is longer, or the float is so large that it stands for many integers.
  const bool is_large = std::abs(value) >= 9007199254740992.0;  // 2^53
  out += is_large || plain.size() > scientific.size() ? scientific : plain;
}

Term integer_of_digits(std::string_view digits, unsigned base, bool negative) {
  const Limbs limbs =
      std::has_single_bit(base) ? limbs_of_bits(digits, static_cast<unsigned>(std::countr_zero(base))) : limbs_of_base(digits, base);
  return Term::big_integer(negative, ByteView(reinterpret_cast<const char*>(limbs.data()), limbs.size() * sizeof(std::uint32_t)));
}

}  // namespace pulpo::detail
