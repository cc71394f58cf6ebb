// SPDX-License-Identifier: Apache-2.0
#include <pulpo/gen_server.hpp>
#include <pulpo/supervisor.hpp>
#include <pulpo/testing.hpp>
#include <pulpo/testing_gtest.hpp>

using namespace pulpo;

struct Greet {
  using Message = Call<"greet", std::string>;
  std::string name;
};

class Greeter {
 public:
  using Protocol = pulpo::Protocol<Greet>;
  std::string handle_call(const Greet& greet) { return "Hello, " + greet.name + "!"; }
};

constexpr auto kHello = local<Greeter::Protocol>("Hello");

Result<Pid> start_hello(const StartType&, const Env&) {
  return start_supervisor({.name = "Hello.Supervisor", .children = {worker<Greeter>({.name = kHello})}});
}

TEST(Hello, AnswersAgainOnceItsBoardHasPowerAgain) {
  pulpo::testing::World world{{.seed = pulpo::testing::seed()}};
  auto& board = world.start({.name = "board", .applications = {{.name = "hello", .start = start_hello}}});
  auto& desk = world.start({.name = "desk"});
  const auto greet = [&] { return desk.eval([&] { return try_call(kHello.on(board.atom()), Greet{"world"}, {.timeout = 1s}); }); };
  EXPECT_EQ(greet().value(), "Hello, world!");
  board.power_loss();
  EXPECT_EQ(greet().error().code, Errc::timeout);  // a second of the world's time, none of yours
  board.restart();
  EXPECT_TRUE(world.run_until([&] { return greet().has_value(); }));
}
