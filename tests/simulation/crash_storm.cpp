// SPDX-License-Identifier: Apache-2.0
#include "simulation/crash_storm.hpp"

#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "base/random.hpp"
#include "proc/core.hpp"
#include "pulpo/dynamic_supervisor.hpp"
#include "pulpo/process_info.hpp"

namespace pulpo::storm {
namespace {

struct Who {
  using Message = Call<"who", std::int64_t>;
};
struct Crash {
  using Message = Cast<"crash">;
  std::int64_t how = 0;
};

class Server {
 public:
  using Protocol = pulpo::Protocol<Who, Crash>;
  explicit Server(std::int64_t number) : number_(number) {}
  std::int64_t handle_call(const Who&) { return number_; }
  void handle_cast(const Crash& crash) {
    if (crash.how == 0) throw std::runtime_error("hit by the storm");
    exit(crash.how == 1 ? Term("boom"_atom) : Term(atoms::normal));
  }

 private:
  std::int64_t number_;
};

/// What all processes of a storm see; their cores may be two.
struct Shared {
  explicit Shared(const Options& options_) : options(options_) {}
  Options options;
  std::vector<Atom> names;     ///< Of the servers, by number; those of the pool last.
  std::size_t pool_first = 0;  ///< The first of the pool's.
  std::vector<Atom> tops;      ///< Of the supervisors below the top.
  TimePoint end{};
  std::atomic<std::uint64_t> answers{0}, no_process{0}, exits{0}, timeouts{0}, kills{0}, supervisor_kills{0};
  std::mutex mutex;
  std::string broken;

  void broke(const std::string& what) {
    const std::lock_guard lock(mutex);
    if (broken.size() < 2000) broken += what + "\n";
  }
};

struct Usage {
  std::size_t processes = 0, stacks = 0, messages = 0, stacks_made = 0;
  friend bool operator==(const Usage& left, const Usage& right) {
    return left.processes == right.processes && left.stacks == right.stacks && left.messages == right.messages;
  }
  [[nodiscard]] std::string text() const {
    return std::to_string(processes) + " processes, " + std::to_string(stacks) + " stacks, " + std::to_string(messages) + " messages";
  }
};

Usage usage() {
  Usage sum;
  for (unsigned core = 0; core < runtime().core_count(); ++core) {
    const auto answer = Core::here().ask(core, [](Core& its) {
      const auto stacks = its.stack_usage();
      return Term::tuple({std::int64_t(stacks[0].in_use), std::int64_t(stacks[0].made), std::int64_t(its.messages_in_use())});
    });
    if (!answer) return sum;
    sum.stacks += static_cast<std::size_t>(answer->elements()[0].integer());
    sum.stacks_made += static_cast<std::size_t>(answer->elements()[1].integer());
    sum.messages += static_cast<std::size_t>(answer->elements()[2].integer());
  }
  sum.processes = runtime().process_count();
  return sum;
}

bool eventually(Duration patience, const std::function<bool()>& condition) {
  const TimePoint deadline = precise_now() + patience;
  while (!condition()) {
    if (precise_now() >= deadline) return false;
    sleep(1ms);
  }
  return true;
}

/// A number below `bound`.
std::size_t draw(SeededRandom& random, std::size_t bound) { return static_cast<std::size_t>(random.u64() % bound); }

ChildSpec server(const Shared& shared, std::size_t number) {
  return worker<Server>({.name = shared.names[number]}, static_cast<std::int64_t>(number));
}

/// Whether a caller may see this.
bool is_otps(const Error& error) {
  if (error.code == Errc::noproc || error.code == Errc::timeout) return true;
  if (error.code != Errc::exited) return false;
  const Term& reason = error.reason;
  if (reason.is_tuple(3)) return reason.elements()[0].is_atom("exception"_atom);
  for (const Atom each : {atoms::killed, atoms::shutdown, atoms::normal, "boom"_atom}) {
    if (reason.is_atom(each)) return true;
  }
  return false;
}

void call_one(Shared& shared, std::size_t number) {
  const auto answer = try_call(Address(shared.names[number]), Who{}, {.timeout = 2s});
  if (answer) {
    ++shared.answers;
    if (*answer != static_cast<std::int64_t>(number))
      shared.broke("a call to server " + std::to_string(number) + " got " + std::to_string(*answer));
    return;
  }
  const Error& error = answer.error();
  (error.code == Errc::noproc ? shared.no_process : error.code == Errc::timeout ? shared.timeouts : shared.exits)++;
  if (!is_otps(error)) shared.broke("a caller saw " + error.text());
}

void be_caller(Shared& shared, std::uint64_t seed) {
  SeededRandom random(seed);
  while (now() < shared.end) {
    call_one(shared, draw(random, shared.names.size()));
    if (shared.options.call_pause > Duration::zero()) {
      sleep(shared.options.call_pause * draw(random, 200) / 100);
    } else {
      yield();
    }
  }
}

void hit(Shared& shared, SeededRandom& random) {
  const Atom name = shared.names[draw(random, shared.names.size())];
  ++shared.kills;
  if (draw(random, 10) < 7) {
    if (const auto pid = whereis(name)) exit(*pid, atoms::kill);
  } else {
    cast(Address(name), Crash{static_cast<std::int64_t>(draw(random, 3))});
  }
}

void be_killer(Shared& shared, std::uint64_t seed) {
  SeededRandom random(seed);
  const std::size_t per_tick = std::max<std::size_t>(1, shared.options.kills_a_second / 100);
  while (now() < shared.end) {
    const bool avalanche = draw(random, 200) == 0;
    const std::size_t hits = avalanche ? shared.names.size() / 10 : draw(random, 2 * per_tick + 1);
    for (std::size_t i = 0; i < hits; ++i) hit(shared, random);
    if (draw(random, 100) == 0) {
      if (const auto pid = whereis(shared.tops[draw(random, shared.tops.size())])) {
        ++shared.supervisor_kills;
        exit(*pid, atoms::kill);
      }
    }
    sleep(10ms);
  }
}

/// Starts who is missing in the pool. Errors are those of a storm: the name is taken again, the pool is down.
void fill_pool(Shared& shared) {
  for (std::size_t number = shared.pool_first; number < shared.names.size(); ++number) {
    if (!whereis(shared.names[number])) (void)start_child("Elixir.Pool"_atom, server(shared, number));
  }
}

void be_feeder(Shared& shared) {
  while (now() < shared.end) {
    fill_pool(shared);
    sleep(100ms);
  }
}

void add_name(Shared& shared) { shared.names.push_back(Atom("Elixir.S" + std::to_string(shared.names.size()))); }

SupervisorOptions tree(Shared& shared, SeededRandom& random) {
  // A supervisor that is killed leaves names that are free only when its children have ended; until then its successor does not start.
  SupervisorOptions top{
      .name = "Storm", .intensity = 100'000'000, .period = 5s, .retry_delay = draw(random, 2) == 0 ? Duration(1ms) : Duration(0)};
  const auto add = [&](const std::string& name, SupervisorOptions options, std::size_t servers) {
    options.name = name;
    shared.tops.push_back(Atom("Elixir." + name));
    for (std::size_t i = 0; i < servers; ++i) {
      add_name(shared);
      options.children.push_back(server(shared, shared.names.size() - 1));
    }
    top.children.push_back(supervisor(std::move(options)));
  };
  const std::size_t half = shared.options.servers / 2;
  const std::size_t group = std::min<std::size_t>(500, std::max<std::size_t>(half / 4, 1));
  for (std::size_t i = 0; i * group < half; ++i) {
    // Some have what this storm needs, some less: those give up now and then.
    const unsigned intensity = i % 2 == 0 ? 1'000'000 : static_cast<unsigned>(3 + draw(random, group));
    add("Group" + std::to_string(i), {.intensity = intensity}, group);
  }
  for (std::size_t i = 0; i < 8; ++i) {
    add("Tight" + std::to_string(i), {.strategy = i % 2 == 0 ? one_for_all : rest_for_one, .intensity = i < 4 ? 1'000'000u : 3u}, 8);
  }
  shared.pool_first = shared.names.size();
  for (std::size_t i = 0; i < half; ++i) add_name(shared);
  shared.tops.push_back("Elixir.Pool"_atom);
  top.children.push_back(dynamic_supervisor({.name = "Pool", .intensity = 1'000'000}));
  return top;
}

/// Whether every server answers with its number.
bool all_answer(Shared& shared) {
  for (std::size_t number = 0; number < shared.names.size(); ++number) {
    const auto answer = try_call(Address(shared.names[number]), Who{});
    if (!answer || *answer != static_cast<std::int64_t>(number)) return false;
  }
  return true;
}

}  // namespace

Tally& Tally::operator+=(const Tally& other) {
  answers += other.answers;
  no_process += other.no_process;
  exits += other.exits;
  timeouts += other.timeouts;
  kills += other.kills;
  supervisor_kills += other.supervisor_kills;
  stacks_made = std::max(stacks_made, other.stacks_made);
  broken += other.broken;
  return *this;
}

std::string Tally::text() const {
  return fmt::format("{} kills, {} of supervisors; calls: {} answered, {} no process, {} exits, {} timeouts; {} stacks at most", kills,
                     supervisor_kills, answers, no_process, exits, timeouts, stacks_made);
}

Tally live(const Options& options) {
  auto holder = std::make_shared<Shared>(options);
  Shared& shared = *holder;
  SeededRandom random(options.seed);
  trap_exit(true);
  (void)usage();  // the first question makes what stays
  sleep(10ms);    // and the answers' blocks go home once both cores are idle
  const Usage before = usage();
  const auto top = start_supervisor(tree(shared, random));
  if (!top) return {.broken = "the tree does not start: " + top.error().text()};
  fill_pool(shared);
  if (!all_answer(shared)) shared.broke("not all answer before the storm");

  shared.end = now() + options.length;
  std::vector<Ref> people;
  const unsigned cores = runtime().core_count();
  const auto person = [&](auto life) {
    people.push_back(spawn_monitor(std::move(life), {.core = static_cast<unsigned>(people.size()) % cores}).monitor);
  };
  for (unsigned i = 0; i < options.callers; ++i) person([holder, seed = random.u64()] { be_caller(*holder, seed); });
  person([holder, seed = random.u64()] { be_killer(*holder, seed); });
  person([holder] { be_feeder(*holder); });
  for (const Ref& each : people) {
    const auto down = receive_if(
        [&](const Term& term) { return term.is_tuple(5) && term.elements()[0].is_atom(atoms::DOWN) && term.elements()[1] == Term(each); });
    if (down && !down->elements()[4].is_atom(atoms::normal)) shared.broke("somebody ended with " + down->elements()[4].text());
  }

  if (!is_alive(*top)) shared.broke("the topmost supervisor has ended");
  const bool calm = eventually(30s, [&] {
    fill_pool(shared);
    return all_answer(shared);
  });
  if (!calm) shared.broke("not all answer after the storm");
  if (const auto stopped = stop(*top); !stopped) shared.broke("the tree does not stop: " + stopped.error().text());
  (void)receive_if([&](const Term& term) { return term.is_tuple(3) && term.elements()[1] == Term(*top); }, 5s);
  Usage after;
  const bool clean = eventually(10s, [&] { return (after = usage()) == before; });
  if (!clean)
    shared.broke("leaked: there were " + before.text() + ", there are " + after.text() +
                 ", of which wait here: " + std::to_string(process_info(self())->message_queue_len));
  return {.answers = shared.answers,
          .no_process = shared.no_process,
          .exits = shared.exits,
          .timeouts = shared.timeouts,
          .kills = shared.kills,
          .supervisor_kills = shared.supervisor_kills,
          .stacks_made = after.stacks_made,
          .broken = shared.broken};
}

}  // namespace pulpo::storm
