// SPDX-License-Identifier: Apache-2.0
#include "pulpo/rpc.hpp"

#include "unit/dist/kate.hpp"

namespace pulpo::rpc_test {
namespace {

using namespace pulpo::testing;

class RpcTest : public KateTest {};
PULPO_ON_EACH_LOOP(RpcTest);

Term erpc_reason_of(const FunctionName& function, std::vector<Term> arguments, Timeout timeout = Timeout::infinity(),
                    const char* node = kKate) {
  const auto result = erpc::try_call(node, function, std::move(arguments), timeout);
  return result ? Term::tuple({"value"_atom, *result}) : result.error().reason;
}

TEST_P(RpcTest, EachWayToEndHasItsValue) {  // RPC-2
  start_both();
  on_alex([] {
    EXPECT_EQ(rpc::call(kKate, "Kate.add", {4, 5}), Term(9));
    EXPECT_EQ(rpc::call(kKate, kAdd, 4, 5), Term(9));
    EXPECT_EQ(erpc::call(kKate, "Kate.add", {4, 5}), Term(9));
    EXPECT_EQ(*erpc::try_call(kKate, kAdd, 4, 5), 9);
    EXPECT_EQ(rpc::call(kKate, "Kate.exits", {"boom"_atom}), elixir("{:badrpc, {:EXIT, :boom}}"));
    EXPECT_EQ(erpc_reason_of("Kate.exits", {"boom"_atom}), elixir("{:exception, :boom}"));
    EXPECT_EQ(rpc::call(kKate, "Kate.throws"), elixir("{:badrpc, {:EXIT, {{:exception, \"std::runtime_error\", \"no luck\"}, []}}}"));
    EXPECT_EQ(erpc_reason_of("Kate.throws", {}), elixir("{:exception, {:exception, \"std::runtime_error\", \"no luck\"}, []}"));
    EXPECT_EQ(rpc::call(kKate, "Kate.nothing", {1}), elixir("{:badrpc, {:EXIT, {:undef, [{Kate, :nothing, [1], []}]}}}"));
    EXPECT_EQ(erpc_reason_of("Kate.nothing", {1}), elixir("{:exception, :undef, [{Kate, :nothing, [1], []}]}"));
    EXPECT_EQ(rpc::call(kKate, "Kate.add", {4, "five"}),
              elixir("{:badrpc, {:EXIT, {:function_clause, [{Kate, :add, [4, \"five\"], [takes: \"(integer, integer)\"]}]}}}"));
    EXPECT_EQ(rpc::call(kKate, "Kate.echo", {elixir("{:EXIT, :x}")}), elixir("{:badrpc, {:EXIT, :x}}"));
    EXPECT_EQ(erpc::call(kKate, "Kate.echo", {elixir("{:EXIT, :x}")}), elixir("{:EXIT, :x}"));
    EXPECT_EQ(rpc::call("nobody@localhost", "Kate.add", {1, 2}), elixir("{:badrpc, :nodedown}"));
    EXPECT_EQ(erpc_reason_of("Kate.add", {1, 2}, Timeout::infinity(), "nobody@localhost"), elixir("{:erpc, :noconnection}"));
    EXPECT_EQ(erpc_reason_of("Kate.echo", std::vector<Term>(256, 1)), elixir("{:erpc, :badarg}"));
    EXPECT_EQ(reason_of([] { (void)rpc::call(kKate, "Kate.echo", std::vector<Term>(256, 1)); }), Term(atoms::badarg));
    EXPECT_EQ(reason_of([] { (void)erpc::call(kKate, "Kate.exits", {"boom"_atom}); }), elixir("{:exception, :boom}"));
  });
}

TEST_P(RpcTest, ACallThatFailsIsNewsForItsCallerAlone) {  // RPC-2
  start_both();
  CapturedLog log;
  on_alex([] {
    (void)rpc::call(kKate, "Kate.nothing");
    (void)rpc::call(kKate, "Kate.throws");
    (void)rpc::call(kKate, "Kate.add", {1, 2});
  });
  EXPECT_EQ(log.count("raised an exception"), 0u) << log.all();
}

TEST_P(RpcTest, AProcessThatIsKilledIsASignal) {  // RPC-2
  start_both();
  on_alex([] {
    const Ref key = rpc::async_call(kKate, "Kate.waits", {self()});
    exit(next_message().elements()[1].pid(), atoms::kill);
    EXPECT_EQ(rpc::yield(key), elixir("{:badrpc, {:EXIT, :killed}}"));
    const Pid me = self();
    const Ref done = spawn_monitor([me] { exit(erpc_reason_of("Kate.waits", {me})); }).monitor;
    exit(next_message().elements()[1].pid(), "tired"_atom);
    EXPECT_EQ(down_reason(done), elixir("{:signal, :tired}"));
  });
}

TEST_P(RpcTest, ATimeoutAbandonsTheProcessAndLeavesNoStrayMessage) {  // RPC-3, RPC-1
  start_both();
  on_alex([] {
    EXPECT_EQ(rpc::call(kKate, "Kate.waits", {self()}, 50ms), elixir("{:badrpc, :timeout}"));
    const Pid abandoned = next_message().elements()[1].pid();
    EXPECT_EQ(rpc::call(kKate, "Process.alive?", {abandoned}), Term(true));
    EXPECT_EQ(erpc_reason_of("Kate.waits", {self()}, 50ms), elixir("{:erpc, :timeout}"));
    (void)next_message();
    exit(abandoned, atoms::kill);
    EXPECT_TRUE(down_reason(monitor(abandoned)).is_atom());
    EXPECT_FALSE(receive_any(Duration::zero())) << "its late end";
  });
}

TEST_P(RpcTest, ANodeThatGoesDuringACallEndsItAtOnce) {  // RPC-2, SIG-16
  start_both();
  std::promise<void> waits;
  std::promise<Term> one, another;
  alex_->runtime().post([&] {
    const Pid me = self();
    spawn([&, me] { one.set_value(rpc::call(kKate, "Kate.waits", {me})); });
    spawn([&, me] { another.set_value(rpc::yield(rpc::async_call(kKate, "Kate.waits", {me}))); });
    (void)next_message();
    (void)next_message();
    waits.set_value();
  });
  await(waits);
  kate_->stop();
  EXPECT_EQ(await(one), elixir("{:badrpc, :nodedown}"));
  EXPECT_EQ(await(another), elixir("{:badrpc, :nodedown}"));
}

TEST_P(RpcTest, ACastIsHeardOfWhereItRunsAlone) {  // RPC-4
  start_both();
  CapturedLog log;
  on_alex([&] {
    rpc::cast("nobody@localhost", "Kate.say_name");
    erpc::cast(kKate, "Nobody.nothing");
    erpc::cast(kKate, "Kate.waits", {self()});
    EXPECT_TRUE(next_message().elements()[0].is_atom("waits"_atom));
    EXPECT_TRUE(eventually([&] { return log.count("function Nobody.nothing/0 is undefined") >= 1; })) << log.all();
    EXPECT_FALSE(receive_any(Duration::zero()));
  });
}

TEST_P(RpcTest, AMultiCallTellsWhoAnsweredAndWhoDidNot) {  // RPC-5
  start_both();
  on_alex([] {
    const std::vector<Atom> nodes{node_atom("kate"), node_atom("nobody"), node_atom("alex")};
    const auto all = rpc::multicall(nodes, ":erlang.node");
    EXPECT_EQ(all.results, (std::vector<Term>{node_atom("kate"), node_atom("alex")}));
    EXPECT_EQ(all.bad_nodes, std::vector{node_atom("nobody")});
    EXPECT_EQ(erpc::multicall(nodes, "Kate.add", {1, 2}),
              (std::vector<Term>{elixir("{:ok, 3}"), elixir("{:error, {:erpc, :noconnection}}"),
                                 elixir("{:error, {:exception, :undef, [{Kate, :add, [1, 2], []}]}}")}));
    EXPECT_EQ(erpc::multicall({node_atom("kate")}, "Kate.exits", {"x"_atom}), std::vector{elixir("{:exit, {:exception, :x}}")});
    const auto late = rpc::multicall({node_atom("kate")}, "Kate.waits", {self()}, 50ms);
    EXPECT_EQ(late.bad_nodes, std::vector{node_atom("kate")});
  });
}

TEST_P(RpcTest, ABroadcastReachesTheNameOnEachNode) {  // RPC-6
  start_both();
  std::promise<Term> heard;
  kate_->runtime().post([&] {
    EXPECT_TRUE(register_name("listener"_atom, self()));
    (void)next_message();
    heard.set_value(next_message());
  });
  run_on(*kate_, [] {
    while (!whereis("listener"_atom)) yield();
  });
  on_alex([] {
    const std::vector<Atom> nodes{node_atom("kate"), node_atom("nobody"), node_atom("alex")};
    const auto reached = rpc::sbcast(nodes, "listener"_atom, "hello"_atom);
    EXPECT_EQ(reached.good, std::vector{node_atom("kate")});
    EXPECT_EQ(reached.bad, (std::vector{node_atom("nobody"), node_atom("alex")}));
    rpc::abcast(nodes, "listener"_atom, "again"_atom);
  });
  EXPECT_EQ(await(heard), Term("again"_atom));
}

TEST_P(RpcTest, AKeyIsAskedUntilItsValueIsThere) {  // RPC-7
  start_both();
  on_alex([] {
    const Ref key = rpc::async_call(kKate, "Kate.waits", {self()});
    const Pid waits = next_message().elements()[1].pid();
    EXPECT_EQ(rpc::nb_yield(key), std::nullopt);
    exit(waits, "done"_atom);
    EXPECT_EQ(rpc::nb_yield(key, 10s), elixir("{:badrpc, {:EXIT, :done}}"));
    EXPECT_EQ(rpc::yield(rpc::async_call("nobody@localhost", "Kate.add", {1, 2})), elixir("{:badrpc, :nodedown}"));
  });
}

TEST_P(RpcTest, OnesOwnNodeIsCalledInTheCallerOrInAHelper) {  // RPC-3
  start_both();
  on_alex([] {
    EXPECT_EQ(rpc::call("alex@localhost", ":erlang.self"), Term(self()));
    const Term helper = rpc::call("alex@localhost", ":erlang.self", {}, 10s);
    ASSERT_TRUE(helper.is_pid()) << helper.text();
    EXPECT_NE(helper, Term(self()));
    EXPECT_EQ(rpc::call("alex@localhost", "Kate.nothing"), elixir("{:badrpc, {:EXIT, {:undef, [{Kate, :nothing, [], []}]}}}"));
  });
}

TEST_P(RpcTest, ManyCallsAtOnceAndLargeValuesAllComeBack) {  // RPC-1
  start_both(2);
  on_alex([] {
    std::vector<Ref> keys;
    for (int i = 0; i < 500; ++i) keys.push_back(rpc::async_call(kKate, "Kate.add", {i, 1}));
    for (int i = 0; i < 500; ++i) EXPECT_EQ(rpc::yield(keys[static_cast<std::size_t>(i)]), Term(i + 1));
    keys.clear();
    // Eight MiB: twice the queue of the link.
    for (int i = 0; i < 8; ++i) keys.push_back(rpc::async_call(kKate, "Kate.big", {1 << 20}));
    for (const Ref& key : keys) {
      const Term text = rpc::yield(key);
      ASSERT_TRUE(text.is_binary()) << text.text().substr(0, 100);
      EXPECT_EQ(text.bytes().size(), std::size_t{1} << 20);
    }
  });
}

}  // namespace
}  // namespace pulpo::rpc_test
