// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "pulpo/result.hpp"
#include "pulpo/term.hpp"

namespace pulpo {
namespace {

/// The term's Elixir text, or the error's: one string to compare.
std::string elixir_text(std::string_view text) {
  const auto read = read_elixir(text);
  return read ? read.value().text() : read.error().text();
}
std::string erlang_answer(std::string_view text) {
  const auto read = read_erlang(text);
  return read ? read.value().erlang_text() : read.error().text();
}

TEST(ElixirReader, ReadsWhatTheSeedsType) {
  EXPECT_EQ(elixir_text("{:cal, 4, 5}"), "{:cal, 4, 5}");
  EXPECT_EQ(elixir_text("PingPong"), "PingPong");
  EXPECT_EQ(read_elixir("PingPong").value(), Term(Atom("Elixir.PingPong")));
  EXPECT_EQ(read_elixir(":PingPong").value(), Term(Atom("PingPong")));
  EXPECT_EQ(elixir_text(":b@altair"), ":b@altair");
  EXPECT_EQ(elixir_text("{PingPong, :a@altair}"), "{PingPong, :a@altair}");
  EXPECT_EQ(elixir_text("{:takeover, :\"three@127.0.0.1\"}"), "{:takeover, :\"three@127.0.0.1\"}");
  EXPECT_EQ(elixir_text(":sup?"), ":sup?");
  EXPECT_EQ(elixir_text("[strategy: :one_for_one, name: Distro.Supervisor]"), "[strategy: :one_for_one, name: Distro.Supervisor]");
  EXPECT_EQ(elixir_text("{:global, Distro.DistroCal}"), "{:global, Distro.DistroCal}");
  EXPECT_EQ(elixir_text("{:interconnect_nodes, \"~> 0.1.0\"}"), "{:interconnect_nodes, \"~> 0.1.0\"}");
}

TEST(ElixirReader, ReadsNumbers) {
  EXPECT_EQ(elixir_text("-5"), "-5");
  EXPECT_EQ(elixir_text("+5"), "5");
  EXPECT_EQ(elixir_text("1_000_000"), "1000000");
  EXPECT_EQ(elixir_text("0xFf"), "255");
  EXPECT_EQ(elixir_text("-0b101"), "-5");
  EXPECT_EQ(elixir_text("0o17"), "15");
  EXPECT_EQ(elixir_text("?a"), "97");
  EXPECT_EQ(elixir_text("?\\n"), "10");
  EXPECT_EQ(elixir_text("?\xe6\x8e\xa5"), "25509");
  EXPECT_EQ(elixir_text("1.5"), "1.5");
  EXPECT_EQ(elixir_text("-1.0e-10"), "-1.0e-10");
  EXPECT_EQ(elixir_text("1_0.5E+3"), "1.05e4");
  EXPECT_EQ(elixir_text("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(elixir_text("9223372036854775808"), "9223372036854775808");
  EXPECT_EQ(elixir_text("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(read_elixir("9223372036854775808").value().type(), Term::Type::big_integer);
  EXPECT_TRUE(read_elixir("-9223372036854775808").value().is_integer());
  EXPECT_EQ(elixir_text("0xFFFFFFFFFFFFFFFFFFFF"), "1208925819614629174706175");
}

TEST(ElixirReader, ReadsTexts) {
  EXPECT_EQ(read_elixir("\"a\\n\\t\\\"\\\\\\e\\s\\0\"").value().as_text(), std::string_view("a\n\t\"\\\x1b \0", 8));
  EXPECT_EQ(read_elixir("\"\\u00e9\\u{1F419}\\x41\"").value().as_text(),
            "\xc3\xa9\xf0\x9f\x90\x99"
            "A");
  EXPECT_EQ(read_elixir("\"\\xFF\"").value().as_text(), "\xff");
  EXPECT_EQ(read_elixir("'\\xFF'").value(), Term::list({255}));
  EXPECT_EQ(read_elixir("\"two\\\nlines\"").value().as_text(), "twolines");
  EXPECT_EQ(read_elixir("\"two\nlines\"").value().as_text(), "two\nlines");
  EXPECT_EQ(read_elixir("\"\\#{x}\"").value().as_text(), "#{x}");
  EXPECT_EQ(read_elixir("'abc'").value(), Term::charlist("abc"));
  EXPECT_EQ(read_elixir("~c\"abc\"").value(), Term::charlist("abc"));
  EXPECT_EQ(read_elixir("''").value(), Term::empty_list());
  EXPECT_EQ(read_elixir("<<1, 2, \"ab\", 255>>").value().as_text(),
            "\x01\x02"
            "ab\xff");
  EXPECT_EQ(read_elixir("<<>>").value().as_text(), "");
  EXPECT_EQ(read_elixir("<< 1 ,\n 2 >>").value().as_text(), "\x01\x02");
}

TEST(ElixirReader, ReadsListsTuplesMapsAndKeys) {
  EXPECT_EQ(elixir_text(" [ 1 , 2 | 3 ] "), "[1, 2 | 3]");
  EXPECT_EQ(elixir_text("[1 | [2, 3]]"), "[1, 2, 3]");
  EXPECT_EQ(elixir_text("[1, 2,]"), "[1, 2]");
  EXPECT_EQ(elixir_text("[a: 1, b: [c: 2]]"), "[a: 1, b: [c: 2]]");
  EXPECT_EQ(elixir_text("[1, a: 2]"), "[1, {:a, 2}]");
  EXPECT_EQ(elixir_text("{:ok, a: 1, b: 2}"), "{:ok, [a: 1, b: 2]}");
  EXPECT_EQ(elixir_text("[\"b@127.0.0.1\": 1, Foo: 2, nil: 3, valid?: 4]"), "[\"b@127.0.0.1\": 1, Foo: 2, nil: 3, valid?: 4]");
  EXPECT_EQ(elixir_text("%{}"), "%{}");
  EXPECT_EQ(elixir_text("%{a: 1, b: %{\"x\" => [1]}}"), "%{a: 1, b: %{\"x\" => [1]}}");
  EXPECT_EQ(elixir_text("%{1 => :one, :a => 2, z: 3}"), "%{1 => :one, :a => 2, :z => 3}");
  EXPECT_EQ(elixir_text("%{a: 1, a: 2}"), "%{a: 2}");
  EXPECT_EQ(elixir_text("%Task{pid: 1, mfa: {%A.B{}}}"), "%Task{mfa: {%A.B{}}, pid: 1}");
  EXPECT_EQ(*read_elixir("%Task{pid: 1}"), *read_elixir("%{__struct__: Task, pid: 1}"));
  EXPECT_EQ(elixir_text("%{{1, 2} => 3}"), "%{{1, 2} => 3}");
  EXPECT_EQ(elixir_text("[true, false, nil]"), "[true, false, nil]");
  EXPECT_EQ(elixir_text("# a comment\n{:a, # another\n :b}\n"), "{:a, :b}");
}

TEST(ElixirReader, ReadsPidsReferencesAndFunctions) {
  EXPECT_EQ(read_elixir("#PID<0.12.1>").value().pid(), (Pid{.node = 0, .id = 12, .serial = 1}));
  EXPECT_EQ(read_elixir("#Reference<4.1.2.3>").value().ref(), (Ref{.node = 4, .first = 3, .second = 2, .third = 1}));
  EXPECT_EQ(elixir_text("&Kate.say_name/0"), "&Kate.say_name/0");
  EXPECT_EQ(elixir_text("{&:lists.map/2, &Kernel.+/2, &A.\"odd name\"/1}"), "{&:lists.map/2, &Kernel.+/2, &A.\"odd name\"/1}");
}

TEST(ElixirReader, ReadsOperatorsAndQuotedNamesAsAtoms) {
  EXPECT_EQ(elixir_text("[:+, :<>, :==, :%{}, :{}, :.., :|>]"), "[:+, :<>, :==, :%{}, :{}, :.., :|>]");
  EXPECT_EQ(elixir_text("%{:a=>1}"), "%{a: 1}");
  EXPECT_EQ(elixir_text(":\"\""), ":\"\"");
  EXPECT_EQ(elixir_text(":'old quotes'"), ":\"old quotes\"");
  EXPECT_EQ(elixir_text("Elixir.Foo"), "Foo");
  EXPECT_EQ(elixir_text("Elixir"), "Elixir");
  EXPECT_EQ(elixir_text(":\"Elixir.Foo\""), "Foo");
}

TEST(ElixirReader, SaysWhereAndWhatIsWrong) {
  const struct {
    const char* text;
    const char* error;
  } kWrong[] = {
      {"", "line 1, column 1: found the end of the text, expected a term"},
      {"  # nothing\n ", "line 2, column 2: found the end of the text, expected a term"},
      {"{:ok, ", "line 1, column 7: found the end of the text, expected a term or `}`, for the bracket of line 1, column 1 is open"},
      {"{:ok", "line 1, column 5: found the end of the text, expected `,` or `}`, for the bracket of line 1, column 1 is open"},
      {"[1, 2}", "line 1, column 6: found `}`, expected `,`, `|` or `]`"},
      {"{1, 2]", "line 1, column 6: found `]`, expected `,` or `}`"},
      {"[1 2]", "line 1, column 4: found `2`, expected `,`, `|` or `]`"},
      {"[1,, 2]", "line 1, column 4: found `,`, expected a term or `]`"},
      {"[,]", "line 1, column 2: found `,`, expected a term or `]`"},
      {"[|1]", "line 1, column 2: found `|`, expected a term or `]`"},
      {"[1 | ]", "line 1, column 6: found `]`, expected a term"},
      {"[1 | 2, 3]", "line 1, column 7: found `,`, expected `]`"},
      {"{1 | 2}", "line 1, column 4: found `|`, expected `,` or `}`"},
      {"[a: 1, 2]", "line 1, column 8: found `2`, expected another `key: `, since nothing else may follow one, or `]`"},
      {"[a: 1 | 2]", "line 1, column 7: found `|`, expected `,` or `]`"},
      {"[a: ]", "line 1, column 5: found `]`, expected a term"},
      {"[a:1]", "line 1, column 3: a key needs a space after its colon: `a: `"},
      {"a: 1", "line 1, column 1: found `a:`, expected a term"},
      {"%{1}", "line 1, column 4: found `}`, expected `=>` and the key's value"},
      {"%{1 => }", "line 1, column 8: found `}`, expected a term"},
      {"%{1 = 2}", "line 1, column 5: found `=`, expected a term"},
      {"%{1, 2}", "line 1, column 4: found `,`, expected `=>` and the key's value"},
      {"%Foo", "line 1, column 5: found the end of the text, expected `{` behind the name of a struct"},
      {"%foo{}", "line 1, column 2: found `f`, expected `{`, or the name of a struct as in `%Name{}`"},
      {"=> 1", "line 1, column 1: found `=>`, expected a term"},
      {"1 2", "line 1, column 3: found `2`, expected the text to end after one term"},
      {"}", "line 1, column 1: found `}`, expected a term"},
      {"foo", "line 1, column 1: `foo` would be a variable or a call, and only literals are read here; write `:foo` for the atom"},
      {"{:a,\n foo}", "line 2, column 2: `foo` would be a variable or a call, and only literals are read here; write `:foo` for the atom"},
      {"Foo.bar(1)", "line 1, column 1: a call is not read here, only literals; a function is written `&Foo.name/1`"},
      {"Foo@bar", "line 1, column 1: `Foo@bar` is neither an alias nor an atom; write `:Foo@bar` for the atom"},
      {":", "line 1, column 2: found the end of the text, expected an atom's name after `:`"},
      {": a", "line 1, column 2: found ` `, expected an atom's name after `:`"},
      {"\"text", "line 1, column 6: found the end of the text, expected \" to end what begins at line 1, column 1"},
      {"\"a\n\\", "line 2, column 2: found the end of the text, expected \" to end what begins at line 1, column 1"},
      {"\"a #{b}\"", "line 1, column 4: found `#{`: interpolation is not read here; write `\\#{` for the characters"},
      {"\"\\xZ\"", "line 1, column 4: found `Z`, expected two hexadecimal digits, or `{` and `}` around them"},
      {"\"\\u12\"", "line 1, column 6: found `\"`, expected four hexadecimal digits, or `{` and `}` around them"},
      {"\"\\u{110000}\"", "line 1, column 2: no character has this number: they end at 10FFFF, and D800 to DFFF are none"},
      {"\"\\uD800\"", "line 1, column 2: no character has this number: they end at 10FFFF, and D800 to DFFF are none"},
      {"\"\\u{}\"", "line 1, column 3: expected 1 to 6 hexadecimal digits between `{` and `}`"},
      {"\"\"\"\nheredoc\n\"\"\"", "line 1, column 1: heredocs are not read here; write \\n for the ends of lines"},
      {"~r/x/", "line 1, column 1: of the sigils only ~c\"…\" is read here"},
      {"\"\xc3\xa9\" \xff", "line 1, column 5: found the byte 255, which is not UTF-8, expected a term"},
      {"\"\xff\"", "line 1, column 2: found the byte 255, which is not UTF-8, expected text in UTF-8"},
      {"12abc", "line 1, column 3: found `a`, expected the number to end, or a separator"},
      {"1__0", "line 1, column 2: found `_`, expected the number to end, or a separator"},
      {"0x", "line 1, column 3: found the end of the text, expected a digit to base 16"},
      {"0b12", "line 1, column 4: found `2`, expected the number to end, or a separator"},
      {"1.0e", "line 1, column 5: found the end of the text, expected a digit to base 10"},
      {"1e5", "line 1, column 2: a float needs a point: write 1.0e5"},
      {"1.", "line 1, column 2: found `.`, expected a term"},
      {"1.0e400", "line 1, column 1: a number that no float can hold: they end at about 1.8e308, and at 4.9e-324 near zero"},
      {"[1.0e-400]", "line 1, column 2: a number that no float can hold: they end at about 1.8e308, and at 4.9e-324 near zero"},
      {"<<1, 256>>", "line 1, column 6: found 256, expected a byte from 0 to 255"},
      {"<<1, :a>>", "line 1, column 6: found `:`, expected a byte from 0 to 255 or a text in double quotes"},
      {"<<1::8>>", "line 1, column 4: found `:`: sizes and types of segments are not read, only bytes and texts"},
      {"<<1, 2", "line 1, column 7: found the end of the text, expected `,` or `>>` for the `<<` of line 1, column 1"},
      {"#PID<0.12>", "line 1, column 10: found `>`, expected `.` and the next number"},
      {"#PID<0.12.4294967296>", "line 1, column 11: found 4294967296, expected a number below 4294967296"},
      {"#PID<0.12.1", "line 1, column 12: found the end of the text, expected `>`"},
      {"#Reference<0.1.2.262144>", "line 1, column 1: the last number of a reference is 262144, expected one below 262144"},
      {"&foo/1", "line 1, column 2: found `f`, expected a function's name as in `&Module.function/1`"},
      {"&Foo.bar", "line 1, column 9: found the end of the text, expected `/` and the number of arguments, as in `&Module.function/1`"},
      {"&Foo.bar/256", "line 1, column 1: a function takes at most 255 arguments"},
      {"?", "line 1, column 2: found the end of the text, expected a character after `?`"},
  };
  for (const auto& wrong : kWrong) EXPECT_EQ(elixir_text(wrong.text), wrong.error) << wrong.text;
  EXPECT_EQ(elixir_text(std::string_view("\0", 1)), "line 1, column 1: found ` `, expected a term");
  EXPECT_EQ(elixir_text(":" + std::string(256, 'a')), "line 1, column 1: an atom of 256 characters, where 255 are the most");
  EXPECT_EQ(elixir_text(std::string(10'001, '9')),
            "line 1, column 1: an integer of 10001 digits, where 10000 are the most; write it to base 16");
  EXPECT_TRUE(read_elixir(std::string(10'000, '9')).has_value());
}

TEST(ErlangReader, ReadsTheLiteralsOfErlang) {
  EXPECT_EQ(erlang_answer("{ok,<<\"text\">>,[1,2]}."), "{ok,<<\"text\">>,[1,2]}");
  EXPECT_EQ(erlang_answer("'PingPong'"), "'PingPong'");
  EXPECT_EQ(read_erlang("'PingPong'").value(), Term(Atom("PingPong")));
  EXPECT_EQ(read_erlang("\"abc\"").value(), Term::charlist("abc"));
  EXPECT_EQ(read_erlang("\"abc\" % one\n \"def\"").value(), Term::charlist("abcdef"));
  EXPECT_EQ(read_erlang("\"\\b\\s\\101\\x41\\x{e9}\\^A\\'\\\"\"").value(), Term::list({8, 32, 65, 65, 233, 1, 39, 34}));
  EXPECT_EQ(erlang_answer("16#fF"), "255");
  EXPECT_EQ(erlang_answer("-36#Zz"), "-1295");
  EXPECT_EQ(erlang_answer("2#1" + std::string(64, '0')), "18446744073709551616");
  EXPECT_EQ(erlang_answer("$a"), "97");
  EXPECT_EQ(erlang_answer("$\\n"), "10");
  EXPECT_EQ(erlang_answer("1.5e3"), "1.5e3");
  EXPECT_EQ(erlang_answer("-0.0"), "-0.0");
  EXPECT_EQ(erlang_answer("#{a=>1,\"k\" => #{}}"), "#{a => 1,\"k\" => #{}}");
  EXPECT_EQ(erlang_answer("[a|b]"), "[a|b]");
  EXPECT_EQ(erlang_answer("fun lists:map/2"), "fun lists:map/2");
  EXPECT_EQ(erlang_answer("[fun 'Elixir.Foo':'odd name'/1, function]"), "[fun 'Elixir.Foo':'odd name'/1,function]");
  EXPECT_EQ(read_erlang("<<\"caf\xc3\xa9\"/utf8>>").value().as_text(), "caf\xc3\xa9");
  EXPECT_EQ(read_erlang("<<\"caf\xc3\xa9\">>").value().as_text(), "caf\xe9");
  EXPECT_EQ(erlang_answer("<0.12.1>"), "<0.12.1>");
  EXPECT_EQ(erlang_answer("#Ref<0.1.2.3>"), "#Ref<0.1.2.3>");
  EXPECT_EQ(erlang_answer("[maybe,else,a@b,\xc3\xa9t\xc3\xa9]"), "['maybe','else',a@b,\xc3\xa9t\xc3\xa9]");
  EXPECT_EQ(erlang_answer(" % comment\n ok . % comment"), "ok");
}

TEST(ErlangReader, SaysWhereAndWhatIsWrong) {
  const struct {
    const char* text;
    const char* error;
  } kWrong[] = {
      {"", "line 1, column 1: found the end of the text, expected a term"},
      {".", "line 1, column 1: found `.`, expected a term"},
      {"[a,b", "line 1, column 5: found the end of the text, expected `,`, `|` or `]`, for the bracket of line 1, column 1 is open"},
      {"[a,\n {b,c]", "line 2, column 6: found `]`, expected `,` or `}`"},
      {"[a,\n {b.", "line 2, column 4: found `.`, expected `,` or `}`, for the bracket of line 2, column 2 is open"},
      {"[a,]", "line 1, column 4: found `]`, expected a term"},
      {"{a,}", "line 1, column 4: found `}`, expected a term"},
      {"#{a,b}", "line 1, column 4: found `,`, expected `=>` and the key's value"},
      {"#rec{}", "line 1, column 1: records are not read; write the tuple, or `#{…}` for a map"},
      {"[Node]", "line 1, column 2: `Node` would be a variable; write 'Node' for the atom"},
      {"_", "line 1, column 1: `_` would be a variable; write '_' for the atom"},
      {"{end}", "line 1, column 2: `end` is a reserved word; write 'end' for the atom"},
      {"a b", "line 1, column 3: found `b`, expected the text to end after one term"},
      {"a. b", "line 1, column 4: found `b`, expected the text to end after one term"},
      {"one@127.0.0.1", "line 1, column 9: found `0`, expected a blank or a new line behind the `.`"},
      {"'abc", "line 1, column 5: found the end of the text, expected ' to end what begins at line 1, column 1"},
      {"1#0", "line 1, column 1: found 1#, expected a base from 2 to 36"},
      {"37#0", "line 1, column 1: found 37#, expected a base from 2 to 36"},
      {"8#9", "line 1, column 3: found `9`, expected a digit to base 8"},
      {"1e5", "line 1, column 2: a float needs a point: write 1.0e5"},
      {"\"\\x{zz}\"", "line 1, column 3: expected 1 to 6 hexadecimal digits between `{` and `}`"},
      {"\"\\x{d800}\"", "line 1, column 2: no character has this number: they end at 10FFFF, and D800 to DFFF are none"},
      {"<<\"\xe6\x8e\xa5\">>", "line 1, column 3: a character beyond 255 in a binary; write /utf8 behind the text"},
      {"<<1:16>>", "line 1, column 4: found `:`: sizes and types of segments are not read, only bytes and texts"},
      {"fun foo/1", "line 1, column 8: found `/`, expected `:` and a function's name"},
      {"fun () -> ok end", "line 1, column 5: found `(`, expected a module's name as in `fun module:function/1`"},
      {"$", "line 1, column 2: found the end of the text, expected a character after `$`"},
      {"a: 1", "line 1, column 2: found `:`, expected a term"},
  };
  for (const auto& wrong : kWrong) EXPECT_EQ(erlang_answer(wrong.text), wrong.error) << wrong.text;
}

TEST(ErlangFile, HoldsTermsThatEndWithADot) {
  const auto terms = read_erlang_file("%% a file\n{a,1}.\n\n\"text\".% end\nok.");
  ASSERT_TRUE(terms.has_value());
  ASSERT_EQ(terms.value().size(), 3u);
  EXPECT_EQ(terms.value()[1], Term::charlist("text"));
  EXPECT_EQ(read_erlang_file("").value().size(), 0u);
  EXPECT_EQ(read_erlang_file("\xef\xbb\xbfok.\r\n").value().size(), 1u);
}

TEST(ErlangFile, SaysWhichTermHasNoDot) {
  const auto text = [](std::string_view file) { return read_erlang_file(file).error().text(); };
  EXPECT_EQ(text("{a,1}"), "line 1, column 6: found the end of the text, expected `.` to end the term that begins at line 1, column 1");
  EXPECT_EQ(text("a.\n  {b}\n{c}."), "line 3, column 1: found `{`, expected `.` to end the term that begins at line 2, column 3");
  EXPECT_EQ(text("a.b."), "line 1, column 3: found `b`, expected a blank or a new line behind the `.`");
  EXPECT_EQ(text("a.\n.b"), "line 2, column 2: found `b`, expected a blank or a new line behind the `.`");
}

}  // namespace
}  // namespace pulpo
