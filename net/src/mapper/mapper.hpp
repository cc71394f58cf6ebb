// SPDX-License-Identifier: Apache-2.0
//
// Mapper: the daemon that knows which node of this host listens on which port (EPMD's protocol, D9).
//
// Registration, look-up, names, dump, kill and stop as the reference daemon does them, so that `epmd -names`, `erl` and
// net_adm:names/0 work against it. Where it is better on purpose: a name is free at once when its holder's connection has
// ended, though the loop has not heard of it yet (EPMD-18); a connection whose registration was refused is closed after
// the answer (EPMD-5); STOP of an unknown name answers NOEXIST alone (EPMD-12); names hold no control characters.
//
//   Order      A request is answered before the next is read. The first to ask for a name gets it.
//   Bounds     Options::connections_max; at the limit the oldest connection without a whole request gives way, then the oldest
//              that does not take its answer, and a newcomer when all are registered. A request is at most 3057 bytes, comes within
//              Options::packet_timeout, and its answer is taken in as long; Options::answer_bytes_max. Refusals log 20 lines a second.
//   Ownership  Owns its listeners and connections; destroying it closes them all. The loop and the Random outlive it.
//   Threads    The loop's.
//   Suspends   Only run() waits.
//   Errors     start(): Errc::already_exists when the port is in use (EPMD-13: `epmd` exits 0 then, silently);
//              Errc::io when an address cannot be listened on; Errc::bad_argument for more than 16 addresses.
//   Cost       A registered node: one connection, about 1 KiB.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/intrusive_list.hpp"
#include "io/loop.hpp"
#include "mapper/callback_timer.hpp"
#include "mapper/registry.hpp"

namespace pulpo::mapper {

struct Options {
  std::uint16_t port = kDefaultPort;        ///< 0: any free one, see Mapper::port().
  std::vector<io::Address> addresses = {};  ///< Empty: everywhere. Else these and loopback; their ports are not looked at.
  Duration packet_timeout = 60s;            ///< How long a request may take to come, and its answer to be taken (EPMD-2).
  bool relaxed_command_check = false;       ///< Allows stop, and kill while nodes are registered (EPMD-11, EPMD-12).
  std::optional<Duration> idle_exit = {};   ///< Ends so long after the last name is gone, and after start without any.
  std::size_t connections_max = 0;          ///< 0: the limit of descriptors less kDescriptorsForOthers.
  /// Answers that are not taken yet, together: 160 of a host with 3,000 names. Who asks again and again and reads nothing costs no more.
  std::size_t answer_bytes_max = 16 * 1024 * 1024;
  /// Sockets that listen already, made by a service manager: start() takes them over and listens on these alone; `port` and
  /// `addresses` are not looked at then.
  std::vector<int> listeners = {};
};

/// EPMD-1: what a mapper listens on at most.
inline constexpr std::size_t kAddressesMax = 16;
/// Standard streams, listeners, the loop's own and some to spare.
inline constexpr std::size_t kDescriptorsForOthers = 64;

/// Reads `--address` and ERL_EPMD_ADDRESS: numeric addresses between commas or spaces (EPMD-1).
[[nodiscard]] Outcome<std::vector<io::Address>> parse_addresses(std::string_view text);
/// ERL_EPMD_PORT, or 4369: for the mapper, nodes and commands alike. A value that is no port is a Fault.
[[nodiscard]] Outcome<std::uint16_t> port_from_environment();
/// What ERL_EPMD_PORT, ERL_EPMD_ADDRESS and ERL_EPMD_RELAXED_COMMAND_CHECK say (EPMD-1, EPMD-13); options stand above them.
[[nodiscard]] Outcome<Options> options_from_environment();
/// Raises this process's soft limit of descriptors to the hard one, so that thousands of nodes can register, and
/// returns it. For a program that is a mapper, before it starts one.
std::size_t raise_descriptor_limit() noexcept;
[[nodiscard]] std::size_t descriptor_limit() noexcept;
/// EPMD-3: whether a connection from `peer` that reached us at `own` comes from this host.
[[nodiscard]] bool is_local_peer(const io::Address& peer, const io::Address& own) noexcept;

class Mapper {
 public:
  Mapper(io::Loop& loop, Random& random, Options options);
  ~Mapper();
  Mapper(const Mapper&) = delete;
  Mapper& operator=(const Mapper&) = delete;

  /// Listens. Once only.
  [[nodiscard]] Outcome<void> start();
  /// Starts, if need be, and turns the loop until has_ended(). A whole daemon is a loop, a Mapper and this call.
  [[nodiscard]] Outcome<void> run();
  /// Closes all connections and listeners. has_ended() from here on.
  void stop() noexcept;
  /// True after stop(), a KILL that was allowed, the idle time, or the loss of a listener.
  [[nodiscard]] bool has_ended() const noexcept { return has_ended_; }

  [[nodiscard]] std::uint16_t port() const noexcept { return options_.port; }
  [[nodiscard]] std::size_t names_size() const noexcept { return registry_.size(); }
  [[nodiscard]] std::size_t connections_size() const noexcept { return connections_; }

 private:
  class Connection;
  class Listener;
  using Connections = IntrusiveList<Connection, Connection>;

  [[nodiscard]] Outcome<void> listen_everywhere();
  [[nodiscard]] Outcome<void> listen_on(io::Address address, bool is_optional);
  [[nodiscard]] Outcome<void> adopt_listeners();
  void close_listeners() noexcept;
  void accepted(io::Handle handle);
  void accept_failed(int error, bool is_final);
  void drop(Connection& connection);
  bool make_room();
  void bound_answers(const Connection& newest);

  void dispatch(Connection& connection, Request& request);
  void register_node(Connection& connection, NodeRecord& node);
  void answer_alive(Connection& connection, std::uint16_t highest, const Registry::Entry* entry);
  void unregister(Connection& connection);
  void stop_node(Connection& connection, const std::string& name);
  void refuse(const Connection& connection, std::string_view why);
  void refused_line(std::string line);
  void names_changed();
  void idle();

  io::Loop& loop_;
  Options options_;
  Registry registry_;
  std::vector<Listener*> listeners_;  ///< Each deletes itself when its accept has ended.
  Connections reading_;               ///< Their request is not complete; the oldest is first.
  Connections waiting_;               ///< They want a name that somebody has, and are about to be refused.
  Connections answering_;             ///< Their answer is on its way; then they close.
  Connections registered_;            ///< Each holds a name.
  std::size_t connections_ = 0;
  std::size_t answer_bytes_ = 0;  ///< Of answering_ together.
  bool has_started_ = false;
  bool has_ended_ = false;
  Fault lost_;  ///< Why a listener was lost; `where` is empty when none was.
  TimePoint refusals_since_;
  unsigned refusals_ = 0;  ///< Lines about refusals since then.
  CallbackTimer<Mapper> idle_timer_{*this, &Mapper::idle};
};

}  // namespace pulpo::mapper
