// SPDX-License-Identifier: Apache-2.0
//
// Aliases across nodes, and the tasks of another node's Task.Supervisor, which answer to one.
#include "pulpo/task_supervisor.hpp"
#include "unit/dist/kate.hpp"

namespace pulpo::remote_alias_test {
namespace {

using namespace pulpo::testing;

constexpr const char* kTasks = "Kate.TaskSupervisor";

class RemoteAliasTest : public KateTest {
 protected:
  void start_with_tasks(unsigned cores = 1) {
    start_both(cores);
    kate_->runtime().post([] {
      EXPECT_TRUE(start_task_supervisor({.name = kTasks}));
      for (;;) (void)receive_any();
    });
    run_on(*kate_, [] {
      while (!whereis("Elixir.Kate.TaskSupervisor"_atom)) yield();
    });
    // Sends the second of a pair to the first, and says so.
    kate_->runtime().post([] {
      EXPECT_TRUE(register_name("forwarder"_atom, self()));
      for (;;) {
        const Term what = *receive_any();
        send(what.elements()[0].ref(), what.elements()[1]);
        send(what.elements()[2].pid(), "sent"_atom);
      }
    });
    run_on(*kate_, [] {
      while (!whereis("forwarder"_atom)) yield();
    });
  }
  static void let_send(const Ref& alias, Term what) {
    send(Address("forwarder"_atom, Atom(kKate)), Term::tuple({alias, std::move(what), self()}));
  }
};
PULPO_ON_EACH_LOOP(RemoteAliasTest);

TEST_P(RemoteAliasTest, ReachesItsOwnerOnAnyCoreUntilItIsTakenBack) {  // SIG-14
  start_with_tasks(2);
  for (unsigned core = 0; core < 2; ++core) {
    on_alex([core] {
      const Pid other = spawn_monitor(
                            [] {
                              const Ref own = alias();
                              let_send(own, "one"_atom);
                              EXPECT_EQ(next_message(), Term("one"_atom));
                              EXPECT_EQ(next_message(), Term("sent"_atom));
                              let_send(own, Term::binary(std::string(200'000, 'x')));  // in fragments
                              EXPECT_EQ(next_message().as_text().value_or("").size(), 200'000u);
                              EXPECT_EQ(next_message(), Term("sent"_atom)) << "nothing overtakes it (SIG-1)";
                              EXPECT_TRUE(unalias(own));
                              let_send(own, "two"_atom);
                              EXPECT_EQ(next_message(), Term("sent"_atom));
                            },
                            {.core = core})
                            .pid;
      EXPECT_TRUE(receive_if([&](const Term& each) { return each.is_tuple(5) && each.elements()[3] == Term(other); }, 10s));
    });
  }
}

TEST_P(RemoteAliasTest, ATaskOfAnotherNodeHandsOverItsValue) {  // TASK-1, TASK-7
  start_with_tasks(2);
  on_alex([] {
    const TaskOptions there{.name = kTasks, .node = kKate};
    EXPECT_EQ(async(there, kAdd, 4, 5).await(), 9);
    EXPECT_EQ(async_nolink(there, kAdd, 4, 6).await(), 10);
    // Its end, which follows at once, does not overtake a large value.
    EXPECT_EQ(async(there, kBig, 1 << 20).await().size(), 1u << 20);
    const auto failed = async_nolink(there, kExits, Term("boom"_atom)).try_await();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().reason, Term("boom"_atom));
    // Who gave up hears nothing more of it.
    auto late = async_nolink(there, kWaits, self());
    EXPECT_EQ(next_message().elements()[0], Term("waits"_atom));
    EXPECT_FALSE(late.try_await(Timeout(1ms)));
    exit(late.pid(), atoms::kill);
    EXPECT_EQ(async(there, kAdd, 1, 1).await(), 2);
    EXPECT_FALSE(receive_any(Duration::zero()));
  });
}

}  // namespace
}  // namespace pulpo::remote_alias_test
