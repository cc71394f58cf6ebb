// SPDX-License-Identifier: Apache-2.0
//
// SupervisorBody: the supervisor's process. supervisor.hpp is its public door.
//
//   Ownership  Children are linked to it and it traps exits: an EXIT from one of them is what it lives for.
//   Suspends   While a child starts or stops, as SUP-14 says.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pulpo/supervisor.hpp"

namespace pulpo {

class SupervisorBody final : public detail::ServerBody {
 public:
  explicit SupervisorBody(SupervisorOptions options) : options_(std::move(options)) {}

 protected:
  void construct() override;
  bool on_call(const Term& request, const detail::Caller& caller) override;
  bool on_info(const Term& message) override;
  void on_terminate(const Term& reason) override;
  [[nodiscard]] std::optional<Term> describe_state() const override;
  [[nodiscard]] std::string_view class_name() const override { return "Supervisor"; }

 private:
  struct Child {
    ChildSpec spec;
    std::optional<Pid> pid = {};
    bool restarting = false;  ///< Its last start failed; a retry is on its way to us (SUP-8).
    [[nodiscard]] Term state() const;
  };

  [[nodiscard]] Child* find(const Term& id);
  [[nodiscard]] Term answer(const Term& request, bool& known);
  [[nodiscard]] Term restart_by_request(const Term& id);
  /// Empty when it started or asked to be ignored, else the reason it did not.
  [[nodiscard]] std::optional<Term> start_child(Child& child);
  void child_ended(const Pid& pid, const Term& reason);
  void restart(std::size_t index);
  /// Starts the children from `first` on; stops at one that does not start and arranges its retry.
  void start_from(std::size_t first);
  void stop_from(std::size_t first);
  void stop_child(Child& child);
  /// Counts one more restart; ends this process when that is too many (SUP-6, SUP-7).
  void count_restart(const Child& child);
  void report(const Child& child, std::string_view what, const Term& reason) const;

  SupervisorOptions options_;
  std::vector<Child> children_;
  std::vector<std::int64_t> restarts_;  ///< Whole seconds, oldest first; never more than intensity + 1.
};

}  // namespace pulpo
