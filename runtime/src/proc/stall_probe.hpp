// SPDX-License-Identifier: Apache-2.0
//
// StallProbe: asks a thread by a signal where it is, and which process it runs; and the same for a thread that is about to die.
//
// The signal's handler runs on the thread's alternate stack (SignalStack), since a process has little room on its own. It walks the frames
// with the unwinder that exceptions need anyway, so it works in a static program; names are for addr2line, on the machine that has the
// symbols.
//
//   Threads    ask(): one that is not the asked. The handler: that of the asked thread.
//   Errors     A thread that does not run (it waits for a disk) does not answer; then nothing is known but that.
//   Bounds     kFramesMax frames.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pulpo {

class Core;

/// The frames of a thread, from where it was interrupted.
struct Frames {
  static constexpr std::size_t kFramesMax = 32;
  std::array<std::uintptr_t, kFramesMax> addresses{};
  std::size_t count = 0;
  /// In a signal handler, with its third argument. Safe there.
  void collect(const void* signal_context) noexcept;
};

/// Which process a core runs, as a signal handler on that core may look at it.
struct RunningNote {
  bool is_process = false;
  unsigned core = 0;
  std::uint32_t slot = 0;
  std::uint32_t serial = 0;
  std::uint32_t name = 0;  ///< Its registered name's atom index, when has_name.
  bool has_name = false;
  std::size_t stack_bytes = 0;
  std::array<char, 160> what{};  ///< Its class or function, cut.
  std::size_t what_size = 0;
  [[nodiscard]] std::string_view initial_call() const noexcept { return {what.data(), what_size}; }
  /// On `core`'s thread, also in a signal handler.
  void take(Core& core) noexcept;
};

/// While it lives, handlers with SA_ONSTACK run on a stack of their own on this thread. A sanitizer's is left alone.
class SignalStack {
 public:
  explicit SignalStack(bool wanted);
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;
  ~SignalStack();

 private:
  char* memory_ = nullptr;
};

class StallProbe {
 public:
  /// Takes the signal for it, once for the program; false when the program has a use of its own for that.
  static bool install() noexcept;
  /// On the thread that will be asked.
  void belongs_here() noexcept;
  void belongs_nowhere() noexcept { thread_.store(0, std::memory_order_release); }
  /// Makes the thread fill `note` and `frames`. False when it does not answer within a second.
  [[nodiscard]] bool ask() noexcept;

  RunningNote note;
  Frames frames;

 private:
  static void handler(int signal, void* context) noexcept;
  enum : std::uint32_t { kQuiet, kAsked, kAnswering, kAnswered };
  std::atomic<std::uint32_t> state_{kQuiet};
  std::atomic<pid_t> thread_{0};
};

/// An address as `program+0x1234`, for addr2line. Not in a signal handler.
[[nodiscard]] std::string frame_text(std::uintptr_t address);
/// The program's path, for people.
[[nodiscard]] std::string program_path();

}  // namespace pulpo
