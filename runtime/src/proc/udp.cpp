// SPDX-License-Identifier: Apache-2.0
#include "pulpo/udp.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <deque>

#include "proc/descriptor.hpp"
#include "proc/endpoint.hpp"
#include "proc/io_wait.hpp"
#include "proc/port_in_use.hpp"

namespace pulpo {
namespace detail {

/// The loop receives on its own account once somebody has asked, as for a Stream.
class Datagrams final : public Descriptor, private io::Operation {
 public:
  // A burst of answers on a LAN; more waits in the kernel's buffer, which is three times as large.
  static constexpr std::size_t kWaitingMax = 256;
  static constexpr std::size_t kBytesMax = 64 * 1024;

  Datagrams(Core& core, io::Handle handle) noexcept : Descriptor(core, handle) {}

  [[nodiscard]] Result<Datagram> receive(Timeout timeout);
  [[nodiscard]] Result<void> send(const io::Address& to, ByteView bytes, Timeout timeout);

 private:
  void go_on() {
    if (receiving_ || error_ != 0 || handle() < 0) return;
    receiving_ = true;
    hold();
    core().loop().receive(*this, handle());
  }
  void completed(const io::Completion& completion) override;
  void closed() noexcept override {
    waiting_.clear();
    tell();
  }
  void tell() noexcept {
    if (receiver_ != nullptr) receiver_->core.wake(receiver_->process);
  }

  std::deque<Datagram> waiting_;
  std::size_t waiting_bytes_ = 0;
  IoWait* receiver_ = nullptr;
  int error_ = 0;  ///< What receiving ended with.
  bool receiving_ = false;
  bool stopping_ = false;
};

void Datagrams::completed(const io::Completion& completion) {
  if (completion.from != nullptr && handle() >= 0) {
    waiting_.push_back({EndpointAccess::endpoint(*completion.from), std::string(completion.data)});
    waiting_bytes_ += completion.data.size();
    if ((waiting_.size() >= kWaitingMax || waiting_bytes_ >= kBytesMax) && !stopping_) {
      stopping_ = true;
      core().loop().cancel(*this);
    }
  }
  if (completion.more) return tell();
  receiving_ = stopping_ = false;
  if (completion.result < 0 && completion.result != -ECANCELED) error_ = -completion.result;
  tell();
  drop();
}

Result<Datagram> Datagrams::receive(Timeout timeout) {
  core().check_exit();
  if (core().process()->exit_pending) return Error{Errc::killed, {}, "receive_from"};
  if (receiver_ != nullptr) {
    Error error(Errc::busy, "ebusy"_atom, "receive_from");
    error.detail = "another process is receiving";
    return error;
  }
  if (waiting_.empty()) {
    IoWait wait("receive_from", handle(), timeout);
    if (wait.is_refused()) return wait.error();
    const Held<Datagrams> held(*this);
    receiver_ = &wait;
    wait.park_until([&] {
      if (!waiting_.empty() || error_ != 0 || handle() < 0 || wait.is_interrupted()) return true;
      go_on();
      return false;
    });
    receiver_ = nullptr;
    wait.core.check_exit();
    if (handle() < 0) return Error{Errc::closed, "closed"_atom, "receive_from"};
    // An error is told once: what comes after it may be well.
    if (waiting_.empty() && error_ != 0) return io_error(std::exchange(error_, 0), "receive_from");
    if (waiting_.empty()) return wait.error();
  } else {
    core().spend(1);
  }
  Datagram datagram = std::move(waiting_.front());
  waiting_.pop_front();
  waiting_bytes_ -= datagram.bytes.size();
  return datagram;
}

Result<void> Datagrams::send(const io::Address& to, ByteView bytes, Timeout timeout) {
  OperationWait wait("send_to", handle(), timeout);
  if (wait.is_refused()) return wait.error();
  const Held<Datagrams> held(*this);
  wait.loop().send_to(wait, handle(), bytes, to);
  auto sent = wait.result();
  if (sent) return {};
  switch (sent.error().sys) {
    case EMSGSIZE:
      sent.error().detail = fmt::format("a datagram of {} bytes is too large", bytes.size());
      break;
    case EACCES:
      sent.error().detail = fmt::format("{} is for all; bind the socket with .broadcast = true", to.ip_text());
      break;
    case EBUSY:
      sent.error().detail = "another process is sending";
      break;
    default:
      sent.error().detail = to.text();
  }
  return std::move(sent).error();
}

}  // namespace detail

namespace {

detail::Datagrams& its(const detail::DescriptorPtr& pointer) noexcept { return static_cast<detail::Datagrams&>(*pointer); }

}  // namespace

Result<UdpSocket> UdpSocket::bind(const Endpoint& at, const UdpOptions& options) {
  if (at.is_none()) return Error{Errc::bad_argument, atoms::badarg, "bind: no endpoint"};
  Core& core = Core::here();
  const auto bound = when_port_is_free([&] {
    return core.loop().bind(EndpointAccess::address(at), {.broadcast = options.broadcast,
                                                          .reuse_address = options.reuse_address,
                                                          .v6_only = options.v6_only,
                                                          .multicast_loop = options.multicast_loop,
                                                          .multicast_hops = options.multicast_hops});
  });
  if (!bound) return io_error(bound.error());
  return UdpSocket(detail::DescriptorPtr(new detail::Datagrams(core, *bound)));
}

Result<void> UdpSocket::join(std::string_view group, std::string_view interface) {
  if (auto refused = detail::Descriptor::refusal(socket_.get(), "join")) return std::move(*refused);
  PULPO_TRY(const Endpoint wanted, Endpoint::make(group, 0));
  Endpoint here;
  if (!interface.empty()) {
    PULPO_TRY(here, Endpoint::make(interface, 0));
  }
  const auto joined = Core::here().loop().join(socket_->handle(), EndpointAccess::address(wanted), EndpointAccess::address(here));
  if (!joined) return io_error(joined.error());
  return {};
}

Result<void> UdpSocket::send_to(const Endpoint& to, ByteView bytes, Timeout timeout) {
  if (auto refused = detail::Descriptor::refusal(socket_.get(), "send_to")) return std::move(*refused);
  if (to.is_none()) return Error{Errc::bad_argument, atoms::badarg, "send_to: no endpoint"};
  return its(socket_).send(EndpointAccess::address(to), bytes, timeout);
}

Result<Datagram> UdpSocket::receive_from(Timeout timeout) {
  if (auto refused = detail::Descriptor::refusal(socket_.get(), "receive_from")) return std::move(*refused);
  return its(socket_).receive(timeout);
}

Result<Endpoint> UdpSocket::local_endpoint() const {
  if (auto refused = detail::Descriptor::refusal(socket_.get(), "local endpoint")) return std::move(*refused);
  const auto address = Core::here().loop().local_address(socket_->handle());
  if (!address) return io_error(address.error());
  return EndpointAccess::endpoint(*address);
}

bool UdpSocket::is_open() const noexcept { return socket_ && socket_->handle() >= 0; }
int UdpSocket::descriptor() const noexcept { return socket_ ? socket_->handle() : -1; }

}  // namespace pulpo
