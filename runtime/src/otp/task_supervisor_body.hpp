// SPDX-License-Identifier: Apache-2.0
//
// TaskSupervisorBody: the process of a Task.Supervisor, a dynamic supervisor that is asked for tasks. pulpo/task_supervisor.hpp is its
// public door.
//
// {:start_task, [owner, :monitor], restart, shutdown} asks for a task that gets its work from its owner, {:start_task, [owner, callers,
// work], restart, shutdown} for one that may be started again; a core may follow in the list. These cross nodes: they hold terms alone,
// but for a closure of this node as the work.
//
//   Suspends   While a task's process is made on another core.
#pragma once

#include <optional>
#include <string_view>

#include "otp/dynamic_supervisor_body.hpp"

namespace pulpo {

class TaskSupervisorBody final : public DynamicSupervisorBody {
 public:
  using DynamicSupervisorBody::DynamicSupervisorBody;

 protected:
  [[nodiscard]] bool answer(const Term& request, Term& value) override;
  [[nodiscard]] std::string_view class_name() const override { return "Task.Supervisor"; }

 private:
  /// Empty when the arguments are none of the two.
  [[nodiscard]] static std::optional<ChildSpec> task_spec(const Term& arguments, const Term& restart, const Term& shutdown);
};

}  // namespace pulpo
