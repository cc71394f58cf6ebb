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

class Server {
 public:
  using Protocol = pulpo::Protocol<Ping, Count>;  // anything else sent to it does not compile

  Server() {  // :local when a supervisor restarts us
    if (const auto from = start_type(); from.is_takeover()) {
      if (auto count = try_call(local<Protocol>("PingPong").on(from.node()), Count{})) served_ = *count;
    }
  }
  Atom handle_call(const Ping&) { return ++served_, "pong"_atom; }
  std::uint64_t handle_call(const Count&) { return served_; }
  [[nodiscard]] std::uint64_t describe() const { return served_; }

 private:
  std::uint64_t served_ = 0;
};

inline constexpr auto kServer = local<Server::Protocol>("PingPong");
inline constexpr auto kPing = function("PingPong.ping", "Answers :pong.", [] { return call(kServer, Ping{}); });

inline Result<Pid> start(const StartType&, const Env&) {
  return start_supervisor({.name = "PingPong.Supervisor", .children = {worker<Server>({.name = kServer})}});
}
inline Application application() { return {.name = "ping_pong", .start = start, .exports = {kPing}}; }

}  // namespace ping_pong
