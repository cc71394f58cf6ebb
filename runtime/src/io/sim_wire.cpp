// SPDX-License-Identifier: Apache-2.0
#include "io/sim_wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace pulpo::io {
namespace {

/// For the heap, whose largest element comes first.
bool comes_after(const SimEvent& one, const SimEvent& other) noexcept {
  return one.at != other.at ? one.at > other.at : one.order > other.order;
}

/// FNV-1a: enough to tell two runs apart, and nobody attacks a trace.
std::uint64_t digest(ByteView bytes) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

}  // namespace

void SimWire::schedule(SimEvent event, TimePoint at) {
  event.at = std::max(at, now_);
  event.order = order_++;
  events_.push_back(event);
  std::push_heap(events_.begin(), events_.end(), comes_after);
}

SimEvent SimWire::pop() {
  std::pop_heap(events_.begin(), events_.end(), comes_after);
  const SimEvent event = events_.back();
  events_.pop_back();
  now_ = std::max(now_, event.at);
  return event;
}

Duration SimWire::draw_delay(HostNumber from, HostNumber to) noexcept {
  const Duration least = from == to ? options_.loopback_delay_min : options_.delay_min;
  const Duration most = from == to ? options_.loopback_delay_max : options_.delay_max;
  if (most <= least) return least;
  return least + Duration(static_cast<Duration::rep>(draw(static_cast<std::uint64_t>((most - least).count()) + 1)));
}

HostNumber SimWire::add_host() {
  const HostNumber host = hosts();
  up_.push_back(true);
  for (auto& to : cut_) to.push_back(false);
  cut_.emplace_back(up_.size(), false);
  return host;
}

void SimWire::trace(HostNumber from, HostNumber to, std::uint32_t connection, std::string_view kind, std::uint64_t size, ByteView bytes) {
  const auto since = (now_ - kStart).count();
  fmt::memory_buffer line;
  auto out = std::back_inserter(line);
  out = fmt::format_to(out, "{}.{:09} ", since / 1'000'000'000, since % 1'000'000'000);
  out = from == kNoHost ? fmt::format_to(out, "-") : fmt::format_to(out, "{}", from);
  if (to != kNoHost) out = fmt::format_to(out, ">{}", to);
  if (connection != 0) out = fmt::format_to(out, " c{}", connection);
  out = fmt::format_to(out, " {}", kind);
  if (size != 0 || !bytes.empty()) out = fmt::format_to(out, " {}", size);
  if (!bytes.empty()) out = fmt::format_to(out, " {:016x}", digest(bytes));
  trace_({line.data(), line.size()});
}

}  // namespace pulpo::io
