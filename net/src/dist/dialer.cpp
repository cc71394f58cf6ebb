// SPDX-License-Identifier: Apache-2.0
#include "dist/dialer.hpp"

#include "pulpo/log.hpp"

namespace pulpo::dist {

Dialer::Dialer(io::Loop& loop, Random& random, const host::Resolver& resolver, const NodeName& target, std::uint16_t mapper_port, Done done)
    : loop_(loop), target_(target), done_(std::move(done)) {
  host_lookup_ = std::make_unique<host::Lookup>(loop, random, resolver, target.host, mapper_port,
                                                [this](auto found) { host_found(std::move(found)); });
}

void Dialer::host_found(Outcome<std::vector<io::Address>> found) {
  const std::unique_ptr<host::Lookup> over = std::move(host_lookup_);  // this is its call
  if (!found) {
    done_(Fault{.code = Errc::nodedown, .where = "host unknown", .detail = found.error().detail});
    return;
  }
  addresses_ = *std::move(found);
  ask_next_mapper();
}

void Dialer::ask_next_mapper() {
  lookup_ = std::make_unique<mapper::Lookup>(loop_, addresses_[next_address_], target_.head, mapper::kAnswerTimeout,
                                             [this](Outcome<mapper::NodeRecord> answer) { answered(std::move(answer)); });
}

void Dialer::answered(Outcome<mapper::NodeRecord> answer) {
  const io::Address mapper_address = addresses_[next_address_];
  if (!answer && answer.error().code != Errc::not_found && next_address_ + 1 < addresses_.size()) {
    ++next_address_;  // a host may have addresses that lead nowhere: ::1 without IPv6, say
    ask_next_mapper();
    return;
  }
  if (!answer) {
    if (answer.error().code == Errc::not_found) {
      done_(Fault{.code = Errc::nodedown,
                  .where = "not registered",
                  .detail = fmt::format("the mapper of {} knows no node named {}; `pulpo names` prints those it knows", target_.host,
                                        target_.head)});
    } else {
      done_(Fault{.code = Errc::nodedown,
                  .sys = answer.error().sys,
                  .where = "no mapper",
                  .detail = fmt::format("nothing answers at {}; is a node running on {}?", mapper_address.text(), target_.host)});
    }
    return;
  }
  if (answer->extra != mapper::kPulpoExtra) {
    done_(Fault{
        .code = Errc::unsupported,
        .where = "speaks Erlang",
        .detail = fmt::format("{} speaks Erlang's distribution protocol and not pulpo's, so there can be no connection", target_.text())});
    return;
  }
  io::Address address = mapper_address;
  address.set_port(answer->port);
  done_(address);
}

}  // namespace pulpo::dist
