// SPDX-License-Identifier: Apache-2.0
#include "proc/run_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "pulpo/process.hpp"
#include "unit/proc/runtime_fixture.hpp"

namespace pulpo {
namespace {

constexpr int kSlice = 8;

/// Runs the next one; what it spawns is said by `spawn`.
template <class F>
Process* activate(RunQueue& queue, F&& spawn) {
  Process* const process = queue.pop();
  if (process != nullptr) spawn(*process);
  return process;
}
const auto nothing = [](Process&) {};

TEST(RunQueue, TakesThoseThatHaveBegunInTurn) {
  RunQueue queue(kSlice);
  Process one, two;
  queue.push(one);
  queue.push(two);
  queue.begin_slice();
  EXPECT_EQ(queue.pop(), &one);
  queue.push(one);
  EXPECT_EQ(queue.pop(), &two);
  EXPECT_EQ(queue.pop(), &one);
  EXPECT_EQ(queue.pop(), nullptr);
  EXPECT_TRUE(queue.empty());
}

TEST(RunQueue, TakesChildrenInOrderAndBeforeTheirElders) {
  RunQueue queue(kSlice);
  Process parent, waiting, first, second, grandchild;
  queue.push(parent);
  queue.push(waiting);
  queue.begin_slice();
  EXPECT_EQ(activate(queue,
                     [&](Process&) {
                       queue.push_spawned(first);
                       queue.push_spawned(second);
                     }),
            &parent);
  EXPECT_EQ(activate(queue, [&](Process&) { queue.push_spawned(grandchild); }), &first);
  EXPECT_EQ(activate(queue, nothing), &grandchild);
  EXPECT_EQ(activate(queue, nothing), &second);
  EXPECT_EQ(activate(queue, nothing), &waiting);
}

TEST(RunQueue, TakesWhatOneSpawnsLaterAfterWhatItSpawnedBefore) {
  RunQueue queue(kSlice);
  std::vector<Process> early(kSlice), late(kSlice);
  Process server;
  queue.push(server);
  queue.begin_slice();
  ASSERT_EQ(activate(queue,
                     [&](Process&) {
                       for (Process& child : early) queue.push_spawned(child);
                     }),
            &server);
  queue.push(server);
  std::vector<Process*> begun;
  for (Process* process = queue.pop(); process != &server; process = queue.pop()) begun.push_back(process);
  for (Process& child : late) queue.push_spawned(child);
  while (Process* const process = queue.pop()) begun.push_back(process);
  std::vector<Process*> wanted;
  for (std::vector<Process>* const children : {&early, &late}) {
    for (Process& child : *children) wanted.push_back(&child);
  }
  EXPECT_EQ(begun, wanted);
}

TEST(RunQueue, LeavesHalfOfASliceToThoseThatHaveBegun) {
  RunQueue queue(kSlice);
  std::vector<Process> children(100);
  Process parent, worker;
  queue.push_spawned(parent);
  queue.begin_slice();
  (void)activate(queue, [&](Process&) {
    for (Process& child : children) queue.push_spawned(child);
  });
  queue.push(worker);
  int turns = 0;
  for (int slice = 0; slice < 4; ++slice) {
    queue.begin_slice();
    for (int i = 0; i < kSlice; ++i) {
      if (activate(queue, nothing) == &worker) {
        ++turns;
        queue.push(worker);
      }
    }
  }
  EXPECT_EQ(turns, 4 * kSlice / 2);
}

TEST(RunQueue, LetsNobodyWaitForeverForAChainOfChildren) {
  RunQueue queue(kSlice);
  Process parent, sibling;
  Process chain[2];
  queue.push(parent);
  queue.begin_slice();
  (void)activate(queue, [&](Process&) {
    queue.push_spawned(chain[0]);
    queue.push_spawned(sibling);
  });
  int activations = 0;
  for (bool begun = false; !begun; ++activations) {
    ASSERT_LT(activations, 20 * kSlice) << "the sibling has not begun";
    if (activations % kSlice == 0) queue.begin_slice();
    // Each spawns the next and ends.
    begun = activate(queue, [&](Process& process) {
              if (&process != &sibling) queue.push_spawned(&process == &chain[0] ? chain[1] : chain[0]);
            }) == &sibling;
  }
}

TEST(RunQueue, LetsTheChildrenOfOneThatHasBegunBeginBeforeItsNextTurn) {
  constexpr int kChildrenATurn = 20;
  RunQueue queue(kSlice);
  std::vector<Process> children(4000);
  Process spawner;
  std::size_t spawned = 0, begun = 0, most = 0;
  queue.push(spawner);
  for (int activations = 0; begun < children.size(); ++activations) {
    ASSERT_LT(activations, 5000);
    if (activations % kSlice == 0) queue.begin_slice();
    (void)activate(queue, [&](Process& process) {
      if (&process != &spawner) {
        ++begun;
        return;
      }
      for (int i = 0; i < kChildrenATurn && spawned < children.size(); ++i) queue.push_spawned(children[spawned++]);
      queue.push(spawner);
    });
    most = std::max(most, spawned - begun);
  }
  EXPECT_LE(most, 3u * kChildrenATurn);
}

TEST(RunQueue, EldersTakeWhatIsLeftOfTheirHalfOfASlice) {
  RunQueue queue(kSlice);
  std::vector<Process> children(100);
  Process parent, worker;
  queue.push_spawned(parent);
  queue.begin_slice();
  (void)activate(queue, [&](Process&) {
    for (Process& child : children) queue.push_spawned(child);
  });
  queue.push(worker);
  for (int slice = 0; slice < 20; ++slice) queue.begin_slice();
  int begun = 0;
  for (int slice = 0; slice < 10; ++slice) {
    queue.begin_slice();
    for (int i = 0; i < kSlice; ++i) {
      if (activate(queue, nothing) == &worker) {
        queue.push(worker);
      } else {
        ++begun;
      }
    }
  }
  EXPECT_GE(begun, 10 * kSlice / 2);
}

class TreeTest : public testing::OnEachLoop {};
PULPO_ON_EACH_LOOP(TreeTest);

void grow(const Pid& parent, int depth, std::size_t& living, std::size_t& most) {
  most = std::max(most, ++living);
  if (depth > 0) {
    const Pid me = self();
    for (int i = 0; i < 10; ++i) spawn([=, &living, &most] { grow(me, depth - 1, living, most); });
    for (int i = 0; i < 10; ++i) (void)receive_any();
  }
  --living;
  send(parent, "done"_atom);
}

TEST_P(TreeTest, OfTenThousandLeavesLivesAFewBranchesAtATime) {
  run([] {
    std::size_t living = 0, most = 0;
    const Pid me = self();
    spawn([me, &living, &most] { grow(me, 4, living, most); });
    (void)receive_any();
    EXPECT_EQ(living, 0u);
    EXPECT_LT(most, 500u) << "of 11,111 processes";
  });
}

}  // namespace
}  // namespace pulpo
