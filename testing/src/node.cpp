// SPDX-License-Identifier: Apache-2.0
#include "pulpo/testing/node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

#include "pulpo/net/cluster.hpp"
#include "pulpo/net/node_functions.hpp"
#include "pulpo/system.hpp"
#include "states.hpp"

namespace pulpo::testing {

// --- State ----------------------------------------------------------------------------------------------------------

Node::State::State(World::State& world_, NodeSpec spec_, std::string host_name)
    : world(world_),
      spec(std::move(spec_)),
      name(spec.name.find('@') == std::string::npos ? spec.name + "@" + host_name : spec.name),
      host(world.hosts.host(host_name)),
      // Mappers have their hosts' numbers.
      number(1'000'000 + world.nodes.size()) {}

void Node::State::start(Node& self) {
  random = std::make_unique<SeededRandom>(world.hosts.seed_for(number, ++lives));
  seat = std::make_unique<Stepper::Seat>(world.stepper, host.number());
  begun = false;
  NodeOptions options;
  options.kind = NameKind::short_name;
  options.name = name;
  options.cookie = spec.cookie;
  options.start_mapper = false;
  options.resolver = &host;
  options.runtime.cores = spec.cores;
  options.runtime.random = random.get();
  options.runtime.driver = seat.get();
  options.runtime.stops_at_signals = true;  // as of the program that a board runs
  for (const auto& others : {configured_nodes(spec.kernel), spec.kernel.sync_nodes_mandatory, spec.kernel.sync_nodes_optional}) {
    for (const Atom other : others) {
      const std::string text(other.text());
      if (text != name && std::find(options.join.begin(), options.join.end(), text) == options.join.end()) options.join.push_back(text);
    }
  }
  if (spec.configure) spec.configure(options);
  const Node* const before = std::exchange(world.acting, &self);
  node = std::make_unique<pulpo::Node>(std::move(options));
  auto started = node->start();
  world.acting = before;
  if (started) {
    if (spec.system) export_node_functions(node->runtime());
    return;
  }
  world.look_away([this] {
    node.reset();
    seat.reset();
  });
  throw world.failure(fmt::format("{} does not start: {}", name, started.error().text()));
}

void Node::State::begin() {
  auto there = await_nodes(spec.kernel);
  if (!there) {
    // As the program does.
    log::error("{}", there.error().text());
    static_cast<void>(system_stop(1));
    return;
  }
  const bool is_background = !spec.kernel.distributed.empty();
  for (const Application& application : spec.applications) {
    const auto started = ensure_all_started(Atom(application.name), {.type = spec.restart});
    if (is_background && !started) return log::error("application {} did not start: {}", application.name, started.error().text());
    (void)started.value();
  }
  begun = true;
}

void Node::State::tear_down() {
  muted = true;
  seat->kill();
  node.reset();
  seat.reset();
  muted = false;
}

// --- Node -----------------------------------------------------------------------------------------------------------

Node::Node(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Node::~Node() = default;

const std::string& Node::name() const noexcept { return state_->name; }
Atom Node::atom() const noexcept { return Atom(state_->name); }
bool Node::is_up() const noexcept { return state_->node != nullptr; }
unsigned Node::lives() const noexcept { return state_->lives; }
bool Node::has_begun() const noexcept { return is_up() && state_->begun; }
const std::vector<LogLine>& Node::log() const noexcept { return state_->log; }
const std::string& Node::printed() const noexcept { return state_->printed; }

std::size_t Node::logged(std::string_view text) const {
  return static_cast<std::size_t>(std::count_if(state_->log.begin(), state_->log.end(),
                                                [&](const LogLine& line) { return line.text.find(text) != std::string::npos; }));
}

Runtime& Node::runtime() const {
  if (!is_up()) throw state_->world.failure(fmt::format("{} is down; restart() it first", state_->name));
  return state_->node->runtime();
}

void Node::run(std::function<void()> function) {
  const Hearing hearing(&state_->world);
  std::exception_ptr error;
  std::string reason = "it was killed, or waits for what never comes";
  bool returned = false;
  const auto alive = std::make_shared<int>();  // the process holds another one as long as it lives
  try {
    returned = runtime().run([&, alive] {
      try {
        function();
      } catch (const Exiting& exiting) {
        reason = exiting.reason.text();
        throw;
      } catch (const std::exception&) {
        error = std::current_exception();
      }
    });
  } catch (...) {
    // Something refused to go on, and the process refers to what the caller is about to unwind.
    if (is_up() && alive.use_count() > 1) crash();
    throw;
  }
  if (error) std::rethrow_exception(error);
  if (returned) return;
  if (alive.use_count() > 1) crash();
  throw state_->world.failure(fmt::format("a process of {} did not return: {}", state_->name, reason));
}

void Node::post(std::function<void()> function, unsigned core) { runtime().post(std::move(function), core); }

void Node::crash() {
  if (!is_up()) return;
  const Hearing hearing(&state_->world);
  state_->world.add(state_->name, "crashes");
  state_->tear_down();
}

void Node::power_loss() {
  const Hearing hearing(&state_->world);
  state_->world.add(state_->host.name(), "loses power");
  state_->world.network.power_loss(state_->host.number());
  for (const auto& other : state_->world.nodes) {
    if (&other->state_->host == &state_->host && other->is_up()) other->state_->tear_down();
  }
  state_->host.power_off();
}

void Node::stop() {
  if (!is_up()) return;
  const Hearing hearing(&state_->world);
  state_->world.add(state_->name, "stops");
  if (state_->spec.system) run([] { static_cast<void>(stop_system()); });
  state_->world.look_away([this] {
    state_->node.reset();
    state_->seat.reset();
  });
}

void Node::restart() {
  if (is_up()) throw state_->world.failure(fmt::format("{} is up; crash() or stop() it first", state_->name));
  const Hearing hearing(&state_->world);
  state_->world.add(state_->name, "starts");
  if (!state_->host.has_power()) {
    state_->world.network.restore(state_->host.number());
    state_->host.power_on();
  }
  state_->start(*this);
  if (!state_->spec.system) return;
  run([this] {
    const auto print = [state = state_.get()](std::string_view text) {
      if (!state->muted) state->printed += text;
    };
    (void)start_system({.applications = state_->spec.applications, .output = print}).value();
    std::vector<Atom> names;
    for (const Application& application : state_->spec.applications) names.emplace_back(application.name);
    (void)start_cluster({.kernel = state_->spec.kernel, .applications = names}).value();
    if (state_->spec.kernel.distributed.empty()) state_->begin();
  });
  if (!state_->spec.kernel.distributed.empty()) post([state = state_.get()] { state->begin(); });
}

void Node::write_file(const std::string& path, std::string_view bytes) {
  state_->world.network.write_file(state_->host.number(), path, bytes);
}

std::optional<std::string> Node::read_file(const std::string& path) const {
  const io::SimNetwork& network = state_->world.network;
  const io::HostNumber host = state_->host.number();
  if (!network.has_file(host, path)) return std::nullopt;
  return network.read_file(host, path);
}

Device Node::device(const std::string& path) {
  io::SimDevice*& device = state_->world.devices[{state_->host.number(), path}];
  if (device == nullptr) device = &state_->world.network.add_device(state_->host.number(), path);
  return Device(*device);
}

void Node::signal(int number) {
  if (!is_up()) throw state_->world.failure(fmt::format("{} is down, and gets no signal {}", state_->name, number));
  state_->world.add(state_->name, fmt::format("gets signal {}", number));
  if (state_->seat->raise(number) > 0) return;
  throw state_->world.failure(fmt::format("nobody on {} watches signal {}: watch_os_signal() comes first", state_->name, number));
}

void Node::stall(Duration time) {
  if (!is_up()) return;
  state_->world.add(state_->name, fmt::format("stalls for {} ms", std::chrono::duration_cast<std::chrono::milliseconds>(time).count()));
  state_->seat->stall(state_->world.network.now() + time);
}

}  // namespace pulpo::testing
