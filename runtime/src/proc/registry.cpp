// SPDX-License-Identifier: Apache-2.0
#include "proc/registry.hpp"

#include <memory>

namespace pulpo {
namespace {

// Serials of living processes are never 0, so 0 is "nobody".
std::uint64_t packed(const Pid& pid) noexcept { return std::uint64_t{pid.id} << 32 | pid.serial; }

}  // namespace

Registry::~Registry() {
  for (auto& page : pages_) delete page.load(std::memory_order_relaxed);
}

std::atomic<std::uint64_t>* Registry::word(Atom name) const noexcept {
  Page* page = pages_[name.index() / kPageNames].load(std::memory_order_acquire);
  return page == nullptr ? nullptr : &(*page)[name.index() % kPageNames];
}

bool Registry::add(Atom name, const Pid& pid) {
  if (word(name) == nullptr) {
    auto fresh = std::make_unique<Page>();
    Page* expected = nullptr;
    // Another core may have made the page meanwhile; then ours is not needed.
    if (pages_[name.index() / kPageNames].compare_exchange_strong(expected, fresh.get(), std::memory_order_acq_rel)) (void)fresh.release();
  }
  std::uint64_t nobody = 0;
  return word(name)->compare_exchange_strong(nobody, packed(pid), std::memory_order_acq_rel);
}

bool Registry::remove(Atom name, const Pid& pid) noexcept {
  auto* at = word(name);
  std::uint64_t holder = packed(pid);
  return at != nullptr && at->compare_exchange_strong(holder, 0, std::memory_order_acq_rel);
}

std::optional<Pid> Registry::find(Atom name) const noexcept {
  const auto* at = word(name);
  if (at == nullptr) return std::nullopt;
  const std::uint64_t holder = at->load(std::memory_order_acquire);
  if (holder == 0) return std::nullopt;
  return Pid{kOwnNode, static_cast<std::uint32_t>(holder >> 32), static_cast<std::uint32_t>(holder)};
}

}  // namespace pulpo
