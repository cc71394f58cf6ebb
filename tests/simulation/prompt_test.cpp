// SPDX-License-Identifier: Apache-2.0
//
// What somebody types at the prompt of one node and what happens on another: alex asks kate, as in the lesson on distribution.
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "pulpo/lang.hpp"
#include "pulpo/net/nodes.hpp"
#include "pulpo/testing.hpp"

namespace pulpo {
namespace {

using SimNode = testing::Node;

class PromptWorldTest : public ::testing::Test {
 protected:
  PromptWorldTest() {
    for (SimNode* const node : {&alex, &kate}) lang::install(node->runtime());
  }
  void TearDown() override {
    if (HasFailure()) ADD_FAILURE() << "The trace of its world:\n" << world.trace();
  }
  static std::string answer(lang::Session& session, std::string_view line) {
    const auto value = session.evaluate(line);
    return value ? lang::inspect(*value) : value.error().text;
  }
  /// What the prompt of `node` prints, in a process and with variables of its own.
  static std::string say(SimNode& node, std::string_view line) {
    return node.eval([line] {
      lang::Session session;
      return answer(session, line);
    });
  }
  /// The same for what takes until something else has happened: see `answered`.
  void begin(SimNode& node, std::string line) {
    node.post([this, line = std::move(line)] {
      lang::Session session;
      answered = answer(session, line);
    });
  }
  /// What it starts lives on.
  void start_on(SimNode& node, std::string line) {
    std::optional<std::string> started;
    node.post([&started, line = std::move(line)] {
      lang::Session session;
      started = answer(session, line);
      (void)receive_if([](const Term&) { return false; });
    });
    ASSERT_TRUE(world.run_until([&] { return started.has_value(); }));
    ASSERT_EQ(started->find("{:ok, #PID<"), 0u) << *started;
  }

  testing::World world{{.seed = testing::seed()}};
  SimNode& alex = world.start({.name = "alex"});
  SimNode& kate = world.start({.name = "kate"});
  std::optional<std::string> answered;
};

TEST_F(PromptWorldTest, ATaskRunsUnderASupervisorOfAnotherNode) {  // TASK-7, IO-5
  start_on(kate, "Task.Supervisor.start_link(name: Chat.TaskSupervisor)");
  EXPECT_EQ(say(alex,
                "me = node(); t = Task.Supervisor.async({Chat.TaskSupervisor, :kate@kate}, fn -> IO.puts(\"hi from #{me}\"); {me, "
                "node()} end); {:erlang.node(t.pid), Task.await(t)}"),
            "{:kate@kate, {:alex@alex, :kate@kate}}");
  EXPECT_EQ(kate.printed(), "hi from alex@alex\n");
  EXPECT_EQ(alex.printed(), "");
  EXPECT_EQ(say(alex, "Task.Supervisor.async_nolink({Chat.TaskSupervisor, :kate@kate}, :erlang, :node, []) |> Task.yield"),
            "{:ok, :kate@kate}");
  EXPECT_EQ(say(alex,
                "{:ok, pid} = Task.Supervisor.start_child({Chat.TaskSupervisor, :kate@kate}, fn -> Process.sleep(:infinity) end); "
                "Task.Supervisor.children({Chat.TaskSupervisor, :kate@kate}) == [pid]"),
            "true");
}

TEST_F(PromptWorldTest, AFailureOfATaskIsLoggedWhereItRan) {  // TASK-8, TASK-2
  start_on(kate, "Task.Supervisor.start_link(name: Chat.TaskSupervisor)");
  EXPECT_EQ(say(alex, "Task.Supervisor.async_nolink({Chat.TaskSupervisor, :kate@kate}, :erlang, :error, [:boom]) |> Task.yield"),
            "{:exit, {:boom, [{:erlang, :error, [:boom], []}]}}");
  EXPECT_EQ(kate.logged("Function: &:erlang.error/1\n    Args: [:boom]"), 1u);
  EXPECT_EQ(alex.logged("Function: "), 0u);
}

TEST_F(PromptWorldTest, ASupervisorThatCannotBeReachedSaysWhere) {  // TASK-8, ST-69
  const std::string unknown = say(alex, "Task.Supervisor.async({Chat.TaskSupervisor, :zz@zz}, fn -> 1 end)");
  EXPECT_TRUE(unknown.starts_with("** (exit) exited in: GenServer.call({Chat.TaskSupervisor, :zz@zz}, {:start_task, [#PID<")) << unknown;
  EXPECT_TRUE(unknown.ends_with(", :monitor], :temporary, nil}, :infinity)\n    ** (EXIT) no connection to zz@zz")) << unknown;
  const std::string nobody = say(alex, "Task.Supervisor.async({Chat.TaskSupervisor, :kate@kate}, fn -> 1 end)");
  EXPECT_NE(nobody.find("\n    ** (EXIT) no process: "), std::string::npos) << nobody;
}

TEST_F(PromptWorldTest, ATaskIsLostWithItsNode) {  // TASK-3, TASK-4, ST-71
  start_on(kate, "Task.Supervisor.start_link(name: Chat.TaskSupervisor)");
  for (const char* const ask : {"yield", "await"}) {
    begin(alex,
          std::string("t = Task.Supervisor.async_nolink({Chat.TaskSupervisor, :kate@kate}, fn -> Process.sleep(:infinity) end); Task.") +
              ask + "(t, :infinity)");
    world.run_for(1s);
    EXPECT_FALSE(answered);
    kate.crash();
    ASSERT_TRUE(world.run_until([&] { return answered.has_value(); }));
    EXPECT_TRUE(answered->starts_with(std::string("** (exit) exited in: Task.") + ask + "(%Task{mfa: {:erlang, :apply, 2}, ")) << *answered;
    EXPECT_TRUE(answered->ends_with(", :infinity)\n    ** (EXIT) no connection to kate@kate")) << *answered;
    answered.reset();
    kate.restart();
    lang::install(kate.runtime());
    start_on(kate, "Task.Supervisor.start_link(name: Chat.TaskSupervisor)");
  }
}

TEST_F(PromptWorldTest, ASupervisorTakesSpecificationsFromAnotherNode) {  // SUP-11, SUP-12
  start_on(kate, "Supervisor.start_link([], strategy: :one_for_one, name: Chat.Supervisor)");
  start_on(kate, "DynamicSupervisor.start_link(name: Chat.Rooms)");
  EXPECT_EQ(say(alex,
                "s = {Chat.Supervisor, :kate@kate}; {:ok, pid} = Supervisor.start_child(s, {Task.Supervisor, name: Chat.Tasks}); "
                "{:erlang.node(pid), Task.Supervisor.async({Chat.Tasks, :kate@kate}, fn -> node() end) |> Task.await, "
                "Supervisor.terminate_child(s, Chat.Tasks)}"),
            "{:kate@kate, :kate@kate, :ok}");
  EXPECT_EQ(say(alex,
                "s = {Chat.Rooms, :kate@kate}; {:ok, pid} = DynamicSupervisor.start_child(s, {Task, fn -> Process.sleep(:infinity) "
                "end}); {:erlang.node(pid), DynamicSupervisor.terminate_child(s, pid), DynamicSupervisor.stop(s)}"),
            "{:kate@kate, :ok, :ok}");
}

TEST_F(PromptWorldTest, ThePromptSeesNodesComeAndGo) {  // NODE-13
  begin(alex,
        "Node.connect(:kate@kate); Node.monitor(:kate@kate, true); :net_kernel.monitor_nodes(true, [:nodedown_reason, node_type: :all]); "
        "a = receive do {:nodedown, n} -> n end; b = receive do {:nodedown, n, info} -> {n, info[:nodedown_reason]} end; {a, b}");
  world.run_for(1s);
  kate.crash();
  ASSERT_TRUE(world.run_until([&] { return answered.has_value(); }));
  EXPECT_EQ(*answered, "{:kate@kate, {:kate@kate, :connection_closed}}");
  EXPECT_EQ(say(alex, ":net_kernel.monitor_nodes(true, [:colour])"), "** (ArgumentError) ");
  EXPECT_EQ(say(alex, ":net_kernel.monitor_nodes(false)"), ":ok");
}

TEST_F(PromptWorldTest, AnAliasIsReachedFromAnotherNodeUntilItIsTakenBack) {  // SIG-14
  EXPECT_EQ(say(alex, "a = Process.alias(); :erpc.call(:kate@kate, fn -> send(a, {:from, node()}) end); receive do x -> x end"),
            "{:from, :kate@kate}");
  // The same link brings both, in this order.
  EXPECT_EQ(say(alex,
                "a = Process.alias(); Process.unalias(a); me = self(); :erpc.call(:kate@kate, fn -> send(a, :late); send(me, :next) "
                "end); receive do x -> x end"),
            ":next");
}

TEST_F(PromptWorldTest, ATaskThatItsOwnerGaveUpSaysNothingMore) {  // TASK-1, TASK-3
  start_on(kate, "Task.Supervisor.start_link(name: Chat.TaskSupervisor)");
  begin(alex,
        "me = self(); t = Task.Supervisor.async_nolink({Chat.TaskSupervisor, :kate@kate}, fn -> receive do :go -> send(me, :went); "
        ":value end end); nil = Task.ignore(t); send(t.pid, :go); receive do x -> x end; receive do "
        "x -> {:heard, x} after 1000 -> :nothing end");
  ASSERT_TRUE(world.run_until([&] { return answered.has_value(); }));
  EXPECT_EQ(*answered, ":nothing");
}

TEST_F(PromptWorldTest, AHostsMapperTellsWhichNodesItKnows) {
  const std::string names = say(alex, ":net_adm.names(:kate)");
  EXPECT_TRUE(names.starts_with("{:ok, [{'kate', ")) << names;
  EXPECT_EQ(say(alex, ":net_adm.names('nowhere')"), "{:error, :address}");
  EXPECT_EQ(say(alex, "is_list(:net_adm.localhost())"), "true");
}

TEST_F(PromptWorldTest, CallsGoToAllNodesWhenNoneIsNamed) {  // RPC-5, GS-18
  ASSERT_TRUE(alex.eval([this] { return connect_node(kate.atom()).has_value(); }));
  EXPECT_EQ(say(alex, ":rpc.multicall(:erlang, :node, [])"), "{[:alex@alex, :kate@kate], []}");
  EXPECT_EQ(say(alex, ":rpc.multicall(:erlang, :node, [], 1000)"), "{[:alex@alex, :kate@kate], []}");
  EXPECT_EQ(say(alex, ":rpc.multicall([:kate@kate], :erlang, :node, [])"), "{[:kate@kate], []}");
  EXPECT_EQ(say(alex, "GenServer.multi_call(Pulpo.Echo, 7)"), "{[alex@alex: 7, kate@kate: 7], []}");
  EXPECT_EQ(say(alex, "GenServer.abcast(Pulpo.Echo, 7)"), ":abcast");
  EXPECT_EQ(say(alex, ":erpc.call(:kate@kate, fn -> node() end)"), ":kate@kate");
  EXPECT_EQ(say(alex, ":rpc.call(:kate@kate, :erlang, :apply, [fn -> throw(:ball) end, []])"), ":ball");  // RPC-2
  EXPECT_EQ(say(alex, ":net_kernel.get_net_ticktime()"), "8");
  EXPECT_EQ(say(alex, ":net_kernel.allow([:alex])"), ":ok");
}

}  // namespace
}  // namespace pulpo
