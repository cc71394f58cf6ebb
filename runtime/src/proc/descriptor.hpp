// SPDX-License-Identifier: Apache-2.0
//
// Descriptor: what a core keeps of one socket, file or device that a process has open; HeldBack: one that waits for room in a mailbox.
//
// An author's object (TcpStream, File, …) owns one through a DescriptorPtr. Operations that go on by themselves (accept, receive) belong
// to it and not to a process: they refer to it too, so it is there until their last completion, however early its owner goes.
//
//   Ownership  Counted: the author's object, each call that is under way and each pending operation hold it.
//   Threads    Its core's. ReleaseDescriptor hands one that is dropped elsewhere over to its core.
//   Suspends   Never.
//   Errors     refusal(): used on another core, after close(), or after the end of its runtime.
#pragma once

#include <atomic>
#include <optional>
#include <utility>

#include "base/intrusive_list.hpp"
#include "io/loop.hpp"
#include "pulpo/detail/descriptor_ptr.hpp"
#include "pulpo/error.hpp"

namespace pulpo {

class Core;

/// Something that could not be delivered because a mailbox was full. Core asks again after each slice, in which alone a process can
/// have made room.
class HeldBack : public ListHook<HeldBack> {
 public:
  virtual ~HeldBack() = default;
  virtual void try_again() = 0;
};

namespace detail {

class Descriptor : public ListHook<Descriptor> {
 public:
  /// With one reference, its maker's. Owns `handle` from here on.
  Descriptor(Core& core, io::Handle handle) noexcept;
  virtual ~Descriptor() = default;

  [[nodiscard]] io::Handle handle() const noexcept { return handle_; }
  /// Why `call` cannot be made by the running process on `descriptor`, which may be null; nothing when it can.
  [[nodiscard]] static std::optional<Error> refusal(const Descriptor* descriptor, const char* call);
  /// Gives the handle back to the loop, and ends those who wait for it. On its core. Nothing happens the second time.
  void close() noexcept;
  /// Its core ends: closes it, and from now on its owner may drop it on any thread.
  void outlive_core() noexcept;

  void hold() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void drop() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 protected:
  /// Only on its core, and while that lives.
  [[nodiscard]] Core& core() const noexcept { return *core_.load(std::memory_order_relaxed); }
  /// The handle is the loop's again: whoever waits is to be woken.
  virtual void closed() noexcept {}

 private:
  friend struct ReleaseDescriptor;
  std::atomic<Core*> core_;  ///< Null once that has ended.
  std::atomic<std::uint32_t> references_{1};
  io::Handle handle_;
};

/// For the length of a call: the process that it suspends may not be the one that closes.
template <class T>
class Held {
 public:
  explicit Held(T& descriptor) noexcept : descriptor_(descriptor) { descriptor_.hold(); }
  ~Held() { descriptor_.drop(); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  T& descriptor_;
};

/// A handle that came out of an operation, until somebody takes it.
class NewHandle {
 public:
  NewHandle(io::Loop& loop, io::Handle handle) noexcept : loop_(loop), handle_(handle) {}
  ~NewHandle() { loop_.close(handle_); }
  NewHandle(const NewHandle&) = delete;
  NewHandle& operator=(const NewHandle&) = delete;
  [[nodiscard]] io::Handle take() noexcept { return std::exchange(handle_, -1); }

 private:
  io::Loop& loop_;
  io::Handle handle_;
};

}  // namespace detail
}  // namespace pulpo
