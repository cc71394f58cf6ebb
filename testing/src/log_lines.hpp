// SPDX-License-Identifier: Apache-2.0
//
// LogLines: brings what is logged on a thread to the world that runs on it.
//
// The log's target is one for the whole program. The first world installs a target that asks whose line it is, the last one puts the
// old target back; lines of threads that run no world go to the old one, as ever.
//
//   Threads    The constructor and destructor: that of the world.
#pragma once

#include "pulpo/log.hpp"

namespace pulpo::testing {

class LogReader {
 public:
  virtual void logged(log::Level level, std::string_view text) = 0;

 protected:
  ~LogReader() = default;
};

/// While it lives, there is a world, and the program's log is looked through.
class LogLines {
 public:
  LogLines();
  LogLines(const LogLines&) = delete;
  LogLines& operator=(const LogLines&) = delete;
  ~LogLines();
};

/// While it lives, this thread's lines are for that reader. They nest.
class Hearing {
 public:
  explicit Hearing(LogReader* reader) noexcept;
  Hearing(const Hearing&) = delete;
  Hearing& operator=(const Hearing&) = delete;
  ~Hearing();

 private:
  LogReader* const before_;
};

}  // namespace pulpo::testing
