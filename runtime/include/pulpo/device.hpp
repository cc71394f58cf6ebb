// SPDX-License-Identifier: Apache-2.0
//
// Device: a serial line, a FIFO, a pipe, or whatever else bytes come from and go to.
//
//   auto sensor = Device::open("/dev/ttyUSB0", {.baud = 115'200}).value();
//   while (auto line = sensor.read_line(10s).value()) note(*line);       // or deliver_lines(), see pulpo/stream.hpp
//
//   Ownership  As pulpo/stream.hpp says; the destructor closes. A terminal keeps the modes that it was given.
//   Threads    Processes of the core that made it.
//   Suspends   open(): never, it does not wait for the other side. Else as pulpo/stream.hpp says.
//   Errors     open(): not_found; not_allowed (devices are often given to a group); busy; bad_argument (a speed that there is not); io. A
//              device that is unplugged ends its stream.
#pragma once

#include <string>

#include "pulpo/stream.hpp"

namespace pulpo {

struct DeviceOptions {
  bool read = true;
  bool write = true;
  unsigned baud = 0;  ///< Of a terminal: 9600, 115200, …; 0 leaves it as it is.
  bool raw = true;    ///< Of a terminal: bytes as they come, no echo, no lines of its own, no signals. Nothing for other devices.
};

class Device : public ByteStream {
 public:
  [[nodiscard]] static Result<Device> open(const std::string& path, const DeviceOptions& options = {});
  /// Takes over a descriptor of one's own: a pipe's end, the events of a GPIO line. It becomes non-blocking, and is closed with the Device;
  /// after an error it is still the caller's.
  [[nodiscard]] static Result<Device> adopt(int descriptor);

 private:
  explicit Device(detail::DescriptorPtr stream) noexcept : ByteStream(std::move(stream)) {}
};

}  // namespace pulpo
