// SPDX-License-Identifier: Apache-2.0
//
// SendTimers: the messages of one core that leave later (Process.send_after, :timer.send_interval).
//
// The records lie in chunks and are used again. A reference says where its record is and which use of it is meant, so that it is found
// without a table; the top bit tells it from the references that Core::make_ref() counts. Those for a process of this core are chained,
// and go with it.
//
//   Order      Timers of one deadline fire in the order in which they were armed.
//   Bounds     RuntimeOptions::timers_max records.
//   Ownership  A record owns its message. Its memory is kept for the next timers until the core ends.
//   Threads    Its core's.
//   Errors     arm(): an empty reference at the limit.
//   Cost       No allocation, but for a chunk of 256 when more are armed than ever before.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "io/timer_wheel.hpp"
#include "pulpo/process.hpp"

namespace pulpo {

class Core;
class SendTimers;

class SendTimer final : public io::Timer {
 private:
  friend class SendTimers;
  void expired() override;

  SendTimers* timers_ = nullptr;
  TimePoint due_{};
  Duration interval_{};           ///< Zero: once.
  std::uint64_t generation_ = 0;  ///< Of the present use, or the next.
  Address to_ = Pid{};
  std::uint32_t index_ = 0;
  Term message_;
  // The chain of a process's timers, by index + 1; of free records, `next_` alone.
  std::uint32_t next_ = 0;
  std::uint32_t previous_ = 0;
};

class SendTimers {
 public:
  SendTimers(Core& core, std::size_t timers_max) noexcept;
  SendTimers(const SendTimers&) = delete;
  SendTimers& operator=(const SendTimers&) = delete;

  [[nodiscard]] Ref arm(TimePoint deadline, Duration interval, const Address& to, Term message);
  static constexpr Duration kNone = Duration::min();
  /// How long it would still have taken; kNone when there is no such timer (any more). Not an optional: that goes through memory in two
  /// pieces and is read as one, for which a processor waits 5 ns.
  Duration cancel(const Ref& ref) noexcept;
  [[nodiscard]] Duration read(const Ref& ref) noexcept;
  /// The process of this slot has ended: what waits to be sent to it goes.
  void forget(std::uint32_t slot) noexcept {
    if (slot < first_of_.size() && first_of_[slot] != 0) release_all(slot);
  }
  void clear() noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return armed_; }

 private:
  friend class SendTimer;
  static constexpr unsigned kIndexBits = 22;
  static constexpr unsigned kGenerationBits = 63 - kIndexBits;
  static constexpr std::uint32_t kChunk = 256;

  [[nodiscard]] SendTimer& at(std::uint32_t index) noexcept { return chunks_[index / kChunk][index % kChunk]; }
  [[nodiscard]] SendTimer* take();
  [[nodiscard]] SendTimer* find(const Ref& ref) noexcept;
  [[nodiscard]] Duration left(const SendTimer& timer) const noexcept;
  /// The process of this core whose end takes the timer along; nothing for names, and for processes elsewhere.
  [[nodiscard]] std::optional<std::uint32_t> chain_of(const Address& to) const noexcept;
  void release(SendTimer& timer) noexcept;
  void release_all(std::uint32_t slot) noexcept;
  void fire(SendTimer& timer);

  Core& core_;
  const std::size_t timers_max_;
  std::vector<std::unique_ptr<SendTimer[]>> chunks_;
  std::vector<std::uint32_t> first_of_;  ///< By a process's slot: its first timer, by index + 1. As long as the highest that had one.
  std::uint32_t made_ = 0;
  std::uint32_t free_ = 0;  ///< By index + 1.
  std::size_t armed_ = 0;
};

}  // namespace pulpo
