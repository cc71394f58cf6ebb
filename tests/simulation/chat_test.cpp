// SPDX-License-Identifier: Apache-2.0
//
// The application chat on several nodes: whose terminal a message appears on, and what its sender hears.
#include "chat/chat.hpp"

#include <gtest/gtest.h>

#include "pulpo/testing.hpp"
#include "pulpo/testing_gtest.hpp"

namespace {

using namespace pulpo;
using pulpo::testing::World;
using ChatNode = pulpo::testing::Node;

/// Of an application beside chat: a task that is still there when its node goes.
constexpr auto kWaits = function("Slow.waits", "Never returns.", [] { (void)receive_any(); });

class Chat : public ::testing::Test {
 protected:
  void TearDown() override {
    if (HasFailure()) ADD_FAILURE() << "The trace of its world:\n" << world.trace();
  }
  ChatNode& start(const std::string& name) {
    return world.start({.name = name, .applications = {chat::application(), {.name = "slow", .start = {}, .exports = {kWaits}}}});
  }

  /// As typed at the prompt of `from`: the value, or how it exits.
  static std::string say(ChatNode& from, Atom to, const std::string& message) {
    return from.eval([&]() -> std::string {
      try {
        return chat::kSendMessage(to, message).text();
      } catch (const Exiting& exiting) {
        return reason_text(exiting.reason);
      }
    });
  }

  /// TASK-8's text.
  static ::testing::AssertionResult lines_are(const std::string& said, std::string_view whom, std::string_view why) {
    const std::string begin = fmt::format("exited in: GenServer.call({}, {{:start_task, [#PID<", whom);
    const std::string end = fmt::format("}}, :infinity)\n    ** (EXIT) {}", why);
    if (said.starts_with(begin) && said.ends_with(end)) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << said << "\nis not\n" << begin << "..." << end;
  }

  World world{{.seed = pulpo::testing::seed()}};
};

TEST_F(Chat, AMessageIsPrintedOnItsRecipientsNode) {  // ST-66, ST-67, ST-70, TASK-7, IO-5
  auto& alex = start("alex");
  auto& kate = start("kate");
  EXPECT_EQ(say(alex, kate.atom(), "hi"), ":ok");
  EXPECT_EQ(kate.printed(), "hi\n");
  EXPECT_EQ(alex.printed(), "");
  EXPECT_EQ(say(kate, alex.atom(), "how are you?"), ":ok");
  EXPECT_EQ(alex.printed(), "how are you?\n");
  EXPECT_EQ(kate.printed(), "hi\n");
  EXPECT_EQ(say(kate, kate.atom(), "to myself"), ":ok");
  EXPECT_EQ(kate.printed(), "hi\nto myself\n");
}

TEST_F(Chat, TheTaskIsTheSupervisorsOnTheOtherNode) {  // TASK-6, TASK-7, TASK-4, ST-71
  auto& alex = start("alex");
  auto& kate = start("kate");
  const auto tasks = [](ChatNode& node) {
    return node.eval([] { return children(Address("Elixir.Chat.TaskSupervisor"_atom)).value().size(); });
  };
  bool started = false;
  std::string end;
  alex.post([&] {
    auto task = async_nolink({.name = "Chat.TaskSupervisor", .node = kate.atom()}, kWaits);
    started = true;
    try {
      end = task.yield(Timeout::infinity()) ? "a value" : "nothing";
    } catch (const Exiting& exiting) {
      end = reason_text(exiting.reason);
    }
  });
  ASSERT_TRUE(world.run_until([&] { return started; }));
  EXPECT_EQ(tasks(kate), 1u);
  EXPECT_EQ(tasks(alex), 0u);
  EXPECT_TRUE(alex.eval([] { return whereis("Elixir.Chat.Supervisor"_atom).has_value(); }));
  kate.crash();
  EXPECT_TRUE(world.run_until([&] { return !end.empty(); }));
  EXPECT_EQ(end.substr(0, end.find('(')) + end.substr(end.find('\n')), "exited in: Task.yield\n    ** (EXIT) no connection to kate@kate");
}

TEST_F(Chat, MoebiAnswersBeforeTheCallReturns) {  // ST-68
  auto& alex = start("alex@localhost");
  auto& kate = start("kate@localhost");
  auto& moebi = start("moebi@localhost");
  EXPECT_EQ(say(alex, moebi.atom(), "hi"), ":ok");
  EXPECT_EQ(moebi.printed(), "hi\n");
  EXPECT_EQ(alex.printed(), "chicken?\n");
  EXPECT_EQ(kate.printed(), "");
  // Who is moebi himself gets one answer too.
  EXPECT_EQ(say(moebi, moebi.atom(), "woof"), ":ok");
  EXPECT_EQ(moebi.printed(), "hi\nwoof\nchicken?\n");
}

TEST_F(Chat, WhoCannotBeReachedIsSaid) {  // ST-69, TASK-8
  auto& alex = start("alex");
  auto& bare = world.start({.name = "bare"});
  EXPECT_TRUE(lines_are(say(alex, "zz@nowhere"_atom, "hi"), "{Chat.TaskSupervisor, :zz@nowhere}", "no connection to zz@nowhere"));
  EXPECT_TRUE(lines_are(say(alex, bare.atom(), "hi"), "{Chat.TaskSupervisor, :bare@bare}",
                        "no process: the process is not alive or there's no process currently associated with the given name, possibly "
                        "because its application isn't started"));
  auto& kate = start("kate");
  EXPECT_EQ(say(alex, kate.atom(), "hi"), ":ok");
  kate.crash();
  EXPECT_TRUE(lines_are(say(alex, kate.atom(), "hi"), "{Chat.TaskSupervisor, :kate@kate}", "no connection to kate@kate"));
  kate.restart();
  EXPECT_EQ(say(alex, kate.atom(), "again"), ":ok");
}

}  // namespace
