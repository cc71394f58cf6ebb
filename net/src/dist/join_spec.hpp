// SPDX-License-Identifier: Apache-2.0
//
// JoinSpec: whom a node shall join, as --join has it.
//
//   Ownership  Owns its texts.
//   Threads    Any: pure functions.
//   Errors     bad_argument, with what to type instead.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pulpo/result.hpp"

namespace pulpo::dist {

struct JoinSpec {
  enum class Kind : std::uint8_t {
    lan,   ///< Whoever says with `label`, by beacons, that it is there: "lan", "lan:LABEL".
    host,  ///< All nodes of `host`, as its mapper tells: "HOST".
    port,  ///< Whoever listens on `port` of `host`: "HOST:PORT".
    node,  ///< The node `name`, by the mapper of its `host`: "NAME@HOST".
  };
  Kind kind = Kind::lan;
  std::string label = {};
  std::string host = {};
  std::uint16_t port = 0;
  std::string name = {};

  [[nodiscard]] std::string text() const;
  friend bool operator==(const JoinSpec&, const JoinSpec&) = default;
};

/// Reads a list with commas.
[[nodiscard]] Outcome<std::vector<JoinSpec>> parse_join(std::string_view text);

}  // namespace pulpo::dist
