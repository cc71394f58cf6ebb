// SPDX-License-Identifier: Apache-2.0
//
// detail::Stream: the bytes of a connection or device, between its loop and the process that reads and writes them.
//
// The loop receives on its own account once somebody has asked for bytes, and goes on; what comes while nobody waits is kept. Above
// kUnreadMax it is told to stop, and the next reader that finds too little starts it again: so a sender that is too fast is held up by
// the kernel's buffers and TCP's window.
//
//   Order      One process reads at a time, one writes.
//   Bounds     kUnreadMax bytes unread, or as many as a reader asked for; and what the loop had under way when it was told to stop.
//   Threads    Its core's.
//   Suspends   The calls that take a Timeout.
#pragma once

#include <string>

#include "proc/descriptor.hpp"
#include "proc/io_wait.hpp"
#include "pulpo/stream.hpp"

namespace pulpo::detail {

class Stream final : public Descriptor, private io::Operation, private HeldBack {
 public:
  /// Four of the loop's buffers: a reader that comes by a few hundred times a second keeps up with a LAN.
  static constexpr std::size_t kUnreadMax = 64 * 1024;

  Stream(Core& core, io::Handle handle) noexcept : Descriptor(core, handle) {}

  [[nodiscard]] Result<std::string> read_some(std::size_t bytes_max, Timeout timeout);
  [[nodiscard]] Result<std::string> read_exactly(std::size_t bytes, Timeout timeout);
  [[nodiscard]] Result<std::optional<std::string>> read_line(std::size_t line_max, Timeout timeout);
  [[nodiscard]] Result<void> write(ByteView bytes, Timeout timeout);
  /// From now on what comes is sent to `to`, a process of this core.
  [[nodiscard]] Result<void> deliver(const Pid& to, const DeliveryOptions& options, bool by_lines);
  void end_delivery() noexcept { delivers_ = false; }

 private:
  // --- What has been received ----------------------------------------------------------------------
  [[nodiscard]] ByteView unread() const noexcept { return ByteView(buffer_).substr(head_); }
  [[nodiscard]] std::string take(std::size_t bytes);
  /// Suspends until `enough(unread())`, or there will not be more. An error has taken nothing.
  template <class F>
  Result<void> await(const char* call, std::size_t room, Timeout timeout, F&& enough);
  [[nodiscard]] bool is_over() const noexcept { return ended_ || error_ != 0; }
  /// What a reader is told that wants more than there is, once is_over().
  [[nodiscard]] Error over(const char* call, std::string detail) const;

  void receive();
  void completed(const io::Completion& completion) override;
  void closed() noexcept override;
  void tell() noexcept;

  // --- Delivery ------------------------------------------------------------------------------------
  void pass_on();
  void try_again() override { pass_on(); }
  /// The next message, or nothing when there is no whole one yet.
  [[nodiscard]] std::optional<Term> next_message();
  void send(Term message);

  std::string buffer_;
  std::size_t head_ = 0;  ///< Of buffer_, what has been taken already.
  std::size_t room_ = kUnreadMax;
  std::size_t scanned_ = 0;  ///< Of unread(): holds no end of line. Delivery only.
  IoWait* reader_ = nullptr;
  int error_ = 0;       ///< What receiving ended with.
  bool ended_ = false;  ///< The other side has said all.
  bool receiving_ = false;
  bool stopping_ = false;  ///< Told to stop, since too much is unread.
  bool delivers_ = false;
  bool by_lines_ = false;
  Pid to_{};
  DeliveryOptions delivery_{};
};

}  // namespace pulpo::detail
