// SPDX-License-Identifier: Apache-2.0
//
// The watchdog, and what a core tells of itself.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "pulpo/log.hpp"
#include "unit/proc/runtime_fixture.hpp"

namespace pulpo::testing {
namespace {

/// While it lives, lines come here, and a thread may wait for one.
class AwaitedLog {
 public:
  AwaitedLog() : before_(log::exchange_target({&AwaitedLog::take, this})) {}
  ~AwaitedLog() { log::exchange_target(before_); }
  AwaitedLog(const AwaitedLog&) = delete;
  AwaitedLog& operator=(const AwaitedLog&) = delete;

  /// The first line that holds `part`; empty after 10 s.
  std::string await(std::string_view part) {
    std::unique_lock lock(mutex_);
    std::string found;
    changed_.wait_for(lock, 10s, [&] {
      for (const std::string& line : lines_) {
        if (line.find(part) != std::string::npos) return found = line, true;
      }
      return false;
    });
    return found;
  }
  std::size_t count(std::string_view part) {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const std::string& line : lines_) count += line.find(part) != std::string::npos ? 1 : 0;
    return count;
  }

 private:
  static void take(void* context, const log::Entry& entry) {
    auto& self = *static_cast<AwaitedLog*>(context);
    const std::lock_guard lock(self.mutex_);
    self.lines_.emplace_back(entry.message);
    self.changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  log::Target before_;
};

class WatchdogTest : public OnEachLoop {
 protected:
  static RuntimeOptions options(bool backtrace) { return {.cores = 2, .watchdog = {.limit = 50ms, .backtrace = backtrace}}; }
  /// Starts a process on core 1 that holds it until `go_on` is cleared, and waits until it does.
  void start_loop() {
    runtime().post(
        [this] {
          (void)register_name("Busy"_atom, self());
          pid = Term(self()).text();
          held = true;
          held.notify_all();
          while (go_on) continue;
          done = true;
          done.notify_all();
        },
        1);
    held.wait(false);
  }
  void end_loop() {
    go_on = false;
    done.wait(false);
  }
  std::atomic<bool> go_on{true};
  std::atomic<bool> held{false};
  std::atomic<bool> done{false};
  std::string pid;
};

TEST_P(WatchdogTest, AnEndlessLoopIsNamedWithItsFramesWhileOtherCoresGoOn) {
  AwaitedLog lines;
  start(options(true));
  start_loop();
  const std::string line = lines.await("has held core 1");
  EXPECT_TRUE(line.starts_with("Process " + pid + " (:Busy) has held core 1 for ")) << line;
  EXPECT_NE(line.find("Initial Call: "), std::string::npos) << line;
  EXPECT_NE(line.find("program+0x"), std::string::npos) << line;
  // The other core works, and asks nothing of this one.
  bool went_on = false;
  EXPECT_TRUE(runtime().run([&] { went_on = true; }));
  EXPECT_TRUE(went_on);
  EXPECT_EQ(runtime().core_stats()[1].stalls, 1u);
  EXPECT_EQ(runtime().core_stats()[0].stalls, 0u);
  end_loop();
  EXPECT_NE(lines.await("has let go of core 1 after").find("Process " + pid + " (:Busy)"), std::string::npos);
}

TEST_P(WatchdogTest, WithoutSignalsThePidIsNamedAllTheSame) {
  AwaitedLog lines;
  start(options(false));
  start_loop();
  EXPECT_TRUE(lines.await("has held core 1").starts_with("Process " + pid + " has held core 1 for "));
  end_loop();
}

TEST_P(WatchdogTest, ReportsOfOneStallComeWithGrowingPauses) {
  AwaitedLog lines;
  start(options(false));
  const auto begun = std::chrono::steady_clock::now();
  start_loop();
  // At 50 ms, 100, 200 and 400: so once the fourth is there, 8 intervals have passed, and not as many reports.
  while (lines.count("has held core 1") < 4 && !lines.await("has held core 1").empty()) continue;
  const std::size_t seen = lines.count("has held core 1");
  const double intervals = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun) / 50ms;
  EXPECT_GE(seen, 4u);
  EXPECT_LE(static_cast<double>(seen), 1 + std::log2(intervals));
  end_loop();
}

TEST_P(WatchdogTest, ALimitOfZeroIsOff) {
  AwaitedLog lines;
  start({.cores = 2, .watchdog = {.limit = 0ms}});
  start_loop();
  runtime().run([] { sleep(100ms); });
  end_loop();
  EXPECT_EQ(lines.count("has held"), 0u);
}

TEST_P(WatchdogTest, WhoWaitsForItsTurnIsMeasured) {
  start({.watchdog = {.limit = 0ms}});
  run([&] {
    // More turns than a slice has: one begins while each of them waits for the two others.
    const auto work = [] {
      for (int turn = 0; turn < 200; ++turn) {
        const TimePoint end = precise_now() + 100us;
        while (precise_now() < end) continue;
        yield();
      }
    };
    std::vector<Ref> ends;
    for (int i = 0; i < 3; ++i) ends.push_back(spawn_monitor(work).monitor);
    for (const Ref& end : ends) EXPECT_EQ(down_reason(end), Term(atoms::normal));
  });
  const CoreStats stats = runtime().core_stats()[0];
  EXPECT_GT(stats.run_delays, 0u);
  EXPECT_LE(stats.run_delay_average, stats.run_delay_max);
  EXPECT_GE(stats.run_delay_max, 200us);
}

PULPO_ON_EACH_KERNEL_LOOP(WatchdogTest);  // about threads that stand still; a simulation's driver would stand still with them

}  // namespace
}  // namespace pulpo::testing
