// SPDX-License-Identifier: Apache-2.0
#include "log_lines.hpp"

#include <mutex>

namespace pulpo::testing {
namespace {

// Belongs to the log's target, which is one for the program: how many worlds listen, and who did before them.
std::mutex worlds_mutex;
unsigned worlds = 0;
log::Target before;

// Which world runs on this thread. Like the current core, it cannot be handed down: a log line comes from anywhere.
thread_local LogReader* reader_here = nullptr;

void take(void*, const log::Entry& entry) {
  if (reader_here != nullptr) {
    reader_here->logged(entry.level, entry.message);
  } else if (before.sink != nullptr) {
    before.sink(before.context, entry);
  }
}

}  // namespace

LogLines::LogLines() {
  const std::lock_guard lock(worlds_mutex);
  if (worlds++ == 0) before = log::exchange_target({&take, nullptr});
}

LogLines::~LogLines() {
  const std::lock_guard lock(worlds_mutex);
  if (--worlds == 0) log::exchange_target(before);
}

Hearing::Hearing(LogReader* reader) noexcept : before_(std::exchange(reader_here, reader)) {}
Hearing::~Hearing() { reader_here = before_; }

}  // namespace pulpo::testing
