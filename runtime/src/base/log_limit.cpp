// SPDX-License-Identifier: Apache-2.0
#include "base/log_limit.hpp"

#include <algorithm>
#include <utility>

namespace pulpo::log {
namespace {

/// The first line, at most `bytes` of it, in whole characters.
std::string beginning_of(std::string_view text, std::size_t bytes) {
  text = text.substr(0, text.find('\n'));
  if (text.size() <= bytes) return std::string(text);
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0u) == 0x80u) --bytes;
  return std::string(text.substr(0, bytes)) + " …";
}

}  // namespace

std::uint64_t kind_of(std::string_view text, std::string_view name) noexcept {
  // FNV-1a: the kinds of one program are few, and nobody gains by making two collide.
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&hash](char c) { hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3; };
  for (const char c : text.substr(0, text.find('\n'))) {
    if (c < '0' || c > '9') add(c);
  }
  add('\n');
  for (const char c : name) add(c);
  return hash;
}

bool BurstLimit::is_over(const Window& window, Clock::time_point now) const noexcept {
  return window.lines == 0 || now - window.start >= limit_.window || now < window.start;
}

BurstLimit::Summary BurstLimit::summary_of(const Window& window) const {
  return {window.level, window.suppressed,
          fmt::format("… {:L} more like this suppressed within {} s: {}", window.suppressed,
                      std::chrono::duration_cast<std::chrono::seconds>(limit_.window).count(), window.sample)};
}

std::vector<BurstLimit::Summary> BurstLimit::due(Clock::time_point now, bool all) {
  std::vector<Summary> summaries = std::exchange(of_evicted_, {});
  for (Window& window : windows_) {
    if (window.suppressed == 0 || !(all || is_over(window, now))) continue;
    summaries.push_back(summary_of(window));
    window = {};
  }
  return summaries;
}

bool BurstLimit::admit(std::uint64_t kind, const Entry& entry, Clock::time_point now) {
  if (limit_.lines == 0) return true;
  auto window = std::find_if(windows_.begin(), windows_.end(), [&](const Window& each) { return each.lines > 0 && each.kind == kind; });
  if (window == windows_.end()) {
    // An empty one began at the clock's zero.
    window = std::min_element(windows_.begin(), windows_.end(), [](const Window& a, const Window& b) { return a.start < b.start; });
    if (window->suppressed > 0) of_evicted_.push_back(summary_of(*window));
    *window = {};
  }
  if (is_over(*window, now)) *window = Window{.kind = kind, .start = now};
  if (is_over(of_all_, now)) of_all_ = Window{.start = now};
  if (window->lines < limit_.lines && of_all_.lines < limit_.lines_of_all) {
    ++window->lines;
    ++of_all_.lines;
    return true;
  }
  window->lines = std::max(window->lines, std::uint32_t{1});  // it is taken, though all were too many
  ++window->suppressed;
  window->level = std::max(window->level, entry.level);
  window->sample = beginning_of(entry.message, kSampleBytes);
  return false;
}

}  // namespace pulpo::log
