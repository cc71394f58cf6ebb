// SPDX-License-Identifier: Apache-2.0
//
// TaskBody: the process of a task.
//
// It waits for its work, {owner, ref, alias, callers, work}, does it, and sends {ref, value} to the alias (TASK-6). The work is
// {module, name, arguments}, or a closure of this node as a detail::Work. A child that its supervisor may start again was given its
// work with its specification, and answers nobody.
//
//   Ownership  The work is destroyed before the result is sent: what it held is free when its owner goes on.
//   Errors     Work that fails is logged (TASK-8) and is the reason that the process exits with.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "pulpo/detail/task_handle.hpp"
#include "pulpo/process.hpp"

namespace pulpo {

class TaskBody final : public Body {
 public:
  /// How long a supervised task waits for its work.
  static constexpr Duration kPatience = 5s;

  /// Waits for its work. An owner that is not linked yet is watched, and not waited for without end.
  struct Watched {
    bool owner = true;
  };
  TaskBody(const Pid& owner, Watched watched) noexcept : owner_(owner), watched_(watched.owner) {}
  /// Has its work.
  TaskBody(const Pid& owner, Term work) : owner_(owner), work_(std::move(work)) {}

  bool start() override;

 private:
  /// The message with the work. Exits when none comes.
  [[nodiscard]] Term wait_for_work() const;
  /// The value, or the exit of this process.
  [[nodiscard]] Term run(std::shared_ptr<detail::Work> work) const;

  const Pid owner_;
  const bool watched_ = false;
  std::optional<Term> work_;
};

/// The work that a term stands for; null when it stands for none.
[[nodiscard]] std::shared_ptr<detail::Work> work_of(const Term& term);

}  // namespace pulpo
