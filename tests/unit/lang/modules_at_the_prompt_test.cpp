// SPDX-License-Identifier: Apache-2.0
//
// The modules that every node has, as somebody types them at the prompt.
#include "otp/builtin_functions.hpp"
#include "pulpo/system.hpp"
#include "unit/lang/support.hpp"
#include "unit/otp/helpers.hpp"

namespace pulpo::lang_modules_test {
namespace {

using namespace pulpo::testing;

class PromptTest : public OnEachLoop {
 protected:
  /// Inside a process of a node with a system; what it prints is in `printed`, what it reads is `typed`.
  void at_prompt(const std::function<void()>& test) {
    run([&] {
      lang::install(pulpo::runtime());
      Application application{.name = "chat", .description = "A chat", .version = "1.2"};
      application.env.set("bot"_atom, true);
      SystemOptions options{.applications = {application}, .output = [&](std::string_view text) { printed += text; }};
      options.input = [&] { return typed ? std::exchange(typed, std::nullopt) : std::nullopt; };
      ASSERT_TRUE(start_system(std::move(options)));
      lang::Session session;
      session_ = &session;
      test();
      session_ = nullptr;
      EXPECT_TRUE(stop_system());
    });
  }
  /// What the console prints for a line.
  std::string say(std::string_view line) { return answer(*session_, line); }
  void expect(std::initializer_list<Line> lines) {
    for (const Line& line : lines) EXPECT_EQ(say(line.text), line.answer) << line.text;
  }
  /// The exit reason of a process that evaluates `line` alone.
  static Term end_of_line(std::string_view line) {
    return reason_of([line] {
      lang::Session session;
      const auto value = session.evaluate(line);
      if (!value) exit(value.error().reason);
    });
  }

  std::string printed;
  std::optional<std::string> typed;
  CapturedLog log_;

 private:
  lang::Session* session_ = nullptr;
};
PULPO_ON_EACH_LOOP(PromptTest);

// --- Task ------------------------------------------------------------------------------------------------------------------

TEST_P(PromptTest, ATaskIsAStructAndHasAValue) {  // TASK-1, TASK-3
  at_prompt([&] {
    expect({{"Task.async(fn -> 1 + 1 end) |> Task.await", "2"},
            {"Task.async(:erlang, :node, []) |> Task.await()", ":nonode@nohost"},
            {"x = 20; Task.async(fn -> x * 2 + 2 end) |> Task.await(1000)", "42"},
            {"t = Task.async(fn -> :done end); t.owner == self()", "true"},
            {"t.mfa", "{:erlang, :apply, 2}"},
            {"t.__struct__", "Task"},
            {"Task.await(t, :infinity)", ":done"},
            {"Task.async(:erlang, :self, []).mfa", "{:erlang, :self, 0}"},
            {"Task.await_many([Task.async(fn -> 1 end), Task.async(fn -> 2 end)])", "[1, 2]"}});
    const std::string task = say("t");
    EXPECT_TRUE(task.starts_with("%Task{mfa: {:erlang, :apply, 2}, owner: #PID<")) << task;
    EXPECT_NE(task.find(", pid: #PID<"), std::string::npos) << task;
    EXPECT_NE(task.find(", ref: #Reference<"), std::string::npos) << task;
    EXPECT_EQ(read_elixir(task)->text(), task);
    EXPECT_EQ(say("Task.await(:none)"), "** (FunctionClauseError) no function clause matching in Task.await(:none); it takes (%Task{})");
    EXPECT_EQ(say("Task.async(fn x -> x end)").find("** (FunctionClauseError)"), 0u);
  });
}

TEST_P(PromptTest, ATaskThatEndsTheirWayTellsWhoAwaitsIt) {  // TASK-2, TASK-3, TASK-8
  at_prompt([&] {
    EXPECT_EQ(say("Process.flag(:trap_exit, true)"), "false");
    const Term died = end_of_line("Process.flag(:trap_exit, true); t = Task.async(fn -> exit(:boom) end); Task.await(t)");
    ASSERT_TRUE(died.is_tuple(2)) << died.text();
    EXPECT_EQ(died.elements()[0], Term("boom"_atom));
    EXPECT_EQ(died.elements()[1].elements()[0], Term("Elixir.Task"_atom));
    EXPECT_EQ(died.elements()[1].elements()[1], Term("await"_atom));
    EXPECT_EQ(died.elements()[1].elements()[2].list_at(1), Term(5000));
    // The link ends an owner that does not trap.
    EXPECT_EQ(end_of_line("Task.async(fn -> exit(:boom) end); Process.sleep(:infinity)"), Term("boom"_atom));
    EXPECT_GE(log_.count("Task #PID<"), 1u);
    EXPECT_GE(log_.count("** (stop) :boom"), 1u) << log_.all();
    EXPECT_GE(log_.count("Function: #Function<:pulpo_lang.eval/0>\n    Args: []"), 1u) << log_.all();
    const std::string late = say("t = Task.async(fn -> Process.sleep(:infinity) end); Task.await(t, 10)");
    EXPECT_TRUE(late.starts_with("** (exit) exited in: Task.await(%Task{mfa: {:erlang, :apply, 2}, owner: #PID<")) << late;
    EXPECT_NE(late.find(", 10)\n    ** (EXIT) time out"), std::string::npos) << late;
    EXPECT_EQ(say("Process.exit(t.pid, :kill)"), "true");
    const std::string owner =
        say("t = Task.async(fn -> 1 end); {_, ref} = spawn_monitor(fn -> Task.await(t) end); receive do {:DOWN, ^ref, _, _, r} -> r end");
    EXPECT_NE(owner.find("must be asked by its owner"), std::string::npos) << owner;
  });
}

TEST_P(PromptTest, ATaskCanBeAskedAgainAndEnded) {  // TASK-4, TASK-5
  at_prompt([&] {
    expect({{"t = Task.async(fn -> receive do x -> x end end); Task.yield(t, 1)", "nil"},
            {"send(t.pid, :now); Task.yield(t)", "{:ok, :now}"},
            {"t = Task.async(fn -> Process.sleep(:infinity) end); Task.shutdown(t)", "nil"},
            {"t = Task.async(fn -> Process.sleep(:infinity) end); Task.shutdown(t, :brutal_kill)", "nil"},
            {"t = Task.async(fn -> 7 end); Process.sleep(20); Task.shutdown(t)", "{:ok, 7}"},
            {"t = Task.async(fn -> 8 end); Process.sleep(20); Task.ignore(t)", "{:ok, 8}"},
            {"[{_, a}, {_, b}] = Task.yield_many([Task.async(fn -> 1 end), Task.async(fn -> Process.sleep(:infinity) end)], 50); {a, b}",
             "{{:ok, 1}, nil}"},
            {"Task.shutdown(t, :soon)", "** (ArgumentError) Task.shutdown takes a time in milliseconds, :infinity or :brutal_kill"}});
  });
}

TEST_P(PromptTest, ATaskWithoutAnOwnerIsAProcess) {
  at_prompt([&] {
    expect({{"me = self(); {:ok, pid} = Task.start(fn -> send(me, :from_task) end); is_pid(pid)", "true"},
            {"receive do x -> x end", ":from_task"},
            {"{:ok, _} = Task.start(:erlang, :send, [me, :named]); receive do x -> x end", ":named"}});
    EXPECT_EQ(end_of_line("Task.start_link(fn -> exit(:linked) end); Process.sleep(:infinity)"), Term("linked"_atom));
    EXPECT_EQ(
        end_of_line("{:ok, pid} = Task.start(fn -> exit(:alone) end); ref = Process.monitor(pid); receive do {:DOWN, ^ref, _, _, _} -> "
                    "exit(:survived) end"),
        Term("survived"_atom));
  });
}

TEST_P(PromptTest, ATaskSupervisorRunsTasksForOthers) {  // TASK-6
  at_prompt([&] {
    expect({{"{:ok, sup} = Task.Supervisor.start_link(name: Chat.TaskSupervisor); is_pid(sup)", "true"},
            {"Task.Supervisor.async(Chat.TaskSupervisor, fn -> 1 + 2 end) |> Task.await", "3"},
            {"Task.Supervisor.async({Chat.TaskSupervisor, node()}, :erlang, :node, []) |> Task.await", ":nonode@nohost"},
            {"Task.Supervisor.async(sup, fn -> 4 end, shutdown: :brutal_kill) |> Task.await", "4"},
            {"Task.Supervisor.async_nolink(sup, fn -> exit(:oops) end) |> Task.yield", "{:exit, :oops}"},
            {"Task.Supervisor.children(sup)", "[]"},
            {"{:ok, pid} = Task.Supervisor.start_child(sup, fn -> Process.sleep(:infinity) end); Task.Supervisor.children(sup) == [pid]",
             "true"},
            {"Task.Supervisor.terminate_child(sup, pid)", ":ok"},
            {"Task.Supervisor.terminate_child(sup, pid)", "{:error, :not_found}"},
            {"{:ok, _} = Task.Supervisor.start_child(sup, IO, :puts, [\"hi\"]); Process.sleep(20)", ":ok"},
            {"{:ok, small} = Task.Supervisor.start_link(max_children: 0); Task.Supervisor.start_child(small, fn -> 1 end)",
             "{:error, :max_children}"},
            {"Task.Supervisor.start_link(colour: :red)",
             "** (ArgumentError) Task.Supervisor.start_link has no option colour:; it takes name:, strategy:, max_restarts:, max_seconds:, "
             "max_children:"},
            {":global.register_name(:tasks, sup)",
             "** (UndefinedFunctionError) function :global.register_name/2 is undefined (module "
             ":global is not available)"}});
    // A task that is started again has its work with it.
    expect({{"me = self(); work = fn -> send(me, {:runs, self()}); receive do r -> exit(r) end end; {:ok, first} = "
             "Task.Supervisor.start_child(sup, work, restart: :transient); receive do {:runs, ^first} -> send(first, :boom) end",
             ":boom"},
            {"receive do {:runs, again} -> again == first end", "false"}});
  });
  EXPECT_EQ(printed, "hi\n");
}

TEST_P(PromptTest, ATaskSupervisorThatIsNotThereEndsTheCall) {  // TASK-8
  at_prompt([&] {
    const Term gone = end_of_line("Task.Supervisor.async(Chat.TaskSupervisor, fn -> 1 end)");
    ASSERT_TRUE(gone.is_tuple(2)) << gone.text();
    EXPECT_EQ(gone.elements()[0], Term(atoms::noproc));
    EXPECT_TRUE(gone.elements()[1].text().starts_with("{GenServer, :call, [Chat.TaskSupervisor, {:start_task, [#PID<")) << gone.text();
    EXPECT_TRUE(gone.elements()[1].text().ends_with(", :monitor], :temporary, nil}, :infinity]}")) << gone.text();
    const Term elsewhere = end_of_line("Task.Supervisor.start_child({Chat.TaskSupervisor, :zz@localhost}, fn -> 1 end)");
    ASSERT_TRUE(elsewhere.is_tuple(2)) << elsewhere.text();
    EXPECT_EQ(elsewhere.elements()[0], elixir("{:nodedown, :zz@localhost}"));
    EXPECT_TRUE(elsewhere.elements()[1].text().starts_with("{GenServer, :call, [{Chat.TaskSupervisor, :zz@localhost}, {:start_task, "));
    const std::string text = say("Task.Supervisor.async_nolink(Chat.TaskSupervisor, fn -> 1 end)");
    EXPECT_NE(text.find("** (EXIT) no process: "), std::string::npos) << text;
    const Term global = end_of_line("Task.Supervisor.async({:global, :tasks}, fn -> 1 end)");
    EXPECT_TRUE(global.text().starts_with("{:noproc, {GenServer, :call, [{:global, :tasks}, {:start_task, ")) << global.text();
  });
}

// --- Supervisors -----------------------------------------------------------------------------------------------------------

constexpr const char* kCounter = R"(defmodule Counter do
  def start_link(n) do
    me = self()
    pid = spawn_link(fn -> Counter.begin(me, n) end)
    receive do {^pid, answer} -> answer end
  end
  def begin(parent, :wrong), do: send(parent, {self(), {:error, :wrong}})
  def begin(parent, :nothing), do: send(parent, {self(), :ignore})
  def begin(parent, n) do
    send(parent, {self(), {:ok, self()}})
    Counter.loop(n)
  end
  def loop(n) do
    receive do
      {:get, from} ->
        send(from, n)
        loop(n)
    end
  end
end)";

TEST_P(PromptTest, ASupervisorStartsWhatElixirsListsSay) {  // SUP-2, SUP-3, SUP-11
  at_prompt([&] {
    EXPECT_TRUE(say(kCounter).starts_with("{:module, Counter"));
    expect(
        {{"children = [{Counter, 5}, {Task.Supervisor, name: My.Tasks}, {DynamicSupervisor, strategy: :one_for_one, name: My.Dyn}, "
          "%{id: :second, start: {Counter, :start_link, [6]}, restart: :temporary}]; {:ok, sup} = Supervisor.start_link(children, "
          "strategy: "
          ":one_for_one, name: My.Supervisor); is_pid(sup)",
          "true"},
         {"Supervisor.count_children(My.Supervisor)", "%{active: 4, specs: 4, supervisors: 2, workers: 2}"},
         {"[{:second, _, :worker, [Counter]}, {My.Dyn, dyn, :supervisor, [DynamicSupervisor]}, {My.Tasks, _, :supervisor, "
          "[Task.Supervisor]}, {Counter, pid, :worker, [Counter]}] = Supervisor.which_children(sup); send(pid, {:get, self()}); receive do "
          "n -> n end",
          "5"},
         {"dyn == Process.whereis(My.Dyn)", "true"},
         {"Task.Supervisor.async(My.Tasks, fn -> 9 end) |> Task.await", "9"},
         // SUP-4: it is started again.
         {"ref = Process.monitor(pid); Process.exit(pid, :kill); receive do {:DOWN, ^ref, _, _, r} -> r end", ":killed"},
         {"[_, _, _, {Counter, again, _, _}] = Supervisor.which_children(sup); {is_pid(again), again == pid}", "{true, false}"},
         {"Supervisor.terminate_child(sup, Counter)", ":ok"},
         {"Supervisor.restart_child(sup, :none)", "{:error, :not_found}"},
         {"{:ok, _} = Supervisor.restart_child(sup, Counter); Supervisor.restart_child(sup, Counter)", "{:error, :running}"},
         {"Supervisor.delete_child(sup, Counter)", "{:error, :running}"},
         {"Supervisor.terminate_child(sup, Counter); Supervisor.delete_child(sup, Counter)", ":ok"},
         {"{:ok, third} = Supervisor.start_child(sup, {Counter, 7}); Supervisor.start_child(sup, {Counter, 8}) == {:error, "
          "{:already_started, third}}",
          "true"},
         {"Supervisor.start_child(sup, %{id: :bad, start: {Counter, :start_link, [:wrong]}})", "{:error, :wrong}"},
         {"Supervisor.start_child(sup, %{id: :nothing, start: {Counter, :start_link, [:nothing]}})", "{:ok, :undefined}"},
         {"Supervisor.start_child(sup, %{id: :bad})", "{:error, :missing_start}"},
         {"Supervisor.start_child(sup, %{id: :bad, start: {Counter, :start_link, []}, restart: :often})",
          "{:error, {:invalid_restart_type, :often}}"},
         {"me = self(); {:ok, _} = Supervisor.start_child(sup, {Task, fn -> send(me, :task_ran) end}); receive do x -> x end", ":task_ran"},
         {"Supervisor.stop(sup)", ":ok"},
         {"Process.whereis(My.Supervisor)", "nil"}});
  });
}

TEST_P(PromptTest, ASupervisorThatCannotStartSaysWhich) {  // SUP-2, SUP-3
  at_prompt([&] {
    say(kCounter);
    expect({{"Process.flag(:trap_exit, true)", "false"},
            {"Supervisor.start_link([{Counter, :wrong}], strategy: :one_for_one)",
             "{:error, {:shutdown, {:failed_to_start_child, Counter, :wrong}}}"},
            {"Supervisor.start_link([{Counter, 1}, {Counter, 2}], strategy: :one_for_one)",
             "{:error, {:start_spec, {:duplicate_child_name, Counter}}}"},
            {"Supervisor.start_link([], [])", "** (ArgumentError) expected :strategy option to be given"},
            {"Supervisor.start_link([], strategy: :all)",
             "** (ArgumentError) strategy: is :one_for_one | :one_for_all | :rest_for_one, not :all"},
            {"Supervisor.start_link([%{id: 1}], strategy: :one_for_one)", "{:error, {:start_spec, :missing_start}}"}});
    EXPECT_TRUE(say("Supervisor.start_link([5], strategy: :one_for_one)")
                    .starts_with("** (ArgumentError) supervisors expect each child to be one of the following:"));
    // A module without either: its start_link/1 is called.
    EXPECT_EQ(say("Supervisor.start_link([Nowhere], strategy: :one_for_one)"),
              "{:error, {:shutdown, {:failed_to_start_child, Nowhere, {:undef, [{Nowhere, :start_link, [[]], []}]}}}}");
    EXPECT_TRUE(say("Supervisor.which_children(:nobody)")
                    .starts_with("** (exit) exited in: GenServer.call(:nobody, :which_children, :infinity)\n    ** (EXIT) no process: "));
  });
}

TEST_P(PromptTest, AModuleSaysItsOwnChildSpec) {  // SUP-2
  at_prompt([&] {
    say(kCounter);
    say("defmodule Own do def child_spec(n), do: %{id: {:own, n}, start: {Counter, :start_link, [n]}, shutdown: 100} end");
    expect(
        {{"{:ok, sup} = Supervisor.start_link([{Own, 1}, {Own, 2}], strategy: :rest_for_one); [{{:own, 2}, _, _, _}, {{:own, 1}, _, _, _}] "
          "= Supervisor.which_children(sup); :both",
          ":both"},
         {"Supervisor.child_spec({Own, 3}, id: :other)", "%{id: :other, shutdown: 100, start: {Counter, :start_link, [3]}}"},
         {"Task.child_spec(fn -> 1 end).restart", ":temporary"},
         {"Task.Supervisor.child_spec(name: A.B)", "%{id: A.B, start: {Task.Supervisor, :start_link, [[name: A.B]]}, type: :supervisor}"}});
  });
}

TEST_P(PromptTest, ADynamicSupervisorsChildrenComeAndGo) {  // SUP-12
  at_prompt([&] {
    say(kCounter);
    expect({{"{:ok, _} = DynamicSupervisor.start_link(strategy: :one_for_one, name: Dyn, max_children: 1); "
             "{:ok, pid} = DynamicSupervisor.start_child(Dyn, {Counter, 1}); is_pid(pid)",
             "true"},
            {"DynamicSupervisor.which_children(Dyn) == [{:undefined, pid, :worker, [Counter]}]", "true"},
            {"DynamicSupervisor.start_child(Dyn, {Counter, 2})", "{:error, :max_children}"},
            {"DynamicSupervisor.count_children(Dyn)", "%{active: 1, specs: 1, supervisors: 0, workers: 1}"},
            {"DynamicSupervisor.terminate_child(Dyn, pid)", ":ok"},
            {"DynamicSupervisor.terminate_child(Dyn, pid)", "{:error, :not_found}"},
            {"DynamicSupervisor.start_child(Dyn, {Counter, :nothing})", ":ignore"},
            {"DynamicSupervisor.stop(Dyn, :normal, 1000)", ":ok"},
            {"DynamicSupervisor.start_link(strategy: :one_for_all)",
             "** (ArgumentError) DynamicSupervisor.start_link knows the strategy :one_for_one, not :one_for_all"}});
  });
}

// --- Servers and processes -------------------------------------------------------------------------------------------------

TEST_P(PromptTest, AServerCanBeFoundAndStopped) {  // GS-17, GS-18, GS-19
  at_prompt([&] {
    expect(
        {{"GenServer.call(Pulpo.Echo, {:a, 1})", "{:a, 1}"},
         {"GenServer.cast(:nobody, 1)", ":ok"},
         {"GenServer.whereis(Pulpo.Echo) == Process.whereis(Pulpo.Echo)", "true"},
         {"GenServer.whereis({Pulpo.Echo, node()}) == Process.whereis(Pulpo.Echo)", "true"},
         {"GenServer.whereis({Pulpo.Echo, :other@host})", "{Pulpo.Echo, :other@host}"},
         {"GenServer.whereis({:global, :nobody})", "nil"},
         {"GenServer.abcast([node()], Pulpo.Echo, :hello)", ":abcast"},
         {"GenServer.multi_call([node()], Pulpo.Echo, 3)", "{[nonode@nohost: 3], []}"},
         {"GenServer.multi_call([node()], :nobody, 3, 100)", "{[], [:nonode@nohost]}"},
         {"me = self(); spawn(fn -> send(me, {:got, GenServer.call(me, :question)}) end); receive do {:\"$gen_call\", from, :question} -> "
          "GenServer.reply(from, :answer) end; receive do {:got, x} -> x end",
          ":answer"},
         {"{:ok, sup} = DynamicSupervisor.start_link([]); GenServer.stop(sup)", ":ok"},
         {":sys.get_state(My.Sup)",
          "** (exit) exited in: :sys.get_state(My.Sup)\n    ** (EXIT) no process: the process is not alive or "
          "there's no process currently associated with the given name, possibly because its application isn't "
          "started"}});
    EXPECT_EQ(end_of_line("GenServer.stop(Nobody)"), elixir("{:noproc, {GenServer, :stop, [Nobody, :normal, :infinity]}}"));
    EXPECT_EQ(end_of_line("GenServer.stop(Nobody, :shutdown, 100)"), elixir("{:noproc, {GenServer, :stop, [Nobody, :shutdown, 100]}}"));
  });
}

TEST_P(PromptTest, ProcessesHaveNamesFlagsAndRelations) {  // SIG-8, SIG-9, SIG-12, SIG-13, SIG-21
  at_prompt([&] {
    expect({{"Process.register(self(), :console)", "true"},
            {"Process.whereis(:console) == self()", "true"},
            {":erlang.whereis(:nobody)", ":undefined"},
            {"Process.registered()",
             "[Pulpo.Echo, Pulpo.Node, Pulpo.Supervisor, :application_controller, :console, :logger, :standard_error, :user]"},
            {"Process.info(self(), :registered_name)", "{:registered_name, :console}"},
            {":erlang.unregister(:console)", "true"},
            {"Process.info(self(), :registered_name)", "{:registered_name, []}"},
            {":erlang.process_info(self(), :registered_name)", "[]"},
            {"Process.info(self(), [:trap_exit, :message_queue_len])", "[trap_exit: false, message_queue_len: 0]"},
            {"Process.info(self(), :colour)", "** (ArgumentError) argument error"},
            {":erlang.register(:nobody, 5)",
             "** (FunctionClauseError) no function clause matching in :erlang.register(:nobody, 5); it takes (atom, pid)"},
            {":erlang.register(:undefined, self())", "** (ArgumentError) argument error"},
            {"Process.flag(:trap_exit, true)", "false"},
            {":erlang.process_flag(:trap_exit, true)", "true"},
            {"pid = spawn(fn -> receive do x -> exit(x) end end); {Process.link(pid), Process.link(pid)}", "{true, true}"},
            {"ref = Process.monitor(pid); send(pid, :bye); receive do {:DOWN, ^ref, :process, ^pid, r} -> r end", ":bye"},
            {"receive do {:EXIT, ^pid, r} -> r end", ":bye"},
            {"Process.demonitor(ref)", "true"},
            {"Process.demonitor(ref, [:flush, :info])", "false"},
            {"ref = :erlang.monitor(:process, :nobody); receive do {:DOWN, ^ref, _, who, r} -> {who, r} end",
             "{{:nobody, :nonode@nohost}, :noproc}"},
            {"Process.alive?(pid)", "false"},
            {"Process.info(pid)", "nil"},
            {":erlang.process_info(pid, :links)", ":undefined"},
            {"Process.unlink(self())", "true"},
            {":erlang.node(self())", ":nonode@nohost"},
            {"Process.group_leader(self(), Process.group_leader())", "true"},
            {"a = Process.alias(); send(a, :by_alias); receive do x -> x end", ":by_alias"},
            {"Process.unalias(a)", "true"},
            {"Process.unalias(a)", "false"},
            {":erlang.unique_integer() == :erlang.unique_integer([:positive])", "false"}});
    EXPECT_TRUE(say("Process.register(self(), :user)").starts_with("** (ArgumentError) could not register #PID<"));
    EXPECT_TRUE(say("Process.flag(:priority, :high)").starts_with("** (ArgumentError) a process has the flag :trap_exit here"));
  });
}

TEST_P(PromptTest, TimersSendLater) {
  at_prompt([&] {
    expect({{"Process.send_after(self(), :later, 1); receive do x -> x end", ":later"},
            {"t = Process.send_after(self(), :never, 60000); left = Process.read_timer(t); left > 50000 and left <= 60000", "true"},
            {"is_integer(Process.cancel_timer(t))", "true"},
            {"Process.cancel_timer(t)", "false"},
            {"{:ok, t} = :timer.send_after(1, :soon); receive do x -> x end", ":soon"},
            {":timer.cancel(t)", "{:ok, :cancel}"},
            {":timer.cancel(:none)", "{:error, :badarg}"},
            {"{:ok, t} = :timer.send_interval(1, self(), :tick); receive do x -> x end; receive do x -> x end", ":tick"},
            {":timer.cancel(t)", "{:ok, :cancel}"},
            {"{us, v} = :timer.tc(fn -> 5 end); {us >= 0, v}", "{true, 5}"},
            {"{_, v} = :timer.tc(fn x -> x end, [6]); v", "6"},
            {"{_, v} = :timer.tc(:erlang, :node, []); v", ":nonode@nohost"},
            {":timer.seconds(5)", "5000"}});
  });
}

TEST_P(PromptTest, ACallThroughFunctionsOfTheNodeDoesNotUseUpItsStack) {
  at_prompt([&] {
    say("defmodule Deep do def down(n), do: :timer.tc(fn -> Deep.down(n + 1) end) end");
    EXPECT_NE(say("Deep.down(0)").find(":system_limit"), std::string::npos);
    EXPECT_EQ(say("1 + 1"), "2");
    EXPECT_EQ(say("Pulpo.Echo |> GenServer.call(:alive)"), ":alive");
  });
}

// --- IO, Logger, System, applications ----------------------------------------------------------------------------------------

TEST_P(PromptTest, PrintsAndReads) {
  typed = "kate\n";
  at_prompt([&] {
    expect(
        {{"IO.puts(:stdio, \"line\")", ":ok"},
         {"IO.write(\"text\"); IO.puts(\"\")", ":ok"},
         {"IO.inspect({:a, 1}, label: \"what\")", "{:a, 1}"},
         {"IO.inspect(:stdio, [1], [])", "[1]"},
         {"IO.gets(\"name? \")", "\"kate\\n\""},
         {"IO.gets(\"name? \")", ":eof"},
         {":io.format(\"~p and ~s~n\", [{:a, \"b\"}, \"c\"])", ":ok"},
         {":io.format('~b ~a ~c ~~ ~ts~n', [5, :atom, 65, 'x'])", ":ok"},
         {":io.format(\"~p\", [])", "** (ArgumentError) :io.format: the format wants more than 0 values"},
         {":io.format(\"x\", [1])", "** (ArgumentError) :io.format: the format wants 0 values, not 1"},
         {":io.format(\"~q\", [1])", "** (ArgumentError) :io.format: the format knows ~p, ~w, ~s, ~ts, ~a, ~c, ~b, ~i, ~n and ~~, not ~q"},
         {":io.format(\"~s\", [{1}])", "** (ArgumentError) :io.format: ~s does not print {1}"}});
  });
  EXPECT_EQ(printed, "line\ntext\nwhat: {:a, 1}\n[1]\nname? name? {a,<<\"b\">>} and c\n5 atom A ~ x\n");
}

TEST_P(PromptTest, LogsAtEachLevel) {
  const log::Level before = log::level();
  at_prompt([&] {
    expect({{"Logger.configure(level: :info)", ":ok"},
            {"Logger.level", ":info"},
            {"Logger.debug(\"not said\")", ":ok"},
            {"Logger.debug(fn -> exit(:not_called) end)", ":ok"},
            {"Logger.info(\"said\")", ":ok"},
            {"Logger.info(fn -> \"made\" end)", ":ok"},
            {"Logger.warning(\"careful\", room: 5)", ":ok"},
            {"Logger.warn(\"old word\")", ":ok"},
            {"Logger.error([what: :report])", ":ok"},
            {"Logger.emergency(\"fire\")", ":ok"},
            {"Logger.configure(level: :debug); Logger.debug(\"now said\")", ":ok"}});
    EXPECT_TRUE(say("Logger.configure(level: :loud)").starts_with("** (ArgumentError) level: is :debug, "));
  });
  log::set_level(before);
  EXPECT_EQ(log_.count("not said"), 0u);
  for (const char* const line : {"[info] said", "[info] made", "[warning] careful", "[warning] old word", "[error] [what: :report]",
                                 "[emergency] fire", "[debug] now said"})
    EXPECT_EQ(log_.count(line), 1u) << line << "\n" << log_.all();
}

TEST_P(PromptTest, TellsOfTheSystemAndItsTimes) {
  at_prompt([&] {
    expect({{"System.system_time(:second) > 1700000000", "true"},
            {"div(System.os_time(:millisecond), 100000) == div(System.system_time(:millisecond), 100000) or true", "true"},
            {"a = System.monotonic_time(); b = :erlang.monotonic_time(:nanosecond); b >= a", "true"},
            {"System.monotonic_time(1000) - System.monotonic_time(:millisecond) >= -1", "true"},
            {"System.get_env(\"PULPO_NO_SUCH_VARIABLE\")", "nil"},
            {"System.get_env(\"PULPO_NO_SUCH_VARIABLE\", \"else\")", "\"else\""},
            {"System.get_env(\"PATH\") == System.get_env()[\"PATH\"]", "true"},
            {"is_binary(System.pid)", "true"},
            {"is_binary(System.version)", "true"},
            {":erlang.system_info(:process_count) == length(Process.list())", "true"},
            {":erlang.system_info(:schedulers) == System.schedulers_online", "true"},
            {":erlang.memory()[:total] >= 0", "true"}});
    EXPECT_TRUE(say(":erlang.system_info(:colour)").starts_with("** (ArgumentError) :erlang.system_info knows :process_count, "));
    EXPECT_NE(say("System.system_time(:fortnight)").find("it takes (:second | :millisecond"), std::string::npos);
  });
}

TEST_P(PromptTest, StartsStopsAndConfiguresApplications) {  // AC-20, AC-26, AC-46
  at_prompt([&] {
    expect(
        {{"Application.loaded_applications", "[{:chat, 'A chat', '1.2'}]"},
         {"Application.started_applications", "[]"},
         {"Application.ensure_all_started(:chat)", "{:ok, [:chat]}"},
         {":application.ensure_all_started(:chat)", "{:ok, []}"},
         {"Application.ensure_started(:chat)", ":ok"},
         {"Application.start(:chat)", "{:error, {:already_started, :chat}}"},
         {":application.which_applications", "[{:chat, 'A chat', '1.2'}]"},
         {"Application.stop(:chat)", ":ok"},
         {":application.stop(:chat)", "{:error, {:not_started, :chat}}"},
         {"Application.ensure_all_started(:chat, :often)", "{:error, {:invalid_restart_type, :often}}"},
         {"Application.get_env(:chat, :bot)", "true"},
         {"Application.get_env(:chat, :none, 5)", "5"},
         {"Application.put_env(:chat, :room, [1])", ":ok"},
         {"Application.fetch_env(:chat, :room)", "{:ok, [1]}"},
         {"Application.fetch_env!(:chat, :room)", "[1]"},
         {"Application.fetch_env(:chat, :none)", ":error"},
         {"Application.fetch_env!(:chat, :none)",
          "** (ArgumentError) could not fetch application environment :none for application :chat because configuration at :none was not "
          "set"},
         {"Application.get_all_env(:chat)", "[bot: true, room: [1]]"},
         {":application.get_env(:chat, :bot)", "{:ok, true}"},
         {":application.get_env(:chat, :none)", ":undefined"},
         {":application.set_env(:chat, :bot, false); Application.get_env(:chat, :bot)", "false"},
         {"Application.delete_env(:chat, :bot); Application.get_env(:chat, :bot)", "nil"}});
  });
}

// --- Remote calls ---------------------------------------------------------------------------------------------------------

TEST_P(PromptTest, CallsOtherNodesAsErlangDoes) {  // RPC-2, RPC-4, RPC-5, RPC-7
  at_prompt([&] {
    expect({{":rpc.call(node(), :erlang, :node, [])", ":nonode@nohost"},
            {":rpc.call(node(), Nowhere, :f, [1])", "{:badrpc, {:EXIT, {:undef, [{Nowhere, :f, [1], []}]}}}"},
            {":rpc.call(node(), :erlang, :exit, [:boom], 1000)", "{:badrpc, {:EXIT, :boom}}"},
            {":rpc.call(:zz@localhost, :erlang, :node, [])", "{:badrpc, :nodedown}"},
            {":rpc.cast(node(), :erlang, :send, [self(), :cast])", "true"},
            {"receive do x -> x end", ":cast"},
            {":rpc.multicall([node(), :zz@localhost], :erlang, :node, [], :infinity)", "{[:nonode@nohost], [:zz@localhost]}"},
            {"key = :rpc.async_call(node(), :erlang, :node, []); :rpc.yield(key)", ":nonode@nohost"},
            {"key = :rpc.async_call(node(), Process, :sleep, [:infinity]); :rpc.nb_yield(key)", ":timeout"},
            {":erpc.call(node(), fn -> 1 + 1 end)", "2"},
            {":erpc.call(node(), fn -> 1 + 1 end, 1000)", "2"},
            {":erpc.call(node(), :erlang, :node, [])", ":nonode@nohost"},
            {":erpc.multicall([node()], fn -> 3 end)", "[ok: 3]"},
            {":erpc.multicall([node()], fn -> throw(:ball) end)", "[throw: :ball]"},
            {"f = fn -> throw(:ball) end; :rpc.call(node(), :erlang, :apply, [f, []])", ":ball"},
            {"me = self(); :erpc.cast(node(), fn -> send(me, :erpc_cast) end); receive do x -> x end", ":erpc_cast"},
            {":rpc.abcast([node()], Pulpo.Echo, :x)", ":abcast"},
            {":rpc.sbcast([node()], Pulpo.Echo, :x)", "{[:nonode@nohost], []}"}});
    EXPECT_EQ(end_of_line(":erpc.call(node(), fn -> exit(:boom) end, 1000)"), elixir("{:exception, :boom}"));
    EXPECT_EQ(end_of_line(":erpc.call(:zz@localhost, :erlang, :node, [])"), elixir("{:erpc, :noconnection}"));
  });
}

TEST_P(PromptTest, AnApplicationOfAFunctionValueSaysWhatIsWrong) {
  at_prompt([&] {
    EXPECT_EQ(end_of_line(":rpc.call(node(), :erlang, :apply, [5, []]) |> exit"), elixir("{:badrpc, {:EXIT, {{:badfun, 5}, []}}}"));
    const Term arity = end_of_line(":rpc.call(node(), :erlang, :apply, [fn -> 1 end, [1]]) |> exit");
    EXPECT_TRUE(arity.text().starts_with("{:badrpc, {:EXIT, {{:badarity, {#Function<")) << arity.text();
  });
}

}  // namespace
}  // namespace pulpo::lang_modules_test
