// SPDX-License-Identifier: Apache-2.0
//
// DynamicSupervisorBody: the process of a supervisor whose children are known by pid alone.
//
// Supervisors of another kind derive from it: they take requests of their own in answer(), start what they want by add(), and leave the
// rest to it. A child that add() started is linked, restarted as its specification says, and stopped with the others.
//
//   Ownership  Children are linked to it and it traps exits.
//   Cost       A child: one node of the table, 64 bytes, and its place in there. A temporary one keeps nothing else of its specification.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>

#include "otp/supervisor_base.hpp"
#include "pulpo/dynamic_supervisor.hpp"

namespace pulpo {

class DynamicSupervisorBody : public SupervisorBase {
 public:
  explicit DynamicSupervisorBody(const DynamicSupervisorOptions& options)
      : SupervisorBase(options.intensity, options.period, options.retry_delay), max_children_(options.max_children) {}

 protected:
  void construct() override;
  bool on_info(const Term& message) override;
  void on_terminate(const Term& reason) override;
  /// which_children, count_children, start_child, terminate_child.
  [[nodiscard]] bool answer(const Term& request, Term& value) override;
  [[nodiscard]] std::optional<Term> describe_state() const override;
  [[nodiscard]] std::string_view class_name() const override { return "DynamicSupervisor"; }

  /// Starts a child and keeps it. Of the specification, id and significant do not count. Errors: refused with :max_children or what its
  /// start gave; is_ignore(error).
  [[nodiscard]] Result<Pid> add(ChildSpec spec);
  [[nodiscard]] std::size_t child_count() const noexcept { return children_.size(); }
  /// Calls visit(pid) for each child that runs.
  template <class F>
  void for_each_child(F&& visit) const {
    for (const auto& [pid, child] : children_) {
      if (!child.restarting) visit(pid);
    }
  }

 private:
  /// What a child is started again with.
  struct Kept {
    std::function<Result<Pid>(std::optional<unsigned>)> start;
    std::optional<unsigned> core;
    std::string start_call;
  };
  struct Child {
    std::unique_ptr<Kept> kept;  ///< Nothing for a temporary one.
    Duration patience;           ///< With `brutal`: its Shutdown.
    Atom class_name;
    Restart restart;
    ChildType type;
    bool brutal : 1;
    bool restarting : 1;  ///< Its last start failed, and a retry is on its way to us; its pid is that of its last life.
    std::uint8_t failures = 0;

    [[nodiscard]] Shutdown shutdown() const noexcept;
  };
  static_assert(sizeof(void*) == 4 || sizeof(Child) == 24, "a million of them is not unusual");
  using Children = std::unordered_map<Pid, Child>;

  void child_ended(Children::iterator child, const Term& reason);
  /// The child is not running.
  void restart(Children::iterator child);
  void stop_one(Children::iterator child);
  void stop_all();
  void ask_to_end(const Children::value_type& child);
  void ended_when_asked(const Children::value_type& child, const Term& reason) const;
  void report_on(const Children::value_type& child, std::string_view what, const Term& reason) const;
  template <class F>
  void with_facts(const Children::value_type& child, F&& use) const;

  std::size_t max_children_;
  Children children_;
};

}  // namespace pulpo
