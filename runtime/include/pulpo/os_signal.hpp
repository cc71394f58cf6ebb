// SPDX-License-Identifier: Apache-2.0
//
// OsSignal: a signal of the operating system as a message, in the manner of os:set_signal/2.
//
//   class Settings {
//    public:
//     using Protocol = pulpo::Protocol<OsSignal::Arrived>;
//     void handle_info(const OsSignal::Arrived& signal) { … }           // {:signal, :sighup}
//    private:
//     OsSignal reload_ = watch_os_signal(SIGHUP).value();
//   };
//
// What a signal does is one thing for the whole program: while anybody watches it, a handler of ours takes it, which only writes to a
// descriptor of each watcher's core. Its former action (the program's end, a handler, nothing) is put back when the last of
// all runtimes' watchers has gone, unless the program has installed another meanwhile. In a simulation nothing of the program is
// touched: testing::Node::signal() is the signal.
//
//   Order      None between signals, as for the kernel. Signals that come before the core has looked are one message.
//   Bounds     A descriptor and one message a signal; while 1,024 messages wait in the mailbox, what arrives is held back as one.
//   Ownership  The messages go to the process that called; the watch ends with the object, and with that process. Moved, not copied.
//   Threads    Processes; the destructor may run on any core. The handler runs on a thread of the program that does not block the signal
//              (runtimes' threads block all): main's, as a rule. Where every thread blocks it, nothing comes.
//   Suspends   wait().
//   Errors     bad_argument, with what to use instead, for signals that are nobody's (SIGKILL), faults (SIGSEGV), or ours (SIGCHLD,
//              SIGPIPE, real-time ones); not_allowed for SIGINT and SIGTERM where they end the program (RuntimeOptions::stops_at_signals);
//              busy (no descriptor left); io.
#pragma once

#include <csignal>
#include <utility>

#include "pulpo/atom.hpp"
#include "pulpo/detail/descriptor_ptr.hpp"
#include "pulpo/error.hpp"
#include "pulpo/time.hpp"
#include "pulpo/typed.hpp"

namespace pulpo {

class OsSignal {
 public:
  /// {:signal, :sighup}
  struct Arrived {
    using Message = Info<"signal">;
    Atom name;
  };

  OsSignal(OsSignal&&) noexcept = default;
  OsSignal& operator=(OsSignal&&) noexcept = default;
  ~OsSignal() = default;

  /// Takes the oldest of its messages, and waits for it when there is none. Of the process that watches alone. Errors: timeout; killed
  /// (where nothing is thrown); closed; bad_argument.
  [[nodiscard]] Result<void> wait(Timeout timeout = Timeout::infinity());
  /// Ends the watch before the destructor does. Messages that are in the mailbox already stay there.
  void close() noexcept { watch_.reset(); }
  [[nodiscard]] int number() const noexcept { return number_; }
  /// As OTP writes it: :sighup.
  [[nodiscard]] Atom name() const noexcept { return name_; }

 private:
  friend Result<OsSignal> watch_os_signal(int number);
  OsSignal(int number, Atom name, detail::DescriptorPtr watch) noexcept : number_(number), name_(name), watch_(std::move(watch)) {}

  int number_;
  Atom name_;
  detail::DescriptorPtr watch_;
};

/// From now on each arrival of the signal is sent to the calling process as OsSignal::Arrived, and the signal does nothing else. Any
/// number of processes may watch one signal; all are told.
[[nodiscard]] Result<OsSignal> watch_os_signal(int number);

}  // namespace pulpo
