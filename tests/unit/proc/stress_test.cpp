// SPDX-License-Identifier: Apache-2.0
//
// Storms: many processes on several cores that crash, kill, link and ask each other at random. What must hold afterwards: every
// monitor fired once, everybody is gone, nobody waits. Under the sanitizers these are the tests that find races.
#include <cstdlib>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "unit/proc/runtime_fixture.hpp"

namespace pulpo {
namespace {

using testing::down_reason;
using testing::receive_exactly;

/// PULPO_SEED replays a failure.
std::uint64_t seed() {
  static const std::uint64_t chosen = [] {
    const char* const given = std::getenv("PULPO_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : SystemRandom().u64();
  }();
  return chosen;
}

SpawnOptions on_core(unsigned core) {
  SpawnOptions options;
  options.core = core;
  return options;
}

class StressTest : public testing::OnEachLoop {
 protected:
  static constexpr unsigned kCores = 3;

  StressTest() : trace_(__FILE__, __LINE__, "replay with PULPO_SEED=" + std::to_string(seed())) {}
  void storm(std::function<void(SeededRandom&)> test) {
    RuntimeOptions options;
    options.cores = kCores;
    run(
        [&] {
          SeededRandom random(seed());
          test(random);
        },
        options);
  }
  /// Waits until only the processes that were there before are left.
  static void expect_living(std::size_t expected) {
    const TimePoint deadline = precise_now() + 5s;
    while (runtime().process_count() != expected && precise_now() < deadline) pulpo::sleep(1ms);
    EXPECT_EQ(runtime().process_count(), expected) << "processes that nobody ends";
  }
  static Runtime& runtime() { return pulpo::runtime(); }

 private:
  ::testing::ScopedTrace trace_;
};
PULPO_ON_EACH_LOOP(StressTest);

/// Blocks in one of the ways there are, until it is killed.
void block(int way, const Pid& silent) {
  switch (way) {
    case 0:
      (void)receive_any();
      break;
    case 1:
      pulpo::sleep(1h);
      break;
    case 2:
      (void)request(silent, "question which is too long to lie inline"_atom, Timeout::infinity());
      break;
    case 3:
      for (;;) yield();
    case 4:
      for (;; yield()) (void)spawn_link([] {}, on_core(1));
    default:
      (void)receive_if([](const Term& term) { return term.is_atom("never"_atom); }, 1h);
  }
}

TEST_P(StressTest, KillsReachProcessesInEveryStateOfWaiting) {
  storm([](SeededRandom& random) {
    const std::size_t before = runtime().process_count();
    const auto silent = spawn_monitor([] { (void)receive_if([](const Term& term) { return term.is_atom("end"_atom); }); }, on_core(2));
    std::vector<Spawned> victims;
    for (int i = 0; i < 200; ++i) {
      victims.push_back(spawn_monitor([way = static_cast<int>(random.u64() % 6), silent = silent.pid] { block(way, silent); },
                                      on_core(static_cast<unsigned>(random.u64() % kCores))));
      if (random.u64() % 3 == 0) {
        const Spawned& any = victims[random.u64() % victims.size()];
        exit(any.pid, random.u64() % 2 == 0 ? atoms::kill : atoms::shutdown);
      }
    }
    for (const Spawned& victim : victims) exit(victim.pid, atoms::kill);
    for (const Spawned& victim : victims) {
      const Term reason = down_reason(victim.monitor);
      ASSERT_TRUE(reason.is_atom(atoms::killed) || reason.is_atom(atoms::shutdown)) << reason.text();
    }
    send(silent.pid, "end"_atom);
    EXPECT_EQ(down_reason(silent.monitor), Term(atoms::normal));
    expect_living(before);
  });
}

TEST_P(StressTest, ACrashTakesEveryLinkedProcessOfEveryCoreAlong) {
  storm([](SeededRandom& random) {
    const std::size_t before = runtime().process_count();
    const Pid me = self();
    for (int round = 0; round < 30; ++round) {
      std::vector<Spawned> members;
      for (unsigned i = 0; i < 20; ++i) {
        members.push_back(spawn_monitor(
            [me] {
              for (;;) {
                const Term term = *receive_any();
                if (term.is_pid()) {
                  link(term.pid());
                  send(me, "linked"_atom);
                }
                if (term.is_atom("crash"_atom)) exit(Term::tuple({"a reason that does not lie inline"_atom, Term::list({1, 2})}));
              }
            },
            on_core(i % kCores)));
      }
      for (std::size_t i = 1; i < members.size(); ++i) send(members[i].pid, members[random.u64() % i].pid);
      for (std::size_t i = 1; i < members.size(); ++i) ASSERT_TRUE(receive_exactly("linked"_atom));
      send(members[random.u64() % members.size()].pid, "crash"_atom);
      // A link still on its way to an end that has crashed ends with noproc instead.
      for (const Spawned& member : members) {
        const Term reason = down_reason(member.monitor);
        ASSERT_TRUE(reason.is_tuple(2) || reason.is_atom(atoms::noproc)) << reason.text();
      }
    }
    expect_living(before);
  });
}

TEST_P(StressTest, AfterAnyChurnOfLinksBothSidesAgree) {  // SIG-9, SIG-10
  // Goal:   a link asked for when all is quiet is one: the other side's end is heard of.
  // Method: two cores link and unlink each other without a pause; then one more link(), and an end.
  storm([](SeededRandom& random) {
    for (int round = 0; round < 60; ++round) {
      trap_exit(true);
      const Pid me = self();
      const Pid peer = spawn(
          [me, seed = random.u64()] {
            trap_exit(true);
            SeededRandom own(seed);
            for (int i = 0; i < 200; ++i) {
              if (own.u64() % 2 == 0) {
                link(me);
              } else {
                unlink(me);
              }
              if (own.u64() % 8 == 0) yield();
            }
            unlink(me);
            send(me, "quiet"_atom);
            (void)receive_exactly("end"_atom);
            exit("over"_atom);
          },
          on_core(1));
      for (int i = 0; i < 200; ++i) {
        if (random.u64() % 2 == 0) {
          link(peer);
        } else {
          unlink(peer);
        }
        if (random.u64() % 8 == 0) yield();
      }
      ASSERT_TRUE(receive_exactly("quiet"_atom));
      (void)is_alive(peer);  // a way there and back: nothing of the churn is on its way any more
      link(peer);
      send(peer, "end"_atom);
      ASSERT_TRUE(receive_exactly(Term::tuple({atoms::EXIT, peer, "over"_atom}))) << "round " << round;
      ASSERT_FALSE(receive_any(0ms));
    }
  });
}

TEST_P(StressTest, ALinkedChildOnAnotherCoreDoesNotOutliveASpawnerKilledMeanwhile) {  // SIG-11
  storm([](SeededRandom& random) {
    const std::size_t before = runtime().process_count();
    for (int i = 0; i < 200; ++i) {
      const auto spawner = spawn_monitor([] {
        for (;;) spawn_link([] { (void)receive_any(); }, on_core(1));
      });
      for (auto turns = random.u64() % 4; turns > 0; --turns) yield();
      exit(spawner.pid, atoms::kill);
      ASSERT_EQ(down_reason(spawner.monitor), Term(atoms::killed));
    }
    expect_living(before);
  });
}

TEST_P(StressTest, CallersAndTimersSurviveServersThatDieAtRandom) {
  storm([](SeededRandom& random) {
    const std::size_t before = runtime().process_count();
    const Term body = Term::tuple({"a text that does not lie inline", Term::list({1, 2, 3})});
    std::vector<Ref> callers;
    for (unsigned i = 0; i < 60; ++i) {
      callers.push_back(spawn_monitor(
                            [seed = random.u64(), i, text = body.text()] {
                              SeededRandom own(seed);
                              const Term question = Term::tuple({"question"_atom, text});
                              for (int k = 0; k < 20; ++k) {
                                const auto server = spawn_monitor(
                                    [fate = own.u64() % 4] {
                                      for (;;) {
                                        const Term term = *receive_any();
                                        if (fate == 0) exit("fate"_atom);
                                        if (fate == 1) continue;
                                        const auto from = term.elements()[1].elements();
                                        reply(from[0].pid(), from[1].ref(), term.elements()[2]);
                                      }
                                    },
                                    on_core((i + static_cast<unsigned>(own.u64())) % kCores));
                                const Ref timer = send_after(1ms, self(), "timer"_atom);
                                const auto answer = request(server.pid, question, Timeout(1ms));
                                if (answer && !(*answer == question)) exit("mixed_up"_atom);
                                if (!cancel_timer(timer) && !receive_exactly("timer"_atom)) exit("lost_timer"_atom);
                                exit(server.pid, atoms::kill);
                                (void)down_reason(server.monitor);
                              }
                            },
                            on_core(i % kCores))
                            .monitor);
    }
    for (const Ref& caller : callers) ASSERT_EQ(down_reason(caller), Term(atoms::normal));
    expect_living(before);
  });
}

TEST_P(StressTest, ARuntimeStopsInTheMiddleOfAStorm) {
  for (int round = 0; round < 5; ++round) {
    RuntimeOptions options;
    options.cores = kCores;
    Runtime& stormy = start(options);
    for (unsigned core = 0; core < kCores; ++core) {
      stormy.post(
          [core] {
            SeededRandom own(seed() + core);
            for (;;) {
              const Pid child = spawn([way = static_cast<int>(own.u64() % 6), me = self()] { block(way, me); },
                                      on_core(static_cast<unsigned>(own.u64() % kCores)));
              (void)send_after(1ms, child, Term::tuple({"late", Term::list({1, 2})}));
              if (own.u64() % 4 == 0) exit(child, atoms::kill);
              if (own.u64() % 4 == 0) (void)try_spawn(detail::function_body([] {}), on_core((core + 1) % kCores));
              if (own.u64() % 16 == 0) (void)receive_any(1ms);
            }
          },
          core);
    }
    EXPECT_TRUE(stormy.run([] { pulpo::sleep(20ms); }));
    stormy.stop();
  }
}

}  // namespace
}  // namespace pulpo
