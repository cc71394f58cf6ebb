// SPDX-License-Identifier: Apache-2.0
#include "pulpo/net/node.hpp"

#include <algorithm>
#include <memory>

#include "base/random.hpp"
#include "dist/distribution.hpp"
#include "host/hosts.hpp"
#include "link/node_name.hpp"
#include "proc/driver.hpp"
#include "pulpo/log.hpp"

namespace pulpo {
namespace {

Fault bad_name(std::string detail) { return {.code = Errc::bad_argument, .where = "node name", .detail = std::move(detail)}; }

}  // namespace

Outcome<NodeName> parse_node_name(const std::string& text) {
  const std::size_t at = text.find('@');
  if (at == std::string::npos)
    return bad_name(fmt::format("'{}' has no @; a node is called NAME@HOST, for example a@{}", text, short_host_name()));
  if (text.find('@', at + 1) != std::string::npos)
    return bad_name(fmt::format("'{}' has more than one @; a node is called NAME@HOST", text));
  NodeName name{text.substr(0, at), text.substr(at + 1)};
  if (name.head.empty() || name.host.empty())
    return bad_name(fmt::format("'{}' lacks the part {} the @", text, name.head.empty() ? "before" : "after"));
  if (!links::is_node_name(text)) {
    return bad_name(fmt::format("'{}' is none: before the @ stand letters, digits, _ and -, after it a host; 255 bytes in all", text));
  }
  return name;
}

Outcome<void> check_join(std::string_view text) {
  PULPO_CHECK(dist::parse_join(text));
  return {};
}

namespace {

std::string short_host_name(const host::Resolver& resolver) {
  const std::string full = resolver.own_name();
  const std::string_view name = host::short_name(full);
  return name.empty() ? "localhost" : std::string(name);
}

}  // namespace

std::string short_host_name() { return short_host_name(host::this_machine()); }

namespace {

const host::Resolver& resolver_of(const NodeOptions& options) {
  return options.resolver != nullptr ? *options.resolver : host::this_machine();
}

Outcome<NodeName> transient_name(const NodeOptions& options, Random& random) {
  const std::string prefix = options.name.empty() ? "pulpo" : options.name;
  return parse_node_name(fmt::format("{}-{:016x}@{}", prefix, random.u64(), short_host_name(resolver_of(options))));
}

}  // namespace

Outcome<NodeName> full_node_name(const NodeOptions& options) {
  const host::Resolver& resolver = resolver_of(options);
  const bool is_short = options.kind == NameKind::short_name;
  std::string text = options.name;
  if (text.find('@') == std::string::npos) text += "@" + (is_short ? short_host_name(resolver) : resolver.own_name());
  PULPO_TRY(NodeName name, parse_node_name(text));
  if (is_short && name.host.find('.') != std::string::npos) {
    return bad_name(fmt::format("'{}' is a long name, since its host has a dot; say --name {}, or --sname {}", text, text, name.head));
  }
  if (!is_short && options.name.find('@') == std::string::npos && name.host.find('.') == std::string::npos) {
    return bad_name(
        fmt::format("--name needs a host with a dot or an address, and this machine is called '{}'; say --name {}@ADDRESS, or --sname {}",
                    name.host, name.head, name.head));
  }
  return name;
}

struct Node::State {
  explicit State(NodeOptions options_) : options(std::move(options_)), runtime(options.runtime) {}
  NodeOptions options;
  Runtime runtime;
  std::string name = std::string(atoms::nonode_nohost.text());
  std::uint16_t port = 0;
  std::unique_ptr<dist::Distribution> distribution;
  bool running = false;
};

Node::Node(NodeOptions options) : state_(std::make_unique<State>(std::move(options))) {}

Node::~Node() { stop(); }

Outcome<void> Node::start() {
  State& state = *state_;
  if (!state.options.join.empty() && state.options.kind == NameKind::none) {
    return Fault{.code = Errc::bad_argument, .where = "--join", .detail = "a node without a name joins nobody; give it --sname or --name"};
  }
  const bool has_name = state.options.kind != NameKind::none || state.options.transient;
  if (has_name) {
    PULPO_TRY(const NodeName name,
              state.options.transient ? transient_name(state.options, state.runtime.random()) : full_node_name(state.options));
    if (state.options.cookie.empty())
      return Fault{.code = Errc::bad_argument, .where = "cookie", .detail = "a node with a name needs a cookie that is not empty"};
    for (const std::string& list : state.options.join) PULPO_CHECK(check_join(list));
    state.name = name.text();
    state.distribution = std::make_unique<dist::Distribution>(state.runtime, state.options, name);
    state.runtime.set_router(state.distribution.get());
    state.runtime.set_node_name(Atom(state.name));
  }
  PULPO_CHECK(state.runtime.start());
  state.running = true;
  if (!has_name) return {};
  // Shared: where a driver turns the cores, waiting may be given up before it is known.
  struct Opening {
    explicit Opening(Driver* driver) noexcept : known(driver) {}
    Occurrence known;
    Outcome<void> outcome;
  };
  const auto opening = std::make_shared<Opening>(state.options.runtime.driver);
  state.runtime.core(dist::Distribution::kHomeCore).post([&state, opening] {
    state.distribution->open([opening](Outcome<void> outcome) {
      opening->outcome = std::move(outcome);
      opening->known.set();
    });
  });
  Outcome<void> outcome;
  if (opening->known.wait()) {
    outcome = std::move(opening->outcome);
  } else {
    outcome = Fault{.code = Errc::timeout, .where = "start", .detail = "the mapper of this simulated host does not answer"};
  }
  if (!outcome) {
    stop();
    return outcome;
  }
  state.port = state.distribution->port();
  return {};
}

void Node::stop() {
  State& state = *state_;
  if (!state.running) return;
  state.running = false;
  if (state.distribution) {
    Occurrence closed(state.options.runtime.driver);
    state.runtime.core(dist::Distribution::kHomeCore).post([&] { state.distribution->close([&closed] { closed.set(); }); });
    const bool all = closed.wait();
    PULPO_ASSERT(all && "a connection does not end");
  }
  state.runtime.stop();
}

Runtime& Node::runtime() noexcept { return state_->runtime; }
const std::string& Node::name() const noexcept { return state_->name; }
std::uint16_t Node::port() const noexcept { return state_->port; }

}  // namespace pulpo
