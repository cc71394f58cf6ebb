// SPDX-License-Identifier: Apache-2.0
//
// Signals: SIGINT and SIGTERM, and those of a terminal, as a descriptor that becomes readable, instead of handlers that interrupt.
//
//   Threads    Made by the first thread before any other exists: later ones inherit that both are blocked.
//   Ownership  Owns its descriptor. Signals stay blocked; the program is about to end when it dies.
#pragma once

#include "pulpo/result.hpp"

namespace pulpo::cli {

class Signals {
 public:
  /// `terminal`: SIGHUP and SIGQUIT too, by which a terminal ends who has changed its settings.
  [[nodiscard]] static Outcome<Signals> catch_stops(bool terminal = false);
  Signals(Signals&& other) noexcept;
  Signals& operator=(Signals&&) = delete;
  ~Signals();

  /// Readable (POLLIN) when a signal has come.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  /// Takes the next signal's name, "SIGTERM"; nullptr when there is none.
  [[nodiscard]] const char* take() noexcept;

 private:
  explicit Signals(int descriptor) noexcept : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace pulpo::cli
