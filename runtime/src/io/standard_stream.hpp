// SPDX-License-Identifier: Apache-2.0
//
// Standard streams: the program's stdin, stdout and stderr, without ever waiting for them.
//
// They may be a terminal that somebody has stopped, a pipe whose reader is slow, a file, a socket, or closed; and they are shared
// with the programs that started us, so that O_NONBLOCK must not be set on them: it would be set for the shell as well. A terminal, a
// pipe or a device is therefore opened a second time, by /proc/self/fd, with a flag of its own. Where that cannot be done
// (no /proc, another user's pipe, no reader left) poll(2) is asked before each piece of at most PIPE_BUF bytes, which a pipe that is
// ready then takes. A regular file takes what it is given at the speed of memory, as it takes the log's lines.
//
//   Ownership  The descriptors 0, 1 and 2 are the program's; what was opened again is ours.
//   Threads    One at a time.
//   Suspends   Never; write_waiting() blocks its thread.
//   Errors     -errno.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "pulpo/bytes.hpp"

namespace pulpo::io {

class StandardOutput {
 public:
  /// 1 or 2, for the program's own. Opens nothing before the first write.
  explicit StandardOutput(int descriptor) noexcept : standard_(descriptor) {}
  ~StandardOutput();
  StandardOutput(const StandardOutput&) = delete;
  StandardOutput& operator=(const StandardOutput&) = delete;

  /// Writes what can be written now. How many bytes that were; 0 when it must be waited for POLLOUT of descriptor(); or -errno.
  [[nodiscard]] std::int32_t write(ByteView bytes) noexcept;
  [[nodiscard]] int descriptor() const noexcept { return own_ >= 0 ? own_ : standard_; }
  struct Geometry {
    unsigned rows, columns;
  };
  /// Of a terminal.
  [[nodiscard]] std::optional<Geometry> geometry() const noexcept;

 private:
  enum class Way : std::uint8_t { unknown, at_once, socket, asking };
  void find_way() noexcept;

  const int standard_;
  int own_ = -1;
  Way way_ = Way::unknown;
};

/// Writes all of it, and blocks the calling thread for as long as that takes: for those who have no loop. 0, or -errno.
std::int32_t write_waiting(int descriptor, ByteView bytes) noexcept;

/// What stdin (0) has for us now: how many bytes came; 0 at its end; -EAGAIN when it must be waited for POLLIN; or -errno.
[[nodiscard]] std::int32_t read_standard_input(int descriptor, std::span<char> into) noexcept;

}  // namespace pulpo::io
