// SPDX-License-Identifier: Apache-2.0
//
// Typed servers asked by threads that are no core's.
#include "pulpo/embed.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include "unit/otp/support.hpp"

namespace pulpo::embed_test {
namespace {

struct Add {
  using Message = Call<"add", std::int64_t>;
  std::int64_t amount = 0;
};
struct Name {
  using Message = Call<"name", std::string>;
};
struct Settle {
  using Message = Call<"settle">;
};
struct Lie {
  using Message = Call<"lie", std::int64_t>;
};
struct Reset {
  using Message = Cast<"reset">;
};
struct Poke {
  using Message = Info<"poke">;
  std::int64_t amount = 0;
};

class Counter {
 public:
  using Protocol = pulpo::Protocol<Add, Name, Settle, Reset, Poke>;
  std::int64_t handle_call(const Add& add) { return sum_ += add.amount; }
  std::string handle_call(const Name&) { return "a counter whose name is a block of its own"; }
  void handle_call(const Settle&) {}
  Term handle_call(const Term& request) { return Term::tuple({"not a number", request}); }
  void handle_cast(const Reset&) { sum_ = 0; }
  void handle_info(const Poke& poke) { sum_ += poke.amount; }

 private:
  std::int64_t sum_ = 0;
};

constexpr auto kCounter = local<Counter::Protocol>("Counter");

class TypedEmbedTest : public testing::OnEachLoop {
 protected:
  void SetUp() override {
    start({.cores = 2});
    run([] { ASSERT_TRUE(pulpo::start<Counter>({.name = kCounter, .core = 1})); });
  }
};
// About threads that are no core's.
PULPO_ON_EACH_KERNEL_LOOP(TypedEmbedTest);

TEST_P(TypedEmbedTest, CallsCastsAndInfosReachTheServer) {
  EXPECT_EQ(*call(runtime(), kCounter, Add{4}), 4);
  EXPECT_TRUE(send(runtime(), kCounter, Poke{30}));
  EXPECT_EQ(*call(runtime(), kCounter, Add{1}), 35);
  EXPECT_TRUE(cast(runtime(), kCounter, Reset{}));
  EXPECT_EQ(*call(runtime(), kCounter, Add{2}, {.timeout = Timeout::infinity()}), 2);
  EXPECT_EQ(*call(runtime(), kCounter, Name{}), "a counter whose name is a block of its own");
  EXPECT_TRUE(call(runtime(), kCounter, Settle{}));
}

TEST_P(TypedEmbedTest, WhatGoesWrongIsAValue) {
  const auto lie = call(runtime(), Address("Elixir.Counter"_atom), Lie{});
  EXPECT_EQ(lie.error().code, Errc::bad_message);
  EXPECT_TRUE(lie.error().reason.is_tuple(3)) << lie.error().text();  // what came, and what was expected
  constexpr auto kNobody = local<Counter::Protocol>("Nobody");
  EXPECT_EQ(call(runtime(), kNobody, Add{1}).error().code, Errc::noproc);
  EXPECT_EQ(send(runtime(), kNobody, Poke{1}).error().code, Errc::noproc);
  EXPECT_TRUE(cast(runtime(), kNobody, Reset{}));
  constexpr auto kNoName = local<Counter::Protocol>("\"no name");
  EXPECT_EQ(call(runtime(), kNoName, Add{1}).error().code, Errc::bad_argument);
  runtime().stop();
  EXPECT_EQ(call(runtime(), kCounter, Add{1}).error().code, Errc::stopped);
}

TEST_P(TypedEmbedTest, ManyThreadsLoseNothing) {
  constexpr int kThreads = 4;
  constexpr int kCalls = 300;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this] {
      for (int i = 0; i < kCalls; ++i) EXPECT_TRUE(call(runtime(), kCounter, Add{1}, {.timeout = Timeout::infinity()}));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(*call(runtime(), kCounter, Add{0}), kThreads * kCalls);
}

}  // namespace
}  // namespace pulpo::embed_test
