// SPDX-License-Identifier: Apache-2.0
#include "otp/builtin_functions.hpp"

#include <set>

#include "pulpo/rpc.hpp"
#include "unit/otp/support.hpp"

namespace pulpo::builtin_functions_test {
namespace {

using namespace pulpo::testing;

class BuiltinFunctionsTest : public OnEachLoop {};
PULPO_ON_EACH_LOOP(BuiltinFunctionsTest);

Term called(std::string_view name, std::vector<Term> arguments = {}) {
  return rpc::call("nonode@nohost", FunctionName(name), std::move(arguments));
}

TEST(BuiltinFunctions, EachHasANameOfItsOwnAndAWordOfHelp) {
  std::set<std::string> names;
  const auto all = builtin_functions();
  EXPECT_GT(all.size(), 200u);
  for (const Function& each : all) {
    EXPECT_TRUE(each.module_and_name()) << each.name;
    EXPECT_TRUE(names.insert(std::string(each.name) + "/" + std::to_string(each.arity)).second) << each.name;
    const std::string_view documentation = each.documentation;
    EXPECT_GT(documentation.size(), 5u) << each.name;
    EXPECT_TRUE(documentation.ends_with('.')) << each.name << ": " << documentation;
    EXPECT_FALSE(each.takes.empty()) << each.name;
  }
}

TEST_P(BuiltinFunctionsTest, PrintWhatElixirPrints) {
  std::string printed;
  run([&] {
    ASSERT_TRUE(start_system({.output = [&](std::string_view text) { printed += text; }}));
    for (const Term& item : {Term("text"), Term("atom"_atom), Term(4), Term::charlist("chars"), Term(), Term(1.5)})
      EXPECT_EQ(called("IO.puts", {item}), Term(atoms::ok));
    EXPECT_EQ(called("IO.write", {"end"}), Term(atoms::ok));
    EXPECT_TRUE(stop_system());
  });
  EXPECT_EQ(printed, "text\natom\n4\nchars\n\n1.5\nend");
}

TEST_P(BuiltinFunctionsTest, KnowTheProcessesOfTheNode) {
  run([] {
    ASSERT_TRUE(start_system());
    const Term user = *whereis("user"_atom);
    EXPECT_EQ(called("Process.whereis", {"user"_atom}), user);
    EXPECT_EQ(called(":erlang.whereis", {"user"_atom}), user);
    EXPECT_EQ(called("Process.whereis", {"nobody"_atom}), Term());
    EXPECT_EQ(called(":erlang.whereis", {"nobody"_atom}), Term(atoms::undefined));
    const Term all = called("Process.list");
    EXPECT_EQ(all, to_term(list_processes()));
    EXPECT_EQ(called(":erlang.node"), Term(atoms::nonode_nohost));
    EXPECT_EQ(called("Process.alive?", {user}), Term(true));
    EXPECT_TRUE(called("Process.info", {user}).is_list());
    const auto [pid, ref] = spawn_monitor([] { (void)receive_any(); });
    EXPECT_EQ(called("Process.exit", {pid, atoms::kill}), Term(true));
    EXPECT_EQ(down_reason(ref), Term(atoms::killed));
    EXPECT_EQ(called("Process.alive?", {pid}), Term(false));
    EXPECT_EQ(called("Process.info", {pid}), Term());
    EXPECT_EQ(called(":erlang.send", {self(), "hello"_atom}), Term("hello"_atom));
    EXPECT_TRUE(receive_exactly("hello"_atom));
    EXPECT_EQ(called(":erlang.send", {"nobody"_atom, 1}), elixir("{:badrpc, {:EXIT, :badarg}}"));
    EXPECT_EQ(called("GenServer.call", {"Elixir.Pulpo.Echo"_atom, 7}), Term(7));
    EXPECT_EQ(called(":erlang.apply", {"erlang"_atom, "self"_atom, Term::empty_list()}), Term(self()));
    EXPECT_EQ(called("Process.sleep", {1}), Term(atoms::ok));
    EXPECT_EQ(called("Application.start", {"nothing"_atom}), elixir("{:error, {:not_loaded, :nothing}}"));
    EXPECT_EQ(called("Application.started_applications"), Term::empty_list());
    EXPECT_EQ(called(":application.which_applications"), Term::empty_list());  // AC-26
    // AC-20, in its order; AC-46.
    for (const char* const start : {"Application.start", ":application.start"}) {
      EXPECT_EQ(called(start, {"nothing"_atom, "sometimes"_atom}), elixir("{:error, {:invalid_restart_type, :sometimes}}"));
      EXPECT_EQ(called(start, {"nothing"_atom, "permanent"_atom}), elixir("{:error, {:not_loaded, :nothing}}"));
    }
    for (const char* const stop : {"Application.stop", ":application.stop"}) {
      EXPECT_EQ(called(stop, {"nothing"_atom}), elixir("{:error, {:not_started, :nothing}}"));
    }
    EXPECT_TRUE(stop_system());
  });
}

TEST_P(BuiltinFunctionsTest, AnApplyOfAppliesTakesNoStack) {
  run([] {
    ASSERT_TRUE(start_system());
    Term nested = Term::list({"erlang"_atom, "node"_atom, Term::empty_list()});
    for (int i = 0; i < 4000; ++i) nested = Term::list({"erlang"_atom, "apply"_atom, nested});
    std::vector<Term> arguments;
    for (std::size_t i = 0; i < 3; ++i) arguments.push_back(nested.list_at(i));
    EXPECT_EQ(apply("erlang"_atom, "apply"_atom, arguments), Term(atoms::nonode_nohost));
  });
}

TEST_P(BuiltinFunctionsTest, ACallTakesTheTimeoutsThatElixirTakes) {
  run([] {
    ASSERT_TRUE(start_system());
    const auto ask = [](Term timeout) {
      const std::vector<Term> arguments{"Elixir.Pulpo.Echo"_atom, 4711, std::move(timeout)};
      return apply("Elixir.GenServer"_atom, "call"_atom, arguments);
    };
    EXPECT_EQ(ask("infinity"_atom), Term(4711));
    EXPECT_EQ(ask(5000), Term(4711));
    for (const Term& wrong : {Term(-5), Term(INT64_MAX), Term("soon"_atom)}) {
      const Ref watched = spawn_monitor([&] { static_cast<void>(ask(wrong)); }).monitor;
      const auto down = receive_if([&](const Term& term) { return term.is_tuple(5) && term.elements()[1] == Term(watched); });
      EXPECT_EQ(down->elements()[4], Term(atoms::badarg)) << wrong.text();
    }
  });
}

TEST_P(BuiltinFunctionsTest, StopTheNodeWithAStatus) {
  run([] {
    ASSERT_TRUE(start_system());
    EXPECT_EQ(called("System.stop", {256}), elixir("{:badrpc, {:EXIT, :badarg}}"));
    EXPECT_EQ(called("System.stop", {3}), Term(atoms::ok));
    EXPECT_EQ(await_system_end(), elixir("{:system_stop, 3}"));
  });
}

}  // namespace
}  // namespace pulpo::builtin_functions_test
