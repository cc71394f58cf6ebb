// SPDX-License-Identifier: Apache-2.0
#include "mapper/mapper.hpp"

#include <algorithm>
#include <cerrno>

#include "mapper/connection.hpp"
#include "pulpo/log.hpp"

namespace pulpo::mapper {
namespace {

/// 20 lines a second tell an operator enough of somebody who scans ports, and fill no disk of a board.
constexpr unsigned kRefusalLinesMax = 20;
constexpr Duration kRefusalWindow = 1s;

/// How long run() waits for the loop to let go of what was closed: it takes a turn or two.
constexpr Duration kDrainTime = 100ms;

}  // namespace

Mapper::Mapper(io::Loop& loop, Random& random, Options options)
    : loop_(loop), options_(std::move(options)), registry_(random), refusals_since_(loop.now()) {}

Mapper::~Mapper() { stop(); }

Outcome<void> Mapper::start() {
  PULPO_ASSERT(!has_started_);
  has_started_ = true;
  if (options_.connections_max == 0) {
    const std::size_t descriptors = descriptor_limit();
    options_.connections_max = descriptors > 2 * kDescriptorsForOthers ? descriptors - kDescriptorsForOthers : kDescriptorsForOthers;
  }
  if (auto listening = options_.listeners.empty() ? listen_everywhere() : adopt_listeners(); !listening.has_value()) {
    stop();
    return listening;
  }
  names_changed();
  return {};
}

Outcome<void> Mapper::run() {
  if (!has_started_) PULPO_CHECK(start());
  while (!has_ended_) loop_.turn(io::Loop::Wait::yes);
  const TimePoint until = loop_.refresh() + kDrainTime;
  while (loop_.pending() > 0 && loop_.refresh() < until) loop_.turn(io::Loop::Wait::no);
  if (*lost_.where != '\0') return lost_;
  return {};
}

void Mapper::stop() noexcept {
  has_ended_ = true;
  loop_.timers().cancel(idle_timer_);
  close_listeners();
  for (Connections* list : {&reading_, &waiting_, &answering_, &registered_}) {
    while (Connection* connection = list->front()) {
      if (connection->entry != nullptr) registry_.remove(*connection->entry);
      delete connection;
      --connections_;
    }
  }
  answer_bytes_ = 0;
}

// --- Connections -----------------------------------------------------------------------------------

void Mapper::accepted(io::Handle handle) {
  if (connections_ >= options_.connections_max && !make_room()) {
    refused_line(fmt::format("mapper: {} connections are open, which is the limit: a newcomer is turned away", connections_));
    return loop_.close(handle);
  }
  auto peer = loop_.peer_address(handle);
  if (!peer.has_value()) return loop_.close(handle);  // it came, and has reset the connection since
  new Connection(*this, handle, *peer);
  ++connections_;
}

bool Mapper::make_room() {
  Connection* oldest = reading_.front();
  const bool is_reading = oldest != nullptr;
  if (!is_reading) oldest = answering_.front();
  if (oldest == nullptr || oldest->is_last) return false;
  refuse(*oldest,
         is_reading ? "gives way to a newcomer: it sent no whole request" : "gives way to a newcomer: it does not take its answer");
  drop(*oldest);
  return true;
}

/// Before `newest`, which is part of the sum already, sends its answer.
void Mapper::bound_answers(const Connection& newest) {
  while (answer_bytes_ > options_.answer_bytes_max) {
    Connection* oldest = answering_.front();
    if (oldest == nullptr || oldest == &newest || oldest->is_last) return;
    refuse(*oldest, "gives way to others who ask: it does not take its answer");
    drop(*oldest);
  }
}

void Mapper::accept_failed(int error, bool is_final) {
  if (!is_final) {
    // The limit of descriptors is not what it was at the start, or others of this process have them: the loop tries again soon.
    if (error == EMFILE || error == ENFILE) static_cast<void>(make_room());
    return refused_line(fmt::format("mapper: {}", Fault{.code = Errc::busy, .sys = error, .where = "accept"}.text()));
  }
  lost_ = {.code = Errc::io, .sys = error, .where = "mapper: accept", .detail = "a listener was lost"};
  log::error("{}", lost_.text());
  stop();
}

void Mapper::drop(Connection& connection) {
  if (connection.entry != nullptr) unregister(connection);
  answer_bytes_ -= connection.answer_size;
  delete &connection;
  --connections_;
}

// --- Requests --------------------------------------------------------------------------------------

void Mapper::dispatch(Connection& connection, Request& request) {
  const bool is_open_to_all = request.kind == RequestKind::port_please || request.kind == RequestKind::names;
  if (!connection.is_local && !is_open_to_all) {  // EPMD-3
    refuse(connection, "asked for what only this host may ask for");
    return drop(connection);
  }
  switch (request.kind) {
    case RequestKind::alive:
      return register_node(connection, request.node);
    case RequestKind::port_please: {  // EPMD-8
      const Registry::Entry* entry = registry_.find(request.node.name);
      return connection.answer_and_close(encode_port_reply(entry == nullptr ? nullptr : &entry->node));
    }
    case RequestKind::names:  // EPMD-9
      return connection.answer_and_close(encode_port_word(port()) + registry_.names_text());
    case RequestKind::dump:  // EPMD-10
      return connection.answer_and_close(encode_port_word(port()) + registry_.dump_text());
    case RequestKind::kill:  // EPMD-11
      connection.is_last = registry_.size() == 0 || options_.relaxed_command_check;
      if (!connection.is_last) refuse(connection, "asked to end the mapper while nodes are registered");
      return connection.answer_and_close(connection.is_last ? "OK" : "NO");
    case RequestKind::stop:
      return stop_node(connection, request.node.name);
  }
}

void Mapper::register_node(Connection& connection, NodeRecord& node) {
  if (const char* why = refusal_of(node)) {
    refuse(connection, fmt::format("was refused the name \"{}\": {}", printable(node.name), why));
    return answer_alive(connection, node.highest, nullptr);
  }
  if (registry_.find(node.name) != nullptr) {
    // Its holder may be gone and the loop not know yet: look, before refusing (EPMD-18).
    connection.wanted = std::move(node);
    return connection.enter(Connection::State::waiting);
  }
  const std::uint16_t highest = node.highest;
  connection.entry = &registry_.add(std::move(node), connection.stream->handle());
  log::debug("mapper: registered {} at port {}", connection.entry->node.name, connection.entry->node.port);
  connection.enter(Connection::State::registered);
  names_changed();
  answer_alive(connection, highest, connection.entry);
}

void Mapper::answer_alive(Connection& connection, std::uint16_t highest, const Registry::Entry* entry) {
  // A registration stays open, also when its answer cannot be sent: the end of the connection takes the name away.
  if (entry != nullptr) return connection.stream->send(encode_alive_reply(highest, {.accepted = true, .creation = entry->creation}));
  connection.answer_and_close(encode_alive_reply(highest, {}));
}

void Mapper::unregister(Connection& connection) {
  const std::string name = connection.entry->node.name;
  registry_.remove(*std::exchange(connection.entry, nullptr));
  log::debug("mapper: {} is gone", name);
  names_changed();
  Connection* next = nullptr;
  waiting_.for_each([&](Connection& other) {
    if (next == nullptr && other.wanted.name == name) next = &other;
  });
  if (next != nullptr) register_node(*next, next->wanted);
}

void Mapper::stop_node(Connection& connection, const std::string& name) {
  if (!options_.relaxed_command_check) {  // EPMD-12
    refuse(connection, "asked to stop a node, which needs --relaxed-command-check");
    return drop(connection);
  }
  Connection* holder = nullptr;
  registered_.for_each([&](Connection& other) {
    if (other.entry->node.name == name) holder = &other;
  });
  if (holder != nullptr) drop(*holder);
  connection.answer_and_close(holder != nullptr ? "STOPPED" : "NOEXIST");
}

void Mapper::refuse(const Connection& connection, std::string_view why) {
  refused_line(fmt::format("mapper: {} {}", connection.peer.text(), why));
}

void Mapper::refused_line(std::string line) {
  if (loop_.now() - refusals_since_ >= kRefusalWindow) {
    if (refusals_ > kRefusalLinesMax) log::warning("mapper: {} more such lines were left out", refusals_ - kRefusalLinesMax);
    refusals_since_ = loop_.now();
    refusals_ = 0;
  }
  if (++refusals_ <= kRefusalLinesMax) log::warning("{}", line);
}

// --- Idle time -------------------------------------------------------------------------------------

void Mapper::names_changed() {
  if (!options_.idle_exit.has_value()) return;
  const bool is_idle = registry_.size() == 0;
  loop_.timers().arm(idle_timer_, is_idle ? Timeout(*options_.idle_exit).after(loop_.now()) : kNever);
}

void Mapper::idle() {
  log::info("mapper: no node has been registered for {} s: ending",
            std::chrono::duration_cast<std::chrono::seconds>(*options_.idle_exit).count());
  stop();
}

}  // namespace pulpo::mapper
