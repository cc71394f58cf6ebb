// SPDX-License-Identifier: Apache-2.0
//
// Orders: signals to a core itself rather than to one of its processes. They carry more than a Message does, are
// made with new by any thread, and belong to no pool.
#pragma once

#include <functional>
#include <memory>

#include "proc/core.hpp"

namespace pulpo {

/// Owner of a block that no core's pool made.
inline constexpr std::uint8_t kUnpooled = 0xff;

struct TaskOrder : Message {
  explicit TaskOrder(std::function<void()> function_) : function(std::move(function_)) {
    kind = Signal::task;
    owner = kUnpooled;
  }
  std::function<void()> function;
};

struct SpawnOrder : Message {
  SpawnOrder(std::unique_ptr<Body> body_, SpawnOptions options_) : process_body(std::move(body_)), options(options_) {
    kind = Signal::spawn;
    owner = kUnpooled;
  }
  std::unique_ptr<Body> process_body;
  SpawnOptions options;
  Ref monitor_ref{};
  Pid leader{};
};

inline void run_task(Message* message) {
  const std::unique_ptr<TaskOrder> order(static_cast<TaskOrder*>(message));
  order->function();
}

/// Lets go of what a message holds; an order's block as well.
void discard_order_or_body(Message* message) noexcept;

}  // namespace pulpo
