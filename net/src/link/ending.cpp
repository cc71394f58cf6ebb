// SPDX-License-Identifier: Apache-2.0
#include "link/ending.hpp"

namespace pulpo::links {

const char* to_string(Cause cause) noexcept {
  switch (cause) {
    case Cause::cookie_refused:
      return "cookie refused";
    case Cause::version:
      return "no protocol version in common";
    case Cause::wrong_name:
      return "another node answers at that address";
    case Cause::not_allowed:
      return "not allowed";
    case Cause::already_connected:
      return "already connected";
    case Cause::simultaneous:
      return "both nodes dialled, and the other attempt goes on";
    case Cause::busy:
      return "busy";
    case Cause::malformed:
      return "not pulpo's protocol";
    case Cause::stopping:
      return "the node is stopping";
    case Cause::speaks_erlang:
      return "speaks Erlang's protocol";
    case Cause::closed:
      return "closed by the peer";
    case Cause::timeout:
      return "no answer in time";
    case Cause::unreachable:
      return "unreachable";
    case Cause::io:
      return "connection lost";
    case Cause::closed_here:
      return "closed";
    case Cause::cut:
      return "cut off";
    case Cause::altered:
      return "a record does not verify";
    case Cause::silent:
      return "not responding";
  }
  return "unknown";
}

Errc errc_of(Cause cause) noexcept {
  switch (cause) {
    case Cause::cookie_refused:
    case Cause::not_allowed:
      return Errc::not_allowed;
    case Cause::version:
    case Cause::speaks_erlang:
      return Errc::unsupported;
    case Cause::wrong_name:
      return Errc::not_found;
    case Cause::already_connected:
    case Cause::simultaneous:
      return Errc::already_exists;
    case Cause::busy:
    case Cause::stopping:
      return Errc::busy;
    case Cause::malformed:
    case Cause::altered:
      return Errc::bad_message;
    case Cause::timeout:
    case Cause::silent:
      return Errc::timeout;
    case Cause::io:
      return Errc::io;
    case Cause::closed:
    case Cause::unreachable:
    case Cause::closed_here:
    case Cause::cut:
      return Errc::nodedown;
  }
  return Errc::io;
}

}  // namespace pulpo::links
