// SPDX-License-Identifier: Apache-2.0
#include "rpc_text.hpp"

#include <gtest/gtest.h>

namespace pulpo::cli {
namespace {

Outcome<RpcCall> read(std::vector<std::string> words) { return read_rpc(words); }

/// `Kate.greet/2 ["alex", 3]`, or the error.
std::string shown(std::vector<std::string> words) {
  const auto call = read_rpc(words);
  if (!call) return call.error().detail;
  return call->text() + " " + Term::list(call->arguments).text();
}

Term elixir(std::string_view text) { return *read_elixir(text); }

TEST(RpcText, ACallIsReadAsElixirWritesIt) {
  EXPECT_EQ(shown({"Kate.greet(\"alex\", 3)"}), "Kate.greet/2 [\"alex\", 3]");
  EXPECT_EQ(shown({"Kate.say_name()"}), "Kate.say_name/0 []");
  EXPECT_EQ(shown({" Kate.say_name ( ) "}), "Kate.say_name/0 []");
  EXPECT_EQ(shown({":erlang.node()"}), ":erlang.node/0 []");
  EXPECT_EQ(shown({"Process.alive?(#PID<0.1.2>)"}), "Process.alive?/1 [#PID<0.1.2>]");
  EXPECT_EQ(shown({"Distro.DistroCal.add({1, [2, 3]}, %{a: \"(\"})"}), "Distro.DistroCal.add/2 [{1, [2, 3]}, %{a: \"(\"}]");
}

TEST(RpcText, WithoutParenthesesThereAreNoArguments) { EXPECT_EQ(shown({"Node.list"}), "Node.list/0 []"); }

TEST(RpcText, ACallIsReadWordByWord) {
  EXPECT_EQ(shown({"Kate", "greet", "\"alex\"", "3"}), "Kate.greet/2 [\"alex\", 3]");
  EXPECT_EQ(shown({":erlang", "node"}), ":erlang.node/0 []");
  EXPECT_EQ(shown({"Kate", ":say_name"}), "Kate.say_name/0 []");
  EXPECT_EQ(read({":PingPong", "ping"})->module, Atom("PingPong"));
  EXPECT_EQ(read({"PingPong", "ping"})->module, Atom("Elixir.PingPong"));
}

TEST(RpcText, EachMistakeIsNamedWithWhatToWrite) {
  EXPECT_NE(shown({"say_name()"}).find("'say_name' names no function of a module"), std::string::npos);
  EXPECT_NE(shown({"Kate.say_name("}).find("lacks its )"), std::string::npos);
  EXPECT_NE(shown({"Kate.Say()"}).find("'Say' is no function's name"), std::string::npos);
  EXPECT_NE(shown({"Ka te.say()"}).find("'Ka te' is no module"), std::string::npos);
  EXPECT_NE(shown({"Kate.greet(1, oops)"}).find("the argument 1, oops is no Elixir term: column 4"), std::string::npos)
      << shown({"Kate.greet(1, oops)"});
  EXPECT_NE(shown({"Kate", "greet", "{1,"}).find("the argument {1, is no Elixir term"), std::string::npos);
  EXPECT_NE(shown({"Kate", "not a name"}).find("no function's name"), std::string::npos);
  EXPECT_NE(shown({""}).find("names no function"), std::string::npos);
  EXPECT_EQ(read({"Kate", ""}).error().code, Errc::bad_argument);
  std::vector<std::string> many(258, "1");
  many[0] = "Kate";
  many[1] = "echo";
  EXPECT_NE(shown(many).find("255 arguments"), std::string::npos);
}

TEST(RpcText, AFailureIsOneLineThatSaysWhatAndWhere) {
  const RpcCall call = *read({"Kate.add(1, 2)"});
  const auto text = [&](Errc code, const Term& reason) {
    return rpc_failure_text(Error{code, reason, "erpc"}, call, "kate@localhost", 2s);
  };
  EXPECT_EQ(text(Errc::nodedown, elixir("{:erpc, :noconnection}")), "no connection to kate@localhost");
  EXPECT_EQ(text(Errc::timeout, elixir("{:erpc, :timeout}")),
            "time out: Kate.add/2 on kate@localhost did not return within 2 s; it runs on");
  EXPECT_EQ(text(Errc::exited, elixir("{:exception, :undef, [{Kate, :add, [1, 2], []}]}")),
            "undefined function Kate.add/2 on kate@localhost: no application there exports it");
  EXPECT_EQ(text(Errc::exited, elixir("{:exception, :boom}")), "Kate.add/2 on kate@localhost exited: :boom");
  EXPECT_EQ(text(Errc::exited, elixir("{:signal, :killed}")), "Kate.add/2 on kate@localhost was ended: killed");
  EXPECT_EQ(text(Errc::exited, elixir("{:exception, {:exception, \"std::runtime_error\", \"no luck\"}, []}")),
            "Kate.add/2 on kate@localhost failed: an exception was raised: ** (std::runtime_error) no luck");
  EXPECT_EQ(text(Errc::exited, elixir("{:exception, :function_clause, [{Kate, :add, [1, \"2\"], [takes: \"(integer, integer)\"]}]}")),
            "Kate.add/2 on kate@localhost failed: no function clause matching in Kate.add(1, \"2\"); it takes (integer, integer)");
}

}  // namespace
}  // namespace pulpo::cli
