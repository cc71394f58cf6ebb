// SPDX-License-Identifier: Apache-2.0
#include "pulpo/receive.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "unit/proc/runtime_fixture.hpp"

namespace pulpo {
namespace {
struct Counted {
  static inline int decoded = 0;
  int value = 0;
};
}  // namespace

template <>
struct Codec<Counted> {
  static Term encode(const Counted& counted) { return counted.value; }
  static bool decode(const Term& term, Counted& out) {
    ++Counted::decoded;
    return decode_into(term, out.value);
  }
};

namespace {

using testing::down_reason;

class ReceiveTest : public testing::OnEachLoop {};
PULPO_ON_EACH_LOOP(ReceiveTest);

struct Answer {
  using Message = Info<"answer">;
  Ref ref;
  std::int64_t value = 0;
};
struct Stop {
  using Message = Info<"stop">;
};
struct DownSeen {
  using Message = Info<"DOWN">;
  Ref ref;
  Atom type;
  Term object, reason;
};
struct ExitSeen {
  using Message = Info<"EXIT">;
  Pid from;
  Term reason;
};

struct Request {
  using Message = Info<"$gen_call">;
  std::tuple<Pid, Ref> from;
  Term body;
};

/// As an author writes it.
Result<std::int64_t> await_answer(Ref ref, Ref monitor, Duration timeout) {
  return receive<Result<std::int64_t>>(on<Answer>([&](auto& a) { return a.ref == ref; }, [](auto& a) { return a.value; }),
                                       on<DownSeen>([&](auto& d) { return d.ref == monitor; },
                                                    [](auto& d) {
                                                      return Error{Errc::exited, d.reason};
                                                    }),
                                       after(timeout, [] { return Error{Errc::timeout}; }));
}

Term answer(const Ref& ref, std::int64_t value) { return to_term(Answer{ref, value}); }

/// What is left in the mailbox, in its order.
std::string rest() {
  std::string text;
  while (const auto term = receive_any(0s)) text += term->text() + " ";
  return text;
}

TEST_P(ReceiveTest, TheFirstMessageThatFitsAClauseIsTakenAndTheRestKeepTheirPlace) {  // SIG-4
  run([] {
    const Ref mine = make_ref();
    const Ref other = make_ref();
    for (const Term& term : {Term(1), answer(other, 1), answer(mine, 2), Term("stop"_atom), answer(mine, 3)}) send(self(), term);
    const auto value = await_answer(mine, {}, 5s);
    ASSERT_TRUE(value);
    EXPECT_EQ(*value, 2);
    EXPECT_EQ(receive_any(0s), Term(1));
    EXPECT_EQ(receive_any(0s), answer(other, 1));
    EXPECT_EQ(receive_any(0s), Term("stop"_atom));
    EXPECT_EQ(receive_any(0s), answer(mine, 3));
    EXPECT_FALSE(receive_any(0s));
  });
}

TEST_P(ReceiveTest, ClausesAreTriedInTheirOrderOnEachMessage) {  // SIG-4
  run([] {
    const auto next = [] {
      return receive<std::string>(on<std::int64_t>([](auto& n) { return n > 9; }, [](auto&) { return "large"; }),
                                  on<std::int64_t>([] { return "small"; }), on<Stop>([] { return "stop"; }),
                                  otherwise([](auto& term) { return term.text(); }), after(0s, [] { return "none"; }));
    };
    for (const Term& term : {Term(3), Term("stop"_atom), Term(10), Term::tuple({"stop"_atom}), Term(2.5)}) send(self(), term);
    EXPECT_EQ(next(), "small");
    EXPECT_EQ(next(), "stop");
    EXPECT_EQ(next(), "large");
    EXPECT_EQ(next(), "{:stop}") << "which is no Stop";
    EXPECT_EQ(next(), "2.5");
    EXPECT_EQ(next(), "none");
  });
}

TEST_P(ReceiveTest, AMessageThatArrivesWhileWaitingIsTaken) {
  run([] {
    const Ref ref = make_ref();
    spawn([me = self(), ref] {
      send(me, "noise"_atom);
      sleep(1ms);
      send(me, answer(ref, 7));
    });
    const auto value = await_answer(ref, {}, 5s);
    ASSERT_TRUE(value);
    EXPECT_EQ(*value, 7);
    EXPECT_EQ(rest(), ":noise ");
  });
}

TEST_P(ReceiveTest, TheTimeIsUpWhenNothingThatCameFits) {  // SIG-4
  run([] {
    send(self(), "noise"_atom);
    const TimePoint before = precise_now();
    EXPECT_EQ(await_answer(make_ref(), {}, 20ms).error().code, Errc::timeout);
    EXPECT_GE(precise_now() - before, 20ms);
    EXPECT_EQ(rest(), ":noise ");
  });
}

TEST_P(ReceiveTest, NoTimeLooksOnce) {  // SIG-4
  run([] {
    const auto poll = [] { return receive<int>(on<int>([](int n) { return n; }), after(0s, [] { return -1; })); };
    EXPECT_EQ(poll(), -1);
    send(self(), 5);
    EXPECT_EQ(poll(), 5);
    EXPECT_EQ(poll(), -1);
  });
}

TEST_P(ReceiveTest, TheEndOfAMonitoredProcessIsAPatternToo) {  // SIG-12
  run([] {
    const auto spawned = spawn_monitor([] { exit("worn_out"_atom); });
    const auto value = await_answer(make_ref(), spawned.monitor, 5s);
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().code, Errc::exited);
    EXPECT_EQ(value.error().reason, Term("worn_out"_atom));
  });
}

TEST_P(ReceiveTest, TheExitOfALinkedProcessIsAPatternToo) {  // SIG-7
  run([] {
    trap_exit(true);
    const Pid gone = spawn_link([] { exit("worn_out"_atom); });
    EXPECT_EQ(receive<Term>(on<ExitSeen>([&](auto& e) { return e.from == gone; }, [](auto& e) { return e.reason; }),
                            after(5s, [] { return Term("nothing"_atom); })),
              Term("worn_out"_atom));
  });
}

TEST_P(ReceiveTest, WhatTheRuntimeSendsIsATermForAClauseOfTerms) {
  run([] {
    trap_exit(true);
    const auto spawned = spawn_monitor([] {}, {.link = true});
    const auto next = [] { return receive<Term>(otherwise([](Term& term) { return term; }), after(5s, [] { return Term(); })); };
    EXPECT_EQ(next(), Term::tuple({atoms::EXIT, spawned.pid, atoms::normal}));
    EXPECT_EQ(next(), Term::tuple({atoms::DOWN, spawned.monitor, atoms::process, spawned.pid, atoms::normal}));
    cast(self(), "again"_atom);
    EXPECT_EQ(next(), Term::tuple({atoms::gen_cast, "again"_atom}));
  });
}

TEST_P(ReceiveTest, ARequestThatAClauseTookCanBeAnswered) {
  run([] {
    const Pid server = spawn([] {
      receive(on<Request>([](auto& r) { reply(std::get<Pid>(r.from), std::get<Ref>(r.from), Term::tuple({"heard"_atom, r.body})); }));
    });
    const auto heard = request(server, 4);
    ASSERT_TRUE(heard) << heard.error().text();
    EXPECT_EQ(*heard, Term::tuple({"heard"_atom, 4}));
  });
}

TEST_P(ReceiveTest, ABodyMaySuspendAndReceive) {
  run([] {
    for (const int n : {1, 2}) send(self(), n);
    const int sum = receive<int>(on<int>([](int first) {
      sleep(1ms);
      return first + receive<int>(on<int>([](int second) { return second; }));
    }));
    EXPECT_EQ(sum, 3);
  });
}

TEST_P(ReceiveTest, ABodyMayMoveFromItsMessageAndYieldWhatCannotBeCopied) {
  run([] {
    send(self(), std::string(100, 'x'));
    auto text = receive<std::unique_ptr<std::string>>(
        on<std::string>([](auto& text) { return std::make_unique<std::string>(std::move(text)); }), after(0s, [] { return nullptr; }));
    ASSERT_TRUE(text);
    EXPECT_EQ(text->size(), 100u);
  });
}

TEST_P(ReceiveTest, AMessageWhoseFieldsDoNotFitIsPassedOver) {
  run([] {
    send(self(), Term::tuple({"answer"_atom, make_ref(), "seven"}));
    send(self(), Term::tuple({"answer"_atom, make_ref()}));
    EXPECT_EQ(receive<int>(on<Answer>([] { return 1; }), after(0s, [] { return 0; })), 0);
    EXPECT_TRUE(receive_any(0s) && receive_any(0s));
  });
}

TEST_P(ReceiveTest, AMessageIsDecodedOnceForAllClausesOfItsType) {
  run([] {
    Counted::decoded = 0;
    for (const int n : {1, 2, 3}) send(self(), n);
    const auto is = [](int value) { return [value](auto& counted) { return counted.value == value; }; };
    EXPECT_EQ(receive<int>(on<Counted>(is(7), [] { return 7; }), on<Counted>(is(8), [] { return 8; }), on<Stop>([] { return 0; }),
                           on<Counted>(is(3), [](auto& counted) { return counted.value; })),
              3);
    EXPECT_EQ(Counted::decoded, 3);
    EXPECT_EQ(rest(), "1 2 ");
  });
}

TEST_P(ReceiveTest, WhatAGuardThrowsPassesAndTheMessageStays) {
  run([] {
    send(self(), 1);
    send(self(), 2);
    EXPECT_THROW(receive(on<int>([](int n) -> bool { throw std::runtime_error(std::to_string(n)); }, [] {})), std::runtime_error);
    EXPECT_EQ(rest(), "1 2 ");
  });
}

TEST_P(ReceiveTest, AGuardThatSuspendsEndsItsProcess) {
  run([] {
    for (const bool receives : {false, true}) {
      const auto spawned = spawn_monitor([receives] {
        send(self(), 1);
        send(self(), 2);
        receive(on<int>(
            [receives](int) {
              if (receives) return receive_any(0s).has_value();
              yield();
              return true;
            },
            [] { ADD_FAILURE() << "its guard had let others change the mailbox"; }));
      });
      const Term reason = down_reason(spawned.monitor);
      ASSERT_TRUE(reason.is_tuple(2)) << reason.text();
      EXPECT_TRUE(reason.elements()[0].is_atom(atoms::badarg)) << reason.text();
    }
  });
}

TEST_P(ReceiveTest, AKilledProcessIsUnwoundWhereItReceives) {  // SIG-7
  run([] {
    bool unwound = false;
    const auto spawned = spawn_monitor([&unwound] {
      const std::shared_ptr<void> witness(nullptr, [&unwound](void*) { unwound = true; });
      receive(on<Stop>([] {}));
    });
    yield();
    exit(spawned.pid, atoms::kill);
    EXPECT_EQ(down_reason(spawned.monitor), Term(atoms::killed));
    EXPECT_TRUE(unwound);
  });
}

TEST_P(ReceiveTest, WhereNothingMayBeThrownTheTimeIsUpAtOnce) {
  run([] {
    std::vector<std::string> seen;
    const auto spawned = spawn_monitor([&seen] {
      const NoKill scope;
      receive(on<Stop>([&] { seen.emplace_back("stop"); }));  // until the kill comes, which waits from then on
      const auto result = receive<Result<int>>(on<int>([](int n) { return n; }));
      seen.emplace_back(to_string(result.error().code));
      seen.push_back(std::to_string(receive<int>(on<int>([](int n) { return n; }), after(1h, [] { return -1; }))));
    });
    yield();
    exit(spawned.pid, atoms::kill);
    EXPECT_EQ(down_reason(spawned.monitor), Term(atoms::killed));
    EXPECT_EQ(seen, (std::vector<std::string>{"killed", "-1"}));
  });
}

}  // namespace
}  // namespace pulpo
