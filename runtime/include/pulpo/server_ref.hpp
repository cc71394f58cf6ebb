// SPDX-License-Identifier: Apache-2.0
//
// Server references: who a call goes to, and what may be said to them.
//
//   inline constexpr auto kServer = local<Server::Protocol>("PingPong");   // the name, on the caller's node
//   kServer.on("a@altair")                                                // the same name on another node (GS-19)
//   ServerRef<Server::Protocol>(pid)                                      // a pid
//   global<Server::Protocol>("Distro.Calendar")                           // a name of the cluster: pulpo/name_space.hpp
//   via<Room::Protocol>("Chat.Rooms", Term("lobby"))                      // a name in a name space of the author's
//
// Names are read as Elixir reads them: "PingPong" is the atom Elixir.PingPong, ":PingPong" and "ping_pong" plain ones.
//
//   Threads    Any; they are values.
//   Errors     Text that is no name exits the process that uses it with {:badarg, text}.
//   Cost       A name of the program's text becomes its atom once; later uses are a look-up by address, without a lock.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pulpo/name_space.hpp"
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

/// A server by a name in a name space, looked up by the caller at each use.
template <class P>
class ViaServer {
 public:
  using Protocol = P;
  explicit ViaServer(Via name) : name_(std::move(name)) {}
  operator const Via&() const noexcept { return name_; }  // NOLINT: it is a name that knows more

 private:
  Via name_;
};

/// A server by a name of the cluster. A constant of the program; see global().
template <class P>
class GlobalServer {
 public:
  using Protocol = P;
  consteval explicit GlobalServer(const char* text) : text_(text) {}
  operator Via() const { return Via(operator""_atom<"global">(), detail::literal_name(text_)); }  // NOLINT: it is a name that knows more

 private:
  const char* text_;
};

template <class P>
[[nodiscard]] consteval GlobalServer<P> global(const char* text) {
  return GlobalServer<P>(text);
}
template <class P>
[[nodiscard]] ViaServer<P> global(Term name) {
  return ViaServer<P>(global(std::move(name)));
}
template <class P>
[[nodiscard]] ViaServer<P> via(std::string_view module, Term name) {
  return ViaServer<P>(via(module, std::move(name)));
}

template <class S>
concept TypedVia = requires {
  typename S::Protocol;
}
&&std::is_convertible_v<const S&, Via>;

/// The name that a process is registered under; empty when it has none. Reads text as the console does.
class Name {
 public:
  Name() = default;
  Name(Atom name) : atom_(name) {}                                        // NOLINT: reads as the name itself
  Name(const char* text) : atom_(detail::name_or_exit(text)) {}           // NOLINT
  Name(const std::string& text) : Name(text.c_str()) {}                   // NOLINT
  Name(const std::optional<Atom>& name) noexcept : atom_(name) {}         // NOLINT
  Name(Via name) : via_(std::make_shared<const Via>(std::move(name))) {}  // NOLINT
  template <class P>
  Name(const LocalServer<P>& server) : atom_(server.name()) {}  // NOLINT
  template <TypedVia S>
  Name(const S& server) : Name(static_cast<const Via&>(server)) {}  // NOLINT

  /// When it is a local one.
  [[nodiscard]] const std::optional<Atom>& atom() const noexcept { return atom_; }
  /// When it is one in a name space; else null.
  [[nodiscard]] const std::shared_ptr<const Via>& via() const noexcept { return via_; }
  explicit operator bool() const noexcept { return atom_ || via_; }
  /// As reports show it: the atom, {:global, name}, {:via, module, name}; nil when it is empty.
  [[nodiscard]] Term term() const;
  [[nodiscard]] std::optional<Pid> whereis() const;

 private:
  std::optional<Atom> atom_;
  std::shared_ptr<const Via> via_;
};

}  // namespace pulpo
