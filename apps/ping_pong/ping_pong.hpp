// SPDX-License-Identifier: Apache-2.0
//
// ping_pong: a server that answers :ping with :pong, its supervisor, its application. Start reading here.
#pragma once

#include <pulpo/pulpo.hpp>

namespace ping_pong {
using namespace pulpo;

struct Ping {
  using Message = Call<"ping", Atom>;
};
struct Count {
  using Message = Call<"count", std::uint64_t>;
};
struct Crash {
  using Message = Call<"crash">;
};
struct Stop {
  using Message = Call<"stop">;
};

inline Via server() { return global("GlobalPingPong"); }

class Server {
 public:
  using Protocol = pulpo::Protocol<Ping, Count, Crash, Stop>;  // anything else sent to it does not compile

  Server() {  // :local when a supervisor restarts us
    if (const auto from = start_type(); from.is_takeover()) {
      if (auto count = try_call(local<Protocol>("PingPong").on(from.node()), Count{})) served_ = *count;
    }
    // Where each node runs one of its own, the first has the name.
    static_cast<void>(register_name(server(), self()));
  }
  Atom handle_call(const Ping&) { return ++served_, "pong"_atom; }
  std::uint64_t handle_call(const Count&) { return served_; }
  void handle_call(const Crash&) { throw std::domain_error("bad argument in arithmetic expression"); }
  void handle_call(const Stop&) { exit(atoms::normal); }  // without a reply
  [[nodiscard]] std::uint64_t describe() const { return served_; }

 private:
  std::uint64_t served_ = 0;
};

inline constexpr auto kServer = local<Server::Protocol>("PingPong");

/// As GenServer.call(server, request), for servers of any kind of name.
inline Term ask(const Term& server, Atom request) { return apply("Elixir.GenServer"_atom, "call"_atom, std::array{server, Term(request)}); }

inline constexpr auto kPing = function("PingPong.ping", "Answers :pong.", [] { return call(server(), Ping{}); });
inline constexpr auto kCount = function("PingPong.count", "How many pings were answered.", [] { return call(server(), Count{}); });
inline constexpr auto kCrash =
    function("PingPongServer.crash", "Lets a server crash.", [](const Term& server) { return ask(server, "crash"_atom); });
inline constexpr auto kStop = function("PingPongServer.stop", "Lets a server end; it is not started again.",
                                       [](const Term& server) { return ask(server, "stop"_atom); });

inline Result<Pid> start(const StartType&, const Env&) {
  return start_supervisor({.name = "PingPong.Supervisor", .children = {worker<Server>({.name = kServer, .restart = Restart::transient})}});
}
inline Application application() { return {.name = "ping_pong", .start = start, .exports = {kPing, kCount, kCrash, kStop}}; }

}  // namespace ping_pong
