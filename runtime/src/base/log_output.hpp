// SPDX-License-Identifier: Apache-2.0
//
// LogOutput: lines to a descriptor that may be a pipe which nobody reads.
//
// A line is written by whoever logs it, so that the last words of a program that dies are out. The descriptor is shared with whoever
// started us and stays as blocking as it was: we ask poll(2) before each piece of at most PIPE_BUF bytes, which a pipe that is writable
// takes whole.
//
//   Threads    One at a time: the log's lock.
//   Suspends   Never. Blocks the thread for kPatience when the reader falls behind, once: then lines are dropped until it takes some.
//   Errors     A descriptor that is closed or broken takes nothing, and nothing is said.
#pragma once

#include <cstdint>
#include <string_view>

namespace pulpo::log {

class LogOutput {
 public:
  /// False: the line was dropped, or cut.
  bool write(int descriptor, std::string_view line) noexcept;
  /// Lines dropped and not told of yet.
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }
  void told_of_dropped() noexcept { dropped_ = 0; }
  /// One that somebody else could not write.
  void count_dropped() noexcept { ++dropped_; }

 private:
  // A reader that is alive but busy comes round in that time; ten such holds a second would be a node that does nothing else.
  static constexpr int kPatienceMilliseconds = 100;
  [[nodiscard]] bool await_room(int descriptor) noexcept;

  std::uint64_t dropped_ = 0;
  bool stuck_ = false;  ///< Patience was in vain, and nothing was written since.
  bool torn_ = false;   ///< What was written last lacks its end.
};

}  // namespace pulpo::log
