// SPDX-License-Identifier: Apache-2.0
//
// IO: what Elixir's IO offers: text for whoever looks at this node, and lines from there.
//
//   io::puts("Starting server");
//   io::puts("{} of {}", done, all);
//   io::inspect(state, {.label = "state"});          // prints the term, and returns it
//   const auto name = io::gets("your name? ");        // Errc::closed at the end of the input
//
// Each process has a group leader (group_leader()), inherited from its spawner, that these calls send their requests to (IO-1). In an
// application it is the application's master, which hands them on to the process `user` of its node, which owns the program's stdout
// and stdin (AC-55, IO-5). A process without a leader speaks to `user`; where there is no `user` either (a Runtime without
// start_system()), text goes to stdout as it is, and holds the core up for as long as stdout takes, and nothing can be read.
//
//   Order      Text is with the kernel when the call returns: lines of one process keep their order (IO-3). Those of several
//              processes mix by call.
//   Bounds     `user` holds 16 MiB of text that stdout has not taken, then refuses more with {:error, :system_limit}. A line that
//              is read ends after 64 KiB.
//   Threads    Inside a process.
//   Suspends   All, until the leader has answered. A stdout that takes nothing holds up who prints, and nobody else.
//   Errors     As in Elixir, values: :ok or {:error, reason}; {:error, :terminated} when the leader is gone, or its node (IO-6); an
//              errno as in {:error, :epipe} when stdout is closed.
//   Cost       A message there and back, and a system call for all that came meanwhile.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "pulpo/codec.hpp"
#include "pulpo/process.hpp"

namespace pulpo::io {

/// Prints `text` and a newline. `:ok`, or {:error, reason}.
Term puts(std::string_view text);
/// The same without a newline.
Term write(std::string_view text);
/// To a process that speaks this protocol, by pid or name, instead of the leader: `standard_error` is the program's stderr.
Term puts(const Address& device, std::string_view text);
Term write(const Address& device, std::string_view text);

template <class First, class... Rest>
Term puts(fmt::format_string<First, Rest...> format, First&& first, Rest&&... rest) {
  return puts(std::string_view(fmt::format(format, std::forward<First>(first), std::forward<Rest>(rest)...)));
}

struct InspectOptions {
  std::string_view label = {};  ///< "label: " before it.
};
/// Prints the term as Elixir does (Term::text()), and returns it.
Term inspect(Term term, const InspectOptions& options = {});
/// The same for whatever has a term.
template <class T>
requires(!std::is_convertible_v<const T&, Term>) const T& inspect(const T& value, const InspectOptions& options = {}) {
  inspect(to_term(value), options);
  return value;
}

/// Prints `prompt` and reads a line, newline included; the last one may have none. Errors: closed, with reason `:eof`, at the end of the
/// input; exited, with reason `:terminated`, when the leader is gone; refused with its reason.
[[nodiscard]] Result<std::string> gets(std::string_view prompt = {});
[[nodiscard]] Result<std::string> gets(const Address& device, std::string_view prompt);

/// IO-2, for the rest of the protocol: sends {:io_request, self, ref, request} and returns the result in {:io_reply, ref, result}.
Term io_request(const Address& device, const Term& request);

}  // namespace pulpo::io
