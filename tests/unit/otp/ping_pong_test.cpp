// SPDX-License-Identifier: Apache-2.0
#include "ping_pong/ping_pong.hpp"

#include "unit/otp/support.hpp"

namespace pulpo::ping_pong_test {
namespace {

using testing::CapturedLog;
using testing::eventually;

class PingPongTest : public testing::OnEachLoop {};
PULPO_ON_EACH_LOOP(PingPongTest);

TEST_P(PingPongTest, AnswersPongToTheStructAndToTheTerm) {
  run([] {
    ASSERT_TRUE(start_system({.applications = {ping_pong::application()}}));
    ASSERT_TRUE(start_application("ping_pong"_atom));
    EXPECT_EQ(call(ping_pong::kServer, ping_pong::Ping{}), "pong"_atom);
    EXPECT_EQ(call(Address("Elixir.PingPong"_atom), Term("ping"_atom)), Term("pong"_atom));
    EXPECT_EQ(call(ping_pong::kServer, ping_pong::Count{}), 2u);
    EXPECT_EQ(ping_pong::kPing(), "pong"_atom);
    EXPECT_EQ(Function(ping_pong::kPing)({}), Term("pong"_atom));
    EXPECT_TRUE(stop_system());
  });
}

TEST_P(PingPongTest, IsStartedAgainWhenItIsKilled) {  // SUP-4
  run([] {
    CapturedLog log;
    ASSERT_TRUE(start_system({.applications = {ping_pong::application()}}));
    ASSERT_TRUE(start_application("ping_pong"_atom));
    EXPECT_EQ(call(ping_pong::kServer, ping_pong::Ping{}), "pong"_atom);
    for (int kills = 0; kills < 3; ++kills) {  // as many as its supervisor allows in 5 s
      const Pid before = *whereis("Elixir.PingPong"_atom);
      exit(before, atoms::kill);
      EXPECT_TRUE(eventually([before] {
        const auto now = whereis("Elixir.PingPong"_atom);
        return now && *now != before;
      }));
      EXPECT_EQ(call(ping_pong::kServer, ping_pong::Count{}), 0u) << "a fresh one";
    }
    EXPECT_EQ(log.count("Child PingPong of Supervisor PingPong.Supervisor terminated\n** (exit) killed"), 3u) << log.all();
    exit(*whereis("Elixir.PingPong"_atom), atoms::kill);
    EXPECT_TRUE(eventually([&log] { return log.count("Application ping_pong exited: shutdown") == 1; })) << log.all();
    EXPECT_TRUE(stop_system());
  });
}

}  // namespace
}  // namespace pulpo::ping_pong_test
