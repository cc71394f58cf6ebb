// SPDX-License-Identifier: Apache-2.0
#include "pulpo/error.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

namespace pulpo {
namespace {

std::string of(std::string_view elixir) { return reason_text(read_elixir(elixir).value()); }

constexpr const char* kNoProcess =
    "no process: the process is not alive or there's no process currently associated with the given name, possibly because its "
    "application isn't started";

TEST(ReasonText, HasTheWordsOfOtp) {  // LOG-6
  EXPECT_EQ(of(":normal"), "normal");
  EXPECT_EQ(of(":shutdown"), "shutdown");
  EXPECT_EQ(of(":killed"), "killed");
  EXPECT_EQ(of(":noconnection"), "no connection");
  EXPECT_EQ(of(":timeout"), "time out");
  EXPECT_EQ(of(":noproc"), kNoProcess);
  EXPECT_EQ(of("{:nodedown, :zz@HOST}"), "no connection to zz@HOST");
  EXPECT_EQ(of("{:nodedown, :\"b@127.0.0.1\"}"), "no connection to b@127.0.0.1");
  EXPECT_EQ(of("{:shutdown, {:a, 1}}"), "shutdown: {:a, 1}");
  EXPECT_EQ(of("{:already_started, #PID<0.12.1>}"), "already started: #PID<0.12.1>");
  EXPECT_EQ(of("{:bad_return_value, %{a: 1}}"), "bad return value: %{a: 1}");
  EXPECT_EQ(of(":calling_self"), "process attempted to call itself");
}

TEST(ReasonText, PrintsEveryOtherReasonAsATerm) {  // LOG-6: `exited: :stopped` but `exited: shutdown`
  EXPECT_EQ(of(":stopped"), ":stopped");
  EXPECT_EQ(of(":kill"), ":kill");
  EXPECT_EQ(of("nil"), "nil");
  EXPECT_EQ(of("{:badarg, [1]}"), "{:badarg, [1]}");
  EXPECT_EQ(of("{:nodedown, \"text\"}"), "{:nodedown, \"text\"}");
  EXPECT_EQ(of("\"why\""), "\"why\"");
}

TEST(ReasonText, NamesTheCallThatExited) {  // GS-6's reason, as format_exit prints it
  EXPECT_EQ(of("{:timeout, {GenServer, :call, [{PingPong, :a@altair}, :ping, 5000]}}"),
            "exited in: GenServer.call({PingPong, :a@altair}, :ping, 5000)\n    ** (EXIT) time out");
  EXPECT_EQ(of("{{:nodedown, :b@h}, {:gen_server, :call, 3}}"), "exited in: :gen_server.call/3\n    ** (EXIT) no connection to b@h");
  EXPECT_EQ(of("{{:noproc, {M, :f, []}}, {M, :g, []}}"),
            std::string("exited in: M.g()\n    ** (EXIT) exited in: M.f()\n        ** (EXIT) ") + kNoProcess);
  EXPECT_EQ(of("{:shutdown, {:failed_to_start_child, PingPong, :boom}}"), "shutdown: failed to start child: PingPong\n    ** (EXIT) :boom");
  EXPECT_EQ(of("{:shutdown, {:failed_to_start_child, :db, {:EXIT, :killed}}}"),
            "shutdown: failed to start child: :db\n    ** (EXIT) killed");
}

TEST(ReasonText, SaysWhatAnExceptionWas) {  // LOG-6, D12
  EXPECT_EQ(of(R"({:exception, "std::runtime_error", "oh"})"), "an exception was raised:\n    ** (std::runtime_error) oh");
  EXPECT_EQ(of(R"({{:exception, "E", "oh"}, {M, :f, []}})"), "exited in: M.f()\n    ** (EXIT) an exception was raised:\n        ** (E) oh");
}

TEST(Error, SaysWhereWhatAndWhyInOneLine) {
  EXPECT_EQ(Error(Errc::timeout).text(), "timeout");
  EXPECT_EQ(Error(Errc::timeout, {}, "connect").text(), "connect: timeout");
  EXPECT_EQ(Error(Errc::noproc, atoms::noproc, "call").text(), std::string("call: ") + kNoProcess);
  EXPECT_EQ(Error(Errc::exited, read_elixir("{:timeout, {GenServer, :call, [:a, 1, 5000]}}").value()).text(),
            "exited in: GenServer.call(:a, 1, 5000) ** (EXIT) time out");
  const Error from_fault = Fault{.code = Errc::io, .sys = EADDRINUSE, .where = "listen", .detail = "port 4369"};
  EXPECT_EQ(from_fault.text(), "listen: port 4369: Address already in use");
  EXPECT_EQ(from_fault.code, Errc::io);
}

}  // namespace
}  // namespace pulpo
