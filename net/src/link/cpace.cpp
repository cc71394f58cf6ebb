// SPDX-License-Identifier: Apache-2.0
#include "link/cpace.hpp"

#include <sodium.h>

#include <algorithm>

#include "pulpo/assert.hpp"

namespace pulpo::links {
namespace {

constexpr ByteView kDomain = "CPaceRistretto255";
constexpr ByteView kIskDomain = "CPaceRistretto255_ISK";
constexpr std::size_t kHashBlockBytes = 128;  // SHA-512's.

unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::size_t leb128_size(std::size_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

}  // namespace

void wipe(void* bytes, std::size_t size) noexcept { sodium_memzero(bytes, size); }

void append_lv(std::string& to, ByteView bytes) {
  auto left = bytes.size();
  for (; left >= 0x80; left >>= 7) to.push_back(static_cast<char>(left | 0x80));
  to.push_back(static_cast<char>(left));
  to.append(bytes);
}

std::string Cpace::generator_string(ByteView password, ByteView channel, ByteView session) {
  // The zeros fill the hash's first block with the secret part: how long it is does not show in the time taken.
  const auto secret_size = 1 + leb128_size(password.size()) + password.size() + leb128_size(kDomain.size()) + kDomain.size();
  const std::string zeros(secret_size < kHashBlockBytes ? kHashBlockBytes - secret_size : 0, '\0');
  std::string text;
  // Reserved whole, so that no copy of the password stays behind in memory that grew.
  text.reserve(password.size() + channel.size() + session.size() + zeros.size() + kDomain.size() + 5 * 10);
  append_lv(text, kDomain);
  append_lv(text, password);
  append_lv(text, zeros);
  append_lv(text, channel);
  append_lv(text, session);
  return text;
}

Cpace::Cpace(ByteView password, ByteView channel, ByteView session, Random& random) : session_(session) {
  std::array<unsigned char, crypto_core_ristretto255_NONREDUCEDSCALARBYTES> wide{};
  do {
    random.fill(wide.data(), wide.size());
    crypto_core_ristretto255_scalar_reduce(scalar_.data(), wide.data());
  } while (sodium_is_zero(scalar_.data(), scalar_.size()) == 1);
  wipe(wide.data(), wide.size());
  begin(password, channel);
}

Cpace::Cpace(ByteView password, ByteView channel, ByteView session, const std::array<unsigned char, 32>& scalar)
    : session_(session), scalar_(scalar) {
  begin(password, channel);
}

Cpace::~Cpace() { wipe(scalar_.data(), scalar_.size()); }

void Cpace::begin(ByteView password, ByteView channel) {
  auto text = generator_string(password, channel, session_);
  std::array<unsigned char, crypto_hash_sha512_BYTES> hash{};
  crypto_hash_sha512(hash.data(), bytes_of(text), text.size());
  crypto_core_ristretto255_from_hash(generator_.data(), hash.data());
  // Fails for the identity alone, which no hash that anybody can find maps to.
  PULPO_ASSERT(crypto_scalarmult_ristretto255(share_.data(), scalar_.data(), generator_.data()) == 0);
  wipe(text);
  wipe(hash.data(), hash.size());
}

bool Cpace::multiply(const std::array<unsigned char, 32>& scalar, ByteView share, std::array<unsigned char, 32>& product) {
  return share.size() == kShareBytes &&
         crypto_scalarmult_ristretto255(product.data(), scalar.data(), reinterpret_cast<const unsigned char*>(share.data())) == 0;
}

bool Cpace::finish(Side side, ByteView own_data, ByteView peer_share, ByteView peer_data, Random& random, Isk& isk) {
  std::array<unsigned char, 32> product{};
  const bool good = multiply(scalar_, peer_share, product);
  if (!good) {
    // The work that a share which does not decode has saved, and a product that nobody knows.
    std::array<unsigned char, 32> unused{};
    [[maybe_unused]] const int done = crypto_scalarmult_ristretto255(unused.data(), scalar_.data(), generator_.data());
    random.fill(product.data(), product.size());
  }
  const ByteView own_share(reinterpret_cast<const char*>(share_.data()), share_.size());
  const bool first = side == Side::initiator;
  std::string text;
  text.reserve(256 + session_.size() + own_data.size() + peer_data.size());
  append_lv(text, kIskDomain);
  append_lv(text, session_);
  append_lv(text, {reinterpret_cast<const char*>(product.data()), product.size()});
  append_lv(text, first ? own_share : peer_share);
  append_lv(text, first ? own_data : peer_data);
  append_lv(text, first ? peer_share : own_share);
  append_lv(text, first ? peer_data : own_data);
  crypto_hash_sha512(isk.data(), bytes_of(text), text.size());
  wipe(text);
  wipe(product.data(), product.size());
  wipe(scalar_.data(), scalar_.size());
  return good;
}

}  // namespace pulpo::links
