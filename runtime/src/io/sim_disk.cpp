// SPDX-License-Identifier: Apache-2.0
#include "io/sim_disk.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace pulpo::io {

// --- Devices ---------------------------------------------------------------------------------------

void SimDevice::trace(const char* kind, ByteView bytes) {
  if (wire_.is_traced()) wire_.trace(host_, SimWire::kNoHost, 0, std::string(kind) + " " + path_, bytes.size(), bytes);
}

void SimDevice::say(ByteView bytes) {
  trace("says", bytes);
  const bool is_heard = std::any_of(openers_.begin(), openers_.end(), [](const Opener& one) { return !one.hung_up; });
  if (!is_heard || !plugged_) return;
  waiting_.append(bytes);
  for (const Opener& one : openers_) one.owner->readable(one.handle);
}

void SimDevice::say_at(TimePoint at, ByteView bytes) {
  SimEvent event;
  event.connection = static_cast<std::uint32_t>(scripts_.size());
  event.kind = SimEvent::Kind::script;
  scripts_.emplace_back(this, bytes);
  wire_.schedule(event, at);
}

void SimDevice::hang_up() {
  trace("hangs-up", {});
  plugged_ = false;
  for (Opener& one : openers_) one.hung_up = true;
  for (const Opener& one : openers_) {
    one.owner->readable(one.handle);
    one.owner->writable(one.handle);
  }
}

void SimDevice::open(SimOwner& owner, Handle handle) { openers_.push_back({.owner = &owner, .handle = handle, .hung_up = false}); }

void SimDevice::close(const SimOwner& owner, Handle handle) {
  std::erase_if(openers_, [&](const Opener& one) { return one.owner == &owner && one.handle == handle; });
  if (openers_.empty()) waiting_.clear();
}

bool SimDevice::is_hung_up(const SimOwner& owner, Handle handle) const noexcept {
  return std::any_of(openers_.begin(), openers_.end(),
                     [&](const Opener& one) { return one.owner == &owner && one.handle == handle && one.hung_up; });
}

int SimDevice::read(const SimOwner& owner, Handle handle, char* into, std::size_t size) {
  const std::size_t got = std::min(size, waiting_.size());
  if (got == 0) return is_hung_up(owner, handle) ? 0 : -EAGAIN;
  std::memcpy(into, waiting_.data(), got);
  waiting_.erase(0, got);
  return static_cast<int>(got);
}

int SimDevice::write(const SimOwner& owner, Handle handle, ByteView bytes) {
  if (is_hung_up(owner, handle)) return -EIO;
  trace("hears", bytes);
  heard_.append(bytes);
  return static_cast<int>(bytes.size());
}

short SimDevice::poll(const SimOwner& owner, Handle handle) const noexcept {
  const bool hung_up = is_hung_up(owner, handle);
  return static_cast<short>((!waiting_.empty() || hung_up ? POLLIN : 0) | (hung_up ? POLLHUP : POLLOUT));
}

// --- Files -----------------------------------------------------------------------------------------

int SimFile::read(char* into, std::size_t size, std::uint64_t offset) const {
  if (offset >= bytes.size()) return 0;
  const auto got = std::min<std::size_t>(size, bytes.size() - static_cast<std::size_t>(offset));
  std::memcpy(into, bytes.data() + static_cast<std::size_t>(offset), got);
  return static_cast<int>(got);
}

void SimFile::write(ByteView what, std::uint64_t offset) {
  const auto end = static_cast<std::size_t>(offset) + what.size();
  if (bytes.size() < end) bytes.resize(end);
  std::copy(what.begin(), what.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset));
}

}  // namespace pulpo::io
