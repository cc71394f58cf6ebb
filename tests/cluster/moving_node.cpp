// SPDX-License-Identifier: Apache-2.0
//
// A node with three applications, for tests and figures of failover. `moving` is distributed: a server with a global name that counts
// calls. `asking` calls that name every millisecond. `watching` dials those nodes again that its own has lost. All write what happens, with
// the time of day in ns, into MOVING_FILE, by one write a line, so that a test can hold the one against the other, and against the time of
// a kill.
//
//   started NS NODE TYPE              by the start of moving; MOVING_DELAY milliseconds before its server starts
//   stopped NS NODE                   by its stop, whatever it was that ended it
//   up NS NODE OTHER                  down NS NODE OTHER                    by watching
//   executed NS CALL                  by the server
//   asked NS CALL                     answered NS CALL NODE                 failed NS CALL REASON            by the client
//
// While the file MOVING_REFUSES exists, moving does not start on this node.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <string>

#include "pulpo/pulpo.hpp"

namespace moving {

using namespace pulpo;

struct Settings {
  int file = -1;
  std::string life;  ///< Unique to this life of this node.
  Duration delay{};
  std::string refuses;
};
Settings& settings() {
  static Settings all;
  return all;
}

/// The clock that other programs on this machine have too.
std::int64_t time_of_day() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

void write_down(std::string_view what, std::string_view rest) {
  std::string line = fmt::format("{} {} {}", what, time_of_day(), rest);
  std::replace(line.begin(), line.end(), '\n', ' ');
  line += '\n';
  if (::write(settings().file, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
}

struct Bump {
  using Message = Call<"bump", Atom>;
  std::string call;
};

class Counter {
 public:
  using Protocol = pulpo::Protocol<Bump>;
  Atom handle_call(const Bump& bump) {
    write_down("executed", bump.call);
    return runtime().node_name();
  }
};

Via server() { return global("Moving.Counter"); }

Result<Pid> start(const StartType& type, const Env&) {
  write_down("started", fmt::format("{} {}", runtime().node_name().text(), to_term(type).text()));
  if (settings().delay > Duration::zero()) sleep(settings().delay);
  if (!settings().refuses.empty() && ::access(settings().refuses.c_str(), F_OK) == 0) exit("refused"_atom);
  return start_supervisor({.name = "Moving.Supervisor", .children = {worker<Counter>({.name = server()})}});
}

[[noreturn]] void dial_again() {
  monitor_nodes(true);
  for (;;) {
    const auto message = receive_any();
    if (!message) exit(atoms::normal);
    if (const auto up = match<NodeUp>(*message)) write_down("up", fmt::format("{} {}", runtime().node_name().text(), up->node.text()));
    const auto down = match<NodeDown>(*message);
    if (!down) continue;
    write_down("down", fmt::format("{} {}", runtime().node_name().text(), down->node.text()));
    spawn([node = down->node] {
      while (!connect_node(node)) sleep(100ms);
    });
  }
}

[[noreturn]] void be_a_client() {
  for (std::int64_t i = 0;; ++i) {
    const std::string call = fmt::format("{}.{}", settings().life, i);
    write_down("asked", call);
    const auto node = try_call(server(), Bump{.call = call}, {.timeout = 5s});
    if (node) {
      write_down("answered", fmt::format("{} {}", call, node->text()));
    } else {
      write_down("failed", fmt::format("{} {}", call, node.error().reason.text()));
    }
    sleep(1ms);
  }
}

std::vector<Application> applications() {
  const auto supervised = [](std::string name, void (*run)()) {
    return [name = std::move(name), run](const StartType&, const Env&) -> Result<Pid> {
      return start_supervisor(
          {.name = name + ".Supervisor",
           .children = {child({.name = name}, [run](std::optional<unsigned>) -> Result<Pid> { return spawn_link(run); })}});
    };
  };
  return {
      {.name = "moving", .start = start, .applications = {"logger"}, .stop = [] { write_down("stopped", runtime().node_name().text()); }},
      {.name = "asking", .start = supervised("Asking", be_a_client)},
      {.name = "watching", .start = supervised("Watching", dial_again)}};
}

}  // namespace moving

int main(int argc, char** argv) {
  const auto variable = [](const char* name) {
    const char* const value = std::getenv(name);
    return std::string(value != nullptr ? value : "");
  };
  auto& all = moving::settings();
  all.life = variable("MOVING_LIFE");
  all.refuses = variable("MOVING_REFUSES");
  if (const std::string delay = variable("MOVING_DELAY"); !delay.empty()) all.delay = std::chrono::milliseconds(std::stoi(delay));
  all.file = ::open(variable("MOVING_FILE").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  return pulpo::run(argc, argv, moving::applications());
}
