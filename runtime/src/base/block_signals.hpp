// SPDX-License-Identifier: Apache-2.0
//
// BlockSignals: while it lives, threads that are started here inherit a mask that blocks every signal sent to the process.
//
// A program's signals are its own: its handlers run on its threads, and never on the small stack of a process of ours. Signals
// that a thread causes itself (SIGSEGV and the like) cannot be put off and are left alone; so is SIGPROF, for profilers.
//
//   Threads    Changes the calling thread's mask, and puts it back.
#pragma once

#include <pthread.h>

#include <csignal>

namespace pulpo {

class BlockSignals {
 public:
  BlockSignals() noexcept {
    sigset_t blocked;
    ::sigfillset(&blocked);
    for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGPROF}) ::sigdelset(&blocked, own);
    ::pthread_sigmask(SIG_SETMASK, &blocked, &before_);
  }
  ~BlockSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockSignals(const BlockSignals&) = delete;
  BlockSignals& operator=(const BlockSignals&) = delete;

 private:
  sigset_t before_;
};

}  // namespace pulpo
