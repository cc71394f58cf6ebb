// SPDX-License-Identifier: Apache-2.0
//
// What terms look like. The Elixir column is inspect/1's, the Erlang column ~0p's (OTP 25), but for what is said here.
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "pulpo/result.hpp"
#include "pulpo/term.hpp"

namespace pulpo {
namespace {

TEST(Printer, WritesAtomsAsEachLanguageDoes) {
  const struct {
    const char* text;
    const char* elixir;
    const char* erlang;
  } kAtoms[] = {
      {"ok", ":ok", "ok"},
      {"nil", "nil", "nil"},
      {"true", "true", "true"},
      {"Elixir.PingPong", "PingPong", "'Elixir.PingPong'"},
      {"Elixir.Distro.DistroCal", "Distro.DistroCal", "'Elixir.Distro.DistroCal'"},
      {"Elixir", "Elixir", "'Elixir'"},
      {"Elixir.Elixir.Foo", "Elixir.Elixir.Foo", "'Elixir.Elixir.Foo'"},
      {"Elixir.foo", ":\"Elixir.foo\"", "'Elixir.foo'"},
      {"PingPong", ":PingPong", "'PingPong'"},
      {"b@altair", ":b@altair", "b@altair"},
      {"b@127.0.0.1", ":\"b@127.0.0.1\"", "'b@127.0.0.1'"},
      {"sup?", ":sup?", "'sup?'"},
      {"end", ":end", "'end'"},
      {"", ":\"\"", "''"},
      {"two words", ":\"two words\"", "'two words'"},
      {"1st", ":\"1st\"", "'1st'"},
      {"_x", ":_x", "'_x'"},
      {"+", ":+", "'+'"},
      {"%{}", ":%{}", "'%{}'"},
      {"$gen_call", ":\"$gen_call\"", "'$gen_call'"},
      {"a\"b'c\\\n", ":\"a\\\"b'c\\\\\\n\"", "'a\"b\\'c\\\\\\n'"},
      {"ni\xc3\xb1o", ":ni\xc3\xb1o", "ni\xc3\xb1o"},
      {"\xe6\x8e\xa5", ":\xe6\x8e\xa5", "'\xe6\x8e\xa5'"},
      {"#{x}", ":\"\\#{x}\"", "'#{x}'"},
  };
  for (const auto& atom : kAtoms) {
    EXPECT_EQ(Term(Atom(atom.text)).text(), atom.elixir);
    EXPECT_EQ(Term(Atom(atom.text)).erlang_text(), atom.erlang);
  }
}

TEST(Printer, WritesBinariesAsTextWhenTheyAre) {
  EXPECT_EQ(Term("text").text(), "\"text\"");
  EXPECT_EQ(Term("text").erlang_text(), "<<\"text\">>");
  EXPECT_EQ(Term("").text(), "\"\"");
  EXPECT_EQ(Term("").erlang_text(), "<<>>");
  EXPECT_EQ(Term("q\"\\\n\t#{x} #").text(), "\"q\\\"\\\\\\n\\t\\#{x} #\"");
  EXPECT_EQ(Term("caf\xc3\xa9").text(), "\"caf\xc3\xa9\"");
  EXPECT_EQ(Term("caf\xc3\xa9").erlang_text(), "<<\"caf\xc3\xa9\"/utf8>>");  // as ~tp has it
  EXPECT_EQ(Term::binary("\x01\x02").text(), "<<1, 2>>");
  EXPECT_EQ(Term::binary("\x01\x02").erlang_text(), "<<1,2>>");
  EXPECT_EQ(Term::binary("a\xff").text(), "<<97, 255>>");
  EXPECT_EQ(Term::binary(std::string_view("a\0", 2)).text(), "<<97, 0>>");
}

TEST(Printer, WritesListsOfPrintableCodesAsText) {
  EXPECT_EQ(Term::charlist("abc").text(), "'abc'");
  EXPECT_EQ(Term::charlist("abc").erlang_text(), "\"abc\"");
  EXPECT_EQ(Term::list({97, 98}).text(), "'ab'");
  EXPECT_EQ(Term::list({97, 98}).erlang_text(), "\"ab\"");
  EXPECT_EQ(Term::list({1, 2}).text(), "[1, 2]");
  EXPECT_EQ(Term::list({1, 2}).erlang_text(), "[1,2]");
  EXPECT_EQ(Term::charlist("it's").text(), "'it\\'s'");
  EXPECT_EQ(Term::charlist("caf\xc3\xa9").text(), "[99, 97, 102, 233]");
  EXPECT_EQ(Term::charlist("caf\xc3\xa9").erlang_text(), "\"caf\xc3\xa9\"");
  EXPECT_EQ(Term::charlist("\xe6\x8e\xa5").erlang_text(), "[25509]");
  EXPECT_EQ(Term::list(std::vector<Term>{97}, 98).text(), "[97 | 98]");
  EXPECT_EQ(Term::list({97, -1}).text(), "[97, -1]");
}

TEST(Printer, WritesTuplesListsAndMaps) {
  const Term term = Term::tuple({"ok"_atom, "text", Term::list({1, Term::list({}), 2.5}), Term::tuple({})});
  EXPECT_EQ(term.text(), "{:ok, \"text\", [1, [], 2.5], {}}");
  EXPECT_EQ(term.erlang_text(), "{ok,<<\"text\">>,[1,[],2.5],{}}");
  const Term improper = Term::list(std::vector<Term>{1, 2}, Term::tuple({"a"_atom}));
  EXPECT_EQ(improper.text(), "[1, 2 | {:a}]");
  EXPECT_EQ(improper.erlang_text(), "[1,2|{a}]");
  EXPECT_EQ(Term::map({}).text(), "%{}");
  EXPECT_EQ(Term::map({}).erlang_text(), "#{}");
  const Term keyed = Term::map({{"b"_atom, 2}, {"a"_atom, Term::map({{"c d"_atom, 1}})}});
  EXPECT_EQ(keyed.text(), "%{a: %{\"c d\": 1}, b: 2}");
  EXPECT_EQ(keyed.erlang_text(), "#{a => #{'c d' => 1},b => 2}");
  const Term mixed = Term::map({{"a"_atom, 1}, {"text", 2}, {Atom("Elixir.Foo"), 3}});
  EXPECT_EQ(mixed.text(), "%{Foo => 3, :a => 1, \"text\" => 2}");
}

TEST(Printer, WritesAMapThatNamesItsStructAsThat) {
  const Term task = Term::map({{"__struct__"_atom, Atom("Elixir.Task")}, {"pid"_atom, 1}, {"mfa"_atom, Term::tuple({})}});
  EXPECT_EQ(task.text(), "%Task{mfa: {}, pid: 1}");
  EXPECT_EQ(task.erlang_text(), "#{'__struct__' => 'Elixir.Task',mfa => {},pid => 1}");
  EXPECT_EQ(Term::map({{"__struct__"_atom, Atom("Elixir.A.B")}}).text(), "%A.B{}");
  // A key that sorts before the name, and one that is no atom: that is no struct.
  EXPECT_EQ(Term::map({{"__struct__"_atom, Atom("Elixir.A")}, {"X"_atom, 1}, {"y"_atom, 2}}).text(), "%A{X: 1, y: 2}");
  EXPECT_EQ(Term::map({{"__struct__"_atom, Atom("Elixir.A")}, {"x", 1}}).text(), "%{:__struct__ => A, \"x\" => 1}");
  EXPECT_EQ(Term::map({{"__struct__"_atom, "a"_atom}, {"x"_atom, 1}}).text(), "%{__struct__: :a, x: 1}");
}

TEST(Printer, WritesListsOfKeysAndValuesAsKeywords) {
  const Term keywords = Term::list({Term::tuple({"a"_atom, 1}), Term::tuple({"b@127.0.0.1"_atom, Term::list({})})});
  EXPECT_EQ(keywords.text(), "[a: 1, \"b@127.0.0.1\": []]");
  EXPECT_EQ(keywords.erlang_text(), "[{a,1},{'b@127.0.0.1',[]}]");
  EXPECT_EQ(Term::list({Term::tuple({Atom("Elixir.Foo"), 1})}).text(), "[{Foo, 1}]");
  EXPECT_EQ(Term::list({Term::tuple({"a"_atom, 1}), 2}).text(), "[{:a, 1}, 2]");
  EXPECT_EQ(Term::list(std::vector<Term>{Term::tuple({"a"_atom, 1})}, 2).text(), "[{:a, 1} | 2]");
  EXPECT_EQ(Term::list({Term::tuple({"a"_atom, 1, 2})}).text(), "[{:a, 1, 2}]");
}

TEST(Printer, WritesPidsReferencesAndFunctions) {
  EXPECT_EQ(Term(Pid{.node = 0, .id = 12, .serial = 1}).text(), "#PID<0.12.1>");
  EXPECT_EQ(Term(Pid{.node = 3, .id = 4294967295, .serial = 1}).erlang_text(), "<3.4294967295.1>");
  const Ref ref{.node = 0, .first = 3, .second = 2, .third = 1};  // the word below 2^18 comes last, as on Erlang's screen
  EXPECT_EQ(Term(ref).text(), "#Reference<0.1.2.3>");
  EXPECT_EQ(Term(ref).erlang_text(), "#Ref<0.1.2.3>");
  EXPECT_EQ(Term::function("Elixir.Kate"_atom, "say_name"_atom, 0).text(), "&Kate.say_name/0");
  EXPECT_EQ(Term::function("lists"_atom, "map"_atom, 2).text(), "&:lists.map/2");
  EXPECT_EQ(Term::function("lists"_atom, "map"_atom, 2).erlang_text(), "fun lists:map/2");
  EXPECT_EQ(Term::function("erlang"_atom, "odd name"_atom, 2).text(), "&:erlang.\"odd name\"/2");
  EXPECT_EQ(Term::function("Elixir.Kate"_atom, "Say"_atom, 1).text(), "&Kate.\"Say\"/1") << "not the module Kate.Say";
  EXPECT_EQ(Term::function("."_atom, "x"_atom, 1).text(), "&:\".\".x/1") << "not the module of two dots";
}

TEST(Printer, WritesBoundArgumentsAsAnAuthorWould) {
  const Term all = Term::function("Elixir.Chat"_atom, "receive_message"_atom, 1, std::vector<Term>{"hi"});
  EXPECT_EQ(all.text(), "fn -> Chat.receive_message(\"hi\") end");
  EXPECT_EQ(all.erlang_text(), "fun() -> 'Elixir.Chat':receive_message(<<\"hi\">>) end");
  const Term some = Term::function("m"_atom, "f"_atom, 4, std::vector<Term>{1, Term::tuple({2})});
  EXPECT_EQ(some.text(), "&:m.f(1, {2}, &1, &2)");
  EXPECT_EQ(some.erlang_text(), "fun(A1,A2) -> m:f(1,{2},A1,A2) end");
}

TEST(Printer, WritesTheShortestDigitsOfAFloat) {
  const struct {
    double value;
    const char* text;
  } kFloats[] = {{1.0, "1.0"},
                 {-0.0, "-0.0"},
                 {0.1, "0.1"},
                 {100.0, "100.0"},
                 {1000.0, "1.0e3"},
                 {1200.0, "1.2e3"},
                 {1234.0, "1234.0"},
                 {0.001, "0.001"},
                 {0.0001, "0.0001"},
                 {0.00001, "1.0e-5"},
                 {123456789.0, "123456789.0"},
                 {9007199254740991.0, "9007199254740991.0"},
                 {9007199254740992.0, "9.007199254740992e15"},
                 {1.0e22, "1.0e22"},
                 {5e-324, "5.0e-324"},
                 {1.7976931348623157e308, "1.7976931348623157e308"},
                 {12345.678e10, "1.2345678e14"}};
  for (const auto& number : kFloats) {
    EXPECT_EQ(Term(number.value).text(), number.text);
    EXPECT_EQ(Term(number.value).erlang_text(), number.text);
  }
}

TEST(Printer, WritesIntegersOfAnySize) {
  EXPECT_EQ(Term(std::numeric_limits<std::int64_t>::min()).text(), "-9223372036854775808");
  const Term big = Term::big_integer(true, std::string(16, '\0') + '\x01');  // -(2^128)
  EXPECT_EQ(big.text(), "-340282366920938463463374607431768211456");
  EXPECT_EQ(big.erlang_text(), big.text());
  EXPECT_EQ(read_elixir("1" + std::string(100, '0')).value().text(), "1" + std::string(100, '0'));
  const Term huge = Term::big_integer(true, std::string(5000, '\0') + '\x01');  // beyond 4 KiB the base is 16
  EXPECT_EQ(huge.text(), "-0x1" + std::string(10'000, '0'));
  EXPECT_EQ(huge.erlang_text(), "-16#1" + std::string(10'000, '0'));
  EXPECT_EQ(read_elixir(huge.text()).value(), huge);
  EXPECT_EQ(read_erlang(huge.erlang_text()).value(), huge);
}

}  // namespace
}  // namespace pulpo
