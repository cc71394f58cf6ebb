// SPDX-License-Identifier: Apache-2.0
//
// Question: what do processes cost on one core: a switch, a message, a call, a life, and the memory of those that only wait?
// Reading:  Switch is one process that makes way for another, both in the middle of a function: the way into the loop, out of it, and
//           the run queue. RoundTrip is two servers that send each other the same term, there and back; Typed is the same through a
//           GenServer's clauses, with the watchdog (1) and without (0). ServerCall is a GenServer call with OTP's timeout of 5 s, from a
//           process that blocks. Life is spawn, run, end. TimerArmCancel arms a timer and cancels one, with a million pending over the
//           next hour: the same one again, as a call's timeout does (0), or any of them (1), whose memory is cold. IdleServer
//           is what a million servers with eight bytes of state leave resident (/proc/self/smaps_rollup), and how long it takes to start
//           them: alone (0), linked as a supervisor starts them (1), or with a name each, whose atom counts (2).
// Floor:    RawSwitch: jump_fcontext between two stacks, with the exception state: nothing can be scheduled for less.
// Aim:      RoundTrip at least 10 M/s, Typed 20 M/s, ServerCall 6 M/s, Life 3 M/s, RawSwitch at most 10 ns, TimerArmCancel of the same at
//           most 50 ns, IdleServer at most 450 bytes, 600 with a name, and 1 s for a million.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "proc/context.hpp"
#include "proc/core.hpp"
#include "pulpo/gen_server.hpp"
#include "pulpo/runtime.hpp"

namespace {

using namespace pulpo;  // NOLINT: a program, not a header

/// Runs `measured` as a process of a fresh runtime of one core.
void in_process(const std::function<void()>& measured, const WatchdogOptions& watchdog = {}) {
  Runtime runtime({.cores = 1, .processes_max = 1u << 21, .watchdog = watchdog});
  if (auto started = runtime.start(); !started) {
    std::fprintf(stderr, "%s\n", started.error().text().c_str());
    std::exit(1);
  }
  PULPO_ASSERT(runtime.run(measured));
  runtime.stop();
}

// --- Switching --------------------------------------------------------------------------------------------------------

struct Partner {
  Stack thread;
  Stack* other = nullptr;
};

void jump_back(void* argument) {
  auto& partner = *static_cast<Partner*>(argument);
  for (;;) switch_stack(*partner.other, partner.thread);
}

void RawSwitch(benchmark::State& state) {
  Partner partner;
  StackPool pool(64 * 1024, 1, jump_back, &partner);
  partner.other = pool.take();
  for (auto _ : state) switch_stack(partner.thread, *partner.other);
  state.SetItemsProcessed(state.iterations() * 2);  // there and back
  pool.give(*partner.other);
}

void Switch(benchmark::State& state) {
  in_process([&] {
    bool over = false;
    for (int i = 1; i < state.range(0); ++i) {
      spawn([&over] {
        while (!over) yield();
      });
    }
    for (auto _ : state) yield();
    over = true;
    state.SetItemsProcessed(state.iterations() * state.range(0));
  });
}

// --- Messages ---------------------------------------------------------------------------------------------------------------

/// Sends each message on to its peer, until it has sent enough.
class Player final : public Body {
 public:
  Player(Pid peer, Pid umpire, std::int64_t rounds) : peer_(peer), umpire_(umpire), left_(rounds) {}
  bool start() override {
    if (peer_) send(peer_, self());
    return true;
  }
  void handle(const Message& message) override {
    if (!peer_) {
      peer_ = message.body.pid();
      return send(peer_, ball());
    }
    if (left_-- == 0) return send(umpire_, "over"_atom);
    send(peer_, message.body);
  }

 private:
  static Term ball() { return Term::tuple({"ball"_atom, 1}); }
  Pid peer_, umpire_;
  std::int64_t left_;
};

void RoundTrip(benchmark::State& state) {
  constexpr std::int64_t kBatch = 10'000;
  in_process([&] {
    for (auto _ : state) {
      const Pid left = try_spawn(std::make_unique<Player>(Pid{}, self(), kBatch), {})->pid;
      const Pid right = try_spawn(std::make_unique<Player>(left, self(), kBatch), {})->pid;
      (void)receive_any();
      exit(left, atoms::kill);
      exit(right, atoms::kill);
    }
    state.SetItemsProcessed(state.iterations() * kBatch);
  });
}

struct Ball {
  using Message = Cast<"ball">;
  Pid from;
  std::int64_t left = 0;
};

struct TypedPlayer {
  using Protocol = pulpo::Protocol<Ball>;
  explicit TypedPlayer(Pid umpire) : umpire(umpire) {}
  void handle_cast(const Ball& ball) {
    if (ball.left == 0) {
      send(umpire, "over"_atom);
    } else {
      cast(ball.from, Ball{.from = self(), .left = ball.left - 1});
    }
  }
  Pid umpire;
};

void TypedRoundTrip(benchmark::State& state) {
  constexpr std::int64_t kBatch = 10'000;
  const auto body = [&] {
    const Pid left = *start<TypedPlayer>({}, self());
    const Pid right = *start<TypedPlayer>({}, self());
    for (auto _ : state) {
      cast(left, Ball{.from = right, .left = 2 * kBatch});
      (void)receive_any();
    }
    state.SetItemsProcessed(state.iterations() * kBatch);
    exit(left, atoms::kill);
    exit(right, atoms::kill);
  };
  in_process(body, {.limit = state.range(0) != 0 ? WatchdogOptions{}.limit : Duration::zero()});
  state.SetLabel(state.range(0) != 0 ? "watched" : "nobody watches");
}

// --- Calls ------------------------------------------------------------------------------------------------------------------------

struct Get {
  using Message = pulpo::Call<"get", std::int64_t>;
};
struct Counter {
  using Protocol = pulpo::Protocol<Get>;
  std::int64_t handle_call(const Get&) { return ++count; }
  std::int64_t count = 0;
};

void ServerCall(benchmark::State& state) {
  in_process([&] {
    const Pid server = *start<Counter>({});
    for (auto _ : state) benchmark::DoNotOptimize(call(server, Get{}));
    state.SetItemsProcessed(state.iterations());
    exit(server, atoms::kill);
  });
}

void Life(benchmark::State& state) {
  in_process([&] {
    for (auto _ : state) {
      spawn([] {});
      yield();
    }
    state.SetItemsProcessed(state.iterations());
  });
}

// --- Timers ---------------------------------------------------------------------------------------------------------------------

void TimerArmCancel(benchmark::State& state) {
  const auto pending = static_cast<std::size_t>(state.range(0));
  const bool anywhere = state.range(1) != 0;
  in_process([&] {
    SeededRandom random(1);
    const auto some_time = [&] { return std::chrono::milliseconds(1 + random.u32() % 3'600'000); };
    const Address me = self();
    std::vector<Ref> timers(pending);
    for (Ref& timer : timers) timer = send_after(some_time(), me, "late"_atom);
    std::vector<std::pair<Duration, std::uint32_t>> draws(1u << 16);  // drawn before, so that drawing is not measured
    for (auto& draw : draws) draw = {some_time(), random.u32() % static_cast<std::uint32_t>(pending)};
    std::size_t at = 0;
    std::size_t cancelled = 0;
    std::size_t asked = 0;
    for (auto _ : state) {
      const auto& [delay, which] = draws[at++ % draws.size()];
      ++asked;
      if (anywhere) {
        cancelled += cancel_timer(timers[which]) ? 1 : 0;
        timers[which] = send_after(delay, me, "late"_atom);
      } else {
        cancelled += cancel_timer(send_after(5s, me, "late"_atom)) ? 1 : 0;
      }
    }
    PULPO_ASSERT(cancelled == asked);
    state.SetItemsProcessed(state.iterations());
  });
  state.SetLabel(anywhere ? "any of them" : "the same");
}

// --- Memory --------------------------------------------------------------------------------------------------------------------------

std::size_t resident_bytes() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  for (std::string word; rollup >> word;) {
    std::size_t kib = 0;
    if (word == "Rss:" && rollup >> kib) return kib * 1024;
  }
  return 0;
}

enum class Kind : std::uint8_t { alone, linked, registered };

void IdleServer(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const auto kind = static_cast<Kind>(state.range(1));
  double bytes = 0;
  for (auto _ : state) {
    in_process([&] {
      trap_exit(true);
      std::vector<Pid> servers(count);
      // One first: what is made once for all is not theirs. And the list of pids is the benchmark's own.
      servers[0] = *start<Counter>({});
      malloc_trim(0);  // nor is what an earlier question has left
      const std::size_t before = resident_bytes();
      const auto begun = std::chrono::steady_clock::now();
      for (std::size_t i = 1; i < count; ++i) {
        switch (kind) {
          case Kind::alone:
            servers[i] = *start<Counter>({});
            break;
          case Kind::linked:
            servers[i] = *start_link<Counter>({});
            break;
          case Kind::registered:
            servers[i] = *start<Counter>({.name = Atom("server_" + std::to_string(i))});
            break;
        }
      }
      state.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
      bytes = static_cast<double>(resident_bytes() - before) / static_cast<double>(count);
      PULPO_ASSERT(call(servers.back(), Get{}) == 1);
    });
  }
  state.counters["bytes/server"] = bytes;
  state.SetItemsProcessed(static_cast<std::int64_t>(count) * state.iterations());
  state.SetLabel(kind == Kind::alone ? "alone" : kind == Kind::linked ? "linked" : "registered");
}

}  // namespace

int main(int argc, char** argv) {
  // A million takes seconds and half a GB: by hand only.
  bool full = false;
  for (int i = 1; i < argc; ++i) full = full || std::strcmp(argv[i], "--full") == 0;
  std::vector<char*> arguments;
  for (int i = 0; i < argc; ++i) {
    if (std::strcmp(argv[i], "--full") != 0) arguments.push_back(argv[i]);
  }
  int count = static_cast<int>(arguments.size());
  benchmark::RegisterBenchmark("RawSwitch", RawSwitch);
  benchmark::RegisterBenchmark("Switch", Switch)->Arg(2)->Arg(1000)->UseRealTime();
  benchmark::RegisterBenchmark("RoundTrip", RoundTrip)->UseRealTime();
  benchmark::RegisterBenchmark("TypedRoundTrip", TypedRoundTrip)->Arg(1)->Arg(0)->UseRealTime();
  benchmark::RegisterBenchmark("ServerCall", ServerCall)->UseRealTime();
  benchmark::RegisterBenchmark("Life", Life)->UseRealTime();
  benchmark::RegisterBenchmark("TimerArmCancel", TimerArmCancel)->ArgsProduct({{full ? 1'000'000 : 10'000}, {0, 1}})->UseRealTime();
  benchmark::RegisterBenchmark("IdleServer", IdleServer)
      ->ArgsProduct({full ? std::vector<std::int64_t>{100'000, 1'000'000} : std::vector<std::int64_t>{10'000}, {0, 1, 2}})
      ->Iterations(1)
      ->UseManualTime();
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
