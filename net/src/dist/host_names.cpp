// SPDX-License-Identifier: Apache-2.0
#include "dist/host_names.hpp"

#include <charconv>

namespace pulpo::dist {

HostNames::HostNames(io::Loop& loop, Random& random, const host::Resolver& resolver, const std::string& host, std::uint16_t mapper_port,
                     Done done)
    : loop_(loop), done_(std::move(done)) {
  lookup_ = std::make_unique<host::Lookup>(loop, random, resolver, host, mapper_port, [this](Outcome<std::vector<io::Address>> found) {
    const std::unique_ptr<host::Lookup> over = std::move(lookup_);  // this is its call
    if (!found) return done_(std::move(found).error());
    addresses_ = *std::move(found);
    ask_next();
  });
}

void HostNames::ask_next() {
  names_ = std::make_unique<mapper::Names>(loop_, addresses_[next_], mapper::kAnswerTimeout,
                                           [this](Outcome<mapper::TextReply> answer) { answered(std::move(answer)); });
}

void HostNames::answered(Outcome<mapper::TextReply> answer) {
  if (!answer && next_ + 1 < addresses_.size()) {
    ++next_;  // a host may have addresses that lead nowhere
    return ask_next();
  }
  if (!answer) return done_(std::move(answer).error());
  done_(read(answer->lines));
}

HostNames::List HostNames::read(std::string_view lines) {
  constexpr std::string_view kName = "name ";
  constexpr std::string_view kPort = " at port ";
  List all;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    const std::size_t at = line.rfind(kPort);
    if (!line.starts_with(kName) || at == std::string_view::npos || at < kName.size()) continue;
    std::uint16_t port = 0;
    const std::string_view digits = line.substr(at + kPort.size());
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) continue;
    all.emplace_back(line.substr(kName.size(), at - kName.size()), port);
  }
  return all;
}

}  // namespace pulpo::dist
