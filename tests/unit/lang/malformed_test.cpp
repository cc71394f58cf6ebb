// SPDX-License-Identifier: Apache-2.0
//
// Lines that are wrong: each gets an error that says where, and none does harm.
#include <regex>

#include "lang/parser.hpp"
#include "unit/lang/support.hpp"

namespace pulpo::lang_malformed_test {
namespace {

using namespace pulpo::testing;

constexpr const char* kMalformed[] = {
    // Brackets.
    "(", ")", "[", "]", "{", "}", "%{", "((", "())", "[1", "[1,", "[1, 2", "{1", "{1,", "(1", "(1]", "[1)", "{1]", "[1}", "{1)", "%{a: 1",
    "%{a: 1]", "foo(", "foo(1", "foo(1,", "foo(1]", "foo(1}", "foo(,)", "[,]", "{,}", "[1,,2]", "{1,,2}", "foo(1,,2)", "(,)", "[1 2]",
    "{1 2}", "foo(1 2)", "1)", "1]", "1}", "[1, 2))", "a[", "a[1", "a[]", "a[1, 2]", "a[1",
    // Operators.
    "+", "*", "1 +", "1 *", "1 + * 2", "* 1", "/ 2", "1 ++", "++ 1", "1 -- ", "<> \"a\"", "\"a\" <>", "1 ==", "== 1", "1 and", "and 1",
    "or", "1 or or 2", "not", "!", "1 !", "1 not 2", "1 not", "1 in", "in [1]", "x =", "= 1", "= ", "1 = = 2", "|> f", "1 |>", "1 |> 2",
    "1 |> \"a\"", "1 |> :a", "| 1", "1 | 2", "a => b", "1 =>", "^", "^1", "^f(1)", "&", "&1", "&(", "&()", "&foo", "&Foo.bar", "&Foo.bar/",
    "&Foo.bar/x", "& 1", "&(1 + 1)",
    // Literals.
    "\"", "\"abc", "'abc", "\"\\x\"", "\"\\u12\"", "\"\\x{110000}\"", ":", ": a", ":\"abc", "1.", "1.0e", "1e5", "0x", "0b2", "0o8", "1__0",
    "1_", "1a", "0xfg", "12abc", "?", "~r/abc/", "~w(a b)", "~", "%Foo{}", "%", "\"\"\"\nabc\n\"\"\"", "'''\na\n'''", "<<1", "<<256>>",
    "<<1,", "<<x::8>>", "<<", ">>", "<<a>>", "#PID<", "#PID<1.2>", "#Reference<1>", "a@b", "alex@localhost", "a:1", "[a:1]", "[a: ]",
    "[a: 1, 2]", "{a: 1, 2}", "%{a: 1, 2}", "%{1}", "%{1 => }", "%{=> 1}", "%{a: }", "%{x | }a", "%{| a: 1}", "[| 1]", "[1 |]",
    "[1 | 2, 3]", "[1 | 2 | 3]", "[a: 1 | 2]", "a: 1", "foo(a: 1, 2)", "foo a: 1, 2",
    // Texts with values.
    "\"#{\"", "\"#{1\"", "\"#{1", "\"#{)}\"", "\"#{1 2}\"", "\"#{end}\"", "\"a #{\"b\"",
    // Blocks.
    "do", "end", "fn", "fn end", "fn x", "fn x ->", "fn x -> x", "fn -> end end", "fn x end", "fn x, -> 1 end", "fn 1 -> 1; 2, 3 -> 1 end",
    "fn x -> 1, 2 end", "-> 1", "1 -> 2", "else", "after", "rescue", "if true", "if true do", "if true do 1", "if true do 1 else",
    "if true do 1 else 2", "if do 1 end", "if true, false do 1 end", "if true do 1 after 2 end", "if true do x -> 1 end", "if true, do",
    "if true, foo: 1", "case 1", "case 1 do", "case 1 do 2 end", "case 1 do x -> 1", "case 1 do -> 1 end", "case do x -> 1 end",
    "case 1 do x, y -> 1 end", "case 1 do x -> end -> end", "case 1, do: 2", "cond do", "cond do 1 end", "receive do", "receive do x end",
    "receive do x -> 1 after end", "receive do x -> 1 after 5 end", "receive do after 1 -> 2; 3 -> 4 end", "receive 1 do x -> 1 end",
    "receive do x -> 1 else y -> 2 end", "def f", "def f(", "def f(x)", "def f(x) do", "def 1 do end", "def f(x) when do end",
    "defmodule Foo", "defmodule foo do end", "defmodule Foo do", "defmodule Foo do def f end", "defmodule Foo do IO.puts 1 end",
    "defmodule Foo, do: 1", "defmodule Foo do def f(x), do: x", "foo do end", "foo(1) do 1 end", "x do 1 end", "Foo.bar do 1 end",
    "1 do 2 end",
    // Not in the language.
    "use GenServer", "import Foo", "alias Foo.Bar", "require Logger", "for x <- [1], do: x", "with {:ok, x} <- f(), do: x",
    "try do 1 rescue _ -> 2 end", "quote do 1 end", "defstruct [:a]", "defmacro f(x), do: x", "@spec f(integer) :: integer", "@timeout 5",
    "1..10", "x <- 1", "x \\\\ 1", "x :: integer", "1 <<< 2", "1 &&& 2", "1 ||| 2", "2 ** 3", "\"a\" =~ \"b\"", "1 ^^^ 2", "1 +++ 2",
    "1 --- 2", "a..b",
    // Names and the rest.
    "Foo.", "Foo.1", "Foo.\"", "Foo..bar", ".foo", ".", "..", "...", "x.", "x.(", "x.(1", "x.{1}", "1 2", "foo bar baz 1 2", "x y 1 2",
    "\"a\" \"b\"", ":a :b", "Foo Bar", "@", "@ foo", "\\", "`ls`", "$", "x ? y : z", "a;;b)", "1,", "1, 2", ", 1", "foo 1,", "foo ,1",
    "\x01", "\xff", "\"\xff\"", "h\xc3", "1 + \xe2\x82", ":\xff", "fn (x -> x end", "foo)bar(", "]]]", "end end end"};

TEST(MalformedLine, SaysWhereItIsWrong) {
  EXPECT_GE(std::size(kMalformed), 200u);
  const std::regex placed(R"(\*\* \(SyntaxError\) [1-9][0-9]*:[1-9][0-9]*: [^]+)");
  for (const char* const line : kMalformed) {
    lang::Session session({.pure = true});
    const auto value = session.evaluate(line);
    EXPECT_FALSE(value) << line << " is " << value->text();
    if (value) continue;
    const lang::Failure& failure = value.error();
    EXPECT_TRUE(std::regex_match(failure.text, placed)) << line << ": " << failure.text;
  }
}

TEST(MalformedLine, AnyPieceOfAGoodTextIsGoodOrSaysWhy) {
  constexpr std::string_view kGood =
      "defmodule K do\n  def f(x) when x > 0, do: \"a #{x + 1} #{inspect [x | [%{a: 1}]]}\"\nend\nf = fn {:ok, [h | t]}, %{k: ^v} -> "
      "case h do 1 -> t; _ -> nil end; _, _ -> receive do {:hi, p} -> send p, :x after 10 -> :no end end\n1 |> K.f |> (&(&1 <> 'b' ++ "
      "~c\"c\")).()";
  for (std::size_t begin = 0; begin < kGood.size(); ++begin) {
    for (std::size_t size = 0; begin + size <= kGood.size(); size += 1 + size / 8)
      static_cast<void>(lang::parse(kGood.substr(begin, size)));
  }
}

TEST(MalformedLine, ATextThatGoesOnAsksForMore) {
  for (const char* const begun :
       {"fn x ->", "defmodule Kate do", "defmodule Kate do\n  def f do\n    1\n  end", "[1,", "\"abc", "1 +", "foo(1,",
        "case 1 do\n 1 -> 2", "x =", "%{a: 1,", "\"a #{1", "{:hi,\n", "foo 1,", "if true do", "receive do"}) {
    const auto value = lang::parse(begun);
    ASSERT_FALSE(value) << begun;
    EXPECT_TRUE(value.error().incomplete) << begun << ": " << value.error().text;
  }
  for (const char* const wrong : {")", "1 2", "end", "fn -> ) end", "if true do ] end", "x = = 1", "use GenServer"}) {
    const auto value = lang::parse(wrong);
    ASSERT_FALSE(value) << wrong;
    EXPECT_FALSE(value.error().incomplete) << wrong;
  }
}

TEST(MalformedLine, WhatElixirHasAndWeHaveNotSaysWhatToWriteInstead) {
  EXPECT_EQ(pure("defmodule PingPong do\n  use GenServer\nend"),
            "** (SyntaxError) 2:3: use is not part of the console's language: servers, supervisors and applications are C++ here; "
            "apps/ping_pong/ping_pong.hpp is this one, and DIFFERENCES.md has a table from Elixir's words to ours");
  EXPECT_EQ(pure("1..3"), "** (SyntaxError) 1:2: `..` is not part of the console's language: write the list: [1, 2, 3]");
  EXPECT_EQ(
      pure("for x <- [1], do: x"),
      "** (SyntaxError) 1:7: `<-` is not part of the console's language: write a function that calls itself for the rest of the list");
  EXPECT_EQ(pure("foo(1 2)"),
            "** (SyntaxError) 1:7: found `2`, expected an operator, or the end of the expression; `)` is missing for line 1, column 1");
  EXPECT_EQ(pure("x = [1, 2"),
            "** (SyntaxError) 1:10: found the end of the text, expected an operator, or the end of the expression; `]` is missing for line "
            "1, column 5");
  EXPECT_EQ(pure("alex@localhost"),
            "** (SyntaxError) 1:1: `alex@localhost` is no variable; a node's name is an atom: write `:alex@localhost`");
}

// --- Deep and endless --------------------------------------------------------------------------------------------------

std::string repeated(std::string_view text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

TEST(DeepText, IsReadUpToABound) {
  EXPECT_EQ(pure(repeated("(", 900) + "1" + repeated(")", 900)), "1");
  EXPECT_EQ(pure("length(" + repeated("[", 900) + repeated("]", 900) + ")"), "1");
  const char* const openings[] = {"(",    "[",           "{",       "%{a: ",           "foo(",         "fn -> ",
                                  "\"#{", "if true do ", "x[",      "case 1 do x -> ", "foo fn x -> ", "[1 | ",
                                  "&(",   "f.(",         "Foo.bar "};
  for (const char* const opening : openings) {
    const std::string text = pure(repeated(opening, 100'000 / std::string_view(opening).size()));
    EXPECT_TRUE(text.find("nested deeper than 1000 levels") != std::string::npos || text.find("SyntaxError") != std::string::npos)
        << text.substr(0, 200);
  }
  EXPECT_EQ(pure(repeated("- ", 50'000) + "1"), "1");
  EXPECT_EQ(pure(repeated("not ", 50'000) + "true"), "true");
  EXPECT_EQ(pure("1" + repeated(" + 1", 40'000)), "40001");
  EXPECT_EQ(pure("[]" + repeated(" ++ []", 50'000)), "[]");
  EXPECT_EQ(pure(repeated("x = ", 50'000) + "1"), "1");
  EXPECT_EQ(pure(repeated("1;", 100'000) + "2"), "2");
  EXPECT_EQ(pure("1" + repeated(" + 1", 150'000)), "** (SystemLimitError) nested deeper than 100000: an endless recursion?");
  EXPECT_EQ(pure(std::string(2u << 20, ' ')), "** (SystemLimitError) a text of more than 1 MiB");
}

TEST(EndlessLoop, EndsAtTheLimit) {
  lang::Session session({.steps_max = 100'000, .pure = true});
  EXPECT_EQ(answer(session, "loop = fn loop -> loop.(loop) end; loop.(loop)"),
            "** (SystemLimitError) more than 100000 steps: an endless loop?");
  EXPECT_EQ(answer(session, "up = fn up, n -> up.(up, n + 1) end; up.(up, 0)"),
            "** (SystemLimitError) more than 100000 steps: an endless loop?");
  EXPECT_EQ(answer(session, "1 + 1"), "2");
}

TEST(EndlessLoop, ARecursionWithoutEndIsAnError) {
  EXPECT_EQ(pure("f = fn f -> 1 + f.(f) end; f.(f)"), "** (SystemLimitError) nested deeper than 100000: an endless recursion?");
  EXPECT_EQ(pure("f = fn f -> [f.(f)] end; f.(f)"), "** (SystemLimitError) nested deeper than 100000: an endless recursion?");
  EXPECT_EQ(pure("f = fn f -> x = f.(f); x end; f.(f)"), "** (SystemLimitError) nested deeper than 100000: an endless recursion?");
}

TEST(EndlessLoop, AValueThatDoublesIsRefused) {
  EXPECT_EQ(pure("f = fn f, x -> f.(f, {x, x}) end; f.(f, 1)"), "** (SystemLimitError) a value larger than 64 MiB");
  EXPECT_EQ(pure("f = fn f, x -> f.(f, x <> x) end; f.(f, \"ab\")"), "** (SystemLimitError) a string larger than 64 MiB");
  EXPECT_EQ(pure("f = fn f, x -> f.(f, x ++ x) end; f.(f, [1])"), "** (SystemLimitError) a value larger than 64 MiB");
  EXPECT_EQ(pure("f = fn f, x -> f.(f, \"#{x}#{x}\") end; f.(f, \"a\")"), "** (SystemLimitError) a string larger than 64 MiB");
  EXPECT_EQ(pure("f = fn f, x -> f.(f, fn -> {x, x} end) end; f.(f, 1)").find("** (SystemLimitError)"), 0u);
}

}  // namespace
}  // namespace pulpo::lang_malformed_test
