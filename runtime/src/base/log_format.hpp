// SPDX-License-Identifier: Apache-2.0
//
// LogFormat: an entry as the bytes of a line: text, JSON, or for systemd's journal.
//
//   Threads    Any; nothing is shared.
//   Errors     Bytes that are no UTF-8 become U+FFFD in JSON, which is valid whatever is logged.
#pragma once

#include <ctime>
#include <string>

#include "pulpo/log.hpp"

namespace pulpo::log {

/// What Settings come to for this stderr.
struct Look {
  Format format = Format::text;  ///< Never automatic.
  bool colours = false;
  std::vector<std::string> metadata = {};
};

[[nodiscard]] Look look_of(const Settings& settings, int descriptor);
/// JOURNAL_STREAM ("DEVICE:INODE") names what `descriptor` is (systemd.exec(5)).
[[nodiscard]] bool is_journal(const char* journal_stream, int descriptor) noexcept;

/// The line, or lines, with the newline at the end; `wall` is the stamp.
[[nodiscard]] std::string formatted(const Entry& entry, const Look& look, const timespec& wall);

}  // namespace pulpo::log
