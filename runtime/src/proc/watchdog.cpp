// SPDX-License-Identifier: Apache-2.0
#include "proc/watchdog.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/block_signals.hpp"
#include "io/socket.hpp"
#include "proc/core.hpp"
#include "pulpo/log.hpp"

namespace pulpo {
namespace {

constexpr Duration kPauseMax = 10min;

double milliseconds(Duration duration) noexcept { return std::chrono::duration<double, std::milli>(duration).count(); }

}  // namespace

CoreStats CoreWatch::stats() const noexcept {
  const std::uint64_t samples = delays_.load(std::memory_order_relaxed);
  const Duration sum(delay_sum_.load(std::memory_order_relaxed));
  return {.run_delays = samples,
          .run_delay_average = samples == 0 ? Duration::zero() : sum / static_cast<std::int64_t>(samples),
          .run_delay_max = Duration(delay_max_.load(std::memory_order_relaxed)),
          .stalls = stalls_.load(std::memory_order_relaxed)};
}

void CoreWatch::record(Duration delay) noexcept {
  delays_.store(delays_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  delay_sum_.store(delay_sum_.load(std::memory_order_relaxed) + delay.count(), std::memory_order_relaxed);
  if (delay.count() > delay_max_.load(std::memory_order_relaxed)) delay_max_.store(delay.count(), std::memory_order_relaxed);
}

Watchdog::Watchdog(Runtime& runtime, const WatchdogOptions& options, std::vector<Core*> cores)
    : runtime_(runtime),
      options_(options),
      cores_(std::move(cores)),
      seen_(cores_.size()),
      probes_(options.backtrace && StallProbe::install()) {
  const BlockSignals blocked;
  thread_ = std::thread([this] { run(); });
}

void Router::core_stalls(unsigned, Duration, TimePoint) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    sleeping_.store(false, std::memory_order_seq_cst);
  }
  changed_.notify_all();
  thread_.join();
}

void Watchdog::rouse() noexcept {
  {
    const std::lock_guard lock(mutex_);
    sleeping_.store(false, std::memory_order_seq_cst);
  }
  changed_.notify_all();
}

bool Watchdog::is_a_core_awake() const noexcept {
  return std::any_of(cores_.begin(), cores_.end(), [](const Core* core) { return core->watch().is_awake(); });
}

void Watchdog::run() {
  const auto interval = std::max<Duration>(options_.limit / 4, 1ms);
  std::unique_lock lock(mutex_);
  while (!stop_) {
    sleeping_.store(true, std::memory_order_seq_cst);
    // Whose stall was reported is looked at once more, also when its core has gone to sleep since: its end is told.
    const bool tells = std::any_of(seen_.begin(), seen_.end(), [](const Seen& seen) { return seen.reported; });
    if (!tells && !is_a_core_awake()) changed_.wait(lock, [this] { return stop_ || !sleeping_.load(std::memory_order_seq_cst); });
    sleeping_.store(false, std::memory_order_seq_cst);
    // Also after a short wake: so a core that wakes often wakes us once an interval.
    if (changed_.wait_for(lock, interval, [this] { return stop_; })) return;
    for (std::size_t i = 0; i < cores_.size(); ++i) look(*cores_[i], seen_[i]);
  }
}

void Watchdog::look(Core& core, Seen& seen) {
  const std::uint64_t progress = core.watch().progress();
  const TimePoint now = io::socket::monotonic_now();
  if (progress != seen.progress || !core.watch().is_awake()) {
    if (seen.reported) log::warning("{} has let go of core {} after {:.0f} ms", seen.who, core.index(), milliseconds(now - seen.since));
    seen = {.progress = progress, .since = now, .report_after = options_.limit, .reported = false, .who = {}};
    return;
  }
  const Duration held = now - seen.since;
  if (held < options_.limit) return;
  if (Router* const router = runtime_.router()) router->core_stalls(core.index(), held, now);
  if (held < seen.report_after) return;
  report(core, seen, held);
  seen.report_after = held + std::min(held, kPauseMax);
}

void Watchdog::report(Core& core, Seen& seen, Duration held) {
  CoreWatch& watch = core.watch();
  if (!seen.reported) watch.count_stall();
  const Pid pid{kOwnNode, core.index() << Pid::kSlotBits | watch.slot(), watch.serial()};
  std::string name;
  std::string more;
  if (probes_ && watch.probe.ask() && watch.progress() == seen.progress) {
    const RunningNote& note = watch.probe.note;
    if (note.has_name) name = Term(Atom::from_index(note.name)).text();
    if (note.what_size > 0) more += fmt::format("\nInitial Call: {}", note.initial_call());
    const Frames& frames = watch.probe.frames;
    std::string offsets;
    for (std::size_t i = 0; i < frames.count; ++i) {
      const std::string frame = frame_text(frames.addresses[i]);
      more += "\n    " + frame;
      if (frame.starts_with("program+")) offsets += " " + frame.substr(8);
    }
    if (!offsets.empty()) more += fmt::format("\naddr2line -Cfpie {}{}", program_path(), offsets);
  } else if (probes_) {
    more = "\nIts thread does not answer: it waits in the kernel, or for a processor";
  }
  if (watch.progress() != seen.progress) return;  // it has gone on meanwhile
  seen.reported = true;
  const bool is_process = pid.serial != 0;
  seen.who =
      is_process ? fmt::format("Process {}{}", Term(pid).text(), name.empty() ? "" : " (" + name + ")") : std::string("The scheduler");
  log::warning({{"pid", is_process ? Term(pid).text() : ""}, {"name", name}, {"node", runtime_.node_name().text()}},
               "{} has held core {} for {:.0f} ms: nobody else runs there. What takes long belongs into blocking(), or calls yield(){}",
               seen.who, core.index(), milliseconds(held), more);
}

}  // namespace pulpo
