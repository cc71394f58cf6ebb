// SPDX-License-Identifier: Apache-2.0
//
// SendTimer: one message that leaves later (Process.send_after).
//
//   Ownership  Its core's table owns it, by reference; it leaves the table when it fires or is cancelled.
//   Threads    Its core's.
#pragma once

#include "io/timer_wheel.hpp"
#include "pulpo/process.hpp"

namespace pulpo {

class Core;

class SendTimer final : public io::Timer {
 public:
  SendTimer(Core& core, Ref ref, const Address& to, Term message) : core_(core), ref_(ref), to_(to), message_(std::move(message)) {}

 private:
  void expired() override;

  Core& core_;
  const Ref ref_;
  const Address to_;
  Term message_;
};

}  // namespace pulpo
