// SPDX-License-Identifier: Apache-2.0
#include "host/dns_query.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/names.hpp"

namespace pulpo::host {
namespace {

constexpr Duration kTryTime = 1s;
constexpr std::size_t kRounds = 2;
constexpr Duration kOtherFamilyTime = 250ms;
constexpr std::uint16_t kFirstPort = 1024;
constexpr int kPortTries = 8;
constexpr std::size_t kLengthBytes = 2;

/// "192.0.2.1", with its port when that is an unusual one.
std::string server_text(const io::Address& server) { return server.port() == 53 ? server.ip_text() : server.text(); }

}  // namespace

DnsQuery::DnsQuery(io::Loop& loop, Random& random, std::vector<io::Address> servers, std::string name, std::uint16_t port, Done done)
    : loop_(loop),
      random_(random),
      servers_(std::move(servers)),
      name_(std::move(name)),
      port_(port),
      done_(std::move(done)),
      failures_(servers_.size()) {
  PULPO_ASSERT(!servers_.empty());
  loop_.timers().arm(timer_, loop_.refresh());  // not from within the constructor: the answer may destroy us
}

void DnsQuery::expired() {
  if (!found_[0].empty() || !found_[1].empty()) return finish_found();
  if (tries_ == 0) return next_try();
  server_failed("does not answer");
}

void DnsQuery::server_failed(std::string how) {
  failures_[(tries_ - 1) % servers_.size()] = fmt::format("DNS {} {}", server_text(server()), how);
  next_try();
}

void DnsQuery::next_try() {
  while (tries_ < kRounds * servers_.size()) {
    ++tries_;
    for (Half& half : halves_) {
      half.stream.reset();
      half.incoming.clear();
      half.answered = false;
      half.id = static_cast<std::uint16_t>(random_.u32());
      auto question = encode_dns_query(half.id, {name_, half.type});
      if (!question) return finish(std::move(question).error());
      half.question = *std::move(question);
    }
    // Both are on the way at once and need to be told apart.
    if (halves_[0].id == halves_[1].id) {
      --tries_;
      continue;
    }
    if (const auto opened = open_socket(server()); !opened) {
      failures_[(tries_ - 1) % servers_.size()] = fmt::format("DNS {} cannot be asked ({})", server_text(server()), opened.error().text());
      continue;
    }
    for (const Half& half : halves_) socket_->send(half.question, server());
    loop_.timers().arm(timer_, loop_.now() + kTryTime);
    return;
  }
  std::string all;
  for (const std::string& one : failures_) all += (all.empty() ? "" : ", ") + one;
  finish(Fault{.code = Errc::timeout, .where = "DNS", .detail = std::move(all)});
}

Outcome<void> DnsQuery::open_socket(const io::Address& server) {
  socket_.reset();
  // Any port, so that who does not see the question has to guess it, and the number.
  for (int i = 0; i <= kPortTries; ++i) {
    const auto port = i == kPortTries ? std::uint16_t{0} : static_cast<std::uint16_t>(kFirstPort + random_.u32() % (65536 - kFirstPort));
    auto opened =
        io::DatagramSocket::open(loop_, *this, server.family() == AF_INET6 ? io::Address::any_v6(port) : io::Address::any_v4(port));
    if (opened) {
      socket_ = std::move(*opened);
      return {};
    }
    if (i == kPortTries || opened.error().code != Errc::already_exists) return std::move(opened).error();
  }
  return {};
}

// --- Answers -----------------------------------------------------------------------------------------------------------

bool DnsQuery::answers(const Half& half, const DnsMessage& message) const {
  return message.is_response && message.id == half.id && !half.answered && message.question && message.question->type == half.type &&
         same_name(message.question->name, name_);
}

void DnsQuery::received(io::DatagramSocket&, ByteView bytes, const io::Address& from) {
  if (!from.same_host(server()) || from.port() != server().port()) return;
  const auto message = decode_dns_message(bytes);
  if (!message) return;
  for (Half& half : halves_) {
    if (half.stream != nullptr || !answers(half, *message)) continue;
    return message->is_cut_off ? ask_by_tcp(half) : take(half, *message);
  }
}

void DnsQuery::ask_by_tcp(Half& half) {
  half.outgoing = std::string{static_cast<char>(half.question.size() >> 8), static_cast<char>(half.question.size() & 0xff)} + half.question;
  half.stream = io::TcpStream::connect(loop_, half, server());
  loop_.timers().arm(timer_, loop_.now() + kTryTime);
}

void DnsQuery::Half::received(ByteView bytes) {
  incoming += bytes;
  if (incoming.size() < kLengthBytes) return;
  const std::size_t size = std::size_t{static_cast<unsigned char>(incoming[0])} << 8 | static_cast<unsigned char>(incoming[1]);
  if (incoming.size() < kLengthBytes + size) return;
  const auto message = decode_dns_message(ByteView(incoming).substr(kLengthBytes, size));
  if (!message || !query.answers(*this, *message)) return query.server_failed("answers with what is none, by TCP");
  stream.reset();
  query.take(*this, *message);
}

void DnsQuery::Half::ended(int error) {
  query.server_failed(error == 0 ? "closes without an answer, by TCP"
                                 : fmt::format("cannot be asked by TCP ({})", Fault{.sys = error}.text()));
}

void DnsQuery::take(Half& half, const DnsMessage& message) {
  if (message.code == DnsMessage::kNoSuchName) {
    return finish(Fault{.code = Errc::not_found,
                        .where = "DNS",
                        .detail = fmt::format("DNS {} says that {} does not exist", server_text(server()), name_)});
  }
  if (message.code != DnsMessage::kNoError) return server_failed(fmt::format("answers with error {}", message.code));
  half.answered = true;
  auto& found = found_[static_cast<std::size_t>(&half - halves_.data())];
  found = message.addresses_for(name_, port_);
  std::erase_if(found, [&](const io::Address& one) { return (one.family() == AF_INET) != (half.type == RecordType::a); });
  const bool has_some = !found_[0].empty() || !found_[1].empty();
  if (halves_[0].answered && halves_[1].answered) {
    if (has_some) return finish_found();
    return finish(Fault{
        .code = Errc::not_found, .where = "DNS", .detail = fmt::format("DNS {} knows no address of {}", server_text(server()), name_)});
  }
  if (has_some) loop_.timers().arm(timer_, loop_.now() + kOtherFamilyTime);
}

void DnsQuery::finish_found() {
  std::vector<io::Address> all = std::move(found_[0]);
  all.insert(all.end(), found_[1].begin(), found_[1].end());
  if (all.size() > kAddressesMax) all.resize(kAddressesMax);
  finish(std::move(all));
}

void DnsQuery::finish(Outcome<std::vector<io::Address>> outcome) {
  loop_.timers().cancel(timer_);
  socket_.reset();
  for (Half& half : halves_) half.stream.reset();
  const Done done = std::move(done_);  // it may destroy this
  done(std::move(outcome));
}

}  // namespace pulpo::host
