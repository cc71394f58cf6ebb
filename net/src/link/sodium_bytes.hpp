// SPDX-License-Identifier: Apache-2.0
//
// Our bytes as libsodium takes them: it reads and writes unsigned char.
//
//   Threads    Any. No state; the pointers are the caller's own.
#pragma once

#include "pulpo/bytes.hpp"

namespace pulpo::links {

[[nodiscard]] inline unsigned char* sodium_bytes(char* bytes) noexcept { return reinterpret_cast<unsigned char*>(bytes); }
[[nodiscard]] inline const unsigned char* sodium_bytes(ByteView bytes) noexcept {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace pulpo::links
