// SPDX-License-Identifier: Apache-2.0
#include "link/seal.hpp"

#include <sodium.h>

#include "link/cpace.hpp"
#include "link/sodium_bytes.hpp"
#include "pulpo/assert.hpp"
#include "wire/stream.hpp"

namespace pulpo::links {
namespace {

static_assert(SealKey{}.size() == crypto_aead_chacha20poly1305_ietf_KEYBYTES);
static_assert(SealSchedule::Nonce{}.size() == crypto_aead_chacha20poly1305_ietf_NPUBBYTES);
static_assert(Sealer::kSealBytes == crypto_aead_chacha20poly1305_ietf_ABYTES);

/// libsodium takes its portable code until it has looked at the processor: a third of the speed on x86. It looks once a program.
void choose_code() noexcept {
  static const bool ready = sodium_init() >= 0;
  PULPO_ASSERT(ready);
}

}  // namespace

// --- The schedule ------------------------------------------------------------------------------------------------------

SealSchedule::SealSchedule(const SealKey& key, const SealLimits& limits) noexcept
    : key_(key), limits_(limits), records_left_(limits.records), bytes_left_(limits.bytes) {
  PULPO_ASSERT(limits.records > 0 && limits.bytes > 0);
  choose_code();
}

SealSchedule::~SealSchedule() { wipe(key_.data(), key_.size()); }

SealSchedule::Nonce SealSchedule::nonce() const noexcept {
  Nonce nonce{};
  for (std::size_t i = 0; i < 8; ++i) nonce[4 + i] = static_cast<unsigned char>(number_ >> (8 * i));
  return nonce;
}

void SealSchedule::spend(std::size_t bytes) noexcept {
  ++number_;
  if (--records_left_ > 0 && bytes < bytes_left_) [[likely]] {
    bytes_left_ -= bytes;
    return;
  }
  constexpr ByteView kLabel = "pulpo/1 next sealing key";
  SealKey next;
  crypto_generichash(next.data(), next.size(), sodium_bytes(kLabel), kLabel.size(), key_.data(), key_.size());
  key_ = next;
  wipe(next.data(), next.size());
  records_left_ = limits_.records;
  bytes_left_ = limits_.bytes;
}

// --- Sealing and opening -------------------------------------------------------------------------------------------------

char* Sealer::seal(ByteView text, char* out) noexcept {
  while (!text.empty()) {
    const auto piece = text.substr(0, kPieceBytesMax);
    out = seal_piece(piece, out);
    text.remove_prefix(piece.size());
  }
  return out;
}

char* Sealer::seal_piece(ByteView piece, char* out) noexcept {
  const char* const head = out;
  out = wire::write_sealed_head(piece.size() + kSealBytes, out);
  const auto nonce = schedule_.nonce();
  crypto_aead_chacha20poly1305_ietf_encrypt(sodium_bytes(out), nullptr, sodium_bytes(piece), piece.size(),
                                            reinterpret_cast<const unsigned char*>(head), static_cast<std::size_t>(out - head), nullptr,
                                            nonce.data(), schedule_.key());
  schedule_.spend(piece.size());
  return out + piece.size() + kSealBytes;
}

Opener::Opened Opener::open(ByteView head, ByteView body, char* out) noexcept {
  if (body.size() < Sealer::kSealBytes || body.size() > kBodyBytesMax) return {};
  const auto nonce = schedule_.nonce();
  if (crypto_aead_chacha20poly1305_ietf_decrypt(sodium_bytes(out), nullptr, nullptr, sodium_bytes(body), body.size(), sodium_bytes(head),
                                                head.size(), nonce.data(), schedule_.key()) != 0) {
    return {};
  }
  const auto size = body.size() - Sealer::kSealBytes;
  schedule_.spend(size);
  return {.verified = true, .size = size};
}

}  // namespace pulpo::links
