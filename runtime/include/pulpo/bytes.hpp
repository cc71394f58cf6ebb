// SPDX-License-Identifier: Apache-2.0
//
// ByteView: a borrowed run of bytes. Loads from it go through memcpy: boards trap on misaligned access.
#pragma once

#include <cstring>
#include <string_view>
#include <type_traits>

namespace pulpo {

/// Bytes that somebody else owns; valid as long as the callee is told.
using ByteView = std::string_view;

/// Reads a trivially copyable value from unaligned bytes.
template <class T>
[[nodiscard]] inline T load_unaligned(const char* from) noexcept {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace pulpo
