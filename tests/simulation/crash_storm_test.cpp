// SPDX-License-Identifier: Apache-2.0
//
// The storm of crash_storm.hpp: in virtual time for a hundred seeds, and for real on the kernel's loop. With PULPO_TEST_FULL a thousand
// seeds (or as many as PULPO_SEEDS says) of 10,000 servers and a minute, and a minute for real. PULPO_SEED replays one seed.
#include "simulation/crash_storm.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "base/random.hpp"
#include "pulpo/log.hpp"
#include "pulpo/testing/seed.hpp"
#include "seeds.hpp"
#include "unit/proc/runtime_fixture.hpp"

namespace pulpo::storm {
namespace {

// NOLINTBEGIN(concurrency-mt-unsafe): nobody sets any
bool is_full() { return std::getenv("PULPO_TEST_FULL") != nullptr; }
// NOLINTEND

/// Counts the reports of a storm, instead of writing them.
class Reports {
 public:
  Reports() : before_(log::exchange_target({&Reports::take, this})) {}
  ~Reports() { log::exchange_target(before_); }
  Reports(const Reports&) = delete;
  Reports& operator=(const Reports&) = delete;

  std::atomic<std::uint64_t> terminated{0}, gave_up{0}, failed_to_start{0};

 private:
  static void take(void* context, const log::Entry& entry) {
    const std::string_view line = entry.message;
    auto& self = *static_cast<Reports*>(context);
    if (line.starts_with("Child ") && line.find(" terminated\n") != line.npos) ++self.terminated;
    if (line.find(" caused shutdown\n") != line.npos) ++self.gave_up;
    if (line.find(" failed to start\n") != line.npos) ++self.failed_to_start;
  }
  log::Target before_;
};

Tally live_simulated(const Options& options) {
  SeededRandom random(options.seed);
  io::SimNetwork network{io::SimOptions{}};
  Stepper stepper{network, options.seed};
  Stepper::Seat seat{stepper, network.add_host()};
  Runtime runtime({.cores = 1 + static_cast<unsigned>(options.seed % 2), .random = &random, .driver = &seat});
  Tally tally;
  if (!runtime.start()) return {.broken = "the runtime does not start"};
  if (!runtime.run([&] { tally = live(options); })) tally.broken += "the storm's own process was ended\n";
  runtime.stop();
  return tally;
}

TEST(CrashStorm, LeavesEverythingAsItWasForEverySeed) {  // SUP-4, SUP-5, SUP-6, SUP-7, SUP-8, SUP-9
  // Goal:   what crash_storm.hpp promises.
  // Method: a runtime of one or two cores for each seed, in virtual time, two seeds side by side.
  const auto only = testing::seed_from_environment();
  const std::uint64_t first = only.value_or(1);
  const std::size_t count = only ? 1 : testing::seeds_wanted();
  Reports reports;
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  Tally sum;
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      Options options{.seed = first + i};
      if (is_full()) {
        options.servers = 10'000;
        options.length = 60s;
        options.kills_a_second = 1000;
      } else {
        options.servers = 100;
        options.length = 500ms;
      }
      Tally tally = live_simulated(options);
      if (!tally.broken.empty()) {
        tally.broken = "seed " + std::to_string(options.seed) + ": " + tally.broken +
                       "Replay: " + testing::replay_command(options.seed, "--gtest_filter=CrashStorm.LeavesEverythingAsItWasForEverySeed") +
                       "\n";
      }
      const std::lock_guard lock(mutex);
      sum += tally;
    }
  };
  std::thread second(work);
  work();
  second.join();
  EXPECT_EQ(sum.broken, "");
  std::printf("%zu seeds: %s; reports: %llu terminated, %llu gave up, %llu failed to start\n", count, sum.text().c_str(),
              static_cast<unsigned long long>(reports.terminated), static_cast<unsigned long long>(reports.gave_up),
              static_cast<unsigned long long>(reports.failed_to_start));
  if (only || count < 100) return;
  EXPECT_GT(sum.answers, 0u);
  EXPECT_GT(sum.no_process, 0u);
  EXPECT_GT(sum.exits, 0u) << "a caller whose server crashed while it waited";
  EXPECT_GT(sum.supervisor_kills, 0u);
  EXPECT_GT(reports.gave_up, 0u) << "a supervisor of few restarts";
}

class CrashStormForReal : public testing::OnEachLoop {};
INSTANTIATE_TEST_SUITE_P(Loops, CrashStormForReal, ::testing::Values(testing::OnLoop::uring), testing::loop_name);

TEST_P(CrashStormForReal, LeavesEverythingAsItWas) {  // SUP-4, SUP-5, SUP-6, SUP-7, SUP-8, SUP-9
  // Real time and threads: what only two cores that run at once do wrong.
  Reports reports;
  Tally tally;
  Options options{.seed = testing::seed(), .servers = is_full() ? 10'000u : 1000u, .length = is_full() ? Duration(60s) : Duration(2s)};
  options.call_pause = Duration::zero();
  options.kills_a_second = is_full() ? 2000 : 1000;
  run([&] { tally = live(options); }, {.cores = 2});
  EXPECT_EQ(tally.broken, "");
  EXPECT_GT(tally.answers, 0u);
  EXPECT_GT(tally.exits + tally.no_process, 0u);
  std::printf("%s; reports: %llu terminated, %llu gave up, %llu failed to start\n", tally.text().c_str(),
              static_cast<unsigned long long>(reports.terminated), static_cast<unsigned long long>(reports.gave_up),
              static_cast<unsigned long long>(reports.failed_to_start));
}

}  // namespace
}  // namespace pulpo::storm
