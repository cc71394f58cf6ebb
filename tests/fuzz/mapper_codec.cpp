// SPDX-License-Identifier: Apache-2.0
//
// Goal:   no request harms the mapper, no reply harms who asks it, and a registration that is taken is told as it was given.
// Method: libFuzzer; the first byte chooses the decoder, the rest is what it reads.
#include <cstddef>
#include <cstdint>

#include "mapper/epmd_codec.hpp"
#include "pulpo/assert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pulpo;
  using namespace pulpo::mapper;
  if (size == 0) return 0;
  const ByteView bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0: {
      const auto request = decode_request(bytes);
      if (!request || request->kind != RequestKind::alive || refusal_of(request->node) != nullptr) break;
      const auto again = decode_request(ByteView(encode_request(*request)).substr(2));
      PULPO_ASSERT(again && again->node == request->node);
      const auto told = decode_port_reply(encode_port_reply(&request->node));
      PULPO_ASSERT(told && *told && **told == request->node);
      break;
    }
    case 1:
      (void)decode_alive_reply(bytes);
      break;
    case 2:
      (void)decode_port_reply(bytes);
      break;
    case 3:
      (void)decode_text_reply(bytes);
      break;
    default:
      (void)utf8_length(bytes);
      PULPO_ASSERT(printable(bytes).size() <= 64 * 4 + 3);
  }
  return 0;
}
