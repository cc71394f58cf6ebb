// SPDX-License-Identifier: Apache-2.0
//
// What every loop must do: signals of the operating system. Instantiated in loop_conformance_test.cpp.
#include <csignal>

#include "unit/io/loop_fixture.hpp"

namespace pulpo::io {
namespace {

using testing_support::KernelLoopConformance;
using testing_support::LoopConformance;
using testing_support::Recorder;

class Disposition {
 public:
  explicit Disposition(int number) : number_(number) { EXPECT_EQ(::sigaction(number, nullptr, &before_), 0); }
  ~Disposition() { EXPECT_EQ(::sigaction(number_, &before_, nullptr), 0); }
  [[nodiscard]] void (*now() const)(int) {
    struct sigaction action {};
    EXPECT_EQ(::sigaction(number_, nullptr, &action), 0);
    return action.sa_handler;
  }
  void set(void (*handler)(int)) const { ::signal(number_, handler); }

 private:
  int number_;
  struct sigaction before_ {};
};

/// For this process, simulated or not. No other thread could take it.
void raise_for(SimLoop* sim, int number) {
  if (sim != nullptr) {
    sim->raise(number);
  } else {
    ASSERT_EQ(::raise(number), 0);
  }
}

TEST_P(LoopConformance, AWatchedSignalIsReceivedOnceHoweverOftenItCame) {
  const Handle hup = keep(loop().watch_signal(SIGHUP).value());
  const Handle usr = keep(loop().watch_signal(SIGUSR1).value());
  raise_for(sim_, SIGHUP);  // before anybody receives
  Recorder heard, other;
  loop().receive(heard, hup);
  loop().receive(other, usr);
  ASSERT_TRUE(until([&] { return heard.results.size() == 1; }));
  raise_for(sim_, SIGHUP);
  raise_for(sim_, SIGHUP);
  ASSERT_TRUE(until([&] { return heard.results.size() == 2; }));
  settle();
  EXPECT_EQ(heard.results, (std::vector<std::int32_t>{8, 8}));
  EXPECT_TRUE(other.results.empty());
  raise_for(sim_, SIGUSR1);
  ASSERT_TRUE(until([&] { return other.results.size() == 1; }));
  EXPECT_EQ(heard.results.size(), 2u);
}

TEST_P(LoopConformance, AllWhoWatchASignalAreTold) {
  const Handle one = keep(loop().watch_signal(SIGUSR2).value());
  const Handle two = keep(loop().watch_signal(SIGUSR2).value());
  Recorder first, second;
  loop().receive(first, one);
  loop().receive(second, two);
  raise_for(sim_, SIGUSR2);
  ASSERT_TRUE(until([&] { return first.results.size() == 1 && second.results.size() == 1; }));
  close(one);
  ASSERT_TRUE(until([&] { return first.ended; }));
  EXPECT_EQ(first.last(), -ECANCELED);
  EXPECT_FALSE(is_taken(one));
  raise_for(sim_, SIGUSR2);
  ASSERT_TRUE(until([&] { return second.results.size() == 2; }));
}

TEST_P(KernelLoopConformance, TheLastOfTheWatchesPutsBackWhatTheSignalDid) {
  const Disposition disposition(SIGUSR1);
  static volatile std::sig_atomic_t handled;
  handled = 0;
  const auto own = [](int) { handled = handled + 1; };
  disposition.set(own);
  const Handle one = keep(loop().watch_signal(SIGUSR1).value());
  const Handle two = keep(loop().watch_signal(SIGUSR1).value());
  Recorder heard;
  loop().receive(heard, one);
  EXPECT_NE(disposition.now(), static_cast<void (*)(int)>(own));
  close(two);
  errno = 4711;
  ASSERT_EQ(::raise(SIGUSR1), 0);
  EXPECT_EQ(errno, 4711);
  EXPECT_EQ(handled, 0);
  close(one);
  EXPECT_EQ(disposition.now(), static_cast<void (*)(int)>(own)) << "at once, not when the loop has turned";
  ASSERT_EQ(::raise(SIGUSR1), 0);
  EXPECT_EQ(handled, 1);
  ASSERT_TRUE(until([&] { return heard.ended; }));
}

TEST_P(KernelLoopConformance, AHandlerThatCameLaterStays) {
  const Disposition disposition(SIGUSR1);
  const Handle one = keep(loop().watch_signal(SIGUSR1).value());
  disposition.set(SIG_IGN);
  close(one);
  EXPECT_EQ(disposition.now(), SIG_IGN);
}

TEST_P(KernelLoopConformance, ASignalThatCannotBeHandledIsAFaultAndLeavesNothing) {
  const int free = lowest_free();
  const auto watched = loop().watch_signal(SIGKILL);
  ASSERT_FALSE(watched);
  EXPECT_EQ(watched.error().sys, EINVAL);
  EXPECT_EQ(lowest_free(), free);
}

}  // namespace
}  // namespace pulpo::io
