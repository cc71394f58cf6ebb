// SPDX-License-Identifier: Apache-2.0
//
// A runtime per test, once on each loop that there is. On a kernel without io_uring (emulators) the uring instances
// check that it is refused with a reason, and run on epoll.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "pulpo/process.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo::testing {

class OnEachLoop : public ::testing::TestWithParam<LoopChoice> {
 protected:
  /// Starts the runtime of this test.
  Runtime& start(RuntimeOptions options = {}) {
    options.loop = GetParam();
    runtime_ = std::make_unique<Runtime>(options);
    auto started = runtime_->start();
    if (!started && GetParam() == LoopChoice::uring) {
      EXPECT_EQ(started.error().code, Errc::unsupported) << started.error().text();
      options.loop = LoopChoice::epoll;
      runtime_ = std::make_unique<Runtime>(options);
      started = runtime_->start();
    }
    EXPECT_TRUE(started) << started.error().text();
    return *runtime_;
  }
  /// Runs `test` as a process; a test body that does not return normally has failed.
  void run(std::function<void()> test, RuntimeOptions options = {}) {
    if (!runtime_) start(options);
    EXPECT_TRUE(runtime_->run(std::move(test))) << "the test's process was ended";
  }
  Runtime& runtime() { return *runtime_; }

 private:
  std::unique_ptr<Runtime> runtime_;
};

inline std::string loop_name(const ::testing::TestParamInfo<LoopChoice>& info) {
  return info.param == LoopChoice::uring ? "uring" : "epoll";
}

/// Waits for a message equal to `wanted`; false after 5 s.
inline bool receive_exactly(const Term& wanted, Timeout timeout = Timeout(5s)) {
  return receive_if([&](const Term& term) { return term == wanted; }, timeout).has_value();
}

/// The reason in the DOWN message of `monitor`, or `:no_down` after 5 s.
inline Term down_reason(const Ref& monitor) {
  const auto down = receive_if(
      [&](const Term& term) { return term.is_tuple(5) && term.elements()[0].is_atom(atoms::DOWN) && term.elements()[1] == Term(monitor); },
      5s);
  return down ? down->elements()[4] : Term("no_down"_atom);
}

}  // namespace pulpo::testing

#define PULPO_ON_EACH_LOOP(suite) \
  INSTANTIATE_TEST_SUITE_P(Loops, suite, ::testing::Values(pulpo::LoopChoice::uring, pulpo::LoopChoice::epoll), pulpo::testing::loop_name)
