// SPDX-License-Identifier: Apache-2.0
//
// For programs of GoogleTest: a failed test prints the command that replays it, with its seed. Including this in one file is all.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "pulpo/testing/seed.hpp"

namespace pulpo::testing {

class ReplayListener final : public ::testing::EmptyTestEventListener {
  void OnTestEnd(const ::testing::TestInfo& test) override {
    if (test.result() == nullptr || !test.result()->Failed()) return;
    const std::string filter = std::string("--gtest_filter=") + test.test_suite_name() + "." + test.name();
    std::printf("Replay: %s\n", replay_command(seed(), filter).c_str());
    std::fflush(stdout);
  }
};

/// GoogleTest owns its listeners; this one is added before main() begins.
inline const bool replay_listener_added = [] {
  ::testing::UnitTest::GetInstance()->listeners().Append(new ReplayListener);
  return true;
}();

}  // namespace pulpo::testing
