// SPDX-License-Identifier: Apache-2.0
//
// Echo and NodeInfo: two servers of every node, for measuring it from outside.
//
// `Pulpo.Echo` answers a call with the call's own argument and counts: a bench that got N answers can ask whether the server
// gave N. It takes casts as well, and counts them and the bytes of those that are binaries. `Pulpo.Node` answers `:usage` with what that
// cost.
//
//   Cost       An echo of an atom or a small number: no allocation.
#pragma once

#include <cstdint>
#include <string>

#include "pulpo/gen_server.hpp"

namespace pulpo {

class Echo {
 public:
  Term handle_call(const Term& request) {
    ++calls_;
    return request;
  }
  void handle_cast(const Term& message) {
    ++casts_;
    if (message.is_binary()) cast_bytes_ += message.bytes().size();
  }
  /// {calls, casts, bytes}, as of all that came before.
  [[nodiscard]] Term describe() const { return Term::tuple({to_term(calls_), to_term(casts_), to_term(cast_bytes_)}); }

 private:
  std::uint64_t calls_ = 0;
  std::uint64_t casts_ = 0;
  std::uint64_t cast_bytes_ = 0;
};

/// %{calls: …, casts: …, cast_bytes: …, cpu_us: …, rss_kib: …, system_calls: …, cores: …, loop: "uring", machine: "…", kernel: "…",
///   version: "…", processes: …, atoms: …}
struct NodeUsage {
  using Message = Call<"usage", Term>;
};

class NodeInfo {
 public:
  using Protocol = pulpo::Protocol<NodeUsage>;
  explicit NodeInfo(std::string version) : version_(std::move(version)) {}
  Term handle_call(const NodeUsage&);

 private:
  std::string version_;
};

inline constexpr auto kEcho = local<Protocol<>>("Pulpo.Echo");
inline constexpr auto kNodeInfo = local<NodeInfo::Protocol>("Pulpo.Node");

}  // namespace pulpo
