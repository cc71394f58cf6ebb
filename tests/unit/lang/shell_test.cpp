// SPDX-License-Identifier: Apache-2.0
//
// What is behind a console's prompt. The test's process is the console.
#include "lang/shell.hpp"

#include <algorithm>

#include "lang/completion.hpp"
#include "lang/help.hpp"
#include "lang/kernel.hpp"
#include "lang/shell_messages.hpp"
#include "pulpo/function.hpp"
#include "pulpo/gen_server.hpp"
#include "pulpo/process_info.hpp"
#include "pulpo/receive.hpp"
#include "pulpo/system.hpp"
#include "unit/lang/support.hpp"
#include "unit/otp/helpers.hpp"

namespace pulpo::shell_test {
namespace {

using namespace pulpo::testing;
using namespace pulpo::lang;

class ShellTest : public OnEachLoop {
 protected:
  void at_shell(const std::function<void()>& test) {
    run([&] {
      lang::install(pulpo::runtime());
      ASSERT_TRUE(start_system({.output = [&](std::string_view text) { printed += text; }}));
      const Pid console = self();
      spawned = spawn_monitor([console] { run_shell(console, whereis("user"_atom).value()); });
      shell = receive<Pid>(on<ShellReady>([](const ShellReady& ready) { return ready.shell; }), after(kLong, [] { return Pid{}; }));
      EXPECT_EQ(shell, spawned.pid);
      test();
      exit(spawned.pid, atoms::kill);
      EXPECT_TRUE(stop_system());
    });
  }
  std::string done() {
    return receive<std::string>(on<LineDone>([&](const LineDone& line) {
                                  succeeded = line.succeeded;
                                  return line.text;
                                }),
                                on<ShellRestarted>([](const ShellRestarted& restarted) { return "restarted: " + restarted.text; }),
                                after(kLong, [] { return std::string("nothing came"); }));
  }
  std::string line(std::string text) {
    send(shell, EvaluateLine{std::move(text)});
    return done();
  }
  std::vector<std::string> completed(std::string text) {
    send(shell, CompleteLine{7, std::move(text)});
    return receive<std::vector<std::string>>(on<Completions>([](const Completions& found) { return found.candidates; }),
                                             after(kLong, [] { return std::vector<std::string>{"nothing came"}; }));
  }
  static constexpr Duration kLong = 20s;
  std::string printed;
  Spawned spawned{};
  Pid shell{};
  bool succeeded = false;
};
PULPO_ON_EACH_LOOP(ShellTest);

TEST_P(ShellTest, EvaluatesOneLineAfterAnother) {
  at_shell([&] {
    EXPECT_EQ(line("x = 40"), "40");
    EXPECT_EQ(line("x + 2"), "42");
    EXPECT_TRUE(succeeded);
    EXPECT_EQ(line("1 = x"), "** (MatchError) no match of right hand side value: 40");
    EXPECT_FALSE(succeeded);
    EXPECT_EQ(line("IO.puts(\"to the device\")"), ":ok");
    EXPECT_EQ(printed, "to the device\n");
    EXPECT_EQ(line("me = self()"), line("self()")) << "one process for all lines";
    EXPECT_EQ(line("send(self(), :hello)"), ":hello");
    EXPECT_EQ(line("receive do x -> x end"), ":hello") << "what came is there for the next line";
    EXPECT_EQ(line("send(self(), {:\"$evaluate\", make_ref(), \"1\"}) |> elem(2)"), "\"1\"");
    EXPECT_EQ(line("receive do x -> elem(x, 0) end"), ":\"$evaluate\"") << "a message that looks like a line is none";
  });
}

TEST_P(ShellTest, LinksToACrashEndItAndTheNextOneBegins) {  // ST-63
  at_shell([&] {
    EXPECT_EQ(line("x = 1"), "1");
    const std::string me = line("self()");
    send(shell, EvaluateLine{"spawn_link(fn -> exit(:boom) end); receive do :never -> 1 end"});
    EXPECT_EQ(done(), "restarted: ** (EXIT from " + me + ") shell process exited with reason: :boom");
    EXPECT_NE(line("self()"), me);
    EXPECT_EQ(line("x"), "** (CompileError) undefined variable \"x\"");
    send(shell, EvaluateLine{"spawn_link(fn -> 1 / 0 end); receive do :never -> 1 end"});
    EXPECT_TRUE(
        done().ends_with("reason: an exception was raised:\n    ** (ArithmeticError) bad argument in arithmetic expression: 1 / 0"));
    send(shell, EvaluateLine{"me = self(); spawn(fn -> Process.exit(me, {:undef, [{Nope, :x, [], []}]}) end); receive do :never -> 1 end"});
    const std::string text = done();
    EXPECT_NE(text.find("shell process exited with reason: an exception was raised:\n    ** (UndefinedFunctionError) function Nope.x/0 is "
                        "undefined (module Nope is not available)"),
              std::string::npos)
        << text;
  });
}

TEST_P(ShellTest, AnInterruptEndsALoopAndAWait) {
  at_shell([&] {
    EXPECT_EQ(line("x = 1"), "1");
    const std::string me = line("self()");
    send(shell, EvaluateLine{"loop = fn loop -> loop.(loop) end; loop.(loop)"});
    send(shell, InterruptLine{});
    EXPECT_EQ(done(), "** (SystemLimitError) interrupted");
    send(shell, EvaluateLine{"receive do :never -> 1 end"});
    send(shell, InterruptLine{});
    EXPECT_EQ(done(), "** (SystemLimitError) interrupted");
    EXPECT_EQ(line("self()"), me) << "the language sees it";
    // A function of C++ does not, and is ended.
    send(shell, EvaluateLine{"Process.sleep(1_000_000)"});
    send(shell, InterruptLine{});
    EXPECT_TRUE(done().starts_with("** (interrupted)"));
    EXPECT_NE(line("self()"), me);
    EXPECT_EQ(line("x"), "1") << "variables are kept";
    send(shell, InterruptLine{});
    EXPECT_EQ(line("x + 1"), "2") << "an interrupt of nothing is none of the next line";
  });
}

TEST_P(ShellTest, EndsWithItsConsoleAndLeavesNothing) {
  run([&] {
    lang::install(pulpo::runtime());
    ASSERT_TRUE(start_system());
    const std::size_t before = list_processes().size();
    Pid shell{};
    const Spawned console = spawn_monitor([&shell] {
      const Spawned started = spawn_monitor([console = self()] { run_shell(console, whereis("user"_atom).value()); });
      receive(on<ShellReady>([&](const ShellReady& ready) { shell = ready.shell; }));
      static_cast<void>(started);
      send(shell, EvaluateLine{"receive do :never -> 1 end"});
      receive(on<InterruptLine>([] {}));  // for ever
    });
    while (!shell) yield();
    const Ref gone = monitor(shell);
    exit(console.pid, atoms::kill);
    receive(on<Down>([&](const Down& down) { return down.ref == gone; }, [](const Down&) {}));
    while (list_processes().size() > before) yield();
    EXPECT_EQ(list_processes().size(), before);
    EXPECT_TRUE(stop_system());
  });
}

TEST_P(ShellTest, CompletesWhatTheNodeHas) {
  at_shell([&] {
    EXPECT_EQ(completed("Process.ali"), (std::vector<std::string>{"Process.alias", "Process.alive?"}));
    EXPECT_EQ(completed("x = Process.wher"), std::vector<std::string>{"Process.whereis"});
    EXPECT_EQ(completed("GenS"), std::vector<std::string>{"GenServer"});
    EXPECT_EQ(completed(":erlang.processe"), std::vector<std::string>{":erlang.processes"});
    EXPECT_EQ(line("variable = 1"), "1");
    EXPECT_EQ(completed("vari"), std::vector<std::string>{"variable"});
    EXPECT_EQ(completed("put_"), std::vector<std::string>{"put_elem"});
    line("defmodule Kate do\ndef say_name do\n:kate\nend\ndefp hidden do\n1\nend\nend");
    EXPECT_EQ(completed("Kat"), std::vector<std::string>{"Kate"});
    EXPECT_EQ(completed("Kate."), std::vector<std::string>{"Kate.say_name"});
    EXPECT_EQ(completed("nothing_like_it"), std::vector<std::string>{});
    EXPECT_EQ(completed(""), std::vector<std::string>{});
  });
}

TEST_P(ShellTest, HelpsWithFunctionsAndModules) {
  at_shell([&] {
    EXPECT_EQ(line("h Process.alive?"), line("h(Process.alive?/1)"));
    EXPECT_TRUE(succeeded);
    EXPECT_TRUE(line("h Process.whereis").starts_with("Process.whereis(")) << line("h Process.whereis");
    EXPECT_NE(line("h Process").find("Process.alive?"), std::string::npos);
    EXPECT_NE(line("h").find("Process"), std::string::npos);
    EXPECT_NE(line("h Node.spawn_link/2").find("linked to the caller"), std::string::npos);
    EXPECT_NE(line("h length").find("How many elements"), std::string::npos);
    EXPECT_EQ(line("h Proces.whereis"), "No documentation for Proces.whereis was found; did you mean Process.whereis?");
    EXPECT_FALSE(succeeded);
    EXPECT_EQ(line("h = 2; h + 1"), "3") << "a variable's name is still one";
  });
}

TEST(Check, WhatIsWrongInABlockIsToldWhenThatHasEnded) {
  // Else the rest of a pasted module would be evaluated line by line.
  const auto incomplete = [](std::string_view text) {
    const auto readable = check(text);
    return !readable && readable.error().incomplete;
  };
  EXPECT_TRUE(incomplete("defmodule M do\n  use GenServer\n"));
  EXPECT_TRUE(incomplete("defmodule M do\n  def f(x) do\n    for x <- [1] do\n      x\n    end\n"));
  EXPECT_FALSE(incomplete("defmodule M do\n  use GenServer\n  def f(do: x), do: :end\nend\n"));
  EXPECT_FALSE(incomplete("1 +* 2"));
  EXPECT_FALSE(incomplete("use GenServer # do"));
}

TEST(Help, KnowsEachFunctionWithoutAModule) {
  for (const std::string_view name : kernel_names()) {
    if (name == "h") continue;
    bool is_known = false;
    for (std::size_t arity = 0; arity < 4; ++arity) is_known = is_known || is_kernel_function(Atom(name), arity);
    EXPECT_TRUE(is_known) << name;
  }
  EXPECT_EQ(kernel_names().size(), kernel_function_count() + 1) << "one has no help";
}

}  // namespace
}  // namespace pulpo::shell_test
