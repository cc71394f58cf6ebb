// SPDX-License-Identifier: Apache-2.0
//
// EndpointAccess: between an author's Endpoint and the loop's io::Address.
#pragma once

#include "io/address.hpp"
#include "pulpo/endpoint.hpp"

namespace pulpo {

struct EndpointAccess {
  [[nodiscard]] static io::Address address(const Endpoint& endpoint) noexcept;
  [[nodiscard]] static Endpoint endpoint(const io::Address& address) noexcept;
};

}  // namespace pulpo
