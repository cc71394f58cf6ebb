// SPDX-License-Identifier: Apache-2.0
//
// Result: a value, or the error that came instead of it.
//
// Expected failures (timeout, peer gone, bad bytes) are values, handled where they arrive. There are
// two kinds of error: Fault, below, which the layers without terms use (base, io, link, mapper), and
// Error (pulpo/error.hpp), which also holds the exit reason that another process gave.
//
//   Ownership  Owns its value or its error.
//   Threads    Any; a Result is as safe to share as what it holds.
//   Errors     value() and operator* on an error stop the node (PULPO_ASSERT): look first.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "pulpo/assert.hpp"

namespace pulpo {

/// What went wrong, grouped by what the caller can do next. Local to this program: only terms cross
/// to other processes.
enum class Errc : std::uint16_t {
  // The other side is alive: wait, then ask again.
  timeout = 1,       ///< No answer before the deadline; the request may still be running.
  mailbox_full = 2,  ///< The receiver refused the message; nothing was queued.
  busy = 3,          ///< A limit is reached (connections, memory); try later.
  // The other side is gone: find it again or do without.
  noproc = 16,       ///< No process has that pid or name.
  nodedown = 17,     ///< The connection was lost or never made.
  exited = 18,       ///< It ended while we waited; Error::reason says why.
  killed = 19,       ///< This process is being killed; suspending calls end at once.
  stopped = 20,      ///< The runtime does not run: not started yet, or stopped.
  closed = 21,       ///< The stream has ended, was reset, or was closed by its owner meanwhile.
  unreachable = 22,  ///< Nobody listens there, or no way leads there.
  // Asking again will not help: report it.
  bad_message = 32,     ///< The bytes or the term are not the declared message.
  not_allowed = 33,     ///< Cookie refused, or a message outside the server's protocol.
  bad_argument = 34,    ///< The caller's own argument is wrong.
  already_exists = 35,  ///< Name taken, port in use.
  not_found = 36,       ///< No such file, host, name.
  io = 37,              ///< The kernel said no; `sys` is its errno.
  unsupported = 38,     ///< This kernel, node or peer cannot do it.
  refused = 39,         ///< The other side answered {:error, reason}.
};

/// The error's name as OTP would say it, e.g. "timeout"; never empty.
[[nodiscard]] const char* to_string(Errc code) noexcept;

/// An error of the layers below terms.
struct Fault {
  Errc code = Errc::io;
  std::int32_t sys = 0;     ///< errno when the kernel said no, else 0.
  const char* where = "";   ///< Static text naming the step: "listen", "handshake: first frame".
  std::string detail = {};  ///< What exactly, for a person: "port 4369 is in use".

  /// One line for a person: where, what, and errno's text when there is one.
  [[nodiscard]] std::string text() const;
};

struct Error;

template <class T, class E = Error>
class [[nodiscard]] Result {
 public:
  using Value = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: a value is a result
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: so is an error

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] T& value() & {
    PULPO_ASSERT(has_value());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& value() const& {
    PULPO_ASSERT(has_value());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T&& value() && {
    PULPO_ASSERT(has_value());
    return std::move(*std::get_if<0>(&state_));
  }
  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }
  [[nodiscard]] T* operator->() { return &value(); }
  [[nodiscard]] const T* operator->() const { return &value(); }
  [[nodiscard]] T value_or(T otherwise) && { return has_value() ? std::move(*this).value() : std::move(otherwise); }

  [[nodiscard]] E& error() & {
    PULPO_ASSERT(!has_value());
    return *std::get_if<1>(&state_);
  }
  [[nodiscard]] const E& error() const& {
    PULPO_ASSERT(!has_value());
    return *std::get_if<1>(&state_);
  }
  [[nodiscard]] E&& error() && {
    PULPO_ASSERT(!has_value());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, E> state_;
};

template <class E>
class [[nodiscard]] Result<void, E> {
 public:
  using Value = void;

  Result() = default;
  Result(E error) : state_(std::move(error)) {}  // NOLINT

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }
  void value() const { PULPO_ASSERT(has_value()); }
  [[nodiscard]] const E& error() const& {
    PULPO_ASSERT(!has_value());
    return *std::get_if<1>(&state_);
  }
  [[nodiscard]] E&& error() && {
    PULPO_ASSERT(!has_value());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<std::monostate, E> state_;
};

namespace detail {
template <class T>
inline constexpr bool kIsResult = false;
template <class T>
inline constexpr bool kIsResult<Result<T, Error>> = true;
}  // namespace detail

/// The result type of the layers below terms.
template <class T>
using Outcome = Result<T, Fault>;

}  // namespace pulpo

#define PULPO_CONCAT_(a, b) a##b
#define PULPO_CONCAT(a, b) PULPO_CONCAT_(a, b)

/// `PULPO_TRY(auto x, f());` declares x from f()'s value, or returns f()'s error to our caller.
#define PULPO_TRY(declaration, expression) PULPO_TRY_(PULPO_CONCAT(pulpo_try_, __LINE__), declaration, expression)
#define PULPO_TRY_(holder, declaration, expression)          \
  auto holder = (expression);                                \
  if (!holder.has_value()) return std::move(holder).error(); \
  declaration = std::move(holder).value()

/// Returns the error of a Result<void> to our caller.
#define PULPO_CHECK(expression)                                                                           \
  do {                                                                                                    \
    if (auto pulpo_check = (expression); !pulpo_check.has_value()) return std::move(pulpo_check).error(); \
  } while (false)
