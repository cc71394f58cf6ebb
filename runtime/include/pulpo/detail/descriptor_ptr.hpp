// SPDX-License-Identifier: Apache-2.0
//
// DescriptorPtr: how a socket, file or device of an author refers to what its core keeps of it (proc/descriptor.hpp).
#pragma once

#include <memory>

namespace pulpo::detail {

class Descriptor;

struct ReleaseDescriptor {
  /// Closes it. Any thread of the runtime; after the runtime has stopped, any.
  void operator()(Descriptor* descriptor) const noexcept;
};
using DescriptorPtr = std::unique_ptr<Descriptor, ReleaseDescriptor>;

}  // namespace pulpo::detail
