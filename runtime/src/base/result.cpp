// SPDX-License-Identifier: Apache-2.0
#include "pulpo/result.hpp"

#include <cstring>

namespace pulpo {

const char* to_string(Errc code) noexcept {
  switch (code) {
    case Errc::timeout:
      return "timeout";
    case Errc::mailbox_full:
      return "mailbox full";
    case Errc::busy:
      return "busy";
    case Errc::noproc:
      return "no process";
    case Errc::nodedown:
      return "no connection";
    case Errc::exited:
      return "exited";
    case Errc::killed:
      return "killed";
    case Errc::stopped:
      return "stopped";
    case Errc::closed:
      return "closed";
    case Errc::unreachable:
      return "unreachable";
    case Errc::bad_message:
      return "bad message";
    case Errc::not_allowed:
      return "not allowed";
    case Errc::bad_argument:
      return "bad argument";
    case Errc::already_exists:
      return "already exists";
    case Errc::not_found:
      return "not found";
    case Errc::io:
      return "input/output error";
    case Errc::unsupported:
      return "unsupported";
    case Errc::refused:
      return "refused";
  }
  return "unknown error";
}

std::string Fault::text() const {
  std::string line;
  const auto append = [&line](std::string_view part) {
    if (part.empty()) return;
    if (!line.empty()) line += ": ";
    line += part;
  };
  append(where);
  append(detail);
  if (sys != 0) append(std::strerror(sys));  // NOLINT(concurrency-mt-unsafe): glibc's is safe for known numbers
  if (detail.empty() && sys == 0) append(to_string(code));
  return line;
}

}  // namespace pulpo
