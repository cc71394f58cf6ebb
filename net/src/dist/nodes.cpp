// SPDX-License-Identifier: Apache-2.0
#include "pulpo/net/nodes.hpp"

#include "dist/distribution.hpp"
#include "dist/net_kernel.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo {
namespace {

using dist::Distribution;

/// Of the node of the running process; null when it has no name.
Distribution* own_distribution() { return static_cast<Distribution*>(runtime().router()); }

Error not_alive(Atom word) { return {Errc::unsupported, word, "a node without a name knows no others; start it with --sname or --name"}; }

/// Runs `question` where the distribution lives. Undefined when this process is being ended.
template <class F>
Term ask_home(Distribution& distribution, F question) {
  auto answer =
      Core::here().ask(Distribution::kHomeCore, [&distribution, question = std::move(question)](Core&) { return question(distribution); });
  return answer ? *std::move(answer) : Term(atoms::undefined);
}

/// Takes a process out of the lists of watchers at its end.
class ForgetAtEnd final : public EndsWithProcess {
 public:
  ForgetAtEnd(Distribution& distribution, Runtime& runtime, const Pid& pid) noexcept
      : distribution_(distribution), runtime_(runtime), pid_(pid) {}
  void process_ended() noexcept override {
    runtime_.core(Distribution::kHomeCore).post([&distribution = distribution_, pid = pid_] { distribution.watchers().forget(pid); });
    delete this;
  }

 private:
  Distribution& distribution_;
  Runtime& runtime_;
  Pid pid_;
};

/// Enters the running process into a list, by `enter`, which says whether it is in any for the first time.
template <class F>
void enter_list(Distribution& distribution, F enter) {
  // Before it is entered: the process may be ended while it waits for that.
  auto forget = std::make_unique<ForgetAtEnd>(distribution, runtime(), self());
  Core::here().process()->related().rarely().dependents.push_back(*forget);
  ForgetAtEnd* const kept = forget.release();
  const Term is_new = ask_home(distribution, std::move(enter));
  if (is_new.is_atom(atoms::false_)) delete kept;
}

Atom truth(bool value) { return value ? atoms::true_ : atoms::false_; }

}  // namespace

Result<void> connect_node(Atom node) {
  Distribution* const distribution = own_distribution();
  if (distribution == nullptr) return not_alive("ignored"_atom);
  PULPO_TRY(const Term answer,
            Core::here().ask_later(Distribution::kHomeCore, [distribution, node](Core&, const Pid& asker, const Ref& ref) {
              distribution->connect(node, asker, ref);
            }));
  if (answer.is_atom(atoms::ok)) return {};
  Error error{static_cast<Errc>(answer.elements()[0].integer()), Term::tuple({atoms::nodedown, node})};
  error.detail = answer.elements()[1].bytes();
  return error;
}

bool ping_node(Atom node) {
  if (own_distribution() == nullptr) return false;
  if (node == runtime().node_name()) return true;
  if (!connect_node(node)) return false;
  const auto answer = request(Address(dist::NetKernel::registered_name(), node), dist::NetKernel::is_auth(), Timeout::infinity());
  if (answer && *answer == dist::NetKernel::yes()) return true;
  (void)disconnect_node(node);
  return false;
}

bool disconnect_node(Atom node) {
  Distribution* const distribution = own_distribution();
  if (distribution == nullptr) return false;
  return ask_home(*distribution, [node](Distribution& d) { return d.disconnect(node); }).is_atom(atoms::true_);
}

std::vector<Atom> nodes(NodeSet which) {
  Distribution* const distribution = own_distribution();
  if (distribution == nullptr) {
    if (which == NodeSet::this_node || which == NodeSet::known) return {atoms::nonode_nohost};
    return {};
  }
  const Term answer = ask_home(*distribution, [which](Distribution& d) {
    std::vector<Term> all;
    for (const Atom node : d.listed(which)) all.emplace_back(node);
    return Term::list(std::move(all));
  });
  std::vector<Atom> all;
  if (!answer.is_proper_list()) return all;
  for (std::size_t i = 0; i < answer.list_size(); ++i) all.push_back(answer.list_at(i).atom());
  return all;
}

std::optional<bool> link_is_sealed(Atom node) {
  Distribution* const distribution = own_distribution();
  if (distribution == nullptr) return std::nullopt;
  const Term answer = ask_home(*distribution, [node](Distribution& d) { return d.link_is_sealed(node); });
  if (answer.is_atom(atoms::undefined)) return std::nullopt;
  return answer.is_atom(atoms::true_);
}

// --- Cookies ----------------------------------------------------------------------------------------------------------

namespace {

template <class F>
Result<void> change_cookie(const std::string& cookie, F change) {
  Distribution* const distribution = own_distribution();
  if (distribution == nullptr) return not_alive("notalive"_atom);
  if (!dist::CookieJar::is_cookie(cookie)) {
    Error error{Errc::bad_argument, atoms::badarg, "cookie"};
    error.detail = fmt::format("a cookie has 1 to {} bytes", dist::CookieJar::kCookieBytesMax);
    return error;
  }
  ask_home(*distribution, [change = std::move(change)](Distribution& d) {
    change(d.cookie_jar());
    return Term(atoms::ok);
  });
  return {};
}

}  // namespace

Result<void> set_cookie(const std::string& cookie) {
  return change_cookie(cookie, [cookie](dist::CookieJar& jar) { jar.set_own(cookie); });
}

Result<void> set_cookie(Atom node, const std::string& cookie) {
  if (node == runtime().node_name()) return set_cookie(cookie);
  return change_cookie(cookie, [node, cookie](dist::CookieJar& jar) { jar.set(node.text(), cookie); });
}

std::string get_cookie() { return get_cookie(runtime().node_name()); }

std::string get_cookie(Atom node) {
  Distribution* const distribution = own_distribution();
  if (distribution == nullptr) return "nocookie";
  const bool own = node == runtime().node_name();
  const Term answer = ask_home(*distribution, [node, own](Distribution& d) {
    return Term(own ? d.cookie_jar().own() : std::string(d.cookie_jar().cookie_for(node.text())));
  });
  return answer.is_binary() ? std::string(answer.bytes()) : std::string();
}

// --- Being told -------------------------------------------------------------------------------------------------------

Result<void> monitor_node(Atom node, bool on) {
  Distribution* const distribution = own_distribution();
  if (distribution == nullptr) return not_alive("notalive"_atom);
  if (on) {
    enter_list(*distribution, [node, pid = self()](Distribution& d) { return Term(truth(d.watch_node(pid, node))); });
  } else {
    ask_home(*distribution, [node, pid = self()](Distribution& d) {
      d.watchers().unwatch(pid, node);
      return Term(atoms::ok);
    });
  }
  return {};
}

void monitor_nodes(bool on, const NodeEvents& events) {
  Distribution* const distribution = own_distribution();
  if (distribution == nullptr) return;
  if (on) {
    enter_list(*distribution, [events, pid = self()](Distribution& d) { return Term(truth(d.watchers().subscribe(pid, events))); });
  } else {
    ask_home(*distribution, [events, pid = self()](Distribution& d) {
      d.watchers().unsubscribe(pid, events);
      return Term(atoms::ok);
    });
  }
}

Result<void> allow_nodes(const std::vector<Atom>& nodes) {
  Distribution* const distribution = own_distribution();
  if (distribution == nullptr) return not_alive("notalive"_atom);
  ask_home(*distribution, [nodes](Distribution& d) {
    d.allow(nodes);
    return Term(atoms::ok);
  });
  return {};
}

Result<std::vector<std::pair<std::string, std::uint16_t>>> names_of_host(const std::string& host) {
  Distribution* const distribution = own_distribution();
  if (distribution == nullptr) return not_alive("notalive"_atom);
  PULPO_TRY(const Term answer,
            Core::here().ask_later(Distribution::kHomeCore, [distribution, host](Core&, const Pid& asker, const Ref& ref) {
              distribution->names_of(host, asker, ref);
            }));
  if (auto names = from_term<std::vector<std::pair<std::string, std::uint16_t>>>(answer)) return *std::move(names);
  return Error{Errc::nodedown, answer, "names of a host"};
}

std::optional<Duration> net_ticktime() {
  const Distribution* const distribution = own_distribution();
  return distribution == nullptr ? std::nullopt : std::optional(distribution->identity().tick_time);
}

}  // namespace pulpo
