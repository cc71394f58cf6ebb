// SPDX-License-Identifier: Apache-2.0
//
// OnDemand: starts the mapper of this host when the first node finds none (EPMD-16), as `erl` does.
//
// The program re-executes itself as `mapper --daemon --idle-exit 60 …`, in a session of its own, so that it outlives the
// node. The caller goes on at once; its Registration tries again until the mapper answers. When several nodes start one at
// the same moment, all but one find the port in use and end.
//
//   Ownership  The mapper belongs to nobody: this object only collects the process that it started, which, being told
//              --daemon, detaches (see detach()) and ends.
//   Threads    OnDemand: the loop's. detach(): a program with one thread.
//   Suspends   start(): for the moment of vfork and exec.
//   Errors     start(): Errc::io with what the system said.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "io/loop.hpp"
#include "mapper/callback_timer.hpp"
#include "mapper/epmd_codec.hpp"

namespace pulpo::mapper {

/// The file of this very program, by its name, so that `ps` shows the mapper by it too; /proc/self/exe when the file has been
/// replaced or taken away meanwhile, which runs all the same.
[[nodiscard]] std::string own_program();

class OnDemand {
 public:
  struct Settings {
    std::uint16_t port = kDefaultPort;
    std::vector<io::Address> addresses = {};  ///< Where its node listens; empty: everywhere.
    std::string program = own_program();      ///< A program whose first argument `mapper` means the mapper.
    std::chrono::seconds idle_exit = 60s;
  };

  OnDemand(io::Loop& loop, Settings settings);
  ~OnDemand();

  /// Starts it. What Registration::Settings::start_mapper wants: `[&] { return on_demand.start(); }`.
  [[nodiscard]] Outcome<void> start();
  /// True from start() until the process that was started has been collected.
  [[nodiscard]] bool is_pending() const noexcept { return child_ > 0; }
  /// Its command line, the program first.
  [[nodiscard]] static std::vector<std::string> arguments(const Settings& settings);

 private:
  void collect();

  io::Loop& loop_;
  Settings settings_;
  pid_t child_ = -1;
  Duration pause_{};
  CallbackTimer<OnDemand> timer_{*this, &OnDemand::collect};
};

/// What `--daemon` does: goes on in a child in a session of its own, with the standard streams on /dev/null and / as its
/// folder, while the process that was started exits with 0. Before any thread or loop is made.
[[nodiscard]] Outcome<void> detach();

}  // namespace pulpo::mapper
