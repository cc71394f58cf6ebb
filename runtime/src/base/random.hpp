// SPDX-License-Identifier: Apache-2.0
//
// Random: where a runtime's random bytes come from.
//
// Every room that needs randomness is handed one of these; nobody asks the system or libsodium
// directly, so that a simulation replays from its seed.
//
//   Threads    SystemRandom: any. SeededRandom: one.
//   Errors     fill() does not fail: getrandom(2) without flags blocks until the pool is ready, and
//              any other refusal stops the node, since keys would be guessable.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pulpo {

class Random {
 public:
  virtual ~Random() = default;
  /// Fills `size` bytes at `out`.
  virtual void fill(void* out, std::size_t size) noexcept = 0;

  [[nodiscard]] std::uint32_t u32() noexcept {
    std::uint32_t value;
    fill(&value, sizeof value);
    return value;
  }
  [[nodiscard]] std::uint64_t u64() noexcept {
    std::uint64_t value;
    fill(&value, sizeof value);
    return value;
  }
};

/// The kernel's generator, getrandom(2). Fit for keys.
class SystemRandom final : public Random {
 public:
  void fill(void* out, std::size_t size) noexcept override;
};

/// Repeats exactly for a seed (xoshiro256**). For tests and simulations only.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) noexcept;
  void fill(void* out, std::size_t size) noexcept override;

 private:
  std::uint64_t next() noexcept;
  std::uint64_t state_[4];
};

}  // namespace pulpo
