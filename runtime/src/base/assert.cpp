// SPDX-License-Identifier: Apache-2.0
#include "pulpo/assert.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace pulpo::detail {

void assertion_failed(const char* expression, const char* file, int line) noexcept {
  char text[512];
  const int size = std::snprintf(text, sizeof text, "%s:%d: assertion failed: %s\n", file, line, expression);
  if (size > 0)
    (void)!::write(STDERR_FILENO, text, static_cast<std::size_t>(size) < sizeof text ? static_cast<std::size_t>(size) : sizeof text - 1);
  std::abort();
}

}  // namespace pulpo::detail
