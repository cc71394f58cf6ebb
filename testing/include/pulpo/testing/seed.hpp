// SPDX-License-Identifier: Apache-2.0
//
// Seeds: where a test's chance comes from, and how a failure is told so that it can be had again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pulpo::testing {

/// PULPO_SEED from the environment, when it is there and a number.
[[nodiscard]] std::optional<std::uint64_t> seed_from_environment();
/// The same, or `otherwise`.
[[nodiscard]] std::uint64_t seed(std::uint64_t otherwise = 1);
/// What to type to run one test of this very program again: "PULPO_SEED=7 /path/of/program --gtest_filter=Suite.Test". `arguments` go
/// behind the program.
[[nodiscard]] std::string replay_command(std::uint64_t seed, std::string_view arguments);

}  // namespace pulpo::testing
