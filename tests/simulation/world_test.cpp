// SPDX-License-Identifier: Apache-2.0
//
// What pulpo::testing promises to authors.
#include <pulpo/io.hpp>
#include <pulpo/os_signal.hpp>
#include <pulpo/testing.hpp>
#include <pulpo/testing_gtest.hpp>

#include "ping_pong/ping_pong.hpp"

namespace {

using namespace pulpo;
using pulpo::testing::World;

TEST(World, AnswersARemoteCallInVirtualTime) {
  World world{{.seed = pulpo::testing::seed()}};
  auto& one = world.start({.name = "one", .applications = {ping_pong::application()}});
  auto& two = world.start({.name = "two"});
  const TimePoint before = world.now();
  const Atom answer = two.eval([&] { return call(ping_pong::kServer.on(one.atom()), ping_pong::Ping{}); });
  EXPECT_EQ(answer, "pong"_atom);
  EXPECT_GT(world.now(), before);
  EXPECT_LT(world.now() - before, 1s);
}

TEST(World, ForgetsACountWhenTheBoardLosesPower) {
  World world{{.seed = pulpo::testing::seed()}};
  auto& one = world.start({.name = "one", .applications = {ping_pong::application()}});
  auto& two = world.start({.name = "two"});
  const auto server = ping_pong::kServer.on(one.atom());
  two.run([&] { EXPECT_EQ(call(server, ping_pong::Ping{}), "pong"_atom); });
  one.power_loss();
  two.run([&] { EXPECT_FALSE(try_call(server, ping_pong::Ping{}, {.timeout = 5s})); });
  one.restart();
  EXPECT_TRUE(world.run_until([&] { return two.eval([&] { return try_call(server, ping_pong::Ping{}).has_value(); }); }));
  two.run([&] { EXPECT_EQ(call(server, ping_pong::Count{}), 1u); });
}

TEST(World, AnswersTheTestItselfToo) {
  World world{{.seed = pulpo::testing::seed()}};
  auto& one = world.start({.name = "one", .applications = {ping_pong::application()}, .cores = 2});
  EXPECT_EQ(one.runtime().call(Address(ping_pong::kServer), "ping"_atom).value(), Term("pong"_atom));
}

// The example in pulpo/testing.hpp, word for word.
TEST(PingPong, ForgetsItsCountWhenItsNodeCrashes) {
  pulpo::testing::World world{{.seed = pulpo::testing::seed()}};
  auto& one = world.start({.name = "one", .applications = {ping_pong::application()}});
  auto& two = world.start({.name = "two"});
  const auto server = ping_pong::kServer.on(one.atom());
  two.run([&] { EXPECT_EQ(call(server, ping_pong::Ping{}), "pong"_atom); });
  one.crash();
  two.run([&] { EXPECT_FALSE(try_call(server, ping_pong::Ping{}, {.timeout = 5s})); });  // takes no time of yours
  one.restart();
  two.run([&] { EXPECT_EQ(call(server, ping_pong::Count{}), 0u); });
}

TEST(World, TellsAPeerOfACrashAtOnce) {
  World world{{.seed = pulpo::testing::seed()}};
  auto& one = world.start({.name = "one", .applications = {ping_pong::application()}});
  auto& two = world.start({.name = "two"});
  two.run([&] { EXPECT_TRUE(connect_node(one.atom())); });
  bool down = false;
  two.post([&] {
    const Ref ref = monitor(ping_pong::kServer.on(one.atom()));
    down = receive_if([&](const Term& term) { return term.is_tuple(5) && term.elements()[1] == Term(ref); }, 1h).has_value();
  });
  world.run_for(1s);
  EXPECT_FALSE(down);
  one.crash();
  EXPECT_TRUE(world.run_until([&] { return down; }, 1s));
}

TEST(World, RunsSeveralCoresOfANodeInTurn) {
  World world{{.seed = pulpo::testing::seed()}};
  auto& one = world.start({.name = "one", .cores = 4});
  one.run([] {
    const Pid other = spawn([] { (void)receive_any(); }, {.core = 3});
    EXPECT_TRUE(is_alive(other));
    const Ref ref = monitor(other);
    send(other, 1);
    EXPECT_TRUE(receive_if([&](const Term& term) { return term.is_tuple(5) && term.elements()[1] == Term(ref); }, 5s));
    EXPECT_FALSE(is_alive(other));
  });
}

TEST(World, LetsTimePassThoughProcessesKeepEachOtherBusy) {
  World world{{.seed = pulpo::testing::seed()}};
  auto& one = world.start({.name = "one", .cores = 2});
  const auto play = [] {
    for (;;) {
      const auto other = receive_any();
      send(other->pid(), self());
    }
  };
  one.post([&] {
    const Pid left = spawn(play), right = spawn(play, {.core = 1});
    send(left, right);
    const Pid near = spawn(play), by = spawn(play);
    send(near, by);
  });
  const TimePoint before = world.now();
  world.run_for(20ms);
  EXPECT_EQ(world.now() - before, 20ms);
}

TEST(World, PartsNodesAndBringsThemTogether) {
  World world{{.seed = pulpo::testing::seed()}};
  auto& one = world.start({.name = "one", .applications = {ping_pong::application()}});
  auto& two = world.start({.name = "two"});
  world.partition({one}, {two});
  const auto reached = [&] { return two.eval([&] { return connect_node(one.atom()).has_value(); }); };
  EXPECT_FALSE(reached());
  world.heal();
  EXPECT_TRUE(reached());
}

TEST(World, KeepsLogLinesByNodeWithVirtualStamps) {
  World world{{.seed = pulpo::testing::seed()}};
  auto& one = world.start({.name = "one"});
  auto& two = world.start({.name = "two"});
  one.run([] { log::info("hello from one"); });
  EXPECT_EQ(one.logged("hello from one"), 1u);
  EXPECT_EQ(two.logged("hello from one"), 0u);
  EXPECT_EQ(one.log().back().at, world.now());
  EXPECT_NE(world.trace().find("one@one [info] hello from one"), std::string::npos);
}

TEST(World, KeepsWhatNodesPrintAlsoForEachOther) {  // IO-2, IO-6
  World world{{.seed = pulpo::testing::seed()}};
  auto& one = world.start({.name = "one"});
  auto& two = world.start({.name = "two"});
  const auto print = [&](std::string_view text) { return two.eval([&] { return io::puts(Address("user"_atom, one.atom()), text); }); };
  one.run([] { io::puts("here"); });
  EXPECT_EQ(print("from there"), Term(atoms::ok));
  EXPECT_EQ(one.printed(), "here\nfrom there\n");
  EXPECT_EQ(two.printed(), "");
  one.crash();
  EXPECT_EQ(print("too late"), Term::tuple({atoms::error, "terminated"_atom}));
  one.restart();
  EXPECT_EQ(print("in its next life"), Term(atoms::ok));
  EXPECT_EQ(one.printed(), "here\nfrom there\nin its next life\n");
}

TEST(World, SendsANodeASignalWhichItsWatchersGet) {
  std::size_t heard[3] = {};
  World world{{.seed = pulpo::testing::seed()}};
  auto& one = world.start({.name = "one", .cores = 2});
  auto& two = world.start({.name = "two"});
  EXPECT_THROW(one.signal(SIGHUP), pulpo::testing::Failure) << "nobody watches it";
  const auto watch = [](std::size_t* heard) {
    OsSignal hup = watch_os_signal(SIGHUP).value();
    while (hup.wait()) ++*heard;
  };
  one.post([&] { watch(&heard[0]); }, 0);
  one.post([&] { watch(&heard[1]); }, 1);
  two.post([&] { watch(&heard[2]); });
  world.run_for(1s);
  one.signal(SIGHUP);
  one.signal(SIGHUP);
  world.run_for(1s);
  EXPECT_EQ(heard[0], 1u) << "the second came before the core had looked";
  EXPECT_EQ(heard[1], 1u);
  EXPECT_EQ(heard[2], 0u) << "another process of the operating system";
  one.run([] { EXPECT_EQ(watch_os_signal(SIGTERM).error().code, Errc::not_allowed) << "as in the program"; });
  EXPECT_NE(world.trace().find("one@one gets signal 1"), std::string::npos);
}

TEST(World, HandsOnWhatAFunctionThrowsAndSaysHowAProcessEnded) {
  World world{{.seed = pulpo::testing::seed()}};
  auto& one = world.start({.name = "one"});
  EXPECT_THROW(one.run([] { throw std::out_of_range("far"); }), std::out_of_range);
  try {
    one.run([] { pulpo::exit("enough"_atom); });
    ADD_FAILURE() << "it returned";
  } catch (const pulpo::testing::Failure& failure) {
    EXPECT_NE(std::string_view(failure.what()).find(":enough"), std::string_view::npos) << failure.what();
  }
  EXPECT_TRUE(one.is_up());
}

TEST(World, EndsAProcessThatCouldWaitForEver) {
  World world{{.seed = pulpo::testing::seed()}};
  auto& one = world.start({.name = "one"});
  EXPECT_THROW(one.run([] { (void)receive_any(); }), pulpo::testing::Failure);
  EXPECT_FALSE(one.is_up());
  one.restart();
  EXPECT_EQ(one.lives(), 2u);
}

TEST(World, LooksAtInvariantsAllTheTime) {
  World world{{.seed = pulpo::testing::seed()}};
  auto& one = world.start({.name = "one"});
  int count = 0;
  world.check_always("fewer than three", [&] { return count < 3; });
  one.post([&] {
    for (;;) {
      ++count;
      sleep(1s);
    }
  });
  world.run_for(1500ms);
  EXPECT_THROW(world.run_for(10s), pulpo::testing::BrokenInvariant);
  EXPECT_EQ(count, 3);
}

TEST(World, SaysWhatBrokeWhileANodeStopped) {
  World world{{.seed = pulpo::testing::seed()}};
  auto& one = world.start({.name = "one", .system = false});
  bool wanted = true;
  world.check_always("nobody stops", [&] { return wanted; });
  wanted = false;
  EXPECT_THROW(one.stop(), pulpo::testing::BrokenInvariant);
  EXPECT_FALSE(one.is_up());
}

TEST(World, CrashesANodeInWhichADestructorWaits) {
  struct Slow final : Body {
    ~Slow() override {
      const NoKill scope;
      sleep(1h);
    }
    bool start() override { return false; }
  };
  World world{{.seed = pulpo::testing::seed()}};
  auto& one = world.start({.name = "one"});
  one.run([] { EXPECT_TRUE(try_spawn(std::make_unique<Slow>(), {})); });
  world.run_for(1ms);
  one.crash();
  EXPECT_FALSE(one.is_up());
}

TEST(World, TurnsWhileTheTestItselfAsksANode) {
  World world{{.seed = pulpo::testing::seed()}};
  auto& one = world.start({.name = "one", .applications = {ping_pong::application()}});
  const TimePoint before = world.now();
  const auto answer = call(one.runtime(), ping_pong::kServer, ping_pong::Ping{});
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(*answer, "pong"_atom);
  EXPECT_LT(world.now() - before, 1s);
  one.run([] {
    (void)try_spawn(pulpo::detail::function_body([] { (void)receive_if([](const Term&) { return false; }); }), {.name = "silent"_atom});
  });
  EXPECT_EQ(one.runtime().call("silent"_atom, 1, 1h).error().code, Errc::timeout) << "an hour of the world's";
  // More than a runtime takes from outside at once.
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(one.runtime().send("silent"_atom, std::string(1u << 20, 'x')));
}

std::string trace_of(std::uint64_t seed) {
  World world{{.seed = seed}};
  auto& one = world.start({.name = "one", .applications = {ping_pong::application()}, .cores = 2});
  auto& two = world.start({.name = "two"});
  for (int i = 0; i < 20; ++i) {
    two.post([&] { (void)try_call(ping_pong::kServer.on(one.atom()), ping_pong::Ping{}); });
  }
  world.run_for(100ms);
  one.crash();
  world.run_for(100ms);
  one.restart();
  two.run([&] { (void)try_call(ping_pong::kServer.on(one.atom()), ping_pong::Ping{}); });
  return world.trace();
}

TEST(World, IsTheSameForTheSameSeed) {
  const std::string first = trace_of(7);
  EXPECT_EQ(first, trace_of(7));
  EXPECT_NE(first, trace_of(8));
}

}  // namespace
