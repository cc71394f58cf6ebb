// SPDX-License-Identifier: Apache-2.0
//
// What iex answers, line by line.
#include "unit/lang/support.hpp"

namespace pulpo::expression_test {
namespace {

using namespace pulpo::testing;

void expect_all(std::initializer_list<Line> lines) {
  for (const Line& line : lines) EXPECT_EQ(pure(line.text), line.answer) << line.text;
}

TEST(Expression, LiteralsAreThemselves) {
  expect_all({
      {"1", "1"},
      {"0xff", "255"},
      {"1_000", "1000"},
      {"1.50", "1.5"},
      {"1.0e3", "1.0e3"},
      {"?a", "97"},
      {":ok", ":ok"},
      {":\"a b\"", ":\"a b\""},
      {":a@localhost", ":a@localhost"},
      {"true", "true"},
      {"nil", "nil"},
      {"PingPong", "PingPong"},
      {"Distro.DistroCal", "Distro.DistroCal"},
      {"\"text\"", "\"text\""},
      {"\"a\\nb\"", "\"a\\nb\""},
      {"'abc'", "'abc'"},
      {"~c\"abc\"", "'abc'"},
      {"<<1, 2, 255>>", "<<1, 2, 255>>"},
      {"{}", "{}"},
      {"{:ok, 1}", "{:ok, 1}"},
      {"{:a, b: 1}", "{:a, [b: 1]}"},
      {"[]", "[]"},
      {"[1, 2 | [3]]", "[1, 2, 3]"},
      {"[a: 1, b: 2]", "[a: 1, b: 2]"},
      {"[\"quoted key\": 1]", "[\"quoted key\": 1]"},
      {"%{}", "%{}"},
      {"%{a: 1, b: 2}", "%{a: 1, b: 2}"},
      {"%{1 => :a, \"b\" => 2}", "%{1 => :a, \"b\" => 2}"},
      {"-5", "-5"},
      {"- 5", "-5"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"", "nil"},
      {"# a comment", "nil"},
      {"1 # one", "1"},
      {"\n\n1\n\n", "1"},
  });
}

TEST(Expression, OperatorsBindAsTightlyAsElixirs) {
  expect_all({
      {"1 + 2 * 3", "7"},
      {"(1 + 2) * 3", "9"},
      {"10 - 2 - 3", "5"},
      {"7 / 2", "3.5"},
      {"6 / 2", "3.0"},
      {"2 * -3", "-6"},
      {"1 - -1", "2"},
      {"1-1", "0"},
      {"1 + 1 == 2", "true"},
      {"1 == 1.0", "true"},
      {"1 === 1.0", "false"},
      {"1 != 2 and 3 > 2", "true"},
      {"1 !== 1.0", "true"},
      {"true and false or true", "true"},
      {"true or false and false", "true"},
      {"not true or true", "true"},
      {"not (true or true)", "false"},
      {"!nil", "true"},
      {"!1 == false", "true"},
      {"nil || 5", "5"},
      {"1 && 2", "2"},
      {"nil && 2", "nil"},
      {"false || nil", "nil"},
      {"1 + 1 |> max(5) ", "5"},
      {"\"a\" <> \"b\" <> \"c\"", "\"abc\""},
      {"[1] ++ [2] ++ [3]", "[1, 2, 3]"},
      {"[1, 2, 3] -- [2] -- [3]", "[1, 3]"},
      {"[1, 2, 1] -- [1]", "[2, 1]"},
      {"[1] ++ 2", "[1 | 2]"},
      {"2 in [1, 2]", "true"},
      {"not (2 in [1, 2])", "false"},
      {"2 not in [1, 2]", "false"},
      {"not 2 in [1, 2]", "false"},
      {"1 < 2", "true"},
      {"1 <= 1", "true"},
      {":a < \"a\"", "true"},
      {"1 < :a", "true"},
      {"{1} > 1", "true"},
      {"x = 1 + 2", "3"},
      {"x = y = 3; x + y", "6"},
      {"1 +\n2", "3"},
      {"[1]\n++ [2]", "[1, 2]"},
      {"-1 |> abs", "1"},
      {"-1\n|> abs()\n|> max(4)", "4"},
      {"1 ; 2", "2"},
      {"1\n2", "2"},
      {"1\n-1", "-1"},
  });
}

TEST(Expression, ArithmeticFailsInElixirsWords) {
  expect_all({
      {"1 + :a", "** (ArithmeticError) bad argument in arithmetic expression: 1 + :a"},
      {"1 / 0", "** (ArithmeticError) bad argument in arithmetic expression: 1 / 0"},
      {"\"1\" * 2", "** (ArithmeticError) bad argument in arithmetic expression: \"1\" * 2"},
      {"-:a", "** (ArithmeticError) bad argument in arithmetic expression: -(:a)"},
      {"div(1, 0)", "** (ArithmeticError) bad argument in arithmetic expression: div(1, 0)"},
      {"9223372036854775807 + 1", "** (ArithmeticError) integers are of 64 bits here, and the result of + is larger"},
      {"1 and true", "** (BadBooleanError) expected a boolean on left-side of \"and\", got: 1"},
      {"nil or true", "** (BadBooleanError) expected a boolean on left-side of \"or\", got: nil"},
      {"not 1", "** (ArgumentError) argument error: not 1"},
      {"1 <> \"a\"", "** (ArgumentError) expected binary argument in <> operator but got: 1"},
      {"1 ++ [2]", "** (ArgumentError) argument error"},
      {"length(1)", "** (ArgumentError) argument error"},
      {"hd([])", "** (ArgumentError) argument error"},
  });
}

TEST(Expression, FunctionsOfKernel) {
  expect_all({
      {"abs(-3)", "3"},
      {"div(7, 2)", "3"},
      {"rem(-7, 2)", "-1"},
      {"elem({:a, :b}, 1)", ":b"},
      {"put_elem({1, 2}, 0, :a)", "{:a, 2}"},
      {"hd [1, 2]", "1"},
      {"tl [1, 2]", "[2]"},
      {"length([1, 2, 3])", "3"},
      {"tuple_size({1, 2})", "2"},
      {"map_size(%{a: 1})", "1"},
      {"byte_size(\"häh\")", "4"},
      {"is_atom(:a)", "true"},
      {"is_binary('a')", "false"},
      {"is_list([1])", "true"},
      {"is_nil(nil)", "true"},
      {"is_function(fn -> 1 end)", "true"},
      {"is_function(fn x -> x end, 1)", "true"},
      {"max(1, 2)", "2"},
      {"round(1.5)", "2"},
      {"trunc(-1.5)", "-1"},
      {"to_string(:a)", "\"a\""},
      {"to_string(nil)", "\"\""},
      {"to_string('abc')", "\"abc\""},
      {"inspect({1, \"a\"})", "\"{1, \\\"a\\\"}\""},
      {"Kernel.max(1, 2)", "2"},
  });
}

TEST(Expression, TextsHoldValues) {
  expect_all({
      {"\"a #{1 + 1} b\"", "\"a 2 b\""},
      {"\"#{:a}#{nil}#{\"x\"}\"", "\"ax\""},
      {"\"#{\"inner #{1}\"} outer\"", "\"inner 1 outer\""},
      {"\"#{%{a: 1}.a}\"", "\"1\""},
      {"x = \"k\"; \"Hi, my name is #{x}\"", "\"Hi, my name is k\""},
      {"\"\\#{1}\"", "\"\\#{1}\""},
      {"\"#{{1, 2}}\"", "** (Protocol.UndefinedError) protocol String.Chars not implemented for {1, 2} of type Tuple"},
      {"\"#{}\"", "\"\""},
  });
}

TEST(Expression, PatternsBindAndRefuse) {
  expect_all({
      {"x = 1; x", "1"},
      {"{:ok, x} = {:ok, 5}; x", "5"},
      {"{:ok, x} = {:error, 5}", "** (MatchError) no match of right hand side value: {:error, 5}"},
      {"1 = 2", "** (MatchError) no match of right hand side value: 2"},
      {"1 = 1.0", "** (MatchError) no match of right hand side value: 1.0"},
      {"[h | t] = [1, 2, 3]; {h, t}", "{1, [2, 3]}"},
      {"[a, b | rest] = [1, 2]; rest", "[]"},
      {"[a] = []", "** (MatchError) no match of right hand side value: []"},
      {"%{a: x} = %{a: 1, b: 2}; x", "1"},
      {"%{c: x} = %{a: 1}", "** (MatchError) no match of right hand side value: %{a: 1}"},
      {"{x, x} = {1, 1}", "{1, 1}"},
      {"{x, x} = {1, 2}", "** (MatchError) no match of right hand side value: {1, 2}"},
      {"{_, _} = {1, 2}", "{1, 2}"},
      {"x = 1; ^x = 1", "1"},
      {"x = 1; ^x = 2", "** (MatchError) no match of right hand side value: 2"},
      {"x = 1; x = 2; x", "2"},
      {"\"pre\" <> rest = \"prefix\"; rest", "\"fix\""},
      {"{a, b} = c = {1, 2}; {a, b, c}", "{1, 2, {1, 2}}"},
      {"[a: x] = [a: 7]; x", "7"},
      {"k = :a; %{^k => v} = %{a: 3}; v", "3"},
      {"x", "** (CompileError) undefined variable \"x\""},
      {"_", "** (CompileError) invalid use of _: it stands only in patterns"},
      {"^x = 1", "** (CompileError) undefined variable ^x"},
      {"f(x) = 1", "** (CompileError) cannot find or invoke local f/1 inside a match"},
  });
}

TEST(Expression, MapsAndKeywordsAreReadByKey) {
  expect_all({
      {"m = %{a: 1}; m.a", "1"},
      {"m = %{a: 1}; m[:a]", "1"},
      {"m = %{a: 1}; m[:b]", "nil"},
      {"m = %{a: %{b: 2}}; m.a.b", "2"},
      {"[a: 1, b: 2][:b]", "2"},
      {"nil[:a]", "nil"},
      {"m = %{a: 1}; m.b", "** (KeyError) key :b not found in: %{a: 1}"},
      {"m = %{a: 1}; %{m | a: 2}", "%{a: 2}"},
      {"m = %{a: 1}; %{m | b: 2}", "** (KeyError) key :b not found in: %{a: 1}"},
      {"%{1 | b: 2}", "** (BadMapError) expected a map, got: 1"},
  });
}

TEST(Expression, FunctionsAreValues) {
  expect_all({
      {"f = fn x -> x + 1 end; f.(1)", "2"},
      {"f = fn -> 5 end; f.()", "5"},
      {"f = fn x, y -> x * y end; f.(3, 4)", "12"},
      {"f = fn (x, y) -> x * y end; f.(3, 4)", "12"},
      {"f = fn () -> 1 end; f.()", "1"},
      {"f = fn 0 -> :zero; n when n > 0 -> :more; _ -> :less end; {f.(0), f.(1), f.(-1)}", "{:zero, :more, :less}"},
      {"f = fn\n  {:ok, x} -> x\n  :error -> nil\nend\nf.({:ok, 3})", "3"},
      {"(fn x -> x end).(2)", "2"},
      {"(&(&1 + 1)).(2)", "3"},
      {"f = &(&1 + &2); f.(2, 3)", "5"},
      {"f = & &1 * 2; f.(4)", "8"},
      {"(&{&1, &1}).(2)", "{2, 2}"},
      {"&Kate.say/1", "&Kate.say/1"},
      {"&:erlang.node/0", "&:erlang.node/0"},
      {"(&max/2).(1, 2)", "2"},
      {"x = 1; f = fn -> x end; x = 2; f.()", "1"},
      {"f = fn -> x = 5; x end; f.(); x", "** (CompileError) undefined variable \"x\""},
      {"x = 1; f = fn -> x = 5 end; f.(); x", "1"},
      {"add = fn a -> fn b -> a + b end end; add.(1).(2)", "3"},
      {"x = 1; (fn -> fn -> x end end).().()", "1"},
      {"3 |> (fn x -> x * 2 end).()", "6"},
      {"f = fn x -> x end; 3 |> f.()", "3"},
      {"1.(2)", "** (BadFunctionError) expected a function, got: 1"},
      {"x = 1; x.(2)", "** (BadFunctionError) expected a function, got: 1"},
      {"(fn 1 -> 2 end).(3)", "** (FunctionClauseError) no function clause matching in anonymous fn/1"},
      {"apply(fn x -> x end, [1])", "1"},
      {"loop = fn loop, n -> if n == 0, do: :done, else: loop.(loop, n - 1) end; loop.(loop, 1000)", ":done"},
  });
}

TEST(Expression, ChoicesOpenScopes) {
  expect_all({
      {"if true do 1 else 2 end", "1"},
      {"if nil, do: 1, else: 2", "2"},
      {"if false, do: 1", "nil"},
      {"if(1 > 0, do: :yes)", ":yes"},
      {"if (1 > 0) do :yes end", ":yes"},
      {"if(1 > 0) do :yes end", ":yes"},
      {"unless false, do: 1", "1"},
      {"x = if true do\n  y = 3\n  y + 1\nend\nx", "4"},
      {"if true do y = 3 end; y", "** (CompileError) undefined variable \"y\""},
      {"case {:ok, 3} do {:ok, x} -> x; _ -> 0 end", "3"},
      {"case 5 do\n  x when x > 3 -> :big\n  _ -> :small\nend", ":big"},
      {"case 3 do 1 -> 2 end", "** (CaseClauseError) no case clause matching: 3"},
      {"x = 2; case 2 do ^x -> :same; _ -> :other end", ":same"},
      {"case [1, 2] do [] -> :empty; [h | _] -> h end", "1"},
      {"case :a do x when x + 1 > 0 -> 1; _ -> 2 end", "2"},
      {"case 1 do x when is_integer(x) and x in [1, 2] -> :y end", ":y"},
      {"cond do 1 > 2 -> :a; true -> :b end", ":b"},
      {"cond do false -> 1 end", "** (CondClauseError) no cond clause evaluated to a truthy value"},
      {"{x = 1, y = 2}; x + y", "3"},
  });
}

TEST(Expression, EndsOfOtherKinds) {
  expect_all({
      {"raise \"oops\"", "** (RuntimeError) oops"},
      {"throw :ball", "** (throw) :ball"},
      {"exit(:boom)", "** (exit) :boom"},
      {"exit(:normal)", "** (exit) normal"},
      {"foo(1)", "** (CompileError) undefined function foo/1 (there is no such import)"},
      {"Foo.bar(1)", "** (UndefinedFunctionError) function Foo.bar/1 is undefined (module Foo is not available)"},
      {"Foo.bar", "** (UndefinedFunctionError) function Foo.bar/0 is undefined (module Foo is not available)"},
      {":foo.bar()", "** (UndefinedFunctionError) function :foo.bar/0 is undefined (module :foo is not available)"},
  });
}

TEST(Expression, NothingRunsOfATextThatElixirWouldNotCompile) {
  const Line lines[] = {
      {"x = 1; y", "** (CompileError) undefined variable \"y\""},
      {"x = 1; foo(2)", "** (CompileError) undefined function foo/1 (there is no such import)"},
      {"x = 1; fn -> y end", "** (CompileError) undefined variable \"y\""},
      {"x = 1; fn y -> y end; y", "** (CompileError) undefined variable \"y\""},
      {"x = 1; f(y) = 2", "** (CompileError) cannot find or invoke local f/1 inside a match"},
      {"x = 1; A.b(1) = 2", "** (CompileError) cannot invoke remote function b inside a match"},
      {"x = 1; case 1 do %{[1] => 2} -> 1 end", "** (CompileError) a key in a map's pattern is a literal, or a pinned variable: ^key"},
      {"x = 1; {^y, y} = {1, 1}", "** (CompileError) undefined variable ^y"},
      {"x = 1; true && (y = 1); y", "** (CompileError) undefined variable \"y\""},
      {"fn x when send(x, 1) -> 1 end", "** (CompileError) cannot find or invoke local send/2 inside a guard"},
      {"case 1 do x when IO.puts(x) -> 1 end", "** (CompileError) cannot invoke remote function puts inside a guard"},
      {"x = 1; ^x", "** (CompileError) misplaced operator ^x: it stands only in patterns"},
      {"x = 1; defmodule K do def f, do: x end", "** (CompileError) undefined variable \"x\""},
      {"x = 1; defmodule K do def f(x), do: g(x); def g, do: 1 end", "** (CompileError) undefined function g/1 (there is no such import)"},
  };
  for (const Line& line : lines) {
    lang::Session session({.pure = true});
    EXPECT_EQ(answer(session, line.text), line.answer) << line.text;
    EXPECT_TRUE(session.bindings().empty()) << line.text;
  }
  EXPECT_EQ(pure("cond do x = 5 -> x end"), "5");
  EXPECT_EQ(pure("f(x = 1); x"), "** (CompileError) undefined function f/1 (there is no such import)");
  EXPECT_EQ(pure("abs(x = -1) + x"), "0");
}

TEST(Expression, ASessionKeepsWhatWasBound) {
  lang::Session session({.pure = true});
  EXPECT_EQ(answer(session, "x = 1"), "1");
  EXPECT_EQ(answer(session, "f = fn y -> x + y end; y = 7; 1 + :a"), "** (ArithmeticError) bad argument in arithmetic expression: 1 + :a");
  EXPECT_EQ(answer(session, "f.(y)"), "8");
  EXPECT_EQ(answer(session, "case 1 do z -> f.(:a) end"), "** (ArithmeticError) bad argument in arithmetic expression: 1 + :a");
  EXPECT_EQ(answer(session, "z"), "** (CompileError) undefined variable \"z\"");
  EXPECT_EQ(answer(session, "{x, y}"), "{1, 7}");
  EXPECT_EQ(session.bindings().size(), 3u);
}

}  // namespace
}  // namespace pulpo::expression_test
