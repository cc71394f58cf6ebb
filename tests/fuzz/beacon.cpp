// SPDX-License-Identifier: Apache-2.0
//
// Goal:   no datagram harms who listens for beacons, and a beacon that is taken is written as it was read.
// Method: libFuzzer; the input is a datagram.
#include "discovery/beacon.hpp"

#include <cstddef>
#include <cstdint>

#include "pulpo/assert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pulpo::discovery;
  const pulpo::ByteView bytes(reinterpret_cast<const char*>(data), size);
  const auto beacon = decode_beacon(bytes);
  if (!beacon || beacon->version != kBeaconVersion) return 0;
  PULPO_ASSERT(is_label(beacon->label) && beacon->port != 0);
  const auto again = decode_beacon(encode_beacon(*beacon));
  PULPO_ASSERT(again && *again == *beacon);
  return 0;
}
