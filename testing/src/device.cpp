// SPDX-License-Identifier: Apache-2.0
#include "pulpo/testing/device.hpp"

#include "io/sim_disk.hpp"

namespace pulpo::testing {

void Device::say(std::string_view bytes) { device_->say(bytes); }
void Device::say_at(TimePoint at, std::string_view bytes) { device_->say_at(at, bytes); }
const std::string& Device::heard() const noexcept { return device_->heard(); }
void Device::hang_up() { device_->hang_up(); }
void Device::plug_in() noexcept { device_->plug_in(); }

}  // namespace pulpo::testing
