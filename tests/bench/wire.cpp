// SPDX-License-Identifier: Apache-2.0
//
// Question: what do one call's frames cost in bytes-to-struct work: encode and decode of a request and of a reply, and
//           of bigger bodies?
// Floor:    a handful of varints written by hand into a fixed buffer: 9 ns to write, 12 ns to read (measured on a 2.6 GHz
//           EPYC with five fields and 12 bytes of text). Goal: request ≤ 30 ns to encode, ≤ 40 ns to decode.
// Reading:  time per frame. `allocations` must be 0 for inline bodies.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "wire/record.hpp"

namespace {
std::atomic<std::uint64_t> allocations{0};
}  // namespace

// Counts every allocation of the program; the benchmark's own happen outside its loops.
[[gnu::noinline]] void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace pulpo::wire {
namespace {

class TwoNodes final : public NodeNumbers {
 public:
  std::optional<NodeIndex> index_of(Atom, std::uint32_t) override { return NodeIndex{2}; }
  Name name_of(NodeIndex) const override { return {Atom("c@altair"), 5}; }
};

constexpr NodeIndex kPeer = 1;

Frame request(Term body) {
  return {.kind = FrameKind::request,
          .to_name = Atom("Elixir.PingPong"),
          .from = {.id = 1000, .serial = 3},
          .ref = {.first = 1, .second = 300, .third = 70'000},
          .body = std::move(body)};
}

Frame reply(Term body) {
  return {.kind = FrameKind::reply,
          .to = {.node = kPeer, .id = 1000, .serial = 3},
          .ref = {.node = kPeer, .first = 1, .second = 300, .third = 70'000},
          .body = std::move(body)};
}

/// What a flush gathers under load: so many frames share a record.
constexpr int kBatch = 256;

/// Of this thread: what others do on the machine shall not count.
double cpu_nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

struct Settings {
  int rounds;   ///< Of which the median is shown.
  int batches;  ///< In a round.
};

/// Runs `batch` and prints what one frame of it took, and allocated.
template <class Batch>
void measure(const Settings& settings, const char* what, std::size_t frame_bytes, Batch batch) {
  batch();  // what grows has grown
  std::vector<double> nanoseconds;
  const auto before = allocations.load();
  for (int round = 0; round < settings.rounds; ++round) {
    const auto start = cpu_nanoseconds();
    for (int i = 0; i < settings.batches; ++i) batch();
    nanoseconds.push_back((cpu_nanoseconds() - start) / settings.batches / kBatch);
  }
  // Reserving the vector of results is not the codec's: at most one allocation a round.
  const auto made = allocations.load() - before;
  std::sort(nanoseconds.begin(), nanoseconds.end());
  const auto frames = static_cast<double>(settings.rounds) * settings.batches * kBatch;
  fmt::print("{:<26} {:>6} bytes {:>8.1f} ns median {:>8.1f} min {:>8.1f} max {:>8.3f} allocations a frame\n", what, frame_bytes,
             nanoseconds[nanoseconds.size() / 2], nanoseconds.front(), nanoseconds.back(), static_cast<double>(made) / frames);
}

void question(const Settings& settings, const std::string& name, const Frame& frame) {
  TwoNodes nodes;
  Encoder encoder(nodes, kPeer);
  OutBuffer first, out;
  bool good = encoder.encode(first, frame).has_value();
  for (int i = 0; i < kBatch; ++i) good = good && encoder.encode(out, frame).has_value();
  const auto frame_bytes = out.size() / kBatch;
  measure(settings, ("encode " + name).c_str(), frame_bytes, [&] {
    out.truncate(0);
    for (int i = 0; i < kBatch; ++i) good = encoder.encode(out, frame).has_value() && good;
  });

  const std::string numbers("\x08\x01");
  const auto record = numbers + std::string(out.at(0), out.size());
  const auto definitions = numbers + std::string(first.at(0), first.size());
  AtomQuota quota;
  Decoder decoder(nodes, kPeer, quota);
  Frame into;
  auto reader = RecordReader::open(definitions);
  good = good && reader->next(decoder, into).has_value();
  measure(settings, ("decode " + name).c_str(), frame_bytes, [&] {
    auto batch = RecordReader::open(record);
    for (int i = 0; i < kBatch; ++i) good = batch->next(decoder, into).has_value() && good;
  });
  if (!good || !(into.body == frame.body)) {
    fmt::print(stderr, "{}: what arrived is not what was sent\n", name);
    std::exit(1);
  }
}

void floor_of_varints(const Settings& settings) {
  char buffer[64];
  std::uint64_t sum = 0;
  const auto put = [](char* at, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
    *at++ = static_cast<char>(value);
    return at;
  };
  std::uint64_t value = 70'000;
  measure(settings, "floor: nine varints", 15, [&] {
    for (int i = 0; i < kBatch; ++i) {
      char* at = buffer;
      for (const std::uint64_t field : {std::uint64_t{1}, std::uint64_t{1000}, std::uint64_t{3}, std::uint64_t{0}, std::uint64_t{1},
                                        std::uint64_t{300}, value, std::uint64_t{50}, std::uint64_t{1}}) {
        at = put(at, field);
      }
      asm volatile("" : "+r"(value) : "r"(buffer) : "memory");
      sum += static_cast<std::uint64_t>(at - buffer);
    }
  });
  asm volatile("" : : "r"(sum));
}

}  // namespace
}  // namespace pulpo::wire

int main(int argc, char** argv) {
  using namespace pulpo;
  using namespace pulpo::wire;
  const bool smoke = argc > 1 && std::strcmp(argv[1], "--smoke") == 0;
  const Settings settings = smoke ? Settings{.rounds = 1, .batches = 2} : Settings{.rounds = 21, .batches = 2000};
  floor_of_varints(settings);
  question(settings, "request :ping", request(Term(Atom("ping"))));
  question(settings, "reply :pong", reply(Term(Atom("pong"))));
  question(settings, "request 14 bytes", request(Term("fourteen bytes")));
  question(settings, "request {:cal, 4, 5}", request(Term::tuple({Term(Atom("cal")), Term(4), Term(5)})));
  question(settings, "request 1 KiB", request(Term::binary(std::string(1024, 'x'))));
  return 0;
}
