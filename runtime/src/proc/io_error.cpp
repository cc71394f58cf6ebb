// SPDX-License-Identifier: Apache-2.0
#include "proc/io_error.hpp"

#include <cerrno>

namespace pulpo {
namespace {

struct Name {
  int sys;
  const char* text;
};

// Those that the calls of sockets, files and devices give, by their names in POSIX.
constexpr Name kNames[] = {
    {EPERM, "eperm"},
    {ENOENT, "enoent"},
    {EINTR, "eintr"},
    {EIO, "eio"},
    {ENXIO, "enxio"},
    {EBADF, "ebadf"},
    {EAGAIN, "eagain"},
    {ENOMEM, "enomem"},
    {EACCES, "eacces"},
    {EBUSY, "ebusy"},
    {EEXIST, "eexist"},
    {ENODEV, "enodev"},
    {ENOTDIR, "enotdir"},
    {EISDIR, "eisdir"},
    {EINVAL, "einval"},
    {ENFILE, "enfile"},
    {EMFILE, "emfile"},
    {ENOTTY, "enotty"},
    {EFBIG, "efbig"},
    {ENOSPC, "enospc"},
    {ESPIPE, "espipe"},
    {EROFS, "erofs"},
    {EPIPE, "epipe"},
    {ENAMETOOLONG, "enametoolong"},
    {EDQUOT, "edquot"},
    {ENOTSOCK, "enotsock"},
    {EMSGSIZE, "emsgsize"},
    {ENOPROTOOPT, "enoprotoopt"},
    {EAFNOSUPPORT, "eafnosupport"},
    {EADDRINUSE, "eaddrinuse"},
    {EADDRNOTAVAIL, "eaddrnotavail"},
    {ENETDOWN, "enetdown"},
    {ENETUNREACH, "enetunreach"},
    {ECONNABORTED, "econnaborted"},
    {ECONNRESET, "econnreset"},
    {ENOBUFS, "enobufs"},
    {EISCONN, "eisconn"},
    {ENOTCONN, "enotconn"},
    {ETIMEDOUT, "etimedout"},
    {ECONNREFUSED, "econnrefused"},
    {EHOSTUNREACH, "ehostunreach"},
    {ECANCELED, "ecanceled"},
};

Errc code_of(int sys) noexcept {
  switch (sys) {
    case EPIPE:
    case ECONNRESET:
    case ECONNABORTED:
    case ENOTCONN:
    case ECANCELED:
    case EBADF:
      return Errc::closed;
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case ETIMEDOUT:
      return Errc::unreachable;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EBUSY:
      return Errc::busy;
    case EACCES:
    case EPERM:
    case EROFS:
      return Errc::not_allowed;
    case ENOENT:
      return Errc::not_found;
    case EINVAL:
    case EMSGSIZE:
    case ENOTSOCK:
    case ESPIPE:
    case EAFNOSUPPORT:
    case EADDRNOTAVAIL:
      return Errc::bad_argument;
    case EEXIST:
    case EADDRINUSE:
      return Errc::already_exists;
    default:
      return Errc::io;
  }
}

}  // namespace

Atom errno_atom(int sys) {
  for (const Name& name : kNames) {
    if (name.sys == sys) return Atom(name.text);
  }
  return "unknown"_atom;
}

Error io_error(int sys, const char* where, std::string detail) {
  Error error(code_of(sys), errno_atom(sys), where);
  error.sys = sys;
  error.detail = std::move(detail);
  return error;
}

Error io_error(const Fault& fault) {
  Error error(fault);
  if (fault.sys != 0) error.reason = errno_atom(fault.sys);
  return error;
}

}  // namespace pulpo
