// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "proc/core.hpp"
#include "states.hpp"

namespace pulpo::testing {

// --- State ----------------------------------------------------------------------------------------------------------

World::State::State(const WorldOptions& options_)
    : options(options_),
      network({.seed = options.seed, .delay_min = options.delay_min, .delay_max = options.delay_max}),
      stepper(network, options.seed + 1),
      hosts(stepper, options.seed) {
  stepper.after_round = [this] { look_at_invariants(); };
  if (options.keep_trace) {
    network.trace([this](std::string_view line) {
      trace += line;
      trace += '\n';
    });
  }
}

void World::State::add(std::string_view who, std::string_view text) {
  if (!options.keep_trace) return;
  const auto now = (network.now() - io::SimWire::kStart).count();  // as the network's own lines
  fmt::format_to(std::back_inserter(trace), "{}.{:09} {} {}\n", now / 1'000'000'000, now % 1'000'000'000, who, text);
}

void World::State::logged(log::Level level, std::string_view text) {
  const Stepper::Seat* const running = stepper.running();
  for (const auto& node : nodes) {
    Node::State& its = *node->state_;
    if (running != nullptr ? its.seat.get() != running : node.get() != acting) continue;
    if (its.muted) return;
    its.log.push_back({network.now(), level, std::string(text)});
    add(its.name, fmt::format("[{}] {}", log::to_string(level), text));
    return;
  }
  for (const auto& host : hosts.all()) {
    if (host->is_mappers(running)) return add(host->name(), fmt::format("[{}] {}", log::to_string(level), text));
  }
  add("world", fmt::format("[{}] {}", log::to_string(level), text));
}

Failure World::State::failure(std::string text) const {
  const std::chrono::duration<double> now = network.now() - io::SimWire::kStart;
  return Failure(fmt::format("{} (at {:.6f} s of virtual time, seed {})", text, now.count(), options.seed));
}

void World::State::look_at_invariants() {
  if (broken) return;
  for (const Invariant& invariant : invariants) {
    if (invariant.holds()) continue;
    add("world", "broken: " + invariant.name);
    BrokenInvariant error(failure("this does not hold: " + invariant.name).what());
    if (!looks_away) throw error;
    broken = std::move(error);
    return;
  }
}

void World::State::look_away(const std::function<void()>& end) {
  looks_away = true;
  end();
  looks_away = false;
  if (const auto error = std::exchange(broken, std::nullopt)) throw *error;
}

// --- World ----------------------------------------------------------------------------------------------------------

World::World(const WorldOptions& options) : state_(std::make_unique<State>(options)) {}

World::~World() {
  const Hearing hearing(state_.get());
  for (const auto& node : state_->nodes) node->crash();
  state_->nodes.clear();
}

Node& World::start(NodeSpec spec) {
  const Hearing hearing(state_.get());
  const std::size_t at = spec.name.find('@');
  std::string host_name = at == std::string::npos ? spec.name : spec.name.substr(at + 1);
  auto its = std::make_unique<Node::State>(*state_, std::move(spec), std::move(host_name));
  state_->nodes.push_back(std::unique_ptr<Node>(new Node(std::move(its))));
  Node& node = *state_->nodes.back();
  node.restart();
  return node;
}

Node& World::node(std::string_view name) {
  for (const auto& node : state_->nodes) {
    if (node->state_->spec.name == name || node->name() == name) return *node;
  }
  throw state_->failure(fmt::format("no node {} in this world", name));
}

void World::partition(Nodes these, Nodes those) {
  for (Node& one : these) {
    for (Node& other : those) {
      cut(one, other);
      cut(other, one);
    }
  }
}

void World::cut(Node& from, Node& to) {
  state_->add("world", fmt::format("cut {} > {}", from.name(), to.name()));
  state_->network.cut(from.state_->host.number(), to.state_->host.number());
}

void World::heal(Node& one, Node& other) {
  state_->add("world", fmt::format("heal {} {}", one.name(), other.name()));
  state_->network.heal(one.state_->host.number(), other.state_->host.number());
  state_->network.heal(other.state_->host.number(), one.state_->host.number());
}

void World::heal() {
  state_->add("world", "heal");
  for (const auto& from : state_->hosts.all()) {
    for (const auto& to : state_->hosts.all()) {
      if (from != to) state_->network.heal(from->number(), to->number());
    }
  }
}

void World::drop_connections(Node& one, Node& other) {
  state_->add("world", fmt::format("drop connections of {} and {}", one.name(), other.name()));
  state_->network.reset_connections(one.state_->host.number(), other.state_->host.number());
}

TimePoint World::now() const noexcept { return state_->network.now(); }

void World::run_for(Duration time) {
  const Hearing hearing(state_.get());
  state_->stepper.run_until([] { return false; }, now() + time);
}

bool World::run_until(const std::function<bool()>& condition, Duration limit) {
  PULPO_ASSERT(Core::current() == nullptr && "a process waits with receive and sleep; run_until() is for the test outside");
  const Hearing hearing(state_.get());
  return state_->stepper.run_until(condition, now() + limit);
}

void World::check_always(std::string name, std::function<bool()> holds) {
  state_->invariants.push_back({std::move(name), std::move(holds)});
}

void World::note(std::string_view text) { state_->add("note", text); }
const std::string& World::trace() const noexcept { return state_->trace; }
std::uint64_t World::seed() const noexcept { return state_->options.seed; }

}  // namespace pulpo::testing
