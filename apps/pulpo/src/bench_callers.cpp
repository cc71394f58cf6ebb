// SPDX-License-Identifier: Apache-2.0
#include "bench_callers.hpp"

#include <array>
#include <optional>

#include "pulpo/gen_server.hpp"

namespace pulpo::cli {
namespace {

enum Failure : std::size_t { kTimeout, kNoProcess, kNoConnection, kExited, kWrongReply, kOther, kFailures };
constexpr std::array<const char*, kFailures> kFailureNames{"timeout", "no process", "no connection", "exited", "wrong reply", "other"};

Failure failure_of(const Error& error) {
  switch (error.code) {
    case Errc::timeout:
      return kTimeout;
    case Errc::noproc:
      return kNoProcess;
    case Errc::nodedown:
      return kNoConnection;
    case Errc::exited:
      return kExited;
    default:
      return kOther;
  }
}

/// A counter with one writer: no locked instruction in the hot loop.
class Counter {
 public:
  void increment() noexcept { value_.store(value_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

enum class Phase : std::uint8_t { warmup, measuring, stopped };

}  // namespace

/// What the callers of one core share. On a cache line of its own.
struct alignas(64) BenchCallers::Tally {
  Counter made;
  Counter answered;
  std::array<std::uint64_t, kFailures> failures{};
  Histogram latency;
  std::optional<Term> request;
  std::optional<Term> expected;
};

struct BenchCallers::Shared {
  explicit Shared(Settings given) : settings(std::move(given)), tallies(settings.cores) {}
  const Settings settings;
  std::vector<Tally> tallies;
  std::atomic<Phase> phase{Phase::warmup};
  std::atomic<std::uint64_t> running{0};
};

BenchCallers::BenchCallers(Settings settings) : shared_(std::make_shared<Shared>(std::move(settings))) {}
BenchCallers::~BenchCallers() { shared_->phase.store(Phase::stopped, std::memory_order_relaxed); }

void BenchCallers::run_caller(Shared& shared, Tally& tally) {
  const Settings& settings = shared.settings;
  if (!tally.request) {
    tally.request = settings.request();
    if (settings.is_echo) tally.expected = tally.request;
  }
  TimePoint begun = precise_now();
  for (;;) {
    const Phase phase = shared.phase.load(std::memory_order_relaxed);
    if (phase == Phase::stopped) break;
    tally.made.increment();
    const Result<Term> reply = try_call(settings.server, *tally.request, {.timeout = settings.timeout});
    const TimePoint ended = precise_now();
    if (!reply) {
      const Failure failure = failure_of(reply.error());
      ++tally.failures[failure];
      // Whoever is gone stays gone for this run: asking again would only count how fast we can be refused.
      if (failure != kTimeout) break;
    } else {
      if (!tally.expected) tally.expected = *reply;
      if (*reply == *tally.expected) {
        tally.answered.increment();
        if (phase == Phase::measuring) tally.latency.record(static_cast<std::uint64_t>((ended - begun).count()));
      } else {
        ++tally.failures[kWrongReply];
      }
    }
    begun = ended;
  }
  shared.running.fetch_sub(1, std::memory_order_release);
}

Result<void> BenchCallers::start() {
  for (std::uint64_t i = 0; i < shared_->settings.callers; ++i) {
    const auto core = static_cast<unsigned>(i % shared_->settings.cores);
    shared_->running.fetch_add(1, std::memory_order_relaxed);
    auto spawned = try_spawn(detail::function_body([shared = shared_, core] { run_caller(*shared, shared->tallies[core]); }),
                             {.monitor = true, .core = core});
    if (!spawned) {
      shared_->running.fetch_sub(1, std::memory_order_relaxed);
      return std::move(spawned).error();
    }
    monitors_.push_back(spawned->monitor);
  }
  return {};
}

void BenchCallers::measure() noexcept { shared_->phase.store(Phase::measuring, std::memory_order_relaxed); }

void BenchCallers::finish() {
  shared_->phase.store(Phase::stopped, std::memory_order_relaxed);
  // A call lasts at most its timeout, and each caller sends one down message when its last has ended.
  for (std::size_t ended = 0; ended < monitors_.size(); ++ended) {
    static_cast<void>(receive_if([](const Term& message) { return message.is_tuple(5) && message.elements()[0].is_atom(atoms::DOWN); }));
  }
  monitors_.clear();
}

bool BenchCallers::have_given_up() const noexcept { return shared_->running.load(std::memory_order_acquire) == 0; }

std::uint64_t BenchCallers::calls_made() const noexcept {
  std::uint64_t count = 0;
  for (const Tally& tally : shared_->tallies) count += tally.made.get();
  return count;
}

std::uint64_t BenchCallers::calls_answered() const noexcept {
  std::uint64_t count = 0;
  for (const Tally& tally : shared_->tallies) count += tally.answered.get();
  return count;
}

void BenchCallers::report(BenchResult& result) const {
  std::array<std::uint64_t, kFailures> failures{};
  for (const Tally& tally : shared_->tallies) {
    result.latency.merge(tally.latency);
    for (std::size_t i = 0; i < kFailures; ++i) failures[i] += tally.failures[i];
  }
  for (std::size_t i = 0; i < kFailures; ++i) {
    if (failures[i] > 0) result.errors.emplace_back(kFailureNames[i], failures[i]);
  }
  result.calls_made = calls_made();
}

}  // namespace pulpo::cli
