// SPDX-License-Identifier: Apache-2.0
//
// A runtime per test, once on each loop that there is: uring, epoll, and the simulated one, on which the test's thread steps all cores
// in virtual time. On a kernel without io_uring (emulators) the uring instances check that it is refused with a reason, and run on
// epoll.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <optional>

#include "proc/core.hpp"
#include "proc/stepper.hpp"
#include "pulpo/process.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo::testing {

enum class OnLoop : std::uint8_t { uring, epoll, sim };

/// A network of one host, and what steps the runtimes on it.
struct Simulation {
  io::SimNetwork network{io::SimOptions{}};
  Stepper stepper{network, 1};
  io::HostNumber host = network.add_host();
};

class OnEachLoop : public ::testing::TestWithParam<OnLoop> {
 protected:
  [[nodiscard]] bool is_simulated() const { return GetParam() == OnLoop::sim; }
  /// Starts the runtime of this test.
  Runtime& start(RuntimeOptions options = {}) {
    runtime_.reset();
    seat_.reset();
    if (is_simulated()) {
      simulation_ = std::make_unique<Simulation>();
      seat_ = std::make_unique<Stepper::Seat>(simulation_->stepper, simulation_->host);
      options.driver = seat_.get();
    }
    options.loop = GetParam() == OnLoop::uring ? LoopChoice::uring : LoopChoice::epoll;
    runtime_ = std::make_unique<Runtime>(options);
    auto started = runtime_->start();
    if (!started && GetParam() == OnLoop::uring) {
      EXPECT_EQ(started.error().code, Errc::unsupported) << started.error().text();
      options.loop = LoopChoice::epoll;
      runtime_ = std::make_unique<Runtime>(options);
      started = runtime_->start();
    }
    EXPECT_TRUE(started) << started.error().text();
    if (started && !is_simulated()) {
      // What a core opens for a moment while it begins is no test's to count.
      for (unsigned core = 0; core < runtime_->core_count(); ++core) {
        std::promise<void> has_begun;
        runtime_->core(core).post([&] { has_begun.set_value(); });
        has_begun.get_future().wait();
      }
    }
    return *runtime_;
  }
  /// Runs `test` as a process; a test body that does not return normally has failed.
  void run(std::function<void()> test, RuntimeOptions options = {}) {
    if (!runtime_) start(options);
    EXPECT_TRUE(runtime_->run(std::move(test))) << "the test's process was ended";
  }
  Runtime& runtime() { return *runtime_; }
  /// The simulated network, where host 0 is that of the runtime; null on the kernel's loops.
  io::SimNetwork* network() { return simulation_ ? &simulation_->network : nullptr; }

 private:
  std::unique_ptr<Simulation> simulation_;
  std::unique_ptr<Stepper::Seat> seat_;
  std::unique_ptr<Runtime> runtime_;
};

inline std::string loop_name(const ::testing::TestParamInfo<OnLoop>& info) {
  return info.param == OnLoop::uring ? "uring" : info.param == OnLoop::epoll ? "epoll" : "sim";
}

/// This binary runs under qemu-user, which does some things its own way.
#if defined(PULPO_EMULATED)
inline constexpr bool kIsEmulated = true;
#else
inline constexpr bool kIsEmulated = false;
#endif

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

#define PULPO_ON_EACH_LOOP(suite)                                                                                                        \
  INSTANTIATE_TEST_SUITE_P(Loops, suite,                                                                                                 \
                           ::testing::Values(pulpo::testing::OnLoop::uring, pulpo::testing::OnLoop::epoll, pulpo::testing::OnLoop::sim), \
                           pulpo::testing::loop_name)

/// For what is about threads: cores that really run at the same time, and wait for each other without suspending. In a simulation
/// they take turns, and who does not suspend waits for ever.
#define PULPO_ON_EACH_KERNEL_LOOP(suite)                                                                                  \
  INSTANTIATE_TEST_SUITE_P(Loops, suite, ::testing::Values(pulpo::testing::OnLoop::uring, pulpo::testing::OnLoop::epoll), \
                           pulpo::testing::loop_name)

/// For what takes long: virtual time alone.
#define PULPO_ON_THE_SIMULATED_LOOP(suite) \
  INSTANTIATE_TEST_SUITE_P(Loops, suite, ::testing::Values(pulpo::testing::OnLoop::sim), pulpo::testing::loop_name)
