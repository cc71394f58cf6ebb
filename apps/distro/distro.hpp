// SPDX-License-Identifier: Apache-2.0
//
// distro: a calculator with one name in the whole cluster. With `distributed` in the configuration it runs on one node, and on the next
// one when that is lost; whoever asks does not know where.
#pragma once

#include <pulpo/pulpo.hpp>

namespace distro {
using namespace pulpo;

struct Calculate {
  using Message = Call<"cal", std::int64_t>;
  std::int64_t x = 0, y = 0;
};

class Server {
 public:
  using Protocol = pulpo::Protocol<Calculate>;

  Server() { log::info("Starting server"); }
  std::int64_t handle_call(const Calculate& numbers) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(numbers.x, numbers.y, &sum)) throw std::overflow_error("the sum has more than 64 bits");
    return sum;
  }
};

inline Via server() { return global("Distro.DistroCal"); }

inline constexpr auto kAdd = function("Distro.DistroCal.add", "The sum of two integers.", [](std::int64_t x, std::int64_t y) {
  return call(server(), Calculate{x, y});
});

inline Result<Pid> start(const StartType& type, const Env&) {
  log::info("Distro application in {} mode", to_term(type).text());
  return start_supervisor({.name = "Distro.Supervisor", .children = {worker<Server>({.name = server()})}});
}
inline Application application() { return {.name = "distro", .start = start, .exports = {kAdd}}; }

}  // namespace distro
