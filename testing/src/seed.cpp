// SPDX-License-Identifier: Apache-2.0
#include "pulpo/testing/seed.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <climits>
#include <cstdlib>

namespace pulpo::testing {

std::optional<std::uint64_t> seed_from_environment() {
  const char* const text = std::getenv("PULPO_SEED");  // NOLINT(concurrency-mt-unsafe): nobody sets any
  if (text == nullptr) return std::nullopt;
  const std::string_view digits(text);
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seed);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return seed;
}

std::uint64_t seed(std::uint64_t otherwise) { return seed_from_environment().value_or(otherwise); }

std::string replay_command(std::uint64_t seed, std::string_view arguments) {
  char program[PATH_MAX] = {};
  const ssize_t size = ::readlink("/proc/self/exe", program, sizeof program - 1);
  return fmt::format("PULPO_SEED={} {} {}", seed, size > 0 ? program : "<this program>", arguments);
}

}  // namespace pulpo::testing
