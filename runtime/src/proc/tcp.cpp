// SPDX-License-Identifier: Apache-2.0
#include "pulpo/tcp.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <deque>

#include "proc/endpoint.hpp"
#include "proc/port_in_use.hpp"
#include "proc/stream.hpp"

namespace pulpo {
namespace detail {

/// The loop accepts on its own account once somebody has asked, as it receives for a Stream.
class Acceptor final : public Descriptor, private io::Operation {
 public:
  /// Each holds a descriptor. A server that takes them in turn has none or one; the kernel's backlog has room for the rest.
  static constexpr std::size_t kWaitingMax = 16;

  Acceptor(Core& core, io::Handle handle) noexcept : Descriptor(core, handle) {}

  /// A handle that is the caller's.
  [[nodiscard]] Result<io::Handle> accept(Timeout timeout);

 private:
  void go_on() {
    if (accepting_ || error_ != 0 || handle() < 0) return;
    accepting_ = true;
    hold();
    core().loop().accept(*this, handle());
  }
  void completed(const io::Completion& completion) override;
  void closed() noexcept override {
    for (const io::Handle waiting : waiting_) core().loop().close(waiting);
    waiting_.clear();
    tell();
  }
  void tell() noexcept {
    if (caller_ != nullptr) caller_->core.wake(caller_->process);
  }

  std::deque<io::Handle> waiting_;
  IoWait* caller_ = nullptr;
  int error_ = 0;      ///< What accepting ended with.
  int exhausted_ = 0;  ///< The loop lacks a descriptor, and goes on trying.
  bool accepting_ = false;
};

void Acceptor::completed(const io::Completion& completion) {
  if (completion.result >= 0 && completion.more) {
    if (handle() < 0) {
      core().loop().close(completion.result);
    } else {
      waiting_.push_back(completion.result);
      if (waiting_.size() == kWaitingMax) core().loop().cancel(*this);
    }
  } else if (completion.more) {
    exhausted_ = -completion.result;
  } else if (completion.result < 0 && completion.result != -ECANCELED) {
    error_ = -completion.result;
  }
  if (!completion.more) accepting_ = false;
  tell();
  if (!completion.more) drop();
}

Result<io::Handle> Acceptor::accept(Timeout timeout) {
  IoWait wait("accept", handle(), timeout);
  if (wait.is_refused()) return wait.error();
  if (caller_ != nullptr) {
    Error error(Errc::busy, "ebusy"_atom, "accept");
    error.detail = "another process is accepting";
    return error;
  }
  const Held<Acceptor> held(*this);
  exhausted_ = 0;
  caller_ = &wait;
  wait.park_until([&] {
    if (!waiting_.empty() || error_ != 0 || exhausted_ != 0 || handle() < 0 || wait.is_interrupted()) return true;
    go_on();
    return false;
  });
  caller_ = nullptr;
  wait.core.check_exit();
  if (handle() < 0) return Error{Errc::closed, "closed"_atom, "accept"};
  if (!waiting_.empty()) {
    const io::Handle accepted = waiting_.front();
    waiting_.pop_front();
    return accepted;
  }
  if (error_ != 0) return io_error(error_, "accept");
  if (exhausted_ != 0) return io_error(exhausted_, "accept", "too many files are open; close some, or raise the limit (ulimit -n)");
  return wait.error();
}

}  // namespace detail

namespace {

detail::DescriptorPtr make_stream(Core& core, io::Handle handle) { return detail::DescriptorPtr(new detail::Stream(core, handle)); }

using NameCall = Outcome<io::Address> (io::Loop::*)(io::Handle) const;

Result<Endpoint> name_of(const detail::DescriptorPtr& pointer, NameCall name, const char* call) {
  if (auto refused = detail::Descriptor::refusal(pointer.get(), call)) return std::move(*refused);
  const auto address = (Core::here().loop().*name)(pointer->handle());
  if (!address) return io_error(address.error());
  return EndpointAccess::endpoint(*address);
}

}  // namespace

// --- TcpStream -------------------------------------------------------------------------------------

Result<TcpStream> TcpStream::connect(const Endpoint& to, Timeout timeout) {
  if (to.is_none()) return Error{Errc::bad_argument, atoms::badarg, "connect: no endpoint"};
  OperationWait wait("connect", -1, timeout);
  if (wait.is_refused()) return wait.error();
  wait.loop().connect(wait, EndpointAccess::address(to));
  const std::int32_t got = wait.park();
  detail::NewHandle connected(wait.loop(), got);  // closed when the next line throws
  wait.core.check_exit();
  if (got >= 0) return TcpStream(make_stream(wait.core, connected.take()));
  if (got == -ECANCELED && wait.is_interrupted()) return wait.error();
  return io_error(-got, "connect", to.text());
}

Result<TcpStream> TcpStream::connect(std::string_view ip, std::uint16_t port, Timeout timeout) {
  PULPO_TRY(const Endpoint to, Endpoint::make(ip, port));
  return connect(to, timeout);
}

void TcpStream::shutdown() noexcept {
  if (is_open() && !detail::Descriptor::refusal(stream_.get(), "shutdown")) Core::here().loop().shutdown_send(stream_->handle());
}

Result<Endpoint> TcpStream::local_endpoint() const { return name_of(stream_, &io::Loop::local_address, "local endpoint"); }
Result<Endpoint> TcpStream::peer_endpoint() const { return name_of(stream_, &io::Loop::peer_address, "peer endpoint"); }

// --- TcpListener -----------------------------------------------------------------------------------

Result<TcpListener> TcpListener::listen(const Endpoint& at, const TcpListenOptions& options) {
  if (at.is_none()) return Error{Errc::bad_argument, atoms::badarg, "listen: no endpoint"};
  if (options.backlog < 1) return Error{Errc::bad_argument, atoms::badarg, "listen: backlog is at least 1"};
  Core& core = Core::here();
  const auto listening = when_port_is_free(
      [&] { return core.loop().listen(EndpointAccess::address(at), {.backlog = options.backlog, .v6_only = options.v6_only}); });
  if (!listening) return io_error(listening.error());
  return TcpListener(detail::DescriptorPtr(new detail::Acceptor(core, *listening)));
}

Result<TcpStream> TcpListener::accept(Timeout timeout) {
  if (auto refused = detail::Descriptor::refusal(acceptor_.get(), "accept")) return std::move(*refused);
  PULPO_TRY(const io::Handle accepted, static_cast<detail::Acceptor&>(*acceptor_).accept(timeout));
  return TcpStream(make_stream(Core::here(), accepted));
}

Result<Endpoint> TcpListener::local_endpoint() const { return name_of(acceptor_, &io::Loop::local_address, "local endpoint"); }
bool TcpListener::is_open() const noexcept { return acceptor_ && acceptor_->handle() >= 0; }
int TcpListener::descriptor() const noexcept { return acceptor_ ? acceptor_->handle() : -1; }

}  // namespace pulpo
