// SPDX-License-Identifier: Apache-2.0
//
// What happens when a mailbox is full: the policies of Settled points, and what Process.info tells of them.
#include "pulpo/process_info.hpp"
#include "unit/proc/runtime_fixture.hpp"

namespace pulpo {
namespace {

using testing::down_reason;
using testing::receive_exactly;

class MailboxTest : public testing::OnEachLoop {};
PULPO_ON_EACH_LOOP(MailboxTest);

/// Waits for `:go`, then sends every number that it holds to `to`, oldest first, and ends with :done.
Pid start_slow(const Pid& to, const MailboxLimit& limit, std::optional<unsigned> core = {}) {
  return spawn(
      [to] {
        (void)receive_if([](const Term& term) { return term.is_atom("go"_atom); });
        while (const auto message = receive_if([](const Term& term) { return term.is_integer(); }, 0s)) send(to, *message);
        send(to, "done"_atom);
      },
      {.core = core, .mailbox = limit});
}

std::vector<std::int64_t> numbers_until_done() {
  std::vector<std::int64_t> numbers;
  while (const auto message = receive_any(5s)) {
    if (message->is_atom("done"_atom)) return numbers;
    if (message->is_integer()) numbers.push_back(message->integer());
  }
  ADD_FAILURE() << "no :done";
  return numbers;
}

TEST_P(MailboxTest, FullOfReadingsItKeepsTheLatest) {
  run([] {
    const Pid slow = start_slow(self(), {.messages_max = 3, .when_full = WhenFull::drop_oldest});
    for (int i = 1; i <= 5; ++i) send(slow, i);
    const auto info = process_info(slow);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->message_queue_len, 3u);
    EXPECT_EQ(info->messages_dropped, 2u);
    EXPECT_EQ(info->mailbox.when_full, WhenFull::drop_oldest);
    send(slow, "go"_atom);  // and this costs one more
    EXPECT_EQ(numbers_until_done(), (std::vector<std::int64_t>{4, 5}));
  });
}

TEST_P(MailboxTest, FullItDropsTheNewestWhenAskedTo) {
  run([] {
    const Pid slow = start_slow(self(), {.messages_max = 3, .when_full = WhenFull::drop_newest});
    send(slow, "go"_atom);
    for (int i = 1; i <= 5; ++i) send(slow, i);
    EXPECT_EQ(numbers_until_done(), (std::vector<std::int64_t>{1, 2}));
  });
}

TEST_P(MailboxTest, FullItRefusesCallsAtOnceWithAReason) {
  run([] {
    for (const WhenFull when : {WhenFull::refuse, WhenFull::drop_newest}) {
      const Pid slow = start_slow(self(), {.messages_max = 1, .when_full = when});
      send(slow, 1);
      const auto refused = request(slow, "anybody there?");
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().code, Errc::mailbox_full);
      exit(slow, atoms::kill);
    }
  });
}

TEST_P(MailboxTest, ARequestThatMakesWayForANewerOneIsAnswered) {
  run([] {
    const Pid slow = start_slow(self(), {.messages_max = 1, .when_full = WhenFull::drop_oldest});
    const Pid me = self();
    (void)spawn([slow, me] {
      const auto answer = request(slow, "old");
      send(me, answer ? Term("answered"_atom) : to_term(answer.error().code == Errc::mailbox_full));
    });
    yield();  // the request is there
    send(slow, 1);
    EXPECT_TRUE(receive_exactly(true));
    exit(slow, atoms::kill);
  });
}

void hold_up_a_sender(std::optional<unsigned> core) {
  const Pid slow = start_slow(self(), {.messages_max = 10, .when_full = WhenFull::suspend}, core);
  const Pid fast = spawn([slow] {
    for (int i = 1; i <= 200; ++i) send(slow, i);
  });
  // It comes to rest with some messages sent and the rest to come.
  while (true) {
    const auto info = process_info(fast);
    ASSERT_TRUE(info);
    if (info->status == ProcessStatus::suspended) {
      ASSERT_TRUE(info->waits_for);
      EXPECT_EQ(info->waits_for->kind, "mailbox");
      break;
    }
    yield();
  }
  const auto full = process_info(slow);
  ASSERT_TRUE(full);
  EXPECT_GE(full->message_queue_len, 10u);
  EXPECT_LE(full->message_queue_len, 20u);
  const Ref end = monitor(fast);
  send(slow, "go"_atom);
  const auto got = numbers_until_done();
  EXPECT_GE(got.size(), 10u);
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], static_cast<std::int64_t>(i + 1));
  EXPECT_EQ(down_reason(end), Term(atoms::normal));  // the end of the receiver lets it go on as well
}

TEST_P(MailboxTest, FullItMakesItsSenderWaitUntilHalfOfItIsEmpty) {
  run([] { hold_up_a_sender({}); });
}

TEST_P(MailboxTest, ASenderThatItHoldsUpCanBeKilled) {
  run([] {
    const Pid slow = start_slow(self(), {.messages_max = 2, .when_full = WhenFull::suspend});
    const auto fast = spawn_monitor([slow] {
      for (int i = 0; i < 10; ++i) send(slow, i);
    });
    yield();
    exit(fast.pid, atoms::kill);
    EXPECT_EQ(down_reason(fast.monitor), Term(atoms::killed));
    send(slow, "go"_atom);
    (void)numbers_until_done();
  });
}

TEST_P(MailboxTest, NobodyWaitsForTheirOwnMailbox) {
  run([] {
    set_mailbox_limit({.messages_max = 4, .when_full = WhenFull::suspend});
    for (int i = 0; i < 6; ++i) send(self(), i);
    for (int i = 0; i < 6; ++i) EXPECT_TRUE(receive_exactly(i));
  });
}

TEST_P(MailboxTest, ItsOwnLimitStopsItAsTheRuntimesDoes) {
  run([] {
    const auto slow =
        spawn_monitor([] { (void)receive_if([](const Term&) { return false; }); }, {.mailbox = MailboxLimit{.messages_max = 2}});
    for (int i = 0; i < 3; ++i) send(slow.pid, i);
    const Term reason = down_reason(slow.monitor);
    ASSERT_TRUE(reason.is_tuple(3)) << reason.text();
    EXPECT_TRUE(reason.elements()[0].is_atom("mailbox_limit"_atom));
  });
}

}  // namespace
}  // namespace pulpo
