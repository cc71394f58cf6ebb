// SPDX-License-Identifier: Apache-2.0
#include "pulpo/log.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <ctime>
#include <mutex>

#include "base/log_format.hpp"
#include "base/log_limit.hpp"
#include "base/log_output.hpp"

namespace pulpo::log {
namespace {

constexpr std::size_t kMessageMax = 16 * 1024;

std::atomic<Level> level_now{Level::info};
std::atomic<Source> source_now{nullptr};

/// All that the lock protects.
struct Shared {
  std::mutex mutex;
  Target target;
  Writer writer;
  Look look;
  BurstLimit limit;
  LogOutput output;
};

// Never destroyed: threads may log while the program ends.
Shared& shared() {
  static Shared& it = *new Shared;
  return it;
}

bool write_to_stderr(Shared& it, const Entry& entry) {
  timespec wall{};
  ::clock_gettime(CLOCK_REALTIME, &wall);  // the one place that stamps lines; a simulation installs a Target
  const std::string line = formatted(entry, it.look, wall);
  if (it.writer.write == nullptr) return it.output.write(STDERR_FILENO, line);
  if (it.writer.write(it.writer.context, line)) return true;
  it.output.count_dropped();
  return false;
}

/// What is to be said about lines that are missing; `all`: also of those whose window is not over.
void tell_missing(Shared& it, bool all) {
  for (const auto& summary : it.limit.due(BurstLimit::Clock::now(), all)) (void)write_to_stderr(it, {summary.level, summary.message, {}});
  const std::uint64_t dropped = it.output.dropped();
  if (dropped == 0) return;
  if (write_to_stderr(it, {Level::warning, fmt::format("{} log lines were dropped: nobody read them in time", dropped), {}}))
    it.output.told_of_dropped();
}

void write_limited(Shared& it, std::uint64_t kind, const Entry& entry) {
  tell_missing(it, false);
  if (!it.limit.admit(kind, entry, BurstLimit::Clock::now())) return;
  (void)write_to_stderr(it, entry);
}

/// `kind`: what entries of this kind have in common.
void write_entry(Level level, std::string_view kind, std::initializer_list<Field> given, std::string_view message) {
  std::string cut;
  if (message.size() > kMessageMax) {
    std::size_t end = kMessageMax;
    while ((static_cast<unsigned char>(message[end]) & 0xC0u) == 0x80u && end > kMessageMax - 4) --end;  // in whole characters
    cut = std::string(message.substr(0, end)) + " … (cut)";
    message = cut;
  }
  std::vector<Field> fields(given);
  if (const Source source = source_now.load(std::memory_order_relaxed); source != nullptr) source(fields);
  const Entry entry{level, message, fields};
  Shared& it = shared();
  const std::lock_guard lock(it.mutex);
  if (it.target.sink != nullptr) {
    it.target.sink(it.target.context, entry);
  } else {
    write_limited(it, kind_of(kind, entry.get("name")), entry);
  }
}

constexpr std::array<std::string_view, 8> kLevelNames{"debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"};

}  // namespace

void configure(const Settings& settings) noexcept {
  level_now.store(settings.level, std::memory_order_relaxed);
  try {
    Shared& it = shared();
    const std::lock_guard lock(it.mutex);
    it.look = look_of(settings, STDERR_FILENO);
    it.limit.set(settings.limit);
  } catch (...) {  // out of memory: lines look as they did before
  }
}

void set_level(Level level) noexcept { level_now.store(level, std::memory_order_relaxed); }

Level level() noexcept { return level_now.load(std::memory_order_relaxed); }

bool enabled(Level level) noexcept { return level >= level_now.load(std::memory_order_relaxed); }

bool parse_level(std::string_view text, Level& level) noexcept {
  if (text == "warn") text = "warning";
  const auto found = std::find(kLevelNames.begin(), kLevelNames.end(), text);
  if (found == kLevelNames.end()) return false;
  level = static_cast<Level>(found - kLevelNames.begin());
  return true;
}

std::string_view to_string(Level level) noexcept { return kLevelNames[static_cast<std::size_t>(level)]; }

std::string_view Entry::get(std::string_view key) const noexcept {
  const auto found = std::find_if(fields.begin(), fields.end(), [key](const Field& field) { return field.key == key; });
  return found == fields.end() ? std::string_view{} : std::string_view(found->value);
}

Target exchange_target(Target target) noexcept {
  Shared& it = shared();
  const std::lock_guard lock(it.mutex);
  return std::exchange(it.target, target);
}

Writer exchange_writer(Writer writer) noexcept {
  Shared& it = shared();
  const std::lock_guard lock(it.mutex);
  return std::exchange(it.writer, writer);
}

void set_source(Source source) noexcept { source_now.store(source, std::memory_order_relaxed); }

void flush() noexcept {
  try {
    Shared& it = shared();
    const std::lock_guard lock(it.mutex);
    tell_missing(it, true);
  } catch (...) {  // out of memory
  }
}

void write(Level level, std::string_view message) noexcept { write(level, message, {}); }

void write(Level level, std::string_view message, std::initializer_list<Field> fields) noexcept {
  if (!enabled(level)) return;
  try {
    write_entry(level, message, fields, message);
  } catch (...) {  // out of memory: the line is lost, the node is not
  }
}

void line_of(Level level, std::initializer_list<Field> fields, fmt::string_view format, fmt::format_args arguments) noexcept {
  try {
    write_entry(level, {format.data(), format.size()}, fields, fmt::vformat(format, arguments));
  } catch (...) {
  }
}

}  // namespace pulpo::log
