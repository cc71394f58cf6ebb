// SPDX-License-Identifier: Apache-2.0
//
// Device: the far end of a simulated serial line, which a test plays.
//
//   Ownership  A reference to something that its host keeps; copies mean the same device.
//   Threads    The World's one.
//   Bounds     None: bytes of a test.
#pragma once

#include <string>
#include <string_view>

#include "pulpo/time.hpp"

namespace pulpo {

namespace io {
class SimDevice;
}

namespace testing {

class Device {
 public:
  explicit Device(io::SimDevice& device) noexcept : device_(&device) {}

  /// The bytes can be received now. While nobody has it open they are lost, as on a serial line.
  void say(std::string_view bytes);
  void say_at(TimePoint at, std::string_view bytes);
  /// All that was ever written to it.
  [[nodiscard]] const std::string& heard() const noexcept;
  /// Pulls the plug: receivers read what is left and the end, senders get EIO, open() answers ENXIO until plug_in().
  void hang_up();
  void plug_in() noexcept;

 private:
  io::SimDevice* device_;
};

}  // namespace testing
}  // namespace pulpo
