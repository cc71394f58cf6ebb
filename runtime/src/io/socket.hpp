// SPDX-License-Identifier: Apache-2.0
//
// Socket: the calls on sockets that answer at once, the same for every loop on a real kernel.
//
//   Ownership  A descriptor that is returned is the caller's.
//   Threads    Any.
//   Suspends   Never.
//   Errors     Faults whose detail says what to do about it.
#pragma once

#include "io/address.hpp"
#include "io/loop.hpp"
#include "pulpo/result.hpp"

namespace pulpo::io::socket {

/// io_uring arms its own poll for a blocking socket and answers -EAGAIN for a non-blocking one; epoll needs the latter.
enum class Mode : std::uint8_t { blocking, non_blocking };

[[nodiscard]] Outcome<int> listen(const Address& address, const ListenOptions& options, Mode mode);
/// What listen() answers for `error`.
[[nodiscard]] Fault listen_fault(int error, const Address& address);
/// Makes a listening socket from elsewhere (systemd's) like one of ours.
[[nodiscard]] Outcome<int> adopt(int descriptor, Mode mode);
/// A non-blocking socket of datagrams: nobody but ourselves waits in it.
[[nodiscard]] Outcome<int> bind(const Address& address, const DatagramOptions& options);
[[nodiscard]] Fault bind_fault(int error, const Address& address);
[[nodiscard]] Outcome<void> join(int descriptor, const Address& group, const Address& interface);
[[nodiscard]] Fault join_fault(int error, const Address& group);
/// A stream socket for connect(), TCP_NODELAY set; or -errno.
[[nodiscard]] int open_stream(int family, Mode mode) noexcept;
[[nodiscard]] Outcome<Address> local_address(int descriptor);
[[nodiscard]] Outcome<Address> peer_address(int descriptor);
/// See Loop::keep_alive().
void keep_alive(int descriptor, Duration patience) noexcept;
/// See Loop::limit_unsent().
void limit_unsent(int descriptor, std::size_t bytes) noexcept;
/// See Loop::send_at_once().
[[nodiscard]] std::size_t send_at_once(int descriptor, std::string_view bytes) noexcept;
/// See Loop::limit_unread().
void limit_unread(int descriptor, std::size_t bytes) noexcept;

/// accept() failed for want of descriptors or memory: pausing helps, asking again at once does not.
[[nodiscard]] bool is_exhaustion(int error) noexcept;
/// accept() passes on what befell one connection before it was taken; the listener is well (accept(2)).
[[nodiscard]] bool is_lost_connection(int error) noexcept;
/// How long accept waits after is_exhaustion(): the figure that Loop::accept promises.
inline constexpr Duration kAcceptPause = 100ms;

/// CLOCK_MONOTONIC and CLOCK_REALTIME, read through the vDSO.
[[nodiscard]] TimePoint monotonic_now() noexcept;
[[nodiscard]] Duration boot_now() noexcept;
[[nodiscard]] std::int64_t wall_now() noexcept;

}  // namespace pulpo::io::socket
