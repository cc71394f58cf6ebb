// SPDX-License-Identifier: Apache-2.0
//
// Typed messages in transit: a small plain struct travels between two servers of one runtime as it is, and becomes a term only
// where somebody wants one: a receive, a server that does not know the struct, another node.
//
//   Bounds     Structs of at most kTypedBytesMax bytes that can be copied as bytes; all others are terms from the start.
//   Threads    The sender's core; what it points to is the same for all.
//   Cost       Neither allocation nor conversion.
#pragma once

#include <cstddef>
#include <new>
#include <type_traits>

#include "pulpo/typed.hpp"

namespace pulpo {

class Address;

namespace detail {

/// A pid and two numbers, or a reference and two: what most messages hold. With it a Message takes 96 bytes.
inline constexpr std::size_t kTypedBytesMax = 32;

/// One for each message struct: its address tells them apart.
struct TypedMessage {
  Term (*to_term)(const void* message);
};

template <class M>
inline constexpr bool kTravelsAsItIs = !std::is_empty_v<M> && std::is_trivially_copyable_v<M> && std::is_trivially_destructible_v<M> &&
                                       sizeof(M) <= kTypedBytesMax && alignof(M) <= 8;

template <class M>
inline constexpr TypedMessage kTypedMessage{
    [](const void* message) { return to_term(*static_cast<const M*>(message)); },
};

/// Where to make the struct at once: it is on its way. Null when it has to go as a term. Waits as send() does.
[[nodiscard]] void* typed_room(const Address& to, bool is_cast, const TypedMessage& type);
template <class M>
[[nodiscard]] bool send_typed(const Address& to, const M& message) {
  if constexpr (kTravelsAsItIs<M>) {
    void* const room = typed_room(to, CastMessage<M>, kTypedMessage<M>);
    if (room == nullptr) return false;
    new (room) M(message);
    return true;
  } else {
    return false;
  }
}

}  // namespace detail
}  // namespace pulpo
