// SPDX-License-Identifier: Apache-2.0
#include "proc/descriptor.hpp"

#include <fmt/format.h>

#include "proc/core.hpp"

namespace pulpo::detail {

Descriptor::Descriptor(Core& core, io::Handle handle) noexcept : core_(&core), handle_(handle) { core.keep(*this); }

std::optional<Error> Descriptor::refusal(const Descriptor* descriptor, const char* call) {
  Core& here = Core::here();
  PULPO_ASSERT(here.process() != nullptr && "this call belongs inside a process");
  if (descriptor == nullptr) {
    Error error(Errc::bad_argument, atoms::badarg, call);
    error.detail = "nothing is open: it was moved from, or never opened";
    return error;
  }
  const Core* const its = descriptor->core_.load(std::memory_order_acquire);
  if (its == nullptr) return Error{Errc::stopped, {}, call};
  if (its != &here) {
    Error error(Errc::bad_argument, atoms::badarg, call);
    error.detail = fmt::format(
        "it belongs to core {} and cannot be used on core {}: let a process there use it, and send that one messages (SpawnOptions::core)",
        its->index(), here.index());
    return error;
  }
  if (descriptor->handle_ < 0) return Error{Errc::closed, "closed"_atom, call};
  return std::nullopt;
}

void Descriptor::close() noexcept {
  if (handle_ < 0) return;
  core().loop().close(std::exchange(handle_, -1));
  closed();
}

void Descriptor::outlive_core() noexcept {
  const Held<Descriptor> held(*this);
  unlink();
  close();
  core_.store(nullptr, std::memory_order_release);
}

void ReleaseDescriptor::operator()(Descriptor* descriptor) const noexcept {
  Core* const its = descriptor->core_.load(std::memory_order_acquire);
  if (its == nullptr) return descriptor->drop();
  if (its != Core::current()) {
    // Its core drops the last copy, and comes here again; or whoever discards the orders that it did not take any more.
    its->post([keep = std::shared_ptr<Descriptor>(descriptor, ReleaseDescriptor{})] {});
    return;
  }
  descriptor->unlink();
  descriptor->close();
  descriptor->drop();
}

}  // namespace pulpo::detail
