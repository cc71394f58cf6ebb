// SPDX-License-Identifier: Apache-2.0
#include "dist/listener.hpp"

#include <cerrno>
#include <charconv>

#include "pulpo/log.hpp"

namespace pulpo::dist {
namespace {

bool is_loopback_host(const std::string& host) noexcept { return host == "localhost" || host.starts_with("127.") || host == "::1"; }

Outcome<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Fault{.code = Errc::bad_argument, .where = "--listen", .detail = fmt::format("'{}' is no port; say IP, IP:PORT or :PORT", text)};
  }
  return port;
}

}  // namespace

Outcome<io::Address> listen_address(const std::string& listen, const std::string& host, const std::vector<io::Interface>& interfaces) {
  std::string_view ip = listen;
  std::uint16_t port = 0;
  const std::size_t colon = listen.rfind(':');
  const bool bracketed = listen.starts_with('[');
  // A lone IPv6 address has several colons and no brackets; then there is no port.
  if (colon != std::string::npos && (bracketed ? listen.find(']') + 1 == colon : listen.find(':') == colon)) {
    PULPO_TRY(port, parse_port(std::string_view(listen).substr(colon + 1)));
    ip = std::string_view(listen).substr(0, colon);
  }
  if (ip.starts_with('[') && ip.ends_with(']')) ip = ip.substr(1, ip.size() - 2);
  if (ip.empty()) return is_loopback_host(host) ? io::Address::loopback_v4(port) : io::Address::any_v6(port);
  if (auto address = io::Address::parse(ip, port)) return address;
  const io::Interface* found = nullptr;
  for (const io::Interface& one : interfaces) {
    const bool is_better = found == nullptr || (found->address.family() != AF_INET && one.address.family() == AF_INET);
    if (one.name == ip && is_better) found = &one;
  }
  if (found == nullptr) {
    return Fault{.code = Errc::bad_argument,
                 .where = "--listen",
                 .detail = fmt::format("'{}' is neither a numeric address nor an interface that has one; say IP, IP:PORT, :PORT or {}",
                                       listen, interfaces.empty() ? "an interface's name" : interfaces.back().name)};
  }
  io::Address address = found->address;
  address.set_port(port);
  return address;
}

struct Listener::Accept final : io::Operation {
  explicit Accept(Listener& listener_) noexcept : listener(&listener_) {}
  void completed(const io::Completion& completion) override {
    if (listener != nullptr) {
      if (completion.result >= 0) {
        listener->accepted_(completion.result);
      } else if (completion.result != -ECANCELED) {
        log::warning("** A connection could not be accepted: {} **", Fault{.sys = -completion.result, .where = "accept"}.text());
      }
    } else if (completion.result >= 0) {
      loop->close(completion.result);
    }
    if (!completion.more) {
      if (listener != nullptr) listener->accept_ = nullptr;
      delete this;
    }
  }
  Listener* listener;
  io::Loop* loop = nullptr;
};

Listener::~Listener() {
  if (accept_ != nullptr) accept_->listener = nullptr;
  if (handle_ >= 0) loop_.close(handle_);
}

Outcome<void> Listener::open(const io::Address& address) {
  auto handle = loop_.listen(address, {});
  // A kernel without IPv6 has no any_v6.
  if (!handle && address.family() == AF_INET6 && handle.error().sys == EAFNOSUPPORT)
    handle = loop_.listen(io::Address::any_v4(address.port()), {});
  if (!handle) return std::move(handle).error();
  handle_ = *handle;
  PULPO_TRY(address_, loop_.local_address(handle_));
  accept_ = new Accept(*this);
  accept_->loop = &loop_;
  loop_.accept(*accept_, handle_);
  return {};
}

}  // namespace pulpo::dist
