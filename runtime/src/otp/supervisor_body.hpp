// SPDX-License-Identifier: Apache-2.0
//
// SupervisorBody: the process of a supervisor whose children have names and an order. supervisor.hpp is its public door.
//
//   Order      children_ is the order of starting; a new child comes last.
//   Ownership  Children are linked to it and it traps exits: an EXIT from one of them is what it lives for.
//   Cost       An end finds its child by pid (a hash), a question by id (a tree); removing one keeps the order of the others.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>

#include "base/flat_map.hpp"
#include "otp/supervisor_base.hpp"

namespace pulpo {

class SupervisorBody final : public SupervisorBase {
 public:
  explicit SupervisorBody(SupervisorOptions options)
      : SupervisorBase(options.intensity, options.period, options.retry_delay), options_(std::move(options)) {}

 protected:
  void construct() override;
  bool on_info(const Term& message) override;
  void on_terminate(const Term& reason) override;
  [[nodiscard]] bool answer(const Term& request, Term& value) override;
  [[nodiscard]] std::optional<Term> describe_state() const override;
  [[nodiscard]] std::string_view class_name() const override { return "Supervisor"; }

 private:
  struct Child {
    ChildSpec spec;
    std::optional<Pid> pid = {};
    /// Not 0: its last start failed, and a retry of this number is on its way to us (SUP-8).
    std::uint64_t retry = 0;
    unsigned failures = 0;           ///< Starts that failed in a row.
    std::optional<Term> ended = {};  ///< Its end was seen while we waited for another's; the EXIT has been put aside.
    [[nodiscard]] bool is_up() const noexcept { return pid || retry != 0; }
    [[nodiscard]] Term state() const;
    [[nodiscard]] Facts facts() const { return {spec.id, pid, spec.start_call, spec.restart, spec.shutdown, spec.type}; }
  };
  using Children = std::list<Child>;
  using At = Children::iterator;
  struct Exactly {
    bool operator()(const Term& left, const Term& right) const noexcept { return Term::compare_exactly(left, right) < 0; }
  };

  /// SUP-2: what is wrong with a specification, if anything is.
  [[nodiscard]] std::optional<Term> fault_of(const ChildSpec& spec) const;
  At append(ChildSpec spec);
  At erase(At child);
  [[nodiscard]] std::optional<At> find(const Term& id);
  /// Every change of a child's state.
  void become(At child, std::optional<Pid> pid, std::uint64_t retry = 0);

  [[nodiscard]] Term start_by_request(const Term& spec);
  [[nodiscard]] Term restart_by_request(const Term& id);
  [[nodiscard]] Term terminate_by_request(const Term& id);
  [[nodiscard]] Term delete_by_request(const Term& id);
  /// Empty when it started or asked to be ignored, else the reason it did not.
  [[nodiscard]] std::optional<Term> start_child(At child);
  void child_ended(At child, const Term& reason);
  void restart(At child);
  /// Starts the children from `first` on that do not run; stops at one that does not start and arranges its retry.
  void start_from(At first);
  void stop_from(At first);
  void stop_child(At child);
  /// Its reason; nothing at `deadline` or when we are being ended ourselves.
  [[nodiscard]] std::optional<Term> wait_for_end(At child, const Ref& monitor, TimePoint deadline);
  void failed_to_restart(At child, const Term& reason);

  SupervisorOptions options_;
  Children children_;
  std::map<Term, At, Exactly> by_id_;
  FlatMap<Pid, At> by_pid_;
  std::size_t significant_up_ = 0;  ///< For SUP-13.
  std::uint64_t retries_ = 0;
};

}  // namespace pulpo
