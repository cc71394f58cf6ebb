// SPDX-License-Identifier: Apache-2.0
//
// Machine: what a figure was measured on, in words.
//
//   Threads    Any; reads the kernel's files anew each time.
//   Errors     What cannot be read is left out: at worst the processor's architecture is all there is.
//   Cost       Two small files and a system call; for reports.
#pragma once

#include <string>
#include <string_view>

namespace pulpo {

struct Machine {
  std::string board;   ///< "Raspberry Pi 4 Model B Rev 1.4", else the processor's model, else its architecture.
  std::string kernel;  ///< "6.1.0-18-arm64 aarch64"
};
[[nodiscard]] Machine this_machine();

/// The processor's model in the text of /proc/cpuinfo; empty when it names none (64-bit ARM).
[[nodiscard]] std::string parse_processor(std::string_view text);
/// What the device tree says, without the zero byte at its end; only printable ASCII of it.
[[nodiscard]] std::string parse_board(std::string_view text);

}  // namespace pulpo
