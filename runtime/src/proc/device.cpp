// SPDX-License-Identifier: Apache-2.0
#include "pulpo/device.hpp"

#include "proc/stream.hpp"

namespace pulpo {

Result<Device> Device::open(const std::string& path, const DeviceOptions& options) {
  Core& core = Core::here();
  const auto handle =
      core.loop().open(path, {.read = options.read, .write = options.write, .device = true, .raw = options.raw, .baud = options.baud});
  if (!handle) return io_error(handle.error());
  return Device(detail::DescriptorPtr(new detail::Stream(core, *handle)));
}

Result<Device> Device::adopt(int descriptor) {
  Core& core = Core::here();
  const auto handle = core.loop().adopt_device(descriptor);
  if (!handle) return io_error(handle.error());
  return Device(detail::DescriptorPtr(new detail::Stream(core, *handle)));
}

}  // namespace pulpo
