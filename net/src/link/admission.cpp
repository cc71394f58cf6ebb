// SPDX-License-Identifier: Apache-2.0
#include "link/admission.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "pulpo/assert.hpp"

namespace pulpo::links {

Admission::~Admission() { PULPO_ASSERT(half_open_ == 0); }

Admission::Slot& Admission::Slot::operator=(Slot&& other) noexcept {
  if (this != &other) {
    release();
    admission_ = std::exchange(other.admission_, nullptr);
    key_ = other.key_;
  }
  return *this;
}

void Admission::Slot::release() noexcept {
  if (admission_ == nullptr) return;
  auto& admission = *std::exchange(admission_, nullptr);
  --admission.half_open_;
  // An address with open connections is never forgotten, so it is there.
  --admission.entries_.find(key_)->second.half_open;
}

void Admission::Slot::succeeded() noexcept {
  if (admission_ == nullptr) return;
  auto& entry = admission_->entries_.find(key_)->second;
  entry.failures = 0;
  entry.closed_until = {};
}

void Admission::Slot::failed(TimePoint now) noexcept {
  if (admission_ == nullptr) return;
  const auto& limits = admission_->limits_;
  auto& entry = admission_->entries_.find(key_)->second;
  if (now - entry.last_failure > limits.failures_forgotten) entry.failures = 0;
  entry.last_failure = now;
  ++entry.failures;
  if (entry.failures <= limits.failures_free) return;
  // 20 doublings are more than any delay_max needs, and far from overflow.
  const auto doublings = std::min<std::uint32_t>(entry.failures - limits.failures_free - 1, 20);
  entry.closed_until = now + std::min(limits.delay_max, limits.delay_min * (std::int64_t{1} << doublings));
}

bool Admission::may_log(TimePoint now) noexcept {
  const std::chrono::duration<double> passed = std::max(Duration::zero(), now - std::exchange(log_refilled_, now));
  log_tokens_ = std::min(kLogBurst, log_tokens_ + passed.count());
  if (log_tokens_ < 1) return false;
  log_tokens_ -= 1;
  return true;
}

std::size_t Admission::KeyHash::operator()(const Key& key) const noexcept {
  std::uint64_t high, low;
  std::memcpy(&high, key.data(), 8);
  std::memcpy(&low, key.data() + 8, 8);
  return static_cast<std::size_t>((high ^ (low * 0x9e3779b97f4a7c15u)) * 0xff51afd7ed558ccdu >> 32);
}

Admission::Key Admission::key_of(const io::Address& address) noexcept {
  Key key{};
  if (address.family() == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address.kernel(), sizeof v4);
    key[10] = key[11] = 0xff;
    std::memcpy(key.data() + 12, &v4.sin_addr, 4);
  } else if (address.family() == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address.kernel(), sizeof v6);
    // A host owns a whole /64 of IPv6, so that is what counts; mapped IPv4 addresses count whole.
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) != 0;
    std::memcpy(key.data(), &v6.sin6_addr, mapped ? 16 : 8);
  }
  return key;
}

Admission::Entry& Admission::entry_of(const Key& key, TimePoint now) {
  if (const auto known = entries_.find(key); known != entries_.end()) return known->second;
  if (entries_.size() >= limits_.addresses_max) make_place(now);
  return entries_[key];
}

void Admission::make_place(TimePoint now) {
  // Walks the table: at most once for each connection from an address not seen lately, behind the limit of handshakes a second.
  auto quietest = entries_.end();
  for (auto at = entries_.begin(); at != entries_.end();) {
    const auto& entry = at->second;
    const bool idle = entry.half_open == 0;
    if (idle && now - entry.last_failure > limits_.failures_forgotten && now >= entry.closed_until) {
      at = entries_.erase(at);
      continue;
    }
    if (idle && (quietest == entries_.end() || entry.last_seen < quietest->second.last_seen)) quietest = at;
    ++at;
  }
  if (entries_.size() >= limits_.addresses_max && quietest != entries_.end()) entries_.erase(quietest);
}

Outcome<Admission::Slot> Admission::admit(const io::Address& address, TimePoint now) {
  const auto refuse = [&](std::string detail) {
    return Fault{.code = Errc::busy, .where = "accept", .detail = fmt::format("{}: {}", address.text(), detail)};
  };
  const auto burst = static_cast<double>(limits_.half_open_max);
  if (!started_) {
    started_ = true;
    tokens_ = burst;
  } else {
    const std::chrono::duration<double> passed = std::max(Duration::zero(), now - refilled_);
    tokens_ = std::min(burst, tokens_ + passed.count() * limits_.handshakes_per_second_max);
  }
  refilled_ = now;
  if (half_open_ >= limits_.half_open_max) return refuse(fmt::format("{} handshakes are under way, which is the limit", half_open_));
  if (tokens_ < 1) return refuse(fmt::format("more than {} handshakes a second", limits_.handshakes_per_second_max));
  const auto key = key_of(address);
  auto& entry = entry_of(key, now);
  entry.last_seen = now;
  if (entry.half_open >= limits_.half_open_per_address_max) {
    return refuse(fmt::format("{} handshakes with this address are under way, which is its share", entry.half_open));
  }
  if (now < entry.closed_until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(entry.closed_until - now).count();
    return refuse(fmt::format("{} wrong cookies in a row; nothing is taken from this address for {} ms", entry.failures, left));
  }
  tokens_ -= 1;
  ++half_open_;
  ++entry.half_open;
  Slot slot;
  slot.admission_ = this;
  slot.key_ = key;
  return slot;
}

}  // namespace pulpo::links
