// SPDX-License-Identifier: Apache-2.0
#include "local_measures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "base/usage.hpp"
#include "proc/core.hpp"
#include "proc/stack_pool.hpp"
#include "pulpo/gen_server.hpp"

namespace pulpo::cli {
namespace {

constexpr std::uint64_t kFirstSteps = 100;           // enough to tell how many fill a round
constexpr std::uint64_t kMostSteps = 1'000'000'000;  // so that a step that takes no time ends too
constexpr std::uint64_t kBatch = 1000;               // messages sent before the sender waits; well below a mailbox's limit
constexpr Duration kLongAfter = 1h;                  // a timer that is cancelled before

/// Runs so many steps.
using Steps = std::function<void(std::uint64_t count)>;

/// Rounds of about `settings.round` each, in nanoseconds a step; `clock` reads the time.
template <class Clock>
std::vector<double> measure(const LocalSettings& settings, const Clock& clock, const Steps& steps) {
  std::uint64_t count = kFirstSteps;
  const auto run = [&] {
    const TimePoint begun = clock();
    steps(count);
    return clock() - begun;
  };
  // The first rounds find cold caches and empty pools; they serve to find the count.
  Duration taken = run();
  while (taken < settings.round / 2 && count < kMostSteps) {
    const auto factor = static_cast<std::uint64_t>(settings.round / std::max<Duration>(taken, 1us));
    count *= std::clamp<std::uint64_t>(factor, 2, 10);
    taken = run();
  }
  std::vector<double> rounds;
  for (unsigned round = 0; round < settings.rounds; ++round)
    rounds.push_back(static_cast<double>(run().count()) / static_cast<double>(count));
  return rounds;
}

// --- The servers that are measured ----------------------------------------------------------------

struct Ball {  // {:ball, from, number}
  using Message = Info<"ball">;
  Pid from;
  std::uint64_t number = 0;
};
struct Back {  // {:back, number}
  using Message = Info<"back">;
  std::uint64_t number = 0;
};
/// Throws balls at `to`, one after the other has come back.
struct Throw {
  using Message = Call<"throw">;
  Pid to;
  std::uint64_t times = 0;
};

/// Gives balls back: as a type that the message has, or as the term that it is.
class TypedWall {
 public:
  using Protocol = pulpo::Protocol<Ball>;
  void handle_info(const Ball& ball) { send(ball.from, Back{ball.number}); }
};
class TermWall {
 public:
  using Protocol = pulpo::Protocol<>;
  void handle_info(const Term& ball) {
    if (ball.is_tuple(3)) send(ball.elements()[1].pid(), Term::tuple({"back"_atom, ball.elements()[2]}));
  }
};

class TypedThrower {
 public:
  using Protocol = pulpo::Protocol<Throw, Back>;
  void handle_call(const Throw& request, From<Throw> caller) {
    caller_ = std::move(caller);
    to_ = request.to;
    send(to_, Ball{self(), request.times});
  }
  void handle_info(const Back& back) {
    if (back.number > 1) return send(to_, Ball{self(), back.number - 1});
    caller_->reply();
  }

 private:
  std::optional<From<Throw>> caller_;
  Pid to_{};
};
class TermThrower {
 public:
  using Protocol = pulpo::Protocol<Throw>;
  void handle_call(const Throw& request, From<Throw> caller) {
    caller_ = std::move(caller);
    to_ = request.to;
    send(to_, Term::tuple({"ball"_atom, self(), to_term(request.times)}));
  }
  void handle_info(const Term& back) {
    if (!back.is_tuple(2)) return;
    const std::int64_t number = back.elements()[1].integer();
    if (number > 1) return send(to_, Term::tuple({"ball"_atom, self(), number - 1}));
    caller_->reply();
  }

 private:
  std::optional<From<Throw>> caller_;
  Pid to_{};
};

struct Ask {
  using Message = Call<"ask", std::uint64_t>;
};
struct Count {
  using Message = Info<"count">;
};
/// Eight bytes of state.
class Counting {
 public:
  using Protocol = pulpo::Protocol<Ask, Count>;
  std::uint64_t handle_call(const Ask&) { return counted_; }
  void handle_info(const Count&) { ++counted_; }

 private:
  std::uint64_t counted_ = 0;
};

// --- What is measured -----------------------------------------------------------------------------

constexpr CallOptions kPatient{.timeout = Timeout::infinity()};  // a round may be long

/// On the program's own stack and another: the switch alone.
std::vector<double> measure_switch(const LocalSettings& settings, io::Loop& clock) {
  struct Pair {
    Stack mine;
    Stack* other = nullptr;
  } pair;
  StackPool pool(
      settings.runtime.stack_bytes, 1,
      [](void* raw) {
        auto& both = *static_cast<Pair*>(raw);
        for (;;) switch_stack(*both.other, both.mine);
      },
      &pair);
  pair.other = pool.take();
  if (pair.other == nullptr) return {};
  auto rounds = measure(
      settings, [&] { return clock.refresh(); },
      [&](std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; i += 2) switch_stack(pair.mine, *pair.other);  // there and back: two
      });
  pool.give(*pair.other);
  return rounds;
}

/// Two processes that wait midway, so that each has a stack, and take turns. The other lives as long as `stop` is false.
void take_turns(std::uint64_t count) {
  bool stop = false;
  static_cast<void>(spawn_monitor([&stop] {
    while (!stop) yield();
  }));
  for (std::uint64_t i = 0; i < count; i += 2) yield();
  stop = true;
  static_cast<void>(receive_any());
}

void send_messages(const Pid& server, std::uint64_t count) {
  for (std::uint64_t sent = 0; sent < count;) {
    for (const std::uint64_t end = std::min(count, sent + kBatch); sent < end; ++sent) send(server, Count{});
    static_cast<void>(call(Address(server), Ask{}, kPatient));
  }
}

template <class Server>
Pid start_server(std::optional<unsigned> core = {}) {
  auto pid = start<Server>({.core = core});
  if (!pid) exit(Term(atoms::system_limit));
  return *pid;
}

/// Runs as a process on core 0.
void measure_paths(const LocalSettings& settings, std::vector<LocalMeasure>& measures) {
  const auto add = [&](std::string_view key, std::string_view name, const Steps& steps) {
    measures.push_back({key, name, "ns",
                        measure(
                            settings, [] { return precise_now(); }, steps)});
  };
  const auto calls = [](const Pid& server) {
    return [server](std::uint64_t count) {
      for (std::uint64_t i = 0; i < count; ++i) static_cast<void>(call(Address(server), Ask{}));
    };
  };
  add("yield", "from one waiting process to the next", take_turns);
  const Pid counting = start_server<Counting>();
  add("message", "message to a server, in batches", [&](std::uint64_t count) { send_messages(counting, count); });
  const Pid term_thrower = start_server<TermThrower>(), term_wall = start_server<TermWall>();
  add("round_trip", "round trip between two servers", [&](std::uint64_t count) {
    call(Address(term_thrower), Throw{term_wall, count}, kPatient);
  });
  const Pid typed_thrower = start_server<TypedThrower>(), typed_wall = start_server<TypedWall>();
  add("typed_round_trip", "the same with typed messages", [&](std::uint64_t count) {
    call(Address(typed_thrower), Throw{typed_wall, count}, kPatient);
  });
  add("call", "GenServer call with a timeout", calls(counting));
  add("spawn_exit", "spawn, run, exit, be told", [](std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      static_cast<void>(spawn_monitor([] {}));
      static_cast<void>(receive_any());
    }
  });
  add("timer", "timer armed and cancelled", [](std::uint64_t count) {
    const Address me = self();
    for (std::uint64_t i = 0; i < count; ++i) static_cast<void>(cancel_timer(send_after(kLongAfter, me, Count{})));
  });
  if (runtime().core_count() > 1) {
    add("cross_core_call", "GenServer call to another core", calls(start_server<Counting>(1)));
  }
}

/// Memory that was never touched before: so before everything else.
Outcome<LocalMeasure> measure_idle_servers(const LocalSettings& settings) {
  RuntimeOptions options = settings.runtime;
  options.cores = 1;
  options.processes_max = std::max<std::size_t>(options.processes_max, settings.processes + 1000);  // and those that measure
  // Before the runtime, whose own megabyte thus counts with them: its tables may come in huge pages that hold thousands of servers.
  const std::uint64_t before = resident_bytes();
  std::uint64_t after = 0, started = 0;
  Runtime runtime(options);
  PULPO_CHECK(runtime.start());
  runtime.run([&] {
    while (started < settings.processes && start<Counting>({})) ++started;
    after = resident_bytes();
  });
  runtime.stop();
  if (started < settings.processes) {
    return Fault{.code = Errc::busy,
                 .where = "",
                 .detail = fmt::format("only {} of {} processes could be started; give fewer --processes", started, settings.processes)};
  }
  const double bytes = after > before ? static_cast<double>(after - before) / static_cast<double>(started) : 0;
  return LocalMeasure{"idle_server_bytes", "resident, an idle server of 8 bytes", "bytes", {bytes}};
}

Outcome<LocalMeasure> measure_start(const LocalSettings& settings, io::Loop& clock) {
  LocalMeasure measure{"start", "start of the runtime, to its first process", "us", {}};
  for (unsigned round = 0; round < settings.rounds; ++round) {
    const TimePoint begun = clock.refresh();
    Runtime runtime(settings.runtime);
    PULPO_CHECK(runtime.start());
    runtime.run([] {});
    measure.rounds.push_back(std::chrono::duration<double, std::micro>(clock.refresh() - begun).count());
    runtime.stop();
  }
  return measure;
}

}  // namespace

double LocalMeasure::least() const { return rounds.empty() ? 0 : *std::min_element(rounds.begin(), rounds.end()); }
double LocalMeasure::most() const { return rounds.empty() ? 0 : *std::max_element(rounds.begin(), rounds.end()); }
double LocalMeasure::median() const {
  if (rounds.empty()) return 0;
  std::vector<double> sorted = rounds;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

Outcome<std::vector<LocalMeasure>> measure_locally(const LocalSettings& settings) {
  std::vector<LocalMeasure> measures;
  PULPO_TRY(auto idle, measure_idle_servers(settings));
  PULPO_TRY(const auto clock, io::make_loop(io::LoopKind::epoll));
  measures.push_back({"context_switch", "from one stack to another", "ns", measure_switch(settings, *clock)});
  Runtime runtime(settings.runtime);
  PULPO_CHECK(runtime.start());
  const bool finished = runtime.run([&] { measure_paths(settings, measures); });
  runtime.stop();
  if (!finished) return Fault{.code = Errc::busy, .where = "", .detail = "a process that measures could not be started"};
  PULPO_TRY(auto start, measure_start(settings, *clock));
  measures.push_back(std::move(start));
  measures.push_back(std::move(idle));
  return measures;
}

}  // namespace pulpo::cli
