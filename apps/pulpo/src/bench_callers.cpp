// SPDX-License-Identifier: Apache-2.0
#include "bench_callers.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <optional>

#include "base/counter.hpp"
#include "bench_alarm.hpp"
#include "bench_schedule.hpp"
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

enum class Phase : std::uint8_t { warmup, measuring, stopped };

/// How often a pacer looks whether the bench is over, when nothing is due.
constexpr Duration kPacerLook = 100ms;

/// The largest message that goes beside calls, over a link of 10 Mbit/s.
constexpr Duration kBesideTimeout = 60s;

}  // namespace

/// What the callers of one core share. On a cache line of its own.
struct alignas(64) BenchCallers::Tally {
  Counter made;
  Counter sent;
  Counter answered;
  Counter beside;
  std::array<std::uint64_t, kFailures> failures{};
  Histogram latency;
  std::optional<Term> request;
  std::optional<Term> expected;
  std::optional<Term> message;

  // With a rate.
  std::optional<BenchSchedule> schedule;
  std::uint64_t next = 0;         ///< The number of the next call that leaves from here.
  std::deque<Pid> idle;           ///< Callers that wait for a call.
  std::optional<Pid> pacer;       ///< Once it runs.
  bool is_measuring = false;      ///< Calls that were due before the stretch that counts are gone.
  bool pacer_wants_idle = false;  ///< A call is due, and nobody is idle.
};

struct BenchCallers::Shared {
  explicit Shared(Settings given) : settings(std::move(given)), tallies(settings.cores) {}
  const Settings settings;
  std::vector<Tally> tallies;
  std::atomic<Phase> phase{Phase::warmup};
  // The stretch that counts. Written before the phase that says so.
  TimePoint measured_from = kNever;
  TimePoint measured_until = kNever;
  std::atomic<std::uint64_t> running{0};
};

BenchCallers::BenchCallers(Settings settings) {
  // A core without a caller would be dealt calls of the rate that nobody there can make.
  settings.cores = static_cast<unsigned>(std::min<std::uint64_t>(settings.cores, settings.callers));
  shared_ = std::make_shared<Shared>(std::move(settings));
}
BenchCallers::~BenchCallers() { shared_->phase.store(Phase::stopped, std::memory_order_release); }

/// When the call ended; nothing when the server or its node is gone: it stays gone for this run, and asking again would only count
/// how fast we can be refused.
std::optional<TimePoint> BenchCallers::call_once(Shared& shared, Tally& tally, TimePoint due, bool measured) {
  const Settings& settings = shared.settings;
  if (!tally.request) {
    tally.request = settings.request();
    if (settings.is_echo) tally.expected = tally.request;
  }
  if (settings.messages_per_call > 0) {
    if (!tally.message) tally.message = settings.message();
    for (std::uint64_t i = 0; i < settings.messages_per_call; ++i) {
      cast(*settings.server, *tally.message);
      tally.sent.increment();
    }
    due = precise_now();
  }
  tally.made.increment();
  const Result<Term> reply =
      settings.perform ? settings.perform(*tally.request) : try_call(*settings.server, *tally.request, {.timeout = settings.timeout});
  const TimePoint ended = precise_now();
  if (!reply) {
    const Failure failure = failure_of(reply.error());
    ++tally.failures[failure];
    return failure == kTimeout ? std::optional(ended) : std::nullopt;
  }
  if (!tally.expected) tally.expected = *reply;
  if (*reply == *tally.expected) {
    tally.answered.increment();
    if (measured) tally.latency.record(static_cast<std::uint64_t>((ended - due).count()));
  } else {
    ++tally.failures[kWrongReply];
  }
  return ended;
}

void BenchCallers::run_caller(Shared& shared, Tally& tally) {
  std::optional<TimePoint> begun = precise_now();
  while (begun) {
    const Phase phase = shared.phase.load(std::memory_order_acquire);
    if (phase == Phase::stopped) return;
    begun = call_once(shared, tally, *begun, phase == Phase::measuring);
  }
}

/// The first time in the stretch that counts: calls that were due in the warm-up and have not left are dropped, since a server
/// that cannot hold the rate would answer nothing else while it is measured.
void BenchCallers::drop_warmup_calls(Shared& shared, Tally& tally) {
  if (tally.is_measuring || shared.phase.load(std::memory_order_acquire) == Phase::warmup) return;
  tally.is_measuring = true;
  tally.next = std::max(tally.next, tally.schedule->due_before(shared.measured_from));
}

/// One call after another, each from when it was due.
void BenchCallers::run_paced_caller(Shared& shared, Tally& tally) {
  for (;;) {
    if (shared.phase.load(std::memory_order_acquire) == Phase::stopped) return;
    drop_warmup_calls(shared, tally);
    TimePoint due = tally.schedule->due(tally.next);
    if (due <= precise_now()) {
      ++tally.next;  // late already: it leaves at once
    } else {
      tally.idle.push_back(self());
      if (tally.pacer_wants_idle && tally.pacer) {
        tally.pacer_wants_idle = false;
        send(*tally.pacer, "idle"_atom);
      }
      const auto order = receive_any();
      if (!order || !order->is_integer()) return;
      due = TimePoint(Duration(order->integer()));
    }
    // Which calls count is known when they leave: the stretch ends with the phase.
    const bool measured = shared.phase.load(std::memory_order_acquire) == Phase::measuring && due >= shared.measured_from;
    if (!call_once(shared, tally, due, measured)) return;
  }
}

/// Gives each call of this core to an idle caller when it is due.
void BenchCallers::run_pacer(Shared& shared, Tally& tally) {
  Alarm alarm;
  tally.pacer = self();
  while (alarm.is_open() && shared.phase.load(std::memory_order_acquire) != Phase::stopped) {
    drop_warmup_calls(shared, tally);
    const TimePoint time = precise_now();
    TimePoint due = tally.schedule->due(tally.next);
    for (; due <= time && !tally.idle.empty(); due = tally.schedule->due(++tally.next)) {
      send(tally.idle.front(), due.time_since_epoch().count());
      tally.idle.pop_front();
    }
    tally.pacer_wants_idle = due <= time;
    alarm.set(tally.pacer_wants_idle ? time + kPacerLook : std::min(due, time + kPacerLook));
    static_cast<void>(receive_any());
  }
  tally.pacer.reset();
  for (; !tally.idle.empty(); tally.idle.pop_front()) send(tally.idle.front(), "stop"_atom);
}

/// One large message after another, each when the last has been handled.
void BenchCallers::run_beside(Shared& shared, Tally& tally) {
  const Settings& settings = shared.settings;
  const Term message = settings.beside();
  while (shared.phase.load(std::memory_order_acquire) != Phase::stopped) {
    cast(*settings.beside_server, message);
    if (const Result<Term> handled = try_call(*settings.beside_server, Term("ping"_atom), {.timeout = kBesideTimeout}); !handled) {
      ++tally.failures[failure_of(handled.error())];
      return;  // a figure without what was to be beside it is none
    }
    tally.beside.increment();
  }
}

Result<void> BenchCallers::start_one(unsigned core, void (*run)(Shared&, Tally&)) {
  shared_->running.fetch_add(1, std::memory_order_relaxed);
  auto spawned = try_spawn(detail::function_body([shared = shared_, core, run] {
                             run(*shared, shared->tallies[core]);
                             shared->running.fetch_sub(1, std::memory_order_release);
                           }),
                           {.monitor = true, .core = core});
  if (!spawned) {
    shared_->running.fetch_sub(1, std::memory_order_relaxed);
    return std::move(spawned).error();
  }
  monitors_.push_back(spawned->monitor);
  return {};
}

Result<void> BenchCallers::start() {
  const Settings& settings = shared_->settings;
  const TimePoint begin = precise_now();
  for (unsigned core = 0; core < settings.cores && settings.rate != 0; ++core) {
    shared_->tallies[core].schedule.emplace(begin, settings.rate, settings.cores, core);
    PULPO_CHECK(start_one(core, run_pacer));
  }
  if (settings.beside) PULPO_CHECK(start_one(0, run_beside));
  for (std::uint64_t i = 0; i < settings.callers; ++i) {
    PULPO_CHECK(start_one(static_cast<unsigned>(i % settings.cores), settings.rate != 0 ? run_paced_caller : run_caller));
  }
  return {};
}

void BenchCallers::measure() {
  shared_->measured_from = precise_now();
  shared_->phase.store(Phase::measuring, std::memory_order_release);
}

void BenchCallers::finish() {
  shared_->measured_until = precise_now();
  shared_->phase.store(Phase::stopped, std::memory_order_release);
  // A call lasts at most its timeout, and each caller sends one down message when its last has ended.
  for (std::size_t ended = 0; ended < monitors_.size(); ++ended) {
    static_cast<void>(receive_if([](const Term& message) { return message.is_tuple(5) && message.elements()[0].is_atom(atoms::DOWN); }));
  }
  monitors_.clear();
}

bool BenchCallers::have_given_up() const noexcept {
  const std::uint64_t others = (shared_->settings.rate != 0 ? shared_->settings.cores : 0) + (shared_->settings.beside ? 1 : 0);
  return shared_->running.load(std::memory_order_acquire) <= others;
}

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

std::uint64_t BenchCallers::messages_sent() const noexcept {
  std::uint64_t count = 0;
  for (const Tally& tally : shared_->tallies) count += tally.sent.get();
  return count;
}

std::uint64_t BenchCallers::beside_arrived() const noexcept { return shared_->tallies[0].beside.get(); }

void BenchCallers::report(BenchResult& result) const {
  std::array<std::uint64_t, kFailures> failures{};
  for (const Tally& tally : shared_->tallies) {
    result.latency.merge(tally.latency);
    if (tally.schedule) {
      result.calls_due += tally.schedule->due_before(shared_->measured_until) - tally.schedule->due_before(shared_->measured_from);
    }
    for (std::size_t i = 0; i < kFailures; ++i) failures[i] += tally.failures[i];
  }
  for (std::size_t i = 0; i < kFailures; ++i) {
    if (failures[i] > 0) result.errors.emplace_back(kFailureNames[i], failures[i]);
  }
  result.calls_made = shared_->settings.messages_per_call > 0 ? messages_sent() : calls_made();
}

}  // namespace pulpo::cli
