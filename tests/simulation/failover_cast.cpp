// SPDX-License-Identifier: Apache-2.0
#include "failover_cast.hpp"

#include <algorithm>

#include "cluster/dist_ac.hpp"
#include "pulpo/supervisor.hpp"

namespace pulpo::failover {

std::vector<Instance*> Book::alive(const std::string& application) {
  std::vector<Instance*> all;
  for (Instance& each : instances) {
    if (!each.ended && each.application == application) all.push_back(&each);
  }
  return all;
}

Instance* Book::only(const std::string& application) {
  const auto all = alive(application);
  return all.size() == 1 ? all.front() : nullptr;
}

Server::Server(Book* book, const std::string& application)
    : me_(book->instances.emplace_back(Instance{.number = book->instances.size() + 1,
                                                .application = application,
                                                .node = runtime().node_name(),
                                                .pid = self(),
                                                .type = start_type(),
                                                .began = now()})) {}

Server::~Server() { me_.ended = now(); }

Via name_of(const std::string& application) { return global(Term(Atom(application))); }

Application application(Book& book, const std::string& name, bool phases) {
  Application made{
      .name = name, .start = [&book, name](const StartType&, const Env&) -> Result<Pid> {
        const Manner manner = book.manner(name, runtime().node_name());
        if (manner.delay > Duration::zero()) sleep(manner.delay);
        if (manner.fails) return Error{Errc::refused, "broken"_atom};
        return start_supervisor({.name = name + ".Supervisor", .children = {worker<Server>({.name = name_of(name)}, &book, name)}});
      }};
  if (phases) {
    made.start_phases = {{.name = "warm"}};
    made.start_phase = [&book, name](Atom, const StartType&, const Term&) {
      if (const Manner& manner = book.manner(name, runtime().node_name()); manner.in_phase) manner.in_phase();
      return Result<void>();
    };
  }
  return made;
}

std::optional<std::uint64_t> ask(testing::Node& node, const std::string& application) {
  return node.eval([&]() -> std::optional<std::uint64_t> {
    const auto answer = try_call(name_of(application), Who{}, {.timeout = 2s});
    return answer ? std::optional(*answer) : std::nullopt;
  });
}

std::optional<Atom> runner_known_to(testing::Node& node, const std::string& application) {
  return node.eval([&]() -> std::optional<Atom> {
    const Term rows = call(cluster::kDistAc, cluster::ListApplications{});
    for (std::size_t i = 0; i < rows.list_size(); ++i) {
      const Term row = rows.list_at(i);
      if (!row.map_find("name"_atom)->is_atom(Atom(application))) continue;
      const Atom where = row.map_find("node"_atom)->atom();
      return where == "nil"_atom ? std::nullopt : std::optional(where);
    }
    throw testing::Failure("dist_ac does not know " + application);
  });
}

Term take_over(const std::string& application) {
  return call(cluster::kDistAc, cluster::TakeApplication{Atom(application)}, {.timeout = Timeout::infinity()});
}
Term permit(const std::string& application, bool permitted) {
  return call(cluster::kDistAc, cluster::PermitApplication{Atom(application), permitted});
}
bool hand_over() { return call(cluster::kDistAc, cluster::HandOver{}, {.timeout = 15s}); }

}  // namespace pulpo::failover
