// SPDX-License-Identifier: Apache-2.0
//
// Question: what does a link's sealing add to libsodium's own, from a tick to what 1,000 callers gather in a flush?
// Reading:  Seal and Open are Sealer and Opener, from one buffer into another as a connection uses them; a flush of more than 15,872
//           bytes becomes several pieces. `allocations` counts those inside the loop, and must be 0.
// Floor:    the Libsodium rows: crypto_aead_chacha20poly1305_ietf on the same bytes in one go, same key, next nonce, associated data of 3
// bytes. Aim:      at most a twentieth above the floor from 1 KiB on.
#include <benchmark/benchmark.h>
#include <sodium.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "link/seal.hpp"
#include "wire/stream.hpp"

namespace {
std::atomic<std::uint64_t> allocations{0};
}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace pulpo;         // NOLINT: a program, not a header
using namespace pulpo::links;  // NOLINT

const SealKey kKey = {1, 2, 3};

std::string text_of(const benchmark::State& state) { return std::string(static_cast<std::size_t>(state.range(0)), 't'); }

/// What was done, beside the time that Google Benchmark prints.
void report(benchmark::State& state, std::uint64_t allocated) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
  state.counters["allocations"] = static_cast<double>(allocated);
}

void seal(benchmark::State& state) {
  const auto text = text_of(state);
  std::vector<char> out(Sealer::room_for(text.size()));
  Sealer sealer(kKey);
  const auto before = allocations.load();
  for (auto _ : state) {
    benchmark::DoNotOptimize(sealer.seal(text, out.data()));
    benchmark::ClobberMemory();
  }
  report(state, allocations.load() - before);
}

void libsodium_seal(benchmark::State& state) {
  const auto text = text_of(state);
  std::vector<unsigned char> out(text.size() + Sealer::kSealBytes);
  unsigned char nonce[12] = {};
  const unsigned char head[3] = {0x3a, 1, 2};
  const auto before = allocations.load();
  for (auto _ : state) {
    sodium_increment(nonce, sizeof nonce);
    crypto_aead_chacha20poly1305_ietf_encrypt(out.data(), nullptr, reinterpret_cast<const unsigned char*>(text.data()), text.size(), head,
                                              sizeof head, nullptr, nonce, kKey.data());
    benchmark::ClobberMemory();
  }
  report(state, allocations.load() - before);
}

/// So many flushes are sealed ahead, outside the time, since a piece opens but once: as many as a cache of the second level holds.
std::size_t ahead_of(std::size_t size) { return std::clamp<std::size_t>(256 * 1024 / size, 4, 64); }

void open(benchmark::State& state) {
  const auto text = text_of(state);
  std::vector<char> out(Sealer::room_for(text.size()));
  std::uint64_t allocated = 0;
  const auto ahead = ahead_of(text.size());
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(ahead))) {
    state.PauseTiming();
    Sealer sealer(kKey);
    Opener opener(kKey);
    std::vector<std::string> flushes(ahead, std::string(out.size(), '\0'));
    for (auto& flush : flushes) flush.resize(static_cast<std::size_t>(sealer.seal(text, flush.data()) - flush.data()));
    const auto before = allocations.load();
    state.ResumeTiming();
    for (const auto& flush : flushes) {
      char* at = out.data();
      for (ByteView rest(flush); !rest.empty();) {
        const auto part = wire::next_part(rest, Opener::kBodyBytesMax);
        const auto opened = opener.open(part.head(), part.body, at);
        if (!opened.verified) return state.SkipWithError("what was sealed does not open");
        at += opened.size;
        rest.remove_prefix(part.size);
      }
      benchmark::ClobberMemory();
    }
    allocated += allocations.load() - before;
  }
  report(state, allocated);
}

void libsodium_open(benchmark::State& state) {
  const auto text = text_of(state);
  std::vector<unsigned char> sealed(text.size() + Sealer::kSealBytes), out(text.size());
  const unsigned char nonce[12] = {};
  const unsigned char head[3] = {0x3a, 1, 2};
  crypto_aead_chacha20poly1305_ietf_encrypt(sealed.data(), nullptr, reinterpret_cast<const unsigned char*>(text.data()), text.size(), head,
                                            sizeof head, nullptr, nonce, kKey.data());
  const auto before = allocations.load();
  for (auto _ : state) {
    if (crypto_aead_chacha20poly1305_ietf_decrypt(out.data(), nullptr, nullptr, sealed.data(), sealed.size(), head, sizeof head, nonce,
                                                  kKey.data()) != 0) {
      return state.SkipWithError("what was sealed does not open");
    }
    benchmark::ClobberMemory();
  }
  report(state, allocations.load() - before);
}

void rekey(benchmark::State& state) {
  SealSchedule schedule(kKey, {.records = 1});
  for (auto _ : state) schedule.spend(1);
}

/// A tick, a call, a flush of some, and of 1,000 callers (22 bytes each, or 60 with a payload of 16 bytes and more).
void sizes(benchmark::internal::Benchmark* bench) {
  for (const int size : {4, 64, 256, 1024, 4096, 15'872, 22'000, 60'000}) bench->Arg(size);
}
BENCHMARK(seal)->Name("Seal")->Apply(sizes);
BENCHMARK(libsodium_seal)->Name("Libsodium/Seal")->Apply(sizes);
BENCHMARK(open)->Name("Open")->Apply(sizes);
BENCHMARK(libsodium_open)->Name("Libsodium/Open")->Apply(sizes);
BENCHMARK(rekey)->Name("Rekey");

}  // namespace

int main(int argc, char** argv) {
  if (sodium_init() < 0) return 1;  // both sides of the comparison with the code for this processor
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
