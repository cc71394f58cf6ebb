// SPDX-License-Identifier: Apache-2.0
//
// What a program says that dies. Each dies in a child of this one.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

#include "base/sanitizers.hpp"
#include "proc/stack_pool.hpp"
#include "pulpo/process.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo {
namespace {

// Not a tail call, and no frame that a compiler could leave out.
[[gnu::noinline]] unsigned deeper(unsigned level) {  // NOLINT(misc-no-recursion)
  volatile unsigned char frame[256];
  frame[level % 256] = static_cast<unsigned char>(level);
  return level == ~0u ? 0 : deeper(level + 1) + frame[level % 256];
}

void run_alone(std::function<void()> function) {
  Runtime runtime({.loop = LoopChoice::epoll, .crash_reports = true});
  if (!runtime.start()) std::abort();
  (void)runtime.run(std::move(function));
}

class CrashReport : public ::testing::Test {
 protected:
  void SetUp() override {
#if defined(PULPO_ASAN) || defined(PULPO_TSAN)
    GTEST_SKIP() << "the sanitizer reports by itself";
#endif
  }
};

TEST_F(CrashReport, AStackOverflowNamesTheProcessAndItsStack) {
  EXPECT_DEATH(run_alone([] {
                 (void)register_name(Atom("Deep"), self());
                 (void)deeper(0);
               }),
               "stack overflow: process #PID<0\\.0\\.1> \\(Deep\\) on core 0 has used up its stack of 65536 bytes.*--stack-size");
}

TEST_F(CrashReport, AStackOfItsOwnSizeIsNamedWithThat) {
  EXPECT_DEATH(run_alone([] {
                 (void)try_spawn(detail::function_body([] { (void)deeper(0); }), {.stack_bytes = 256 * 1024});
                 sleep(10s);
               }),
               "stack overflow: process #PID<0\\.1\\.1> on core 0 has used up its stack of 262144 bytes");
}

TEST_F(CrashReport, AnyOtherFaultNamesTheProcessAndTheAddress) {
  EXPECT_DEATH(run_alone([] {
                 std::uintptr_t address = 64;
                 asm("" : "+r"(address));  // a number that the compiler does not see through
                 *reinterpret_cast<volatile int*>(address) = 1;
               }),
               "dies of SIGSEGV at address 0x40; there ran process #PID<0\\.0\\.1> on core 0.*addr2line -Cfpie PROGRAM 0x");
}

TEST_F(CrashReport, AnAssertionNamesTheProcess) {
  EXPECT_DEATH(run_alone([] { std::abort(); }), "dies of SIGABRT; there ran process #PID<0\\.0\\.1> on core 0");
}

TEST_F(CrashReport, ItDiesOfTheSignalItself) {  // so that a core dump is made, and systemd sees what it was
  EXPECT_EXIT(run_alone([] { (void)deeper(0); }), ::testing::KilledBySignal(SIGSEGV), "stack overflow");
  EXPECT_EXIT(run_alone([] { (void)std::raise(SIGFPE); }), ::testing::KilledBySignal(SIGFPE), "dies of SIGFPE");
}

}  // namespace
}  // namespace pulpo
