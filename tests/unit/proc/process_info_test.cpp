// SPDX-License-Identifier: Apache-2.0
//
// Process.info and the stacks of processes (OBS-8).
#include "pulpo/process_info.hpp"

#include <algorithm>
#include <cstring>

#include "unit/proc/runtime_fixture.hpp"

namespace pulpo {
namespace {

using testing::down_reason;
using testing::receive_exactly;

class ProcessInfoTest : public testing::OnEachLoop {};
PULPO_ON_EACH_LOOP(ProcessInfoTest);

TEST_P(ProcessInfoTest, TellsWhoAProcessIsAndWhatItWaitsFor) {  // OBS-8
  run([] {
    const Pid partner = spawn([] { (void)receive_any(); });
    const Pid me = self();
    const Pid pid = spawn(
        [partner, me] {
          trap_exit(true);
          link(partner);
          (void)monitor(partner);
          (void)alias();
          send(me, "ready"_atom);
          (void)receive_if([](const Term& term) { return term.is_atom("end"_atom); }, 10s);
        },
        {.name = "waiter"_atom});
    EXPECT_TRUE(receive_exactly("ready"_atom));
    const Ref watched = monitor(pid);
    send(pid, "in the mailbox"_atom);
    yield();
    const auto info = process_info(pid);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->pid, pid);
    EXPECT_EQ(info->registered_name, "waiter"_atom);
    EXPECT_NE(info->initial_call.find("lambda"), std::string::npos) << info->initial_call;
    EXPECT_EQ(info->status, ProcessStatus::waiting);
    ASSERT_TRUE(info->waits_for);
    EXPECT_EQ(info->waits_for->kind, "message");
    EXPECT_LE(info->waits_for->left.duration(), 10s);
    EXPECT_EQ(info->message_queue_len, 1u);
    EXPECT_EQ(info->links, std::vector{partner});
    EXPECT_EQ(info->monitors, std::vector{Term(partner)});
    EXPECT_EQ(info->monitored_by, std::vector{me});
    EXPECT_EQ(info->aliases, 1u);
    EXPECT_TRUE(info->trap_exit);
    EXPECT_GT(info->reductions, 0u);
    EXPECT_GT(info->memory, 128u);
    const Term term = info->term();
    EXPECT_TRUE(term.list_at(0) == Term::tuple({"registered_name"_atom, "waiter"_atom})) << term.text();
    send(pid, "end"_atom);
    EXPECT_EQ(down_reason(watched), Term(atoms::normal));
  });
}

TEST_P(ProcessInfoTest, OfOneThatHasEndedIsAnError) {  // OBS-8
  run([] {
    const auto gone = spawn_monitor([] {});
    EXPECT_EQ(down_reason(gone.monitor), Term(atoms::normal));
    const auto info = process_info(gone.pid);
    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().code, Errc::noproc);
    EXPECT_EQ(process_info(Pid{.node = 7, .id = 1, .serial = 1}).error().code, Errc::unsupported);
  });
}

TEST_P(ProcessInfoTest, IsToldAcrossCoresAndListsAll) {
  run(
      [] {
        const Pid far = spawn([] { (void)receive_any(); }, {.core = 1});
        const auto info = process_info(far);
        ASSERT_TRUE(info);
        EXPECT_EQ(info->pid, far);
        const auto all = list_processes();
        EXPECT_NE(std::find(all.begin(), all.end(), far), all.end());
        EXPECT_NE(std::find(all.begin(), all.end(), self()), all.end());
        send(far, "end"_atom);
      },
      {.cores = 2});
}

// --- Stacks -----------------------------------------------------------------------------------------------------

/// Uses `kib` KiB of stack, and suspends at the bottom.
[[gnu::noinline]] void dig(int kib) {
  volatile char room[1024];
  std::memset(const_cast<char*>(room), kib, sizeof room);
  if (kib > 1) {
    dig(kib - 1);
  } else {
    yield();
  }
  EXPECT_EQ(room[17], static_cast<char>(kib));
}

TEST_P(ProcessInfoTest, AProcessGetsTheStackThatItWasPromised) {
  run([] {
    // Sixteen times the usual one, and more than that would hold.
    const auto deep = spawn_monitor(
        [] {
          dig(700);
          const auto info = process_info(self());
          ASSERT_TRUE(info);
          EXPECT_EQ(info->stack_bytes, 1u << 20);
        },
        {.stack_bytes = 1'000'000});
    EXPECT_EQ(down_reason(deep.monitor), Term(atoms::normal));
    const auto usage = stack_usage();
    const auto big = std::find_if(usage.begin(), usage.end(), [](const StackUsage& each) { return each.stack_bytes == 1u << 20; });
    ASSERT_NE(big, usage.end());
    EXPECT_EQ(big->in_use, 0u);
    EXPECT_EQ(big->made, 1u);
    if (big->deepest_bytes != 0) {  // 0: this kernel (an emulated one) does not tell
      EXPECT_GE(big->deepest_bytes, 700u * 1024);
    }
  });
}

TEST_P(ProcessInfoTest, StacksOfASizeAreUsedAgain) {
  run([] {
    for (int i = 0; i < 100; ++i) {
      const auto one = spawn_monitor([] { dig(100); }, {.stack_bytes = 256 * 1024});
      EXPECT_EQ(down_reason(one.monitor), Term(atoms::normal));
    }
    const auto usage = stack_usage();
    const auto ours = std::find_if(usage.begin(), usage.end(), [](const StackUsage& each) { return each.stack_bytes == 256 * 1024; });
    ASSERT_NE(ours, usage.end());
    EXPECT_EQ(ours->made, 1u);
  });
}

TEST_P(ProcessInfoTest, KillingAProcessOnAStackOfItsOwnUnwindsIt) {
  run([] {
    bool unwound = false;
    const auto victim = spawn_monitor(
        [&unwound] {
          struct Flag {
            bool& flag;
            ~Flag() { flag = true; }
          } const flag{unwound};
          (void)receive_any();
        },
        {.stack_bytes = 256 * 1024});
    yield();
    exit(victim.pid, atoms::kill);
    EXPECT_EQ(down_reason(victim.monitor), Term(atoms::killed));
    EXPECT_TRUE(unwound);
  });
}

TEST_P(ProcessInfoTest, AStackThatIsTooLargeIsRefused) {
  run([] {
    const auto refused = try_spawn(detail::function_body([] {}), {.stack_bytes = std::size_t{65} << 20});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::bad_argument);
  });
}

}  // namespace
}  // namespace pulpo
