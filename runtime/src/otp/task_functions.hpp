// SPDX-License-Identifier: Apache-2.0
//
// TaskArgument: a %Task{} as functions by name take it, and how a task ended as they return it.
//
//   Threads    Any; values.
#pragma once

#include <optional>

#include "pulpo/codec.hpp"
#include "pulpo/task.hpp"

namespace pulpo {

struct TaskArgument {
  detail::TaskHandle handle;
};
template <>
struct Codec<TaskArgument> {
  static constexpr const char* kText = "%Task{}";
  static Term encode(const TaskArgument& task) { return task.handle.term(); }
  static bool decode(const Term& term, TaskArgument& out);
};

/// {:ok, value}, {:exit, reason}, or nil.
[[nodiscard]] Term task_end_term(const std::optional<Result<Term>>& end);

}  // namespace pulpo
