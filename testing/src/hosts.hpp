// SPDX-License-Identifier: Apache-2.0
//
// Hosts: the simulated boards of a world: their names, their power, and the mapper on each.
//
//   Ownership  Owns mappers and what they run on; the stepper outlives it.
//   Threads    The world's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "host/hosts.hpp"
#include "mapper/mapper.hpp"
#include "proc/stepper.hpp"

namespace pulpo::testing {

class Hosts;

class Host final : public host::Resolver {
 public:
  Host(Hosts& hosts, std::string name, io::HostNumber number);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host() override;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] io::HostNumber number() const noexcept { return number_; }
  [[nodiscard]] bool has_power() const noexcept { return mapper_ != nullptr; }
  /// Its mapper starts.
  void power_on();
  /// Its mapper is gone; nodes are their owner's.
  void power_off();
  [[nodiscard]] bool is_mappers(const Stepper::Seat* seat) const noexcept { return seat != nullptr && seat == seat_.get(); }

  // host::Resolver: what a node here knows of hosts.
  std::string own_name() const override { return name_; }
  Outcome<std::vector<io::Address>> find(std::string_view host, std::uint16_t port) const override;

 private:
  Hosts& hosts_;
  const std::string name_;
  const io::HostNumber number_;
  unsigned boots_ = 0;
  std::unique_ptr<SeededRandom> random_;
  std::unique_ptr<Stepper::Seat> seat_;
  io::SimLoop* loop_ = nullptr;
  std::unique_ptr<mapper::Mapper> mapper_;
};

class Hosts {
 public:
  Hosts(Stepper& stepper, std::uint64_t seed) noexcept : stepper_(stepper), seed_(seed) {}
  /// The host of that name, made and switched on when there is none.
  [[nodiscard]] Host& host(const std::string& name);
  [[nodiscard]] const std::vector<std::unique_ptr<Host>>& all() const noexcept { return hosts_; }
  [[nodiscard]] Stepper& stepper() const noexcept { return stepper_; }
  /// A seed for something of this world: a node's life, a mapper's.
  [[nodiscard]] std::uint64_t seed_for(std::uint64_t who, std::uint64_t life) const noexcept;

 private:
  Stepper& stepper_;
  const std::uint64_t seed_;
  std::vector<std::unique_ptr<Host>> hosts_;
};

}  // namespace pulpo::testing
