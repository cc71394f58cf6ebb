// SPDX-License-Identifier: Apache-2.0
//
// The language inside a node: what it calls, sends and receives; modules; functions as terms.
#include "pulpo/function.hpp"
#include "pulpo/io.hpp"
#include "pulpo/rpc.hpp"
#include "pulpo/system.hpp"
#include "unit/lang/support.hpp"
#include "unit/otp/helpers.hpp"

namespace pulpo::lang_runtime_test {
namespace {

using namespace pulpo::testing;

class LangRuntimeTest : public OnEachLoop {
 protected:
  /// Inside a process of a node with a system, what it prints in `printed`.
  void at_console(const std::function<void(lang::Session&)>& test) {
    run([&] {
      lang::install(pulpo::runtime());
      ASSERT_TRUE(start_system({.output = [&](std::string_view text) { printed += text; }}));
      lang::Session session;
      test(session);
      EXPECT_TRUE(stop_system());
    });
  }
  std::string printed;
};
PULPO_ON_EACH_LOOP(LangRuntimeTest);

constexpr const char* kKate = R"(defmodule Kate do
  @moduledoc "Kate"
  def say_name do
    IO.puts "Hi, my name is Kate"
  end

  def count(0), do: :done
  def count(n) when n > 0, do: count(n - 1)
  def twice(x), do: double(x)
  def me, do: __MODULE__
  def adder(x), do: fn y -> plus(x, y) end
  defp double(x), do: x * 2
  defp plus(x, y) do
    x + y
  end
end)";

TEST_P(LangRuntimeTest, CallsWhatTheNodeExports) {
  at_console([&](lang::Session& session) {
    EXPECT_EQ(answer(session, "IO.puts \"hello\""), ":ok");
    EXPECT_EQ(answer(session, "GenServer.call(Pulpo.Echo, {:a, 1})"), "{:a, 1}");
    EXPECT_EQ(answer(session, "Process.whereis(:nobody)"), "nil");
    EXPECT_EQ(answer(session, ":erlang.node"), ":nonode@nohost");
    EXPECT_EQ(answer(session, "node()"), ":nonode@nohost");
    EXPECT_EQ(answer(session, "self() == :erlang.self()"), "true");
    EXPECT_EQ(answer(session, "self |> is_pid"), "true");
    EXPECT_EQ(answer(session, "Process.list |> is_list"), "true");
    EXPECT_EQ(answer(session, "f = &IO.puts/1; f.(\"by name\")"), ":ok");
    EXPECT_EQ(answer(session, "apply(IO, :puts, [\"applied\"])"), ":ok");
  });
  EXPECT_EQ(printed, "hello\nby name\napplied\n");
}

TEST_P(LangRuntimeTest, TellsHowACallFailed) {
  at_console([&](lang::Session& session) {
    EXPECT_EQ(answer(session, "IO.nothing(1)"), "** (UndefinedFunctionError) function IO.nothing/1 is undefined or private");
    EXPECT_EQ(answer(session, "Foo.bar(1)"), "** (UndefinedFunctionError) function Foo.bar/1 is undefined (module Foo is not available)");
    EXPECT_EQ(answer(session, "GenServer.call(Nobody, :ping)"),
              "** (exit) exited in: GenServer.call(Nobody, :ping, 5000)\n    ** (EXIT) no process: the process is not alive or there's no "
              "process currently associated with the given name, possibly because its application isn't started");
    EXPECT_EQ(answer(session, "Process.unregister(:nobody)"), "** (ArgumentError) argument error");
    EXPECT_EQ(answer(session, "Process.sleep(:a)"),
              "** (FunctionClauseError) no function clause matching in Process.sleep(:a); it takes (milliseconds | :infinity)");
    EXPECT_EQ(answer(session, "send(:nobody, 1)"), "** (ArgumentError) argument error");
  });
}

TEST_P(LangRuntimeTest, DefinesModulesThatTheWholeNodeCanCall) {
  at_console([&](lang::Session& session) {
    EXPECT_EQ(answer(session, kKate), "{:module, Kate, <<0>>, {:plus, 2}}");
    EXPECT_EQ(answer(session, "Kate.say_name"), ":ok");
    EXPECT_EQ(answer(session, "Kate.count(100000)"), ":done");
    EXPECT_EQ(answer(session, "Kate.count(-1)"), "** (FunctionClauseError) no function clause matching in Kate.count/1");
    EXPECT_EQ(answer(session, "Kate.twice 4"), "8");
    EXPECT_EQ(answer(session, "Kate.double(4)"), "** (UndefinedFunctionError) function Kate.double/1 is undefined or private");
    EXPECT_EQ(answer(session, "Kate.me"), "Kate");
    EXPECT_EQ(answer(session, "Kate.adder(1).(2)"), "3");
    EXPECT_EQ(answer(session, "(&Kate.twice/1).(3)"), "6");
    EXPECT_EQ(apply("Elixir.Kate"_atom, "twice"_atom, std::vector<Term>{5}), Term(10));
    EXPECT_EQ(rpc::call("nonode@nohost", "Kate.twice", {6}), Term(12));
    const Term failed = rpc::call("nonode@nohost", "Kate.count", {-1});
    EXPECT_EQ(failed.text(), "{:badrpc, {:EXIT, {:function_clause, [{Kate, :count, [-1]}]}}}");
    EXPECT_EQ(answer(session, "defmodule Kate do def twice(x), do: x end; Kate.twice(4)"), "4");
    EXPECT_EQ(answer(session, "defmodule IO do def puts(x), do: x end"),
              "** (CompileError) cannot define module IO: this node has one of that name in C++");
    EXPECT_EQ(answer(session, "Kate.me"), "** (UndefinedFunctionError) function Kate.me/0 is undefined or private");
  });
  EXPECT_EQ(printed, "Hi, my name is Kate\n");
}

TEST_P(LangRuntimeTest, TheSeedsSendAndReceive) {
  at_console([&](lang::Session& session) {
    EXPECT_EQ(answer(session, "pid = spawn_link fn ->\n  receive do\n    {:hi, from} -> send from, :sup?\n  end\nend\nis_pid(pid)"),
              "true");
    EXPECT_EQ(answer(session, "send(pid, {:hi, self()}) == {:hi, self()}"), "true");
    EXPECT_EQ(answer(session, "Process.sleep(20)"), ":ok");
    EXPECT_EQ(answer(session, "flush()"), ":ok");
    EXPECT_EQ(answer(session, "send self(), {:a, 1}; send self(), {:b, 2}; receive do {:b, x} -> x end"), "2");
    EXPECT_EQ(answer(session, "receive do {:b, x} -> x; {:a, x} when x > 1 -> :no after 0 -> :none end"), ":none");
    EXPECT_EQ(answer(session, "receive do {:a, x} when x == 1 -> x after 1000 -> :none end"), "1");
    EXPECT_EQ(answer(session, "receive do after 10 -> :late end"), ":late");
    EXPECT_EQ(answer(session, "{pid, ref} = spawn_monitor(fn -> exit(:done) end); receive do {:DOWN, ^ref, _, _, why} -> why end"),
              ":done");
  });
  EXPECT_EQ(printed, ":sup?\n");
}

TEST_P(LangRuntimeTest, ReadsWhatTheSeedsType) {
  at_console([&](lang::Session& session) {
    // Lines of the tutorials; what has no function yet is looked at as far as reading.
    for (const char* const line :
         {"PingPong.ping",
          "Distro.DistroCal.add(4,5)",
          "Node.list",
          "Node.self",
          "Node.get_cookie",
          "Node.set_cookie :secret_token",
          ":net_adm.ping(:c@altair)",
          ":net_adm.ping :a@altair",
          "Node.connect :a@altair",
          "Node.ping :\"a@127.0.0.1\"",
          "GenServer.call({PingPong, :a@altair}, :ping)",
          "PingPongServer.crash({:global, GlobalPingPong})",
          "Node.spawn_link(:kate@localhost, fn -> Kate.say_name end)",
          "Chat.send_message(:moebi@localhost, \"hi\")",
          "send(pid, {:hi, self()})",
          "GenServer.start_link(__MODULE__, [], name: {:global, __MODULE__})",
          ":application.which_applications",
          ":observer.start",
          "Process.flag(:trap_exit, true)",
          "Task.Supervisor.async({Chat.TaskSupervisor, :kate@localhost}, Chat, :receive_message, [\"hi\"]) |> Task.await"})
      EXPECT_TRUE(lang::check(line)) << line;
    EXPECT_EQ(answer(session, R"(defmodule Chat do
  def receive_message(message) do
    IO.puts message
  end

  def receive_message_for_moebi(message, from) do
    IO.puts message
    send_message(from, "chicken?")
  end

  def send_message(:moebi@localhost = recipient, message) do
    spawn_task(__MODULE__, :receive_message_for_moebi, recipient, [message, :alex@localhost])
  end

  def send_message(recipient, message) do
    spawn_task(__MODULE__, :receive_message, recipient, [message])
  end

  def spawn_task(module, fun, recipient, args) do
    recipient
    |> remote_supervisor()
    |> run(module, fun, args)
  end

  defp run({Chat.TaskSupervisor, _recipient}, module, fun, args), do: apply(module, fun, args)

  defp remote_supervisor(recipient) do
    {Chat.TaskSupervisor, recipient}
  end
end)"),
              "{:module, Chat, <<0>>, {:remote_supervisor, 1}}");
    EXPECT_EQ(answer(session, "Chat.send_message :moebi@localhost, \"hi\""), ":ok");
  });
  EXPECT_EQ(printed, "hi\nchicken?\n");
}

TEST_P(LangRuntimeTest, AServersLoopRunsForEver) {
  at_console([&](lang::Session& session) {
    EXPECT_EQ(answer(session, R"(defmodule Counter do
  def loop(n) do
    receive do
      {:add, x} -> loop(n + x)
      {:get, from} ->
        send(from, {:count, n})
        loop(n)
    end
  end
end
pid = spawn(fn -> Counter.loop(0) end)
add = fn add, n -> if n > 0 do
    send(pid, {:add, 1})
    add.(add, n - 1)
  end
end
add.(add, 20000)
send(pid, {:get, self()})
receive do {:count, n} -> n end)"),
              "20000");
  });
}

TEST_P(LangRuntimeTest, FunctionsAreTermsThatAnyNodeEvaluates) {
  at_console([&](lang::Session& session) {
    EXPECT_EQ(answer(session, kKate), "{:module, Kate, <<0>>, {:plus, 2}}");
    EXPECT_TRUE(session.evaluate("name = \"alex\"; me = self(); f = fn x -> send(me, {name, x}); :sent end"));
    const auto function = session.evaluate("f");
    ASSERT_TRUE(function);
    // As one that came over the wire: the same bound arguments, called by name.
    const auto parts = function->function_parts();
    std::vector<Term> arguments(parts.bound.begin(), parts.bound.end());
    arguments.emplace_back(7);
    EXPECT_EQ(erpc::call("nonode@nohost", FunctionName(parts.module, parts.name), arguments), Term("sent"_atom));
    EXPECT_EQ(answer(session, "flush()"), ":ok");
    EXPECT_EQ(answer(session, "pid = Node.spawn_link(:nonode@nohost, fn -> Kate.say_name end); is_pid(pid)"), "true");
    EXPECT_EQ(answer(session, "Process.sleep(50)"), ":ok");
    EXPECT_EQ(
        answer(session, "{_, ref} = Node.spawn_monitor(node(), fn -> 1 = 2 end)\nreceive do {:DOWN, ^ref, _, _, {why, _}} -> why end"),
        "{:badmatch, 2}");
    EXPECT_EQ(answer(session, "f"), "#Function<:pulpo_lang.eval/1>");
    EXPECT_EQ(answer(session, "Node.spawn(node(), Kate, :say_name, []) |> is_pid"), "true");
    EXPECT_EQ(answer(session, "Process.sleep(50)"), ":ok");
  });
  EXPECT_EQ(printed, "{\"alex\", 7}\nHi, my name is Kate\nHi, my name is Kate\n");
}

TEST_P(LangRuntimeTest, WhatComesInTheFormOfAFunctionIsLookedAt) {
  at_console([&](lang::Session&) {
    const Term wrong[] = {Term(),
                          Term(7),
                          elixir("{}"),
                          elixir("{18, 65537}"),
                          elixir("{18, 65537, [], {19, 1, {20, 1}, true, {3, 3}}}"),
                          elixir("{18, 65537, [:a | :b], {19, 1, {20, 1}, true, {99, 1}}}"),
                          elixir("{18, 1, 5, 5, 5}"),
                          elixir("{18, 65537, [], {19, 1, {20, 1}, true, {11, 1, 77, 1, 2}}}"),
                          elixir("{18, 65537, [], {19, 1, {20, 1}, true, {26, 1}}}")};
    for (const Term& code : wrong) {
      for (const Term& captured : {elixir("{}"), elixir("{1, 2, 3}"), Term(5)}) {
        const std::vector<Term> arguments{1, code, captured, Term()};
        const auto value = erpc::try_call("nonode@nohost", FunctionName("pulpo_lang"_atom, "eval"_atom), arguments);
        if (value) continue;  // a node that the evaluator knows: no harm done
        EXPECT_EQ(value.error().code, Errc::exited) << code.text();
      }
    }
  });
}

TEST_P(LangRuntimeTest, AWrongLoopLeavesTheCoreToOthers) {
  at_console([&](lang::Session&) {
    bool stop = false;
    const Pid other = spawn([&] {
      for (int i = 0; i < 100; ++i) yield();
      stop = true;
    });
    EXPECT_TRUE(other);
    lang::Session session({.steps_max = 0, .is_interrupted = [&] { return stop; }});
    EXPECT_EQ(answer(session, "loop = fn loop -> loop.(loop) end; loop.(loop)"), "** (SystemLimitError) interrupted");
    stop = false;
    spawn([&] {
      sleep(50ms);
      stop = true;
    });
    EXPECT_EQ(answer(session, "receive do :never -> 1 end"), "** (SystemLimitError) interrupted");
    EXPECT_EQ(answer(session, "1 + 1"), "2");
  });
}

TEST_P(LangRuntimeTest, AnEndlessRecursionIsAnErrorAndTheNodeLives) {
  at_console([&](lang::Session& session) {
    EXPECT_EQ(answer(session,
                     "defmodule Deep do\n def down(n), do: 1 + down(n)\n def over(n), do: 1 + apply(Deep, :over, [n])\n def far(n), do: 1 "
                     "+ Deep.far(n)\nend"),
              "{:module, Deep, <<0>>, {:far, 1}}");
    for (const char* const line : {"Deep.down(1)", "Deep.over(1)", "Deep.far(1)", ":erlang.apply(Deep, :over, [1])",
                                   "f = fn f -> 1 + f.(f) end; f.(f)", "f = fn f -> {f.(f)} end; f.(f)"})
      EXPECT_EQ(answer(session, line), "** (SystemLimitError) nested deeper than 100000: an endless recursion?") << line;
    EXPECT_EQ(answer(session, "1 + 1"), "2");
  });
}

}  // namespace
}  // namespace pulpo::lang_runtime_test
