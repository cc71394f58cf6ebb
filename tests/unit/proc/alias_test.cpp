// SPDX-License-Identifier: Apache-2.0
//
// References as addresses (SIG-14).
#include "unit/proc/runtime_fixture.hpp"

namespace pulpo {
namespace {

using testing::down_reason;
using testing::receive_exactly;

class AliasTest : public testing::OnEachLoop {};
PULPO_ON_EACH_LOOP(AliasTest);

/// A process that sends `what` to each alias that it is told, and ends when it is told `:end`.
Pid start_sender() {
  return spawn([] {
    while (const auto message = receive_any()) {
      if (message->is_atom("end"_atom)) return;
      if (message->is_tuple(2)) send(message->elements()[0].ref(), Term(message->elements()[1]));
    }
  });
}

/// Waits until `sender` has done all that it was told before.
void await_sender(const Pid& sender) {
  const Ref ref = monitor(sender);
  send(sender, "end"_atom);
  EXPECT_EQ(down_reason(ref), Term(atoms::normal));
}

TEST_P(AliasTest, ReachesItsOwnerUntilItIsTakenBack) {  // SIG-14
  run([] {
    const Ref own = alias();
    const Pid sender = start_sender();
    send(sender, Term::tuple({own, "first"_atom}));
    EXPECT_TRUE(receive_exactly("first"_atom));
    send(own, "from myself"_atom);
    EXPECT_TRUE(receive_exactly("from myself"_atom));
    EXPECT_TRUE(unalias(own));
    EXPECT_FALSE(unalias(own));
    send(sender, Term::tuple({own, "late"_atom}));
    await_sender(sender);
    EXPECT_FALSE(receive_any(0s));
  });
}

TEST_P(AliasTest, ReachesItsOwnerFromAnotherCore) {  // SIG-14
  run(
      [] {
        const Ref own = alias();
        (void)spawn([own] { send(own, "hello"_atom); }, {.core = 1});
        EXPECT_TRUE(receive_exactly("hello"_atom));
      },
      {.cores = 2});
}

TEST_P(AliasTest, OfAMonitorDiesWithItsDown) {  // SIG-14
  run([] {
    const Pid watched = start_sender();
    const Ref ref = monitor(watched, AliasMode::demonitor);
    send(ref, "reaches"_atom);
    EXPECT_TRUE(receive_exactly("reaches"_atom));
    send(watched, "end"_atom);
    EXPECT_EQ(down_reason(ref), Term(atoms::normal));
    send(ref, "late"_atom);
    EXPECT_FALSE(receive_any(0s));
    EXPECT_FALSE(unalias(ref));
  });
}

TEST_P(AliasTest, OfAMonitorDiesWithDemonitor) {  // SIG-14, SIG-13
  run([] {
    const Pid watched = start_sender();
    const Ref ref = monitor(watched, AliasMode::demonitor);
    EXPECT_TRUE(demonitor(ref));
    send(ref, "late"_atom);
    EXPECT_FALSE(receive_any(0s));
  });
}

TEST_P(AliasTest, ForOneReplyEndsItselfAndItsMonitorWithTheFirstMessage) {  // SIG-14
  run([] {
    const Pid server = start_sender();
    const Ref ref = monitor(server, AliasMode::reply_demonitor);
    send(server, Term::tuple({ref, "reply"_atom}));
    send(server, Term::tuple({ref, "another"_atom}));
    EXPECT_TRUE(receive_exactly("reply"_atom));
    await_sender(server);
    EXPECT_FALSE(receive_any(0s));  // neither the second reply nor a DOWN
    EXPECT_FALSE(demonitor(ref));
  });
}

TEST_P(AliasTest, ThatIsTakenBackExplicitlyOutlivesItsMonitor) {  // SIG-14
  run([] {
    const Pid watched = start_sender();
    const Ref ref = monitor(watched, AliasMode::explicit_unalias);
    EXPECT_TRUE(demonitor(ref));
    send(ref, "still"_atom);
    EXPECT_TRUE(receive_exactly("still"_atom));
    EXPECT_TRUE(unalias(ref));
  });
}

TEST_P(AliasTest, DiesWithItsOwner) {  // SIG-14
  run([] {
    const Pid me = self();
    const auto owner = spawn_monitor([me] { send(me, Term(alias())); });
    const auto its = receive_if([](const Term& term) { return term.is_ref(); }, 5s);
    ASSERT_TRUE(its);
    EXPECT_EQ(down_reason(owner.monitor), Term(atoms::normal));
    send(its->ref(), "nobody"_atom);
    EXPECT_FALSE(receive_any(0s));
  });
}

}  // namespace
}  // namespace pulpo
