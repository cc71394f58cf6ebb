// SPDX-License-Identifier: Apache-2.0
#include "dist/join_spec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "discovery/beacon.hpp"
#include "host/names.hpp"
#include "pulpo/net/node.hpp"

namespace pulpo::dist {
namespace {

Fault bad_join(std::string detail) { return {.code = Errc::bad_argument, .where = "--join", .detail = std::move(detail)}; }

Outcome<JoinSpec> parse_lan(std::string_view label) {
  if (label.empty() || !discovery::is_label(label)) {
    return bad_join(fmt::format("'{}' is no label; it has 1 to {} letters, digits, _ and -", label, discovery::kLabelBytesMax));
  }
  return JoinSpec{.kind = JoinSpec::Kind::lan, .label = std::string(label)};
}

Outcome<std::uint16_t> parse_join_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error == std::errc() && end == text.data() + text.size() && port != 0) return port;
  return bad_join(fmt::format("'{}' is no port; say HOST or HOST:PORT", text));
}

Outcome<JoinSpec> parse_one(std::string_view text) {
  if (text.empty()) return bad_join("an empty place in the list; say lan, lan:LABEL, HOST, HOST:PORT or NAME@HOST, with commas between");
  if (text == "lan") return JoinSpec{};
  if (text.starts_with("lan:")) return parse_lan(text.substr(4));
  if (text.find('@') != std::string_view::npos) {
    auto name = parse_node_name(std::string(text));
    if (!name) return bad_join(std::move(name).error().detail);
    return JoinSpec{.kind = JoinSpec::Kind::node, .host = name->host, .name = name->text()};
  }
  JoinSpec spec{.kind = JoinSpec::Kind::host, .host = std::string(text)};
  const std::size_t colon = text.rfind(':');
  const bool bracketed = text.starts_with('[');
  // A lone IPv6 address has several colons and no brackets; then there is no port.
  if (colon != std::string_view::npos && (bracketed ? text.find(']') + 1 == colon : text.find(':') == colon)) {
    PULPO_TRY(spec.port, parse_join_port(text.substr(colon + 1)));
    spec.kind = JoinSpec::Kind::port;
    spec.host = text.substr(0, colon);
  }
  if (spec.host.starts_with('[') && spec.host.ends_with(']')) spec.host = spec.host.substr(1, spec.host.size() - 2);
  const bool has_bracket = spec.host.find_first_of("[]") != std::string::npos;
  if (!host::is_host_name(spec.host) || has_bracket)
    return bad_join(fmt::format("'{}' is no host; say HOST, HOST:PORT or NAME@HOST", text));
  return spec;
}

}  // namespace

std::string JoinSpec::text() const {
  switch (kind) {
    case Kind::lan:
      return label.empty() ? "lan" : "lan:" + label;
    case Kind::host:
      return host;
    case Kind::port:
      return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
    case Kind::node:
      return name;
  }
  return {};
}

Outcome<std::vector<JoinSpec>> parse_join(std::string_view text) {
  std::vector<JoinSpec> specs;
  for (;;) {
    const std::string_view one = text.substr(0, text.find(','));
    PULPO_TRY(JoinSpec spec, parse_one(one));
    if (std::find(specs.begin(), specs.end(), spec) == specs.end()) specs.push_back(std::move(spec));
    if (one.size() == text.size()) return specs;
    text.remove_prefix(one.size() + 1);
  }
}

}  // namespace pulpo::dist
