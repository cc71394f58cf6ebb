// SPDX-License-Identifier: Apache-2.0
#include "signals.hpp"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace pulpo::cli {

Outcome<Signals> Signals::catch_stops(bool terminal) {
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGINT);
  sigaddset(&stops, SIGTERM);
  if (terminal) {
    sigaddset(&stops, SIGHUP);
    sigaddset(&stops, SIGQUIT);
  }
  if (const int error = ::pthread_sigmask(SIG_BLOCK, &stops, nullptr); error != 0) {
    return Fault{.code = Errc::io, .sys = error, .where = "signals"};
  }
  const int descriptor = ::signalfd(-1, &stops, SFD_CLOEXEC | SFD_NONBLOCK);
  if (descriptor < 0) return Fault{.code = Errc::io, .sys = errno, .where = "signals"};
  return Signals(descriptor);
}

Signals::Signals(Signals&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Signals::~Signals() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

const char* Signals::take() noexcept {
  signalfd_siginfo about;
  if (::read(descriptor_, &about, sizeof about) != static_cast<ssize_t>(sizeof about)) return nullptr;
  switch (static_cast<int>(about.ssi_signo)) {
    case SIGINT:
      return "SIGINT";
    case SIGHUP:
      return "SIGHUP";
    case SIGQUIT:
      return "SIGQUIT";
    default:
      return "SIGTERM";
  }
}

}  // namespace pulpo::cli
