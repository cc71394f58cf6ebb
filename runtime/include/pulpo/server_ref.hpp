// SPDX-License-Identifier: Apache-2.0
//
// Server references: who a call goes to, and what may be said to them.
//
//   inline constexpr auto kServer = local<Server::Protocol>("PingPong");   // the name, on the caller's node
//   kServer.on("a@altair")                                                // the same name on another node (GS-19)
//   ServerRef<Server::Protocol>(pid)                                      // a pid
//
// Names are read as Elixir reads them: "PingPong" is the atom Elixir.PingPong, ":PingPong" and "ping_pong" plain ones.
//
//   Threads    Any; they are values.
//   Errors     Text that is no name exits the process that uses it with {:badarg, text}.
//   Cost       A name of the program's text becomes its atom once; later uses are a look-up by address, without a lock.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pulpo/process.hpp"
#include "pulpo/typed.hpp"

namespace pulpo {

/// What may be sent to a server: message structs. Anything else does not compile.
template <MessageStruct... M>
struct Protocol {
  template <class T>
  static constexpr bool contains = (std::is_same_v<T, M> || ...);
  /// Calls `function.template operator()<M>()` for each message until one returns true.
  template <class F>
  static bool any(F&& function) {
    return (function.template operator()<M>() || ...);
  }
};

namespace detail {
/// The atom of a name written in the program: `text` is a literal, remembered by its address.
[[nodiscard]] Atom literal_name(const char* text);
/// The atom of a name; exits with {:badarg, text} when it is none.
[[nodiscard]] Atom name_or_exit(std::string_view text);
}  // namespace detail

/// A server by pid, by name, or by name on another node, and its protocol.
template <class P>
class ServerRef {
 public:
  using Protocol = P;
  explicit ServerRef(const Address& address) : address_(address) {}
  operator const Address&() const noexcept { return address_; }  // NOLINT: it is an address that knows more

 private:
  Address address_;
};

/// A server by a name registered on the caller's node. A constant of the program; see local().
template <class P>
class LocalServer {
 public:
  using Protocol = P;
  consteval explicit LocalServer(const char* text) : text_(text) {}
  [[nodiscard]] Atom name() const { return detail::literal_name(text_); }
  operator Address() const { return Address(name()); }  // NOLINT: it is an address that knows more
  /// The server of the same name on another node; `node` is "name@host".
  [[nodiscard]] ServerRef<P> on(Atom node) const { return ServerRef<P>(Address(name(), node)); }
  [[nodiscard]] ServerRef<P> on(std::string_view node) const { return on(Atom(node)); }

 private:
  const char* text_;
};

template <class P>
[[nodiscard]] consteval LocalServer<P> local(const char* text) {
  return LocalServer<P>(text);
}

template <class S>
concept TypedServer = requires {
  typename S::Protocol;
}
&&std::is_convertible_v<const S&, Address>;

/// The name that a process is registered under; empty when it has none. Reads text as the console does.
class Name {
 public:
  Name() = default;
  Name(Atom name) : atom_(name) {}                               // NOLINT: reads as the name itself
  Name(const char* text) : atom_(detail::name_or_exit(text)) {}  // NOLINT
  Name(const std::string& text) : Name(text.c_str()) {}          // NOLINT
  template <class P>
  Name(const LocalServer<P>& server) : atom_(server.name()) {}  // NOLINT
  [[nodiscard]] const std::optional<Atom>& atom() const noexcept { return atom_; }

 private:
  std::optional<Atom> atom_;
};

}  // namespace pulpo
