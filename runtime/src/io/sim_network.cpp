// SPDX-License-Identifier: Apache-2.0
#include "io/sim_network.hpp"

#include <algorithm>
#include <utility>

namespace pulpo::io {

SimNetwork::~SimNetwork() {
  PULPO_ASSERT(std::all_of(loops_.begin(), loops_.end(), [](const SimLoop* loop) { return loop == nullptr; }));
}

HostNumber SimNetwork::add_host() {
  disks_.emplace_back();
  return wire_.add_host();
}

std::unique_ptr<SimLoop> SimNetwork::make_loop(HostNumber host) {
  PULPO_ASSERT(wire_.is_up(host));
  std::unique_ptr<SimLoop> loop(new SimLoop(*this, host, static_cast<std::uint32_t>(loops_.size())));
  loops_.push_back(loop.get());
  return loop;
}

void SimNetwork::forget(SimLoop& loop) { loops_[loop.number_] = nullptr; }

void SimNetwork::advance(TimePoint to) {
  while (wire_.next_event() <= to) {
    const SimEvent event = wire_.pop();
    if (event.kind == SimEvent::Kind::script) {
      auto& [device, bytes] = scripts_[event.connection];
      device->say(std::exchange(bytes, {}));
    } else if (event.kind == SimEvent::Kind::datagram) {
      udp_.handle(event);
    } else {
      tcp_.handle(event);
    }
  }
  wire_.set_now(std::max(to, wire_.now()));
}

// --- Faults ----------------------------------------------------------------------------------------

void SimNetwork::trace_fault(HostNumber from, HostNumber to, const char* what) {
  if (wire_.is_traced()) wire_.trace(from, to, 0, what);
}

void SimNetwork::cut(HostNumber from, HostNumber to) {
  trace_fault(from, to, "cut");
  wire_.set_cut(from, to, true);
}

void SimNetwork::heal(HostNumber from, HostNumber to) {
  trace_fault(from, to, "heal");
  wire_.set_cut(from, to, false);
}

void SimNetwork::reset_connections(HostNumber a, HostNumber b) {
  trace_fault(a, b, "reset-connections");
  tcp_.reset_connections(a, b);
}

void SimNetwork::kill(SimLoop& loop) {
  trace_fault(loop.host_, SimWire::kNoHost, "kill");
  loop.die(true);
}

void SimNetwork::power_loss(HostNumber host) {
  trace_fault(host, SimWire::kNoHost, "power-loss");
  tcp_.lose_power(host);
  for (SimLoop* loop : loops_) {
    if (loop != nullptr && loop->host_ == host) loop->die(false);
  }
  wire_.set_up(host, false);
}

void SimNetwork::restore(HostNumber host) {
  trace_fault(host, SimWire::kNoHost, "restore");
  wire_.set_up(host, true);
}

void SimNetwork::stall(SimLoop& loop, TimePoint until) {
  trace_fault(loop.host_, SimWire::kNoHost, "stall");
  loop.stall(until);
}

// --- Files and devices -----------------------------------------------------------------------------

void SimNetwork::write_file(HostNumber host, const std::string& path, ByteView bytes) {
  auto& file = disks_[host].files[path];
  if (!file) file = std::make_unique<SimFile>();
  file->bytes = bytes;
}

bool SimNetwork::has_file(HostNumber host, const std::string& path) const { return disks_[host].files.contains(path); }

std::string SimNetwork::read_file(HostNumber host, const std::string& path) const {
  const auto at = disks_[host].files.find(path);
  return at == disks_[host].files.end() ? std::string{} : at->second->bytes;
}

SimDevice& SimNetwork::add_device(HostNumber host, const std::string& path) {
  auto& device = disks_[host].devices[path];
  PULPO_ASSERT(device == nullptr);
  device = std::make_unique<SimDevice>(wire_, host, path, scripts_);
  return *device;
}

}  // namespace pulpo::io
