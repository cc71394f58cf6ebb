// SPDX-License-Identifier: Apache-2.0
//
// CrashReports: the last words of a program that dies of a signal: which process ran, and where; and whether it was its stack that ended.
//
// Handlers of SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT, for the whole program. Each writes to stderr and then lets the signal's default
// action happen where it was raised, so that a core dump shows the place. Nothing else of the program's signals changes.
//
//   Threads    The handler: whichever thread died. A core's thread has a SignalStack for it.
//   Errors     Under AddressSanitizer and ThreadSanitizer, which report by themselves, install() does nothing.
#pragma once

namespace pulpo {

struct CrashReports {
  /// Once for the program; more often changes nothing.
  static void install() noexcept;
};

}  // namespace pulpo
