// SPDX-License-Identifier: Apache-2.0
//
// Five nodes that kill -9 takes one after the other while all call and cast each other: ten lives a seed, a hundred seeds, with
// PULPO_TEST_FULL a thousand. What must hold is what the story's rules 2, 3 and 7 say (story.hpp), and that nothing is left behind.
#include <gtest/gtest.h>

#include <string>

#include "base/random.hpp"
#include "cast.hpp"
#include "pulpo/testing.hpp"
#include "pulpo/testing_gtest.hpp"
#include "seeds.hpp"

namespace pulpo::story {
namespace {

constexpr std::size_t kNodes = 5;
constexpr std::size_t kLives = 10;
constexpr int kClients = 3;

class Cycles {
 public:
  explicit Cycles(std::uint64_t seed) : random_(seed ^ 0xc7c1e), world_({.seed = seed, .keep_trace = false}) {}

  /// Which rule was broken; empty when all held.
  std::string live() {
    for (std::size_t i = 0; i < kNodes; ++i) {
      Member& member = stage_.members.emplace_back();
      member.index = i;
      member.node = &world_.start({.name = std::string(1, static_cast<char>('a' + i)), .system = false});
    }
    for (Member& member : stage_.members) settle(member);
    for (std::size_t life = 0; life < kLives; ++life) {
      Member& victim = stage_.members[draw(kNodes)];
      world_.run_for(std::chrono::milliseconds(1 + draw(60)));
      if (draw(4) == 0) {
        victim.node->power_loss();
      } else {
        victim.node->crash();
      }
      give_up_calls_of(victim);
      ++cycles;
      world_.run_for(std::chrono::milliseconds(draw(30)));
      victim.node->restart();
      settle(victim);
    }
    all_reach_all();
    nothing_is_left();
    return stage_.broken;
  }

  std::size_t cycles = 0, calls_ok = 0, calls_failed = 0;

 private:
  std::size_t draw(std::size_t limit) { return random_.u64() % limit; }

  void settle(Member& member) {
    member.heard.clear();
    member.node->run([&] {
      spawn_server(member);
      member.processes_before = runtime().process_count() - 1;  // without this one
      for (int i = 0; i < kClients; ++i) spawn([this, &member, number = stage_.next_number++] { be_a_client(member, number); });
    });
  }

  void spawn_server(Member& member) {
    auto started = pulpo::start<Counter>({.name = kCounter.name()}, &stage_, member.index, member.node->lives());
    stage_.expect(started.has_value(), "a counter does not start");
  }

  /// Calls and casts, each to another node by turns, until it is told to end.
  void be_a_client(Member& me, std::uint64_t number) {
    const unsigned life = me.node->lives();
    std::uint64_t line = 0;
    while (!ending_) {
      const Member& to = stage_.members[(me.index + 1 + draw(kNodes - 1)) % kNodes];
      const auto server = kCounter.on(to.node->atom());
      const std::uint64_t call = stage_.calls.size();
      stage_.calls.push_back({.caller = me.index, .target = to.index});
      cast(server, Line{.sender = number * kNodes + to.index, .number = ++line, .padding = std::string(draw(200), 'x')});
      const auto reply = try_call(server, Bump{.call = call, .milliseconds = draw(8) == 0 ? draw(20) : 0, .padding = {}}, {.timeout = 2s});
      CallRecord& record = stage_.calls[call];
      if (me.node->lives() != life) return;
      record.state = reply ? CallRecord::State::ok : CallRecord::State::failed;
      stage_.expect(!reply || record.executed == 1, "2: a call that was answered was not executed exactly once");
      ++(reply ? calls_ok : calls_failed);
      sleep(std::chrono::milliseconds(1 + draw(5)));
    }
  }

  void give_up_calls_of(const Member& member) {
    for (CallRecord& call : stage_.calls) {
      if (call.caller == member.index && call.state == CallRecord::State::pending) call.state = CallRecord::State::abandoned;
    }
  }

  void all_reach_all() {
    for (Member& from : stage_.members) {
      for (const Member& to : stage_.members) {
        if (&from == &to) continue;
        const bool reached = world_.run_until([&] { return from.node->eval([&] { return connect_node(to.node->atom()).has_value(); }); });
        stage_.expect(reached, from.node->name() + " does not reach " + to.node->name());
      }
    }
  }

  void nothing_is_left() {
    ending_ = true;
    const auto rests = [&] {
      for (const Member& member : stage_.members) {
        if (member.node->runtime().process_count() > member.processes_before) return false;
      }
      return true;
    };
    stage_.expect(world_.run_until(rests, 10s), "7: processes are left");
    for (const CallRecord& call : stage_.calls) {
      stage_.expect(call.executed <= 1, "2: a call was executed twice");
      stage_.expect(call.state != CallRecord::State::pending, "1: a call did not end");
    }
  }

  SeededRandom random_;
  Stage stage_;
  bool ending_ = false;
  testing::World world_;
};

TEST(Cycles, OfLifeAndDeathExecuteACallOnceAndDeliverInOrder) {  // SIG-1, SIG-2, GS-8
  const auto only = testing::seed_from_environment();
  const std::size_t count = only ? 1 : testing::seeds_wanted();
  std::size_t cycles = 0, calls_ok = 0, calls_failed = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t seed = only.value_or(1) + i;
    Cycles story(seed);
    const std::string broken = story.live();
    ASSERT_EQ(broken, "") << "Replay: "
                          << testing::replay_command(seed, "--gtest_filter=Cycles.OfLifeAndDeathExecuteACallOnceAndDeliverInOrder");
    cycles += story.cycles;
    calls_ok += story.calls_ok;
    calls_failed += story.calls_failed;
  }
  std::printf("%zu seeds: %zu lives ended, %zu calls ok, %zu failed\n", count, cycles, calls_ok, calls_failed);
  EXPECT_EQ(cycles, count * kLives);
  EXPECT_GT(calls_ok, count * 10);
  if (count >= 100) {
    EXPECT_GT(calls_failed, 0u);
  }
}

}  // namespace
}  // namespace pulpo::story
