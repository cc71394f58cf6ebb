// SPDX-License-Identifier: Apache-2.0
#include "service_manager.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace pulpo::cli {
namespace {

/// SD_LISTEN_FDS_START: the first descriptor after the standard streams.
constexpr int kFirstListener = 3;

Outcome<std::uint64_t> number_of(const char* variable, const char* text) {
  const std::string_view digits = text;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc{} && end == digits.data() + digits.size()) return value;
  return wrong_usage(fmt::format("{} is \"{}\", which is no number; it is the service manager's to set, so unset it", variable, digits));
}

}  // namespace

Outcome<std::vector<int>> take_listeners(const Environment& environment) {
  const auto kept = [&](const char* variable) {
    const char* const value = environment(variable);
    return std::string(value == nullptr ? "" : value);
  };
  const std::string process = kept("LISTEN_PID");
  const std::string count = kept("LISTEN_FDS");
  for (const char* const variable : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
    ::unsetenv(variable);  // NOLINT(concurrency-mt-unsafe): there is one thread yet
  }
  std::vector<int> listeners;
  if (process.empty() || count.empty()) return listeners;
  PULPO_TRY(const std::uint64_t pid, number_of("LISTEN_PID", process.c_str()));
  if (pid != static_cast<std::uint64_t>(::getpid())) return listeners;  // meant for who started us
  PULPO_TRY(const std::uint64_t size, number_of("LISTEN_FDS", count.c_str()));
  if (size > kListenersMax) {
    return wrong_usage(
        fmt::format("LISTEN_FDS is {}, and a mapper listens on {} sockets at most; let the .socket unit have fewer", size, kListenersMax));
  }
  for (int descriptor = kFirstListener; descriptor < kFirstListener + static_cast<int>(size); ++descriptor) {
    if (::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) {
      return wrong_usage(
          fmt::format("LISTEN_FDS is {}, but descriptor {} is not open; unset it, or start this by the .socket unit", size, descriptor));
    }
    listeners.push_back(descriptor);
  }
  return listeners;
}

void tell_service_manager(const Environment& environment, std::string_view state) noexcept {
  const char* const variable = environment("NOTIFY_SOCKET");
  if (variable == nullptr) return;
  const std::string_view name = variable;
  sockaddr_un address{};
  if (name.size() < 2 || name.size() >= sizeof address.sun_path || (name[0] != '/' && name[0] != '@')) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name[0] == '@') address.sun_path[0] = '\0';
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return;
  // The manager gives up on a service that does not get through to it, and says so.
  static_cast<void>(::sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                             reinterpret_cast<const sockaddr*>(&address),
                             static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())));
  ::close(descriptor);
}

}  // namespace pulpo::cli
