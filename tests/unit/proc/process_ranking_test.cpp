// SPDX-License-Identifier: Apache-2.0
//
// The first processes by something (OBS-3).
#include "proc/process_ranking.hpp"

#include <algorithm>

#include "unit/proc/runtime_fixture.hpp"

namespace pulpo {
namespace {

using testing::down_reason;
using testing::receive_exactly;

class ProcessRankingTest : public testing::OnEachLoop {};
PULPO_ON_EACH_LOOP(ProcessRankingTest);

/// A process that reads nothing but :end.
Pid deaf(unsigned core = 0) {
  return spawn([] { (void)receive_if([](const Term& term) { return term.is_atom("end"_atom); }); }, {.core = core});
}

std::vector<Pid> pids_of(const ProcessRanking& ranking) {
  std::vector<Pid> pids;
  for (const RankedProcess& each : ranking.top) pids.push_back(each.info.pid);
  return pids;
}

TEST_P(ProcessRankingTest, TheLongestMailboxesOfAllCoresComeFirst) {  // OBS-3
  run(
      [] {
        const Pid few = deaf(), many = deaf(1), some = deaf(2);
        for (int i = 0; i < 30; ++i) send(many, i);
        for (int i = 0; i < 20; ++i) send(some, i);
        for (int i = 0; i < 10; ++i) send(few, i);
        for (const Pid& each : {many, some, few}) EXPECT_TRUE(process_info(each));  // behind what was sent
        const auto ranking = rank_processes(ProcessOrder::message_queue_len, 3, Duration::zero());
        EXPECT_EQ(pids_of(ranking), (std::vector{many, some, few}));
        EXPECT_EQ(ranking.top[0].info.message_queue_len, 30u);
        EXPECT_EQ(ranking.messages_waiting, 60u);
        EXPECT_EQ(ranking.processes, list_processes().size());
        EXPECT_EQ(pids_of(rank_processes(ProcessOrder::message_queue_len, 1, Duration::zero())), std::vector{many});
        EXPECT_TRUE(rank_processes(ProcessOrder::message_queue_len, 0, Duration::zero()).top.empty());
        for (const Pid& each : {many, some, few}) exit(each, atoms::kill);
      },
      {.cores = 3});
}

TEST_P(ProcessRankingTest, ReductionsAreThoseWithinTheWindow) {  // OBS-3: since the last sample
  run([] {
    const Pid me = self();
    const Pid before = spawn([me] {
      for (int i = 0; i < 50'000; ++i) send(me, "noise"_atom);
      send(me, "rests"_atom);
      (void)receive_any();
    });
    EXPECT_TRUE(receive_exactly("rests"_atom, 60s));
    const Pid busy = spawn([] {
      for (;;) {
        for (int i = 0; i < 100; ++i) (void)whereis("nobody"_atom), yield();
        sleep(1ms);
      }
    });
    const auto all = rank_processes(ProcessOrder::reductions, 1, Duration::zero());
    EXPECT_EQ(pids_of(all), std::vector{before});
    EXPECT_GT(all.top.at(0).recent, 50'000u);
    EXPECT_EQ(all.recent_reductions, 0u);
    // Sending is work, and so is what a process does while it is looked at.
    const Pid sender = spawn([busy] {
      for (;;) {
        for (int i = 0; i < 100; ++i) send(busy, "more"_atom);
        sleep(1ms);
      }
    });
    const auto recent = rank_processes(ProcessOrder::reductions, 100, 50ms);
    const auto found = pids_of(recent);
    EXPECT_EQ(found.at(0), sender);
    const auto rested = std::find(found.begin(), found.end(), before);
    ASSERT_NE(rested, found.end());
    EXPECT_EQ(recent.top[static_cast<std::size_t>(rested - found.begin())].recent, 0u);
    EXPECT_GE(recent.recent_reductions, recent.top[0].recent);
    for (const Pid& each : {before, busy, sender}) exit(each, atoms::kill);
  });
}

TEST_P(ProcessRankingTest, MemoryIsWhatProcessInfoSays) {  // OBS-3, OBS-4
  run([] {
    const Pid heavy = deaf();
    for (int i = 0; i < 100; ++i) send(heavy, Term(std::string(10'000, 'x')));
    const auto ranking = rank_processes(ProcessOrder::memory, 2, Duration::zero());
    ASSERT_EQ(ranking.top.size(), 2u);
    EXPECT_EQ(ranking.top[0].info.pid, heavy);
    EXPECT_EQ(ranking.top[0].info.memory, process_info(heavy)->memory);
    EXPECT_GT(ranking.top[0].info.memory, 1'000'000u);
    exit(heavy, atoms::kill);
  });
}

TEST_P(ProcessRankingTest, ManyProcessesAreWalkedInSlicesAndNoneIsCountedTwice) {
  run([] {
    constexpr std::size_t kMany = 20'000;  // several slices
    std::vector<Pid> all;
    for (std::size_t i = 0; i < kMany; ++i) all.push_back(spawn([] { (void)receive_any(); }));
    send(all[kMany - 1], 1);
    const auto ranking = rank_processes(ProcessOrder::message_queue_len, kRankingLimitMax + 5, Duration::zero());
    EXPECT_EQ(ranking.processes, list_processes().size());
    EXPECT_EQ(ranking.top.size(), kRankingLimitMax);
    for (const Pid& each : all) exit(each, atoms::kill);
  });
}

TEST_P(ProcessRankingTest, ACoreCountsWhatComesIntoItsMailboxesAndWhoWaitsForATurn) {  // OBS-6: run_queue
  run([] {
    Core& core = Core::here();
    const Pid other = deaf();
    yield();
    const auto messages = core.mail_total();
    for (int i = 0; i < 7; ++i) send(other, i);
    EXPECT_EQ(core.mail_total() - messages, 7u);
    const auto runnable = core.runnable();
    for (int i = 0; i < 5; ++i) spawn([] {});
    EXPECT_EQ(core.runnable() - runnable, 5u);
    yield();
    EXPECT_LE(core.runnable(), runnable + 1);
    exit(other, atoms::kill);
  });
}

}  // namespace
}  // namespace pulpo
