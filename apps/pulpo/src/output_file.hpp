// SPDX-License-Identifier: Apache-2.0
//
// OutputFile: a file that is to be written at the end, and found to be writable at the beginning.
//
//   Ownership  Owns its descriptor. A file that it made and never wrote is removed again.
//   Errors     open(): wrong usage, with what the kernel said. write(): io. An older file keeps its content until write().
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "pulpo/result.hpp"

namespace pulpo::cli {

class OutputFile {
 public:
  /// `option` is what named it, for the error: "--histogram".
  [[nodiscard]] static Outcome<OutputFile> open(std::string_view option, std::string path);
  OutputFile(OutputFile&& other) noexcept
      : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), is_new_(std::exchange(other.is_new_, false)) {}
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  /// Replaces the content, once.
  [[nodiscard]] Outcome<void> write(std::string_view text);

 private:
  OutputFile(std::string path, int descriptor, bool is_new) noexcept : path_(std::move(path)), descriptor_(descriptor), is_new_(is_new) {}
  std::string path_;
  int descriptor_;
  bool is_new_;  ///< Made by open(), and nothing is in it yet.
};

}  // namespace pulpo::cli
