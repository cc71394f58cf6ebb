// SPDX-License-Identifier: Apache-2.0
#include "hosts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pulpo::testing {

// --- Host -----------------------------------------------------------------------------------------------------------

Host::Host(Hosts& hosts, std::string name, io::HostNumber number) : hosts_(hosts), name_(std::move(name)), number_(number) { power_on(); }

Host::~Host() { power_off(); }

void Host::power_on() {
  if (has_power()) return;
  random_ = std::make_unique<SeededRandom>(hosts_.seed_for(number_, ++boots_));
  seat_ = std::make_unique<Stepper::Seat>(hosts_.stepper(), number_);
  loop_ = &seat_->add_loop();
  // A number of its own: the default is what this machine allows.
  mapper_ = std::make_unique<mapper::Mapper>(*loop_, *random_, mapper::Options{.connections_max = 1024});
  const auto started = mapper_->start();
  PULPO_ASSERT(started && "a mapper on an empty host");
}

void Host::power_off() {
  if (!has_power()) return;
  seat_->kill();
  mapper_.reset();
  const bool quiet = seat_->run_until([this] { return loop_->pending() == 0; });
  PULPO_ASSERT(quiet && "an operation of a killed loop does not end");
  seat_.reset();
}

Outcome<std::vector<io::Address>> Host::find(std::string_view host, std::uint16_t port) const {
  if (host == "localhost") return std::vector{io::Address::loopback_v4(port)};
  for (const auto& other : hosts_.all()) {
    if (other->name() == host) return std::vector{hosts_.stepper().network().address_of(other->number(), port)};
  }
  return Fault{.code = Errc::not_found, .where = "host", .detail = fmt::format("there is no host {} in this world", host)};
}

// --- Hosts ----------------------------------------------------------------------------------------------------------

Host& Hosts::host(const std::string& name) {
  const auto found = std::find_if(hosts_.begin(), hosts_.end(), [&](const auto& host) { return host->name() == name; });
  if (found != hosts_.end()) return **found;
  hosts_.push_back(std::make_unique<Host>(*this, name, stepper_.network().add_host()));
  return *hosts_.back();
}

std::uint64_t Hosts::seed_for(std::uint64_t who, std::uint64_t life) const noexcept {
  // Odd multipliers keep the three apart; SeededRandom spreads what comes out (splitmix64).
  return seed_ * 0x9e3779b97f4a7c15 + who * 0xbf58476d1ce4e5b9 + life * 0x94d049bb133111eb;
}

}  // namespace pulpo::testing
