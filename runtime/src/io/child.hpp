// SPDX-License-Identifier: Apache-2.0
//
// Child: another program, from its start until it is reaped.
//
// Nothing of ours is handed on: descriptors but the three standard ones are closed, no signal is blocked, and each has its default
// disposition. Its end makes a descriptor readable: a pidfd, or, where the kernel has none (before 5.3, emulators), an eventfd that
// a thread writes which waits for it.
//
//   Ownership  Owns the child and that descriptor. Whoever drops it early ends the child: SIGKILL, and waits until it is gone. So there
//              is never a zombie.
//   Threads    One at a time. spawn() holds its thread up until the program has begun.
//   Suspends   Never.
//   Errors     spawn(): what the kernel said, the errno of exec among it (ENOENT: no such program).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "pulpo/result.hpp"

namespace pulpo::io {

/// A descriptor that is closed with it.
class OwnedDescriptor {
 public:
  OwnedDescriptor() noexcept = default;
  explicit OwnedDescriptor(int descriptor) noexcept : descriptor_(descriptor) {}
  OwnedDescriptor(OwnedDescriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  OwnedDescriptor& operator=(OwnedDescriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~OwnedDescriptor() { reset(); }

  [[nodiscard]] int get() const noexcept { return descriptor_; }
  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }
  [[nodiscard]] int take() noexcept { return std::exchange(descriptor_, -1); }
  void reset() noexcept;

 private:
  int descriptor_ = -1;
};

struct Pipe {
  OwnedDescriptor read, write;  ///< Close-on-exec.
  [[nodiscard]] static Outcome<Pipe> make();
};

struct ChildPlan {
  std::string program;
  std::vector<std::string> arguments = {};
  std::vector<std::string> environment = {};  ///< "NAME=value".
  bool own_environment = false;               ///< Else it inherits ours.
  std::string folder = {};
  bool own_group = true;
  /// What its descriptors 0, 1 and 2 are: -1 for /dev/null, kInherit for ours.
  static constexpr int kInherit = -2;
  int standard[3] = {-1, -1, -1};
};

class Child {
 public:
  enum class Notice : std::uint8_t { automatic, thread };  ///< thread: as without pidfd_open(2), for tests.

  [[nodiscard]] static Outcome<std::unique_ptr<Child>> spawn(const ChildPlan& plan, Notice notice = Notice::automatic);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  /// Readable (POLLIN) once it has ended.
  [[nodiscard]] int end_descriptor() const noexcept { return end_.get(); }
  /// True when it has ended; it is reaped then.
  bool try_reap() noexcept;
  [[nodiscard]] bool is_reaped() const noexcept { return reaped_; }
  /// Once it is reaped: what it gave to exit(3), and the signal that ended it, else 0. Code -1: nobody knows, since this program
  /// ignores SIGCHLD.
  [[nodiscard]] int exit_code() const noexcept { return exit_code_; }
  [[nodiscard]] int exit_signal() const noexcept { return exit_signal_; }
  /// To the child, and to its group if it has its own. False with errno, ESRCH when it has been reaped.
  bool send_signal(int signal) const noexcept;

 private:
  Child(pid_t pid, bool own_group) noexcept : pid_(pid), own_group_(own_group) {}
  [[nodiscard]] Outcome<void> watch(Notice notice);
  void reap(int options) noexcept;

  const pid_t pid_;
  const bool own_group_;
  OwnedDescriptor end_;
  std::thread waiter_;  ///< Without a pidfd.
  bool reaped_ = false;
  int exit_code_ = 0;
  int exit_signal_ = 0;
};

}  // namespace pulpo::io
