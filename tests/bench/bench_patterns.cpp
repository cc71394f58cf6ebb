// SPDX-License-Identifier: Apache-2.0
//
// Question: what do whole patterns of processes cost: many senders to one, a token round a ring, a tree of a million, two cores that
//           talk, and the memory of processes that wait in the middle of something?
// Reading:  FanIn is 1,000 processes that send one server their numbers. Ring is a token that passes 1,000 servers, round and round. Skynet
// is
//           ten children, each of which has ten, down to a million leaves whose numbers are added up on the way back; in seconds a
//           tree. CrossCore is two servers on two cores that send each other balls, 1 or 256 of them at a time. Waiting is what
//           processes that wait in receive, and callers that wait for a server's answer, leave resident.
// Floor:    FanIn, Ring: bench_process, RoundTrip (two messages). CrossCore: a cache line between two cores, 0.1 to 0.35 us there and back.
// Aim:      FanIn at least 15 M/s, Ring at least 20 M/s, Skynet of a million at most 0.5 s, CrossCore at least 0.7 M/s with one ball and
//           12 M/s with 256, Waiting at most 5 KiB.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pulpo/gen_server.hpp"
#include "pulpo/runtime.hpp"

namespace {

using namespace pulpo;  // NOLINT: a program, not a header

void in_process(unsigned cores, const std::function<void()>& measured) {
  Runtime runtime({.cores = cores, .processes_max = 1u << 21});
  if (auto started = runtime.start(); !started) {
    std::fprintf(stderr, "%s\n", started.error().text().c_str());
    std::exit(1);
  }
  PULPO_ASSERT(runtime.run(measured));
  runtime.stop();
}

// --- Many to one ----------------------------------------------------------------------------------------------------

struct Number {
  using Message = Info<"number">;
  std::int64_t value = 0;
};

class Adder {
 public:
  using Protocol = pulpo::Protocol<Number>;
  Adder(Pid umpire, std::int64_t wanted) : umpire_(umpire), wanted_(wanted) {}
  void handle_info(const Number& number) {
    sum_ += number.value;
    if (++count_ == wanted_) send(umpire_, Term(sum_));
  }

 private:
  Pid umpire_;
  std::int64_t wanted_, sum_ = 0, count_ = 0;
};

void FanIn(benchmark::State& state) {
  static constexpr std::int64_t kSenders = 1000;
  static constexpr std::int64_t kEach = 200;
  in_process(1, [&] {
    for (auto _ : state) {
      const Pid adder = *start<Adder>({}, self(), kSenders * kEach);
      for (std::int64_t i = 0; i < kSenders; ++i) {
        spawn([adder] {
          for (std::int64_t k = 1; k <= kEach; ++k) send(adder, Number{k});
        });
      }
      PULPO_ASSERT(receive_any()->integer() == kSenders * kEach * (kEach + 1) / 2);
      exit(adder, atoms::kill);
    }
    state.SetItemsProcessed(state.iterations() * kSenders * kEach);
  });
}

// --- A ring -------------------------------------------------------------------------------------------------------

struct Token {
  using Message = Info<"token">;
  std::int64_t hops = 0;
};
struct Join {
  using Message = Cast<"join">;
  Pid next;
};

class Stop {
 public:
  using Protocol = pulpo::Protocol<Token, Join>;
  explicit Stop(Pid umpire) : umpire_(umpire) {}
  void handle_cast(const Join& join) { next_ = join.next; }
  void handle_info(const Token& token) {
    if (token.hops == 0) {
      send(umpire_, "over"_atom);
    } else {
      send(next_, Token{token.hops - 1});
    }
  }

 private:
  Pid umpire_, next_{};
};

void Ring(benchmark::State& state) {
  constexpr std::size_t kStops = 1000;
  constexpr std::int64_t kHops = 100'000;
  in_process(1, [&] {
    std::vector<Pid> stops;
    for (std::size_t i = 0; i < kStops; ++i) stops.push_back(*start<Stop>({}, self()));
    for (std::size_t i = 0; i < kStops; ++i) cast(stops[i], Join{stops[(i + 1) % kStops]});
    for (auto _ : state) {
      send(stops[0], Token{kHops});
      PULPO_ASSERT(receive_any()->is_atom("over"_atom));
    }
    for (const Pid& stop : stops) exit(stop, atoms::kill);
    state.SetItemsProcessed(state.iterations() * kHops);
  });
}

// --- A tree -------------------------------------------------------------------------------------------------------

/// Has ten children, or is a leaf; sends its parent the sum of its leaves' numbers.
class Branch final : public Body {
 public:
  Branch(Pid parent, std::int64_t first, std::int64_t leaves) : parent_(parent), first_(first), leaves_(leaves) {}
  bool start() override {
    if (leaves_ == 1) {
      send(parent_, Term(first_));
      return false;
    }
    for (std::int64_t i = 0; i < 10; ++i) {
      PULPO_ASSERT(try_spawn(std::make_unique<Branch>(self(), first_ + i * (leaves_ / 10), leaves_ / 10), {}));
    }
    std::int64_t sum = 0;
    for (int i = 0; i < 10; ++i) sum += receive_any()->integer();
    send(parent_, Term(sum));
    return false;
  }

 private:
  Pid parent_;
  std::int64_t first_, leaves_;
};

void Skynet(benchmark::State& state) {
  const std::int64_t leaves = state.range(0);
  in_process(1, [&] {
    for (auto _ : state) {
      PULPO_ASSERT(try_spawn(std::make_unique<Branch>(self(), 0, leaves), {}));
      PULPO_ASSERT(receive_any()->integer() == leaves * (leaves - 1) / 2);
    }
    state.SetItemsProcessed(state.iterations() * leaves);
  });
}

// --- Two cores ------------------------------------------------------------------------------------------------------

struct Ball {
  using Message = Cast<"ball">;
  Pid from;
  std::int64_t left = 0;
};

class Player {
 public:
  using Protocol = pulpo::Protocol<Ball>;
  explicit Player(Pid umpire) : umpire_(umpire) {}
  void handle_cast(const Ball& ball) {
    if (ball.left == 0) {
      send(umpire_, "over"_atom);
    } else {
      cast(ball.from, Ball{.from = self(), .left = ball.left - 1});
    }
  }

 private:
  Pid umpire_;
};

void CrossCore(benchmark::State& state) {
  const std::int64_t balls = state.range(0);
  const std::int64_t rounds = 20'000 / balls + 1;
  in_process(2, [&] {
    const Pid left = *start<Player>({.core = 0}, self());
    const Pid right = *start<Player>({.core = 1}, self());
    for (auto _ : state) {
      for (std::int64_t i = 0; i < balls; ++i) cast(left, Ball{.from = right, .left = 2 * rounds});
      for (std::int64_t i = 0; i < balls; ++i) (void)receive_any();
    }
    exit(left, atoms::kill);
    exit(right, atoms::kill);
    state.SetItemsProcessed(state.iterations() * balls * rounds);
  });
}

// --- Memory of those that wait --------------------------------------------------------------------------------------

std::size_t resident_bytes() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  for (std::string word; rollup >> word;) {
    std::size_t kib = 0;
    if (word == "Rss:" && rollup >> kib) return kib * 1024;
  }
  return 0;
}

struct Ask {
  using Message = pulpo::Call<"ask", std::int64_t>;
};
/// Never answers.
struct Silent {
  using Protocol = pulpo::Protocol<Ask>;
  void handle_call(const Ask&, From<Ask> caller) { callers.push_back(std::move(caller)); }
  std::vector<From<Ask>> callers;
};

void Waiting(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const bool in_call = state.range(1) != 0;
  double bytes = 0;
  for (auto _ : state) {
    in_process(1, [&] {
      const Pid silent = *start<Silent>({});
      const auto wait = [silent, in_call] {
        if (in_call) {
          (void)try_call(silent, Ask{}, {.timeout = Timeout::infinity()});
        } else {
          (void)receive_any();
        }
      };
      for (int i = 0; i < 100; ++i) spawn(wait);  // what is made once for all is not theirs
      yield();
      const std::size_t before = resident_bytes();
      for (std::size_t i = 0; i < count; ++i) spawn(wait);
      yield();
      bytes = static_cast<double>(resident_bytes() - before) / static_cast<double>(count);
    });
  }
  state.counters["bytes/process"] = bytes;
  state.SetLabel(in_call ? "in a call" : "in receive");
}

}  // namespace

int main(int argc, char** argv) {
  // A million processes take a second and a GB: by hand only.
  bool full = false;
  for (int i = 1; i < argc; ++i) full = full || std::strcmp(argv[i], "--full") == 0;
  std::vector<char*> arguments;
  for (int i = 0; i < argc; ++i) {
    if (std::strcmp(argv[i], "--full") != 0) arguments.push_back(argv[i]);
  }
  int count = static_cast<int>(arguments.size());
  benchmark::RegisterBenchmark("FanIn", FanIn)->UseRealTime();
  benchmark::RegisterBenchmark("Ring", Ring)->UseRealTime();
  benchmark::RegisterBenchmark("Skynet", Skynet)->Arg(full ? 1'000'000 : 1000)->UseRealTime()->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("CrossCore", CrossCore)->Arg(1)->Arg(256)->UseRealTime();
  benchmark::RegisterBenchmark("Waiting", Waiting)->ArgsProduct({{full ? 100'000 : 1000}, {0, 1}})->Iterations(1)->UseRealTime();
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
