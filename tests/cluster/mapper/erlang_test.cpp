// SPDX-License-Identifier: Apache-2.0
//
// Erlang's own programs against our mapper, and our clients against Erlang's mapper (D9).
#include <fmt/format.h>

#include <optional>

#include "cluster/mapper/child.hpp"
#include "mapper/client.hpp"
#include "mapper/mapper.hpp"
#include "unit/mapper/world.hpp"

namespace pulpo::mapper {
namespace {

class ErlangTest : public World {
 protected:
  /// Runs `command` to its end while our loop turns.
  std::string run(const std::vector<std::string>& command, int expected_status = 0) {
    Child child(command);
    EXPECT_TRUE(until([&] { return child.has_ended(); }));
    EXPECT_EQ(child.status(), expected_status) << child.output();
    return child.output();
  }
  std::string epmd(const std::string& option, int expected_status = 0) {
    return run({"epmd", "-port", fmt::format("{}", mapper->port()), option}, expected_status);
  }
  static Registration::Settings node(const std::string& name, std::uint16_t mapper_port) {
    Registration::Settings settings;
    settings.mapper = io::Address::loopback_v4(mapper_port);
    settings.node = {.port = 4711, .name = name, .extra = std::string(kPulpoExtra)};
    return settings;
  }
  std::uint16_t free_port() {
    const io::Handle handle = *loop->listen(io::Address::loopback_v4(0), {});
    const std::uint16_t port = loop->local_address(handle)->port();
    loop->close(handle);
    return port;
  }
  /// An Erlang mapper in the foreground that answers.
  std::unique_ptr<Child> start_epmd(std::uint16_t port) {
    auto child = std::make_unique<Child>(std::vector<std::string>{"epmd", "-port", fmt::format("{}", port), "-address", "127.0.0.1"});
    EXPECT_TRUE(until([&] { return names(port).has_value(); })) << child->output();
    return child;
  }
  Outcome<TextReply> names(std::uint16_t port) {
    std::optional<Outcome<TextReply>> answer;
    const Names names(*loop, io::Address::loopback_v4(port), 10s, [&](Outcome<TextReply> outcome) { answer = std::move(outcome); });
    EXPECT_TRUE(until([&] { return answer.has_value(); }));
    return *answer;
  }
  Outcome<NodeRecord> look_up(std::uint16_t port, const std::string& name) {
    std::optional<Outcome<NodeRecord>> answer;
    const Lookup lookup(*loop, io::Address::loopback_v4(port), name, 10s,
                        [&](Outcome<NodeRecord> outcome) { answer = std::move(outcome); });
    EXPECT_TRUE(until([&] { return answer.has_value(); }));
    return *answer;
  }
};

TEST_P(ErlangTest, EpmdPrintsTheNamesOfOurMapper) {  // EPMD-14
  start_mapper();
  std::optional<Registration::Report> report;
  const Registration registration(*loop, random, node("a", mapper->port()), [&](const Registration::Report& now) { report = now; });
  ASSERT_TRUE(until([&] { return report.has_value(); }));
  const std::string expected = fmt::format("epmd: up and running on port {} with data:\nname a at port 4711\n", mapper->port());
  EXPECT_EQ(epmd("-names"), expected);
  auto ours = names(mapper->port());
  ASSERT_TRUE(ours.has_value());
  EXPECT_EQ(Names::text(*ours), expected);
}

TEST_P(ErlangTest, EpmdKillsOurMapperWhenNoNodeIsRegistered) {  // EPMD-11, EPMD-14
  start_mapper();
  auto client = std::make_unique<RawClient>(mapper->port());
  ASSERT_NE(register_on(*client, "a"), 0u);
  EXPECT_EQ(epmd("-kill", 1), "Killing not allowed - living nodes in database.\n");
  client.reset();
  ASSERT_TRUE(until([&] { return mapper->names_size() == 0; }));
  EXPECT_EQ(epmd("-kill"), "Killed\n");
  EXPECT_TRUE(mapper->has_ended());
}

TEST_P(ErlangTest, EpmdStopsANodeOfOurRelaxedMapper) {  // EPMD-12, EPMD-14
  start_relaxed_mapper();
  RawClient client(mapper->port());
  ASSERT_NE(register_on(client, "a"), 0u);
  const auto stop = [&](const char* name) { return run({"epmd", "-port", fmt::format("{}", mapper->port()), "-stop", name}); };
  EXPECT_EQ(stop("nobody"), "NOEXIST\n");
  EXPECT_EQ(stop("a"), "STOPPED\n");
  EXPECT_TRUE(until([&] { return client.is_closed(); }));
}

TEST_P(ErlangTest, AnErlangNodeRegistersWithOurMapperAndReadsItsNames) {  // D9
  start_mapper();
  RawClient other(mapper->port());
  ASSERT_NE(register_on(other, "other", 4712), 0u);
  ::setenv("ERL_EPMD_PORT", fmt::format("{}", mapper->port()).c_str(), 1);
  Child erl({"erl", "-noinput", "-sname", "e@localhost", "-start_epmd", "false", "-setcookie", "mapper_test", "-eval",
             "{ok, Names} = net_adm:names(), io:format(\"names ~p~n\", [lists:sort(Names)]), receive after infinity -> ok end."});
  ::unsetenv("ERL_EPMD_PORT");
  ASSERT_TRUE(until([&] { return erl.output().find('\n') != std::string::npos || erl.has_ended(); }));
  auto found = look_up(mapper->port(), "e");
  ASSERT_TRUE(found.has_value()) << found.error().text() << erl.output();
  EXPECT_EQ(found->extra, "");  // which says that it is no pulpo node
  EXPECT_EQ(erl.output(), fmt::format("names [{{\"e\",{}}},{{\"other\",4712}}]\n", found->port));
  erl.kill(SIGKILL);
  EXPECT_TRUE(until([&] { return mapper->names_size() == 1; }));
}

TEST_P(ErlangTest, OurNodesRegisterWithErlangsMapper) {  // D9
  const std::uint16_t port = free_port();
  auto epmd = start_epmd(port);
  std::vector<Registration::Report> reports;
  auto registration = std::make_unique<Registration>(*loop, random, node("a", port),
                                                     [&](const Registration::Report& report) { reports.push_back(report); });
  ASSERT_TRUE(until([&] { return reports.size() == 1; }));
  ASSERT_EQ(reports[0].state, Registration::State::registered) << reports[0].fault.text();
  auto found = look_up(port, "a");
  ASSERT_TRUE(found.has_value()) << found.error().text();
  EXPECT_EQ(found->port, 4711);
  EXPECT_EQ(found->extra, "pulpo/1");
  EXPECT_EQ(look_up(port, "b").error().code, Errc::not_found);

  std::optional<Registration::Report> second;
  const Registration taken(*loop, random, node("a", port), [&](const Registration::Report& report) { second = report; });
  ASSERT_TRUE(until([&] { return second.has_value(); }));
  EXPECT_EQ(second->fault.code, Errc::already_exists);

  const std::string text = run({"epmd", "-port", fmt::format("{}", port), "-names"});
  auto ours = names(port);
  ASSERT_TRUE(ours.has_value());
  EXPECT_EQ(Names::text(*ours), text);
  EXPECT_NE(text.find("name a at port 4711\n"), std::string::npos) << text;
}

TEST_P(ErlangTest, OurNodesAreBackWhenErlangsMapperIsKilledAndStartedAgain) {  // EPMD-17
  const std::uint16_t port = free_port();
  auto epmd = start_epmd(port);
  std::vector<Registration::Report> reports;
  const Registration registration(*loop, random, node("a", port), [&](const Registration::Report& report) { reports.push_back(report); });
  ASSERT_TRUE(until([&] { return reports.size() == 1; }));
  epmd.reset();
  ASSERT_TRUE(until([&] { return reports.size() == 2; }));
  EXPECT_EQ(reports[1].state, Registration::State::unreachable);
  epmd = start_epmd(port);
  ASSERT_TRUE(until([&] { return reports.size() == 3; }));
  EXPECT_EQ(reports[2].state, Registration::State::registered);
}

INSTANTIATE_TEST_SUITE_P(Loops, ErlangTest, testing::ValuesIn(loop_kinds()), kind_name);

}  // namespace
}  // namespace pulpo::mapper
