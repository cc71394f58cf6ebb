// SPDX-License-Identifier: Apache-2.0
//
// Goal:   no bytes before the proof harm a node, and without the cookie nobody is admitted.
// Method: libFuzzer; the first byte chooses a side of the handshake, or one message's reader, and how the rest arrives in pieces.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/random.hpp"
#include "link/handshake.hpp"
#include "pulpo/assert.hpp"
#include "pulpo/log.hpp"
#include "wire/messages.hpp"

namespace {

using namespace pulpo;
using namespace pulpo::links;

class OneCookie final : public Cookies {
 public:
  std::string_view cookie_for(std::string_view) const override { return "a cookie that no input holds"; }
};

void shake(Role role, std::string_view target, ByteView bytes, std::size_t piece) {
  const OneCookie cookies;
  SeededRandom random(2026);
  const Identity self{.name = "own@host", .creation = 17};
  Handshake handshake(role, self, target, cookies, random);
  auto step = handshake.start();
  std::size_t given = 0;
  std::size_t taken = 0;
  while (step == Handshake::Step::more && given < bytes.size()) {
    given = std::min(bytes.size(), given + piece);
    ByteView input = bytes.substr(taken, given - taken);
    step = handshake.receive(input);
    taken = given - input.size();  // what is no whole message stays, and more comes behind it
    if (step == Handshake::Step::choose) step = handshake.go_on();
    (void)handshake.take_output();
  }
  // A proof needs the cookie: whoever forges one has broken the hash.
  PULPO_ASSERT(step == Handshake::Step::more || step == Handshake::Step::failed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Refusals are logged: not here.
  static const auto quiet = log::exchange_target({.sink = [](void*, const log::Entry&) {}, .context = nullptr});
  (void)quiet;
  if (size == 0) return 0;
  const ByteView bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece = (data[0] & 8) != 0 ? 1 : bytes.size();
  switch (data[0] & 7) {
    case 0:
      shake(Role::dial, (data[0] & 16) != 0 ? "" : "peer@host", bytes, piece);
      break;
    case 1:
      shake(Role::accept, "", bytes, piece);
      break;
    case 2:
      if (const auto hello = wire::read_hello(bytes)) PULPO_ASSERT(wire::read_hello(wire::write_hello(*hello)).has_value());
      break;
    case 3:
      (void)wire::read_challenge(bytes);
      break;
    case 4:
      (void)wire::read_proof(bytes);
      break;
    case 5:
      (void)wire::read_confirmation(bytes);
      break;
    case 6:
      (void)wire::read_refusal(bytes);
      break;
    default:
      (void)wire::may_be_erlang(bytes);
      (void)wire::is_erlang(bytes);
  }
  return 0;
}
