// SPDX-License-Identifier: Apache-2.0
#include "host/lookup.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/names.hpp"

namespace pulpo::host {

Lookup::Lookup(io::Loop& loop, Random& random, const Resolver& resolver, std::string host, std::uint16_t port, Done done)
    : loop_(loop), random_(random), resolver_(resolver), host_(std::move(host)), port_(port), done_(std::move(done)) {
  const TimePoint now = loop_.refresh();
  loop_.timers().arm(start_, now);
  loop_.timers().arm(deadline_, now + kLookupTime);
}

void Lookup::begin() {
  auto known = resolver_.find(host_, port_);
  if (known || known.error().code != Errc::not_found) return finish(std::move(known));
  tried_ = known.error().detail;
  auto network = resolver_.network();
  if (!network) return finish(std::move(known));
  network_ = *std::move(network);
  const bool is_whole = host_.ends_with('.');
  if (is_whole) host_.pop_back();
  candidates_ = network_.conf.candidates(host_, is_whole);
  std::reverse(candidates_.begin(), candidates_.end());
  if (network_.mdns_port != 0 && is_within(host_, "local")) {
    mdns_ = std::make_unique<MdnsQuery>(
        loop_, random_, host_, port_, [this](auto outcome) { mdns_answered(std::move(outcome)); }, network_.mdns_port);
  }
  ask_dns();
}

void Lookup::ask_dns() {
  if (network_.conf.servers.empty()) {
    tried_ += "; DNS: there is no server in " + network_.conf_file;
    return fail_if_over();
  }
  if (candidates_.empty()) return fail_if_over();
  std::string name = std::move(candidates_.back());
  candidates_.pop_back();
  dns_ = std::make_unique<DnsQuery>(loop_, random_, network_.conf.servers, std::move(name), port_,
                                    [this](auto outcome) { dns_answered(std::move(outcome)); });
}

void Lookup::dns_answered(Outcome<std::vector<io::Address>> outcome) {
  const std::unique_ptr<DnsQuery> over = std::move(dns_);  // this is its call
  if (outcome) return finish(std::move(outcome));
  tried_ += "; " + outcome.error().detail;
  // Servers that do not answer are not asked for the next name either.
  if (outcome.error().code == Errc::timeout) candidates_.clear();
  if (candidates_.empty()) return fail_if_over();
  ask_dns();
}

void Lookup::mdns_answered(Outcome<std::vector<io::Address>> outcome) {
  const std::unique_ptr<MdnsQuery> over = std::move(mdns_);
  if (outcome) return finish(std::move(outcome));
  tried_ += "; " + outcome.error().detail;
  fail_if_over();
}

void Lookup::fail_if_over() {
  if (dns_ == nullptr && mdns_ == nullptr) finish(Fault{.code = Errc::not_found, .where = "host", .detail = tried_});
}

void Lookup::too_late() {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(kLookupTime).count();
  finish(Fault{.code = Errc::not_found, .where = "host", .detail = fmt::format("{}; no answer within {} s", tried_, seconds)});
}

void Lookup::finish(Outcome<std::vector<io::Address>> outcome) {
  loop_.timers().cancel(start_);
  loop_.timers().cancel(deadline_);
  dns_.reset();
  mdns_.reset();
  const Done done = std::move(done_);  // it may destroy this
  done(std::move(outcome));
}

}  // namespace pulpo::host
