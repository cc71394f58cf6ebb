// SPDX-License-Identifier: Apache-2.0
//
// HistoryFile: the lines that somebody has typed, one a line, for the next console.
//
//   Bounds     A file that has grown to twice what is remembered is written anew when it is opened.
//   Threads    One at a time.
//   Errors     A file that cannot be read or written is none: a board's disk may be read-only, and a console works without.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace pulpo::cli {

class HistoryFile {
 public:
  explicit HistoryFile(std::string path) : path_(std::move(path)) {}
  /// The latest `lines_max` lines, the latest last.
  [[nodiscard]] std::vector<std::string> read(std::size_t lines_max) const;
  /// Several consoles may add to one file.
  void add(const std::string& line) const;

 private:
  std::string path_;  ///< Empty: none.
};

/// ~/.pulpo_history, unless PULPO_HISTORY names another, or nothing, as "off" does.
[[nodiscard]] std::string history_path();

}  // namespace pulpo::cli
