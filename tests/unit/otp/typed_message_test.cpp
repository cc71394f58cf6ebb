// SPDX-License-Identifier: Apache-2.0
//
// Structs that travel as they are between servers, and become terms wherever one is wanted.
#include <chrono>
#include <thread>

#include "proc/core.hpp"
#include "pulpo/gen_server.hpp"
#include "unit/otp/support.hpp"

namespace pulpo::typed_message_test {
namespace {

using testing::CapturedLog;
using testing::eventually;

class TypedMessageTest : public testing::OnEachLoop {};
PULPO_ON_EACH_LOOP(TypedMessageTest);

struct Reading {
  using Message = Info<"reading">;
  Pid from;
  std::int64_t value = 0;
};
struct Mark {
  using Message = Cast<"mark">;
  std::int64_t value = 0;
};
struct Sum {
  using Message = Call<"sum", std::int64_t>;
};
struct AwaitReading {
  using Message = Call<"await_reading", Term>;
};
static_assert(detail::kTravelsAsItIs<Reading> && detail::kTravelsAsItIs<Mark> && !detail::kTravelsAsItIs<Sum>);

/// Looked at as a term, it would be the address of a block.
struct Sample {
  using Message = Info<"sample">;
  std::int64_t time = -1;
  std::int64_t value = -1;
};

/// Knows the first two.
struct Typed {
  using Protocol = pulpo::Protocol<Reading, Mark, Sum, AwaitReading>;
  void handle_info(const Reading& reading) { sum += reading.value; }
  void handle_cast(const Mark& mark) { sum += 1000 * mark.value; }
  std::int64_t handle_call(const Sum&) const { return sum; }
  /// Receives what came for it while it is busy.
  Term handle_call(const AwaitReading&) {
    const auto reading = receive_if([](const Term& term) { return match<Reading>(term).has_value(); }, 5s);
    return reading ? *reading : Term();
  }
  std::int64_t sum = 0;
};

/// Knows none, and takes terms.
struct Untyped {
  using Protocol = pulpo::Protocol<Sum>;
  void handle_info(const Term& term) { seen.push_back(term.text()); }
  void handle_cast(const Term& term) { seen.push_back("cast " + term.text()); }
  std::int64_t handle_call(const Sum&) const { return static_cast<std::int64_t>(seen.size()); }
  [[nodiscard]] std::vector<std::string> describe() const { return seen; }
  std::vector<std::string> seen;
};

/// Knows and takes nothing.
struct Deaf {
  using Protocol = pulpo::Protocol<Sum>;
  std::int64_t handle_call(const Sum&) const { return 0; }
};

TEST_P(TypedMessageTest, ReachTheirClausesInOrder) {
  run([] {
    const Pid server = *pulpo::start<Typed>({});
    send(server, Reading{self(), 5});
    cast(server, Mark{2});
    EXPECT_EQ(call(server, Sum{}), 2005);
    exit(server, atoms::kill);
  });
}

TEST_P(TypedMessageTest, AreTermsForAServerThatDoesNotKnowThem) {
  run([] {
    const Pid server = *pulpo::start<Untyped>({});
    send(server, Reading{Pid{}, 5});
    cast(server, Mark{2});
    EXPECT_EQ(call(server, Sum{}), 2);
    const auto seen = from_term<std::vector<std::string>>(*get_state(server));
    ASSERT_TRUE(seen);
    EXPECT_EQ((*seen)[0], Term::tuple({"reading"_atom, Pid{}, 5}).text());
    EXPECT_EQ((*seen)[1], "cast {:mark, 2}");
    exit(server, atoms::kill);
  });
}

TEST_P(TypedMessageTest, NobodyTakesAreLoggedAsTerms) {  // GS-13
  CapturedLog log;
  run([] {
    const Pid server = *pulpo::start<Deaf>({});
    send(server, Reading{Pid{}, 5});
    cast(server, Mark{2});
    EXPECT_EQ(call(server, Sum{}), 0);
    exit(server, atoms::kill);
  });
  EXPECT_EQ(log.count("{:mark, 2}"), 1u) << log.all();
  EXPECT_EQ(log.count("{:reading, "), 1u) << log.all();
}

TEST_P(TypedMessageTest, AreTermsForAPlainProcess) {
  run([] {
    const Pid me = self();
    send(me, Reading{me, 3});
    const auto reading = receive_any(5s);
    ASSERT_TRUE(reading);
    EXPECT_EQ(match<Reading>(*reading)->value, 3);
  });
}

TEST_P(TypedMessageTest, KeepTheirPlaceAmongTermsOnTheWayToAnotherCore) {  // SIG-1
  run(
      [] {
        const Pid far = *pulpo::start<Typed>({.core = 1});
        send(far, Reading{self(), 7});
        send(far, to_term(Reading{self(), 20}));
        cast(far, Mark{1});
        EXPECT_EQ(call(far, Sum{}), 1027);
        exit(far, atoms::kill);
      },
      {.cores = 2});
}

TEST_P(TypedMessageTest, AreTermsOnAnotherCoreForWhoDoesNotKnowThem) {
  run(
      [] {
        const Pid me = self();
        const Pid server = *pulpo::start<Untyped>({.core = 1});
        send(server, Reading{Pid{}, 5});
        cast(server, Mark{2});
        EXPECT_EQ(call(server, Sum{}), 2);
        const Pid plain = spawn([me] { send(me, *receive_any()); }, {.core = 1});
        send(plain, Reading{me, 3});
        EXPECT_EQ(receive_any(5s), to_term(Reading{me, 3}));
        exit(server, atoms::kill);
      },
      {.cores = 2});
}

TEST_P(TypedMessageTest, ForTheDeadOfAnotherCoreVanish) {  // SIG-3
  run(
      [] {
        const Pid server = *pulpo::start<Typed>({.core = 1});
        const Pid other = *pulpo::start<Typed>({.core = 1});
        const Ref end = monitor(server);
        exit(server, atoms::kill);
        EXPECT_EQ(testing::down_reason(end), Term(atoms::killed));
        send(server, Reading{self(), 7});
        send(other, Reading{self(), 8});
        EXPECT_EQ(call(other, Sum{}), 8);
        exit(other, atoms::kill);
      },
      {.cores = 2});
}

TEST_P(TypedMessageTest, HoldUpASenderOfAnotherCoreAsTermsDo) {
  run(
      [] {
        const Pid server = *pulpo::start<Typed>({.core = 1, .mailbox = MailboxLimit{.messages_max = 100, .when_full = WhenFull::suspend}});
        constexpr std::int64_t kReadings = 100'000;
        for (std::int64_t i = 0; i < kReadings; ++i) send(server, Reading{Pid{}, 1});
        EXPECT_EQ(call(server, Sum{}, {.timeout = 60s}), kReadings) << "none was lost, and the server lives";
        exit(server, atoms::kill);
      },
      {.cores = 2});
}

/// Sends each ball back until it has been `left` times.
struct Ball {
  using Message = Cast<"ball">;
  Pid from;
  std::int64_t left = 0;
};
struct Player {
  using Protocol = pulpo::Protocol<Ball>;
  explicit Player(const Pid& umpire_) : umpire(umpire_) {}
  void handle_cast(const Ball& ball) {
    if (ball.left == 0) {
      send(umpire, "over"_atom);
    } else {
      cast(ball.from, Ball{self(), ball.left - 1});
    }
  }
  Pid umpire;
};

TEST_P(TypedMessageTest, AndTheirMemoryGoBackAndForthBetweenCoresAndHome) {
  run(
      [] {
        Core& here = Core::here();
        const auto in_use_there = [&here] {
          return here.ask(1, [](Core& its) { return Term(static_cast<std::int64_t>(its.messages_in_use())); })->integer();
        };
        const Pid near = *pulpo::start<Player>({.core = 0}, self());
        const Pid far = *pulpo::start<Player>({.core = 1}, self());
        const std::size_t before = here.messages_in_use();
        constexpr int kBalls = 1000;
        for (int i = 0; i < kBalls; ++i) cast(near, Ball{far, 51});
        for (int i = 0; i < kBalls; ++i) ASSERT_TRUE(receive_any(30s));
        EXPECT_TRUE(eventually([&] { return here.messages_in_use() <= before + 1; })) << here.messages_in_use() << " of " << before;
        EXPECT_TRUE(eventually([&] { return in_use_there() <= 1; })) << in_use_there();
        exit(near, atoms::kill);
        exit(far, atoms::kill);
      },
      {.cores = 2});
}

TEST_P(TypedMessageTest, ForACoreThatHasEndedAreLetGoWithTheRuntime) {
  start({.cores = 2});
  run([] {
    const Pid server = *pulpo::start<Typed>({});
    (void)spawn(
        [server] {
          const NoKill shelter;
          sleep(60s);                                                  // until the runtime stops
          std::this_thread::sleep_for(std::chrono::milliseconds(50));  // core 0 ends
          for (int i = 0; i < 3000; ++i) send(server, Sample{});
        },
        {.core = 1});
  });
  runtime().stop();
}

TEST_P(TypedMessageTest, AreTermsForAReceiveInsideAHandler) {
  run([] {
    const Pid server = *pulpo::start<Typed>({});
    const Pid me = self();
    (void)spawn([server, me] { send(me, call(server, AwaitReading{})); });
    yield();
    send(server, Reading{Pid{}, 9});
    const auto answer = receive_any(5s);
    ASSERT_TRUE(answer);
    EXPECT_EQ(match<Reading>(*answer)->value, 9) << answer->text();
    exit(server, atoms::kill);
  });
}

TEST_P(TypedMessageTest, AreLetGoWithTheirServer) {
  run([] {
    const Pid server = *pulpo::start<Typed>({});
    const Ref end = monitor(server);
    for (int i = 0; i < 10; ++i) send(server, Reading{Pid{}, i});
    exit(server, atoms::kill);
    EXPECT_EQ(testing::down_reason(end), Term(atoms::killed));
  });
}

TEST_P(TypedMessageTest, CountForTheMailboxLimit) {
  run([] {
    const Pid server = *pulpo::start<Typed>({.mailbox = MailboxLimit{.messages_max = 3, .when_full = WhenFull::drop_newest}});
    for (int i = 1; i <= 5; ++i) send(server, Reading{Pid{}, 1});
    EXPECT_TRUE(eventually([&] { return try_call(server, Sum{}).has_value(); }));
    EXPECT_EQ(call(server, Sum{}), 3);
    exit(server, atoms::kill);
  });
}

}  // namespace
}  // namespace pulpo::typed_message_test
