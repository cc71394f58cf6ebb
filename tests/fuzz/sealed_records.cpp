// SPDX-License-Identifier: Apache-2.0
//
// Goal:   bytes that the peer has not sealed never open, none harms the reader, and what was sealed opens whatever is tried before.
// Method: libFuzzer; its input comes as the stream of a sealed link, then once more as text to seal and open.
#include <cstddef>
#include <cstdint>
#include <string>

#include "link/seal.hpp"
#include "pulpo/assert.hpp"
#include "wire/stream.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pulpo;         // NOLINT: a program, not a header
  using namespace pulpo::links;  // NOLINT
  const ByteView input(reinterpret_cast<const char*>(data), size);
  const SealKey key = {1, 2, 3};
  const SealLimits limits{.records = 2, .bytes = 100};  // keys change within one input
  Sealer sealer(key, limits);
  Opener opener(key, limits);
  std::string room(Opener::kBodyBytesMax, '\0');
  for (ByteView rest = input;;) {
    const auto part = wire::next_part(rest, Opener::kBodyBytesMax);
    if (part.step != wire::StreamStep::whole) break;
    PULPO_ASSERT(!opener.open(part.head(), part.body, room.data()).verified);
    rest.remove_prefix(part.size);
  }
  std::string sealed(Sealer::room_for(size), '\0');
  sealed.resize(static_cast<std::size_t>(sealer.seal(input, sealed.data()) - sealed.data()));
  std::string opened;
  for (ByteView rest(sealed); !rest.empty();) {
    const auto part = wire::next_part(rest, Opener::kBodyBytesMax);
    PULPO_ASSERT(part.step == wire::StreamStep::whole && part.size <= Sealer::kFieldBytesMax);
    const auto piece = opener.open(part.head(), part.body, room.data());
    PULPO_ASSERT(piece.verified && !piece.is_goodbye());
    opened.append(room, 0, piece.size);
    rest.remove_prefix(part.size);
  }
  PULPO_ASSERT(opened == input);
  return 0;
}
