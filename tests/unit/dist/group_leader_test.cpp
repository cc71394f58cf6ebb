// SPDX-License-Identifier: Apache-2.0
//
// Output and input across nodes: the group leader is a process somewhere, and all that speaks to it are messages.
#include "unit/dist/kate.hpp"

namespace pulpo::group_leader_test {
namespace {

using namespace pulpo::testing;

class GroupLeaderTest : public KateTest {};
PULPO_ON_EACH_LOOP(GroupLeaderTest);

TEST_P(GroupLeaderTest, AnRpcPrintsAtItsCallerBeforeItReturns) {  // IO-4, IO-3
  start_both();
  on_alex([this] {
    EXPECT_EQ(rpc::call(kKate, "Kate.say_name"), Term(atoms::ok));
    EXPECT_EQ(at_alex_.text(), "Hi, my name is Kate\n");
    EXPECT_EQ(rpc::call(kKate, "IO.puts", {"one"}), Term(atoms::ok));
    EXPECT_EQ(rpc::call(kKate, "IO.inspect", {Term::tuple({1, "two"})}), Term::tuple({1, "two"}));
    EXPECT_EQ(rpc::call(kKate, "Process.group_leader"), rpc::call("alex@localhost", ":erlang.whereis", {"user"_atom}));
  });
  EXPECT_EQ(at_alex_.text(), "Hi, my name is Kate\none\n{1, \"two\"}\n");
  EXPECT_EQ(at_kate_.text(), "");
}

TEST_P(GroupLeaderTest, AServersOutputStaysWhereItRuns) {  // IO-5
  start_both();
  kate_->runtime().post([] {
    set_group_leader(*whereis("user"_atom));
    EXPECT_TRUE(register_name("printer"_atom, self()));
    const Term request = *receive_any();
    io::puts("printed by the server");
    const auto from = request.elements()[1].elements();
    reply(from[0].pid(), from[1].ref(), atoms::ok);
  });
  run_on(*kate_, [] {
    while (!whereis("printer"_atom)) yield();
  });
  on_alex([] { EXPECT_EQ(rpc::call(kKate, "Kate.asks_for_output"), Term(atoms::ok)); });
  EXPECT_EQ(at_kate_.text(), "printed by the server\n");
  EXPECT_EQ(at_alex_.text(), "");
}

TEST_P(GroupLeaderTest, AProcessMayTakeALeaderOfAnotherNode) {  // IO-1, IO-4
  start_both();
  on_alex([] {
    const Term leader = rpc::call(kKate, ":erlang.whereis", {"user"_atom});
    ASSERT_TRUE(leader.is_pid());
    set_group_leader(leader.pid());
    EXPECT_EQ(io::puts("from far away"), Term(atoms::ok));
    const Pid child = spawn_monitor([] { io::puts("and its child"); }).pid;
    EXPECT_TRUE(receive_if([&](const Term& each) { return each.is_tuple(5) && each.elements()[3] == Term(child); }, 10s));
    // What runs on kate at alex' wish has the leader that alex has.
    EXPECT_EQ(rpc::call(kKate, "Kate.say_name"), Term(atoms::ok));
  });
  EXPECT_EQ(at_kate_.text(), "from far away\nand its child\nHi, my name is Kate\n");
  EXPECT_EQ(at_alex_.text(), "");
}

TEST_P(GroupLeaderTest, ALeaderThatIsLostIsAnErrorAndTheProcessLivesOn) {  // IO-6
  start_both();
  std::promise<void> prints;
  std::promise<Term> lost, again;
  std::promise<Pid> leader;
  alex_->runtime().post([&] {
    set_group_leader(rpc::call(kKate, ":erlang.whereis", {"user"_atom}).pid());
    EXPECT_EQ(io::puts("once"), Term(atoms::ok));
    const Ref kates_end = monitor(Address("user"_atom, node_atom("kate")));
    prints.set_value();
    EXPECT_EQ(down_reason(kates_end), Term(atoms::noconnection));
    lost.set_value(io::puts("twice"));
    again.set_value(io::puts("thrice"));
    leader.set_value(group_leader());
  });
  await(prints);
  kate_->stop();
  EXPECT_EQ(await(lost), elixir("{:error, :terminated}"));
  EXPECT_EQ(await(again), elixir("{:error, :terminated}"));
  EXPECT_FALSE(await(leader).is_local()) << "the leader is not replaced";
}

TEST_P(GroupLeaderTest, ThreeNodesHandTheLeaderOn) {  // IO-4
  start_both();
  const auto moebi = start("moebi");
  Printed at_moebi;
  start_system_on(*moebi, at_moebi, true);
  on_alex([] {
    // From alex through kate to moebi: the output comes home all the way.
    EXPECT_EQ(rpc::call(kKate, ":erlang.apply", {"Elixir.Kate"_atom, "say_name"_atom, Term::empty_list()}), Term(atoms::ok));
    EXPECT_EQ(rpc::call("moebi@localhost", "Kate.say_name"), Term(atoms::ok));
  });
  EXPECT_EQ(at_alex_.text(), "Hi, my name is Kate\nHi, my name is Kate\n");
  EXPECT_EQ(at_moebi.text() + at_kate_.text(), "");
}

}  // namespace
}  // namespace pulpo::group_leader_test
