// SPDX-License-Identifier: Apache-2.0
#include "pulpo/function.hpp"

#include "unit/otp/support.hpp"

namespace pulpo::function_test {
namespace {

using testing::elixir;
using testing::reason_of;

inline constexpr auto kAdd = function("Distro.DistroCal.add", "Adds.", [](std::int64_t x, std::int64_t y) { return x + y; });
inline constexpr Function kAddRow = kAdd;
inline constexpr auto kGreet = function("Chat.receive_message", "Greets.", [](const std::string& who) { return "hello " + who; });
inline constexpr auto kNothing = function(":plain.nothing", "Does nothing.", [] {});

class FunctionTest : public testing::OnEachLoop {};
PULPO_ON_EACH_LOOP(FunctionTest);

TEST(Function, IsCalledHereWithItsOwnTypes) {
  EXPECT_EQ(kAdd(4, 5), 9);
  EXPECT_EQ(kGreet("kate"), "hello kate");
}

TEST(Function, IsCalledFromElsewhereWithTerms) {
  const Function add = kAdd;
  EXPECT_EQ(add(std::vector<Term>{4, 5}), Term(9));
  const Function greet = kGreet;
  EXPECT_EQ(greet(std::vector<Term>{Term::charlist("kate")}), Term("hello kate"));
  const Function nothing = kNothing;
  EXPECT_EQ(nothing({}), Term(atoms::ok));
  EXPECT_EQ(add.arity, 2);
  EXPECT_STREQ(add.documentation, "Adds.");
}

TEST(Function, HasAModuleAndANameAsElixirSaysThem) {
  const Function add = kAdd;
  EXPECT_EQ(add.module_and_name(), std::pair("Elixir.Distro.DistroCal"_atom, "add"_atom));
  const Function nothing = kNothing;
  EXPECT_EQ(nothing.module_and_name(), std::pair("plain"_atom, "nothing"_atom));
  for (const char* name : {"alone", ".f", "M.", "", "not a name.f"}) {
    EXPECT_FALSE((Function{name, "", 0, nullptr}.module_and_name())) << name;
  }
}

TEST_P(FunctionTest, WrongArgumentsExitTheCaller) {
  run([] {
    EXPECT_EQ(reason_of([] {
                (void)kAddRow(std::vector<Term>{4, "five"_atom});
              }),
              elixir("{:function_clause, [{Distro.DistroCal, :add, [4, :five], [takes: \"(integer, integer)\"]}]}"));
    EXPECT_EQ(reason_of([] { (void)kAddRow(std::vector<Term>{4}); }), elixir("{:undef, [{Distro.DistroCal, :add, [4]}]}"));
  });
}

TEST_P(FunctionTest, WhatAnApplicationExportsIsAppliedByNameOnEachCore) {
  run(
      [] {
        Application application{.name = "distro", .start = {}};
        application.exports = {kAdd, kGreet};
        ASSERT_TRUE(start_system({.applications = {application}}));
        const Term arguments = elixir("{4, 5}");
        arguments.share();
        const auto add = [arguments] {
          exit(Term::tuple({"added"_atom, apply("Elixir.Distro.DistroCal"_atom, "add"_atom, arguments.elements())}));
        };
        for (const unsigned core : {0u, 1u}) {
          SpawnOptions there;
          there.core = core;
          EXPECT_EQ(testing::down_reason(spawn_monitor(add, there).monitor), elixir("{:added, 9}"));
        }
        EXPECT_TRUE(stop_system());
      },
      {.cores = 2});
}

TEST_P(FunctionTest, AFunctionThatNobodyExportsIsUndefined) {
  run([] {
    const auto call_it = [] { (void)apply("Elixir.Distro.DistroCal"_atom, "add"_atom, std::vector<Term>{4, 5}); };
    const Term undefined = elixir("{:undef, [{Distro.DistroCal, :add, [4, 5], []}]}");
    EXPECT_EQ(reason_of(call_it), undefined) << "no system has been started";
    ASSERT_TRUE(start_system());
    EXPECT_EQ(reason_of(call_it), undefined);
    EXPECT_TRUE(stop_system());
  });
}

TEST(FunctionTable, FindsByModuleNameAndArity) {
  FunctionTable table;
  table.add(kAdd);
  table.add(kGreet);
  const Function* const found = table.find("Elixir.Distro.DistroCal"_atom, "add"_atom, 2);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ((*found)(std::vector<Term>{1, 2}), Term(3));
  EXPECT_EQ(table.find("Elixir.Distro.DistroCal"_atom, "add"_atom, 3), nullptr);
  EXPECT_EQ(table.find("Elixir.Distro"_atom, "add"_atom, 2), nullptr);
  ASSERT_EQ(table.all().size(), 2u);
  EXPECT_STREQ(table.all()[1]->name, "Chat.receive_message");
}

TEST(FunctionTableDeathTest, ANameThatNobodyCouldSayStopsTheProgram) {
  FunctionTable table;
  EXPECT_DEATH(table.add(Function{"alone", "", 0, nullptr}), "assertion failed");
}

}  // namespace
}  // namespace pulpo::function_test
