// SPDX-License-Identifier: Apache-2.0
//
// Embedding: a runtime in a program with a main of its own, and its servers asked from that program's threads.
//
//   pulpo::Runtime runtime;
//   if (auto started = runtime.start(); !started) …
//   runtime.run([] { … start<Server>({.name = kServer}) … });           // runs as a process, and is waited for
//   Result<std::uint64_t> count = call(runtime, kServer, Count{});      // from any thread
//   (void)cast(runtime, kServer, Reset{});
//   runtime.stop();
//
// The typed forms of Runtime::send(), cast() and call(). A runtime installs no signal handler, unless
// RuntimeOptions::watchdog.backtrace or crash_reports ask for some or a process watches a signal (pulpo/os_signal.hpp), and writes nothing
// to stdout; its log goes to stderr, or where log::exchange_target() says.
//
//   Order      What one thread sends one process arrives in the order of sending, and a call after all that it sent
//              before. What it sends after a call that timed out may overtake that.
//   Threads    Any, any number at once. Inside a process of this runtime they suspend that process only, as try_call() does;
//              on a core of another runtime they stop the node.
//   Errors     Values, also after stop() and before start(): Errc::stopped. A name that is none is bad_argument.
//   Bounds     4 MiB of messages that the cores have not taken yet; then send() and cast() wait.
//   Cost       A call is a process for its duration, and wakes the core's thread and its own; a send allocates twice.
#pragma once

#include <type_traits>
#include <utility>

#include "pulpo/gen_server.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo {

namespace detail {
/// Reading a name may exit the process that does; a thread gets the error.
template <class S>
[[nodiscard]] Result<Address> address_of(const S& server) {
  try {
    return static_cast<Address>(server);
  } catch (const Exiting& exiting) {
    return Error{Errc::bad_argument, exiting.reason, "address"};
  }
}
}  // namespace detail

/// Asks, and waits for the reply. An answer of another type is Errc::bad_message; a runtime that is stopped meanwhile, Errc::stopped.
template <CallMessage R>
[[nodiscard]] Result<ReplyOf<R>> call(Runtime& runtime, const Address& server, const R& request, const CallOptions& options = {}) {
  Result<Term> answer = runtime.call(server, to_term(request), options.timeout);
  if (!answer) return std::move(answer).error();
  if constexpr (std::is_void_v<ReplyOf<R>>) {
    return {};
  } else {
    auto reply = from_term<ReplyOf<R>>(*answer);
    if (!reply) return Error{Errc::bad_message, detail::bad_reply(*answer, kTypeText<ReplyOf<R>>), "call: reply"};
    return std::move(*reply);
  }
}
template <TypedServer S, CallMessage R>
[[nodiscard]] Result<ReplyOf<R>> call(Runtime& runtime, const S& server, const R& request, const CallOptions& options = {}) {
  detail::check_protocol<S, R>();
  PULPO_TRY(const Address address, detail::address_of(server));
  return call(runtime, address, request, options);
}

/// Tells, and does not wait. Whoever does not exist does not matter (GS-16).
template <CastMessage M>
Result<void> cast(Runtime& runtime, const Address& server, const M& message) {
  return runtime.cast(server, to_term(message));
}
template <TypedServer S, CastMessage M>
Result<void> cast(Runtime& runtime, const S& server, const M& message) {
  detail::check_protocol<S, M>();
  PULPO_TRY(const Address address, detail::address_of(server));
  return runtime.cast(address, to_term(message));
}

/// A plain message; handle_info() gets it.
template <InfoMessage M>
Result<void> send(Runtime& runtime, const Address& to, const M& message) {
  return runtime.send(to, to_term(message));
}
template <TypedServer S, InfoMessage M>
Result<void> send(Runtime& runtime, const S& server, const M& message) {
  detail::check_protocol<S, M>();
  PULPO_TRY(const Address address, detail::address_of(server));
  return runtime.send(address, to_term(message));
}

}  // namespace pulpo
