// SPDX-License-Identifier: Apache-2.0
#include "dist/distribution.hpp"

#include <algorithm>
#include <cerrno>

#include "base/random.hpp"
#include "dist/net_kernel.hpp"
#include "pulpo/log.hpp"

namespace pulpo::dist {
namespace {

Term outcome_term(const Fault& fault) {
  std::string text = fault.where;
  const std::string detail = Fault{.code = fault.code, .sys = fault.sys, .detail = fault.detail}.text();
  if (!text.empty() && !detail.empty()) text += ": ";
  text += detail;
  return Term::tuple({static_cast<int>(fault.code), text});
}

/// What monitor_nodes() calls it (NODE-13).
Atom reason_of(const links::Ending& ending) {
  switch (ending.cause) {
    case links::Cause::silent:
      return "net_tick_timeout"_atom;
    case links::Cause::closed_here:
      return "disconnect"_atom;
    default:
      return ending.fault.sys == ETIMEDOUT ? "etimedout"_atom : "connection_closed"_atom;
  }
}

/// Those whose sender waits, for room or for the reply.
bool is_user_message(Signal kind) noexcept {
  return kind == Signal::message || kind == Signal::cast || kind == Signal::alias_message || kind == Signal::request ||
         kind == Signal::spawn_request;
}

/// Signals that make a node connect (NODE-10, SIG-17); the others speak of relations that a lost connection has ended anyway.
bool wants_connection(Signal kind) noexcept {
  switch (kind) {
    case Signal::message:
    case Signal::cast:
    case Signal::alias_message:
    case Signal::request:
    case Signal::link:
    case Signal::monitor:
    case Signal::exit:
    case Signal::spawn_request:
      return true;
    default:
      return false;
  }
}

}  // namespace

Distribution::Distribution(Runtime& runtime, const NodeOptions& options, NodeName name)
    : runtime_(runtime),
      options_(options),
      own_name_(std::move(name)),
      hosts_(options.resolver != nullptr ? *options.resolver : host::this_machine()),
      cookies_(options.cookie),
      watchers_(runtime) {
  identity_.name = own_name_.text();
  identity_.tick_time = std::max<Duration>(options.net_ticktime, 1s);
  identity_.hidden = !options.visible || options.transient;
  identity_.features |= links::kRemoteSpawn | links::kFragments | links::kAliases;
  if (options.plain_links) identity_.features |= links::kPlainRecords;
  // Small numbers are Erlang's own (EPMD-7). Drawn anew at each start, since boards boot in 1970.
  do {
    identity_.creation = runtime.random().u32();
  } while (identity_.creation < mapper::kSmallestCreation);
}

Distribution::~Distribution() { PULPO_ASSERT(sessions_.empty()); }

// --- Opening and closing -----------------------------------------------------------------------------------------

void Distribution::open(std::function<void(Outcome<void>)> done) {
  nodes_.set_own(identity_.name, identity_.creation);
  if (options_.transient) {
    done({});
    return;
  }
  if (auto kernel = core().spawn(std::make_unique<NetKernel>(*this), {.name = NetKernel::registered_name()}); !kernel) {
    done(Fault{.code = kernel.error().code, .where = "net_kernel", .detail = kernel.error().text()});
    return;
  }
  const auto interfaces = core().loop().interfaces();
  const auto address = listen_address(options_.listen, own_name_.host, interfaces ? *interfaces : std::vector<io::Interface>{});
  if (!address) {
    done(address.error());
    return;
  }
  listener_ = std::make_unique<Listener>(core().loop(), [this](io::Handle handle) { accepted(handle); });
  if (auto opened = listener_->open(*address); !opened) {
    listener_.reset();
    done(std::move(opened).error());
    return;
  }
  done = [this, opened = std::move(done)](Outcome<void> outcome) {
    if (outcome) start_joining();
    opened(std::move(outcome));
  };
  if (!options_.use_mapper) {
    done({});
    return;
  }
  opened_ = std::move(done);
  mapper::Registration::Settings settings;
  settings.mapper = io::Address::loopback_v4(options_.mapper_port);
  settings.node = {.port = listener_->port(),
                   .type = identity_.hidden ? mapper::kHiddenNode : mapper::kNormalNode,
                   .name = own_name_.head,
                   .extra = std::string(mapper::kPulpoExtra)};
  if (options_.start_mapper) {
    mapper::OnDemand::Settings on_demand{.port = options_.mapper_port};
    if (address->is_loopback()) on_demand.addresses = {*address};
    if (!options_.mapper_program.empty()) on_demand.program = options_.mapper_program;
    on_demand_ = std::make_unique<mapper::OnDemand>(core().loop(), on_demand);
    settings.start_mapper = [this] { return on_demand_->start(); };
  }
  registration_ = std::make_unique<mapper::Registration>(core().loop(), runtime_.random(), settings,
                                                         [this](const auto& report) { registration_changed(report); });
}

void Distribution::registration_changed(const mapper::Registration::Report& report) {
  using State = mapper::Registration::State;
  Outcome<void> outcome;
  switch (report.state) {
    case State::connecting:
      return;
    case State::registered:
      if (opened_) {
        identity_.creation = report.creation;
        nodes_.set_own(identity_.name, identity_.creation);
      } else {
        log::info("Registered with the mapper again");
      }
      break;
    case State::refused:
      outcome = Fault{.code = Errc::already_exists,
                      .where = "name",
                      .detail = fmt::format("the name {} seems to be in use by another node ({}); choose another or stop that one",
                                            identity_.name, report.fault.text())};
      break;
    case State::unreachable:
      outcome =
          Fault{.code = Errc::nodedown,
                .where = "no mapper",
                .detail = fmt::format("nothing answers on port {} of this host ({}); start one with `pulpo mapper`, or run without a name",
                                      options_.mapper_port, report.fault.text())};
      break;
  }
  if (opened_) {
    std::exchange(opened_, {})(std::move(outcome));
  } else if (!outcome) {
    log::warning("** {}; new connections fail until it is back **", outcome.error().text());
  }
}

void Distribution::close(std::function<void()> done) {
  closing_ = true;
  closed_ = std::move(done);
  joiner_.reset();
  registration_.reset();
  on_demand_.reset();
  listener_.reset();
  name_questions_.clear();
  for (auto& [name, neighbour] : neighbours_) {
    neighbour->dialer.reset();
    neighbour->patience.reset();
    neighbour->next_dial.reset();
  }
  std::vector<Session*> all;
  for (const auto& session : sessions_) all.push_back(session.get());
  for (Session* const session : all) session->connection().close();
  finish_closing();
}

void Distribution::finish_closing() {
  if (!closed_ || !sessions_.empty()) return;
  neighbours_.clear();
  std::exchange(closed_, {})();
}

// --- Connecting -----------------------------------------------------------------------------------------------------

Neighbour& Distribution::neighbour(std::string_view name) {
  auto& entry = neighbours_[std::string(name)];
  if (!entry) {
    entry = std::make_unique<Neighbour>();
    entry->name = name;
  }
  return *entry;
}

void Distribution::forget_if_idle(Neighbour& neighbour) {
  if (neighbour.is_idle()) neighbours_.erase(std::string(neighbour.name));
}

void Distribution::connect(Atom node, const Pid& asker, const Ref& ref) {
  if (node.text() == identity_.name) {
    core().answer(asker, ref, atoms::ok);
    return;
  }
  Neighbour& its = neighbour(node.text());
  if (its.session != nullptr) {
    core().answer(asker, ref, atoms::ok);
    return;
  }
  its.askers.push_back({asker, ref});
  its.known_from_peer = false;
  lost_.erase(its.name);
  start_connecting(its);
}

void Distribution::names_of(const std::string& host, const Pid& asker, const Ref& ref) {
  if (closing_) return core().answer(asker, ref, "address"_atom);
  const std::uint64_t number = name_questions_so_far_++;
  auto& question = name_questions_[number];
  question = std::make_unique<HostNames>(core().loop(), runtime_.random(), hosts_, host, options_.mapper_port,
                                         [this, number, asker, ref](Outcome<HostNames::List> names) {
                                           const auto over = name_questions_.extract(number);  // this is its call
                                           core().answer(asker, ref, names ? to_term(*names) : Term("address"_atom));
                                         });
}

// NODE-5: nodes with short names and nodes with long ones do not talk. A command takes the kind of its target.
Outcome<NodeName> Distribution::reachable_name(const Neighbour& neighbour) const {
  PULPO_TRY(NodeName name, parse_node_name(neighbour.name));
  if (options_.transient || options_.kind == NameKind::none) return name;
  const bool dotted = name.host.find('.') != std::string::npos;
  if (options_.kind == NameKind::short_name && dotted) {
    log::error("** System NOT running to use fully qualified hostnames **\n** Hostname {} is illegal **", name.host);
    return Fault{.code = Errc::bad_argument,
                 .where = "short and long names",
                 .detail = fmt::format("this node has a short name (--sname) and {} a long one; start both alike", neighbour.name)};
  }
  if (options_.kind == NameKind::long_name && !dotted && name.host != "localhost" && name.host.find(':') == std::string::npos) {
    log::error("** System running to use fully qualified hostnames **\n** Hostname {} is illegal **", name.host);
    return Fault{.code = Errc::bad_argument,
                 .where = "short and long names",
                 .detail = fmt::format("this node has a long name (--name) and {} a short one; start both alike", neighbour.name)};
  }
  return name;
}

void Distribution::start_connecting(Neighbour& neighbour) {
  if (neighbour.is_connecting()) return;
  if (closing_) {
    failed(neighbour, {.code = Errc::nodedown, .where = "connect", .detail = "this node is stopping"});
    return;
  }
  auto name = reachable_name(neighbour);
  if (!name) {
    failed(neighbour, name.error());
    return;
  }
  if (!is_allowed(neighbour.name)) {
    log::error("** Connection attempt with disallowed node {} **", Term(Atom::find(neighbour.name).value_or(atoms::undefined)).text());
    failed(neighbour, {.code = Errc::not_allowed, .where = "not allowed", .detail = "that node is not on the list of allow_nodes()"});
    return;
  }
  neighbour.dialer = std::make_unique<Dialer>(core().loop(), runtime_.random(), hosts_, *name, options_.mapper_port,
                                              [this, &neighbour](Outcome<io::Address> address) {
                                                // The dialer is not needed any more, but this is its call: it goes when the call is over.
                                                const std::unique_ptr<Dialer> finished = std::move(neighbour.dialer);
                                                dial(neighbour, std::move(address));
                                              });
}

void Distribution::dial(Neighbour& neighbour, Outcome<io::Address> address) {
  if (neighbour.session != nullptr) return connected(neighbour);  // they reached us meanwhile, or a beacon led to them
  if (!address) return failed(neighbour, address.error());
  if (neighbour.claim != nullptr) {
    neighbour.next_dial = *address;
    return;
  }
  sessions_.push_back(std::make_unique<Session>(*this, core()));
  Session& session = *sessions_.back();
  session.neighbour = &neighbour;
  neighbour.attempt = &session;
  session.connection().dial(*address, neighbour.name);
}

// --- Joining ----------------------------------------------------------------------------------------------------------

void Distribution::start_joining() {
  if (options_.join.empty()) return;
  Joiner::Settings settings{.own = own_name_, .listens_at = listener_->address(), .mapper_port = options_.mapper_port};
  for (const std::string& list : options_.join) {
    const auto specs = parse_join(list);  // Node::start() has looked at it
    if (specs) settings.specs.insert(settings.specs.end(), specs->begin(), specs->end());
  }
  joiner_ = std::make_unique<Joiner>(core().loop(), runtime_.random(), hosts_, static_cast<Joiner::Links&>(*this), std::move(settings));
}

void Distribution::dial(const io::Address& address, const std::string& target, std::uint64_t ticket) {
  sessions_.push_back(std::make_unique<Session>(*this, core()));
  sessions_.back()->ticket = ticket;
  sessions_.back()->wanted_name = target;
  sessions_.back()->connection().dial(address, {});
}

bool Distribution::is_connected(const std::string& name) const {
  const auto found = neighbours_.find(name);
  return name == identity_.name || (found != neighbours_.end() && found->second->session != nullptr);
}

// Only a claim: it stops nobody who asks for that node by its name, and holds up a peer that has proven to be it but once.
links::Connection::Owner::Verdict Distribution::challenged(Session& session, const std::string& name) {
  if (closing_) return {.accepted = false, .cause = links::Cause::stopping};
  session.claimed_name = name;
  if (!session.wanted_name.empty() && name != session.wanted_name) {
    return {.accepted = false, .cause = links::Cause::wrong_name, .detail = fmt::format("this is {}, not {}", name, session.wanted_name)};
  }
  if (!is_allowed(name)) return {.accepted = false, .cause = links::Cause::not_allowed, .detail = "this node does not allow it"};
  if (is_connected(name)) {
    return {.accepted = false, .cause = links::Cause::already_connected, .detail = "the nodes are connected already"};
  }
  Neighbour& its = neighbour(name);
  if (its.is_connecting() || its.claim != nullptr) {
    return {.accepted = false, .cause = links::Cause::simultaneous, .detail = "another dial goes on"};
  }
  its.claim = &session;
  session.neighbour = &its;
  return {};
}

bool Distribution::yields_to_claim(const std::string& name) {
  const TimePoint now = core().loop().now();
  constexpr Duration kOnceIn = 10s;
  std::erase_if(yielded_, [&](const auto& one) { return now - one.second > kOnceIn; });
  return yielded_.emplace(name, now).second;
}

void Distribution::accepted(io::Handle handle) {
  io::Loop& loop = core().loop();
  const auto address = loop.peer_address(handle);
  if (!address) {
    loop.close(handle);  // gone before we looked
    return;
  }
  auto slot = admission_.admit(*address, loop.now());
  if (!slot) {
    if (admission_.may_log(loop.now())) log::warning("** Connection attempt rejected: {} **", slot.error().detail);
    loop.close(handle);
    return;
  }
  sessions_.push_back(std::make_unique<Session>(*this, core()));
  sessions_.back()->connection().accept(handle, *std::move(slot));
}

// Who of two connections with one node survives: the newest that has proven the cookie, unless both dialled at once; then the one
// that the greater name dialled (NODE-30, NODE-33).
links::Connection::Owner::Verdict Distribution::admit(const Session&, const links::Peer& peer) {
  if (closing_) return {.accepted = false, .cause = links::Cause::stopping};
  if (!is_allowed(peer.name)) {
    log::error("** Connection attempt from disallowed node {} **", peer.name);
    return {
        .accepted = false, .cause = links::Cause::not_allowed, .detail = fmt::format("{} does not allow {}", identity_.name, peer.name)};
  }
  if (peer.name == identity_.name) {
    return {.accepted = false, .cause = links::Cause::wrong_name, .detail = fmt::format("{} is the name of this very node", peer.name)};
  }
  const auto found = neighbours_.find(peer.name);
  if (found == neighbours_.end()) return {};
  const Neighbour& its = *found->second;
  if (identity_.name > peer.name && (its.attempt != nullptr || (its.claim != nullptr && yields_to_claim(peer.name))))
    return {.accepted = false, .cause = links::Cause::simultaneous};
  if (its.session != nullptr && its.session->connection().role() == links::Role::dial && its.session->peer_creation() == peer.creation &&
      identity_.name > peer.name && core().loop().now() - its.session->began() < links::ConnectionSettings{}.handshake_time) {
    return {.accepted = false, .cause = links::Cause::already_connected};
  }
  return {};
}

wire::AtomQuota& Distribution::atom_quota(const Session& session) {
  // A command has another name each time, so that its host counts.
  std::string peer = session.is_hidden() ? session.connection().peer_address().ip_text() : session.peer_name();
  const auto found = atom_quotas_.find(peer);
  if (found != atom_quotas_.end()) return found->second;
  if (atom_quotas_.size() >= kQuotasMax) peer.clear();  // the late ones share one
  return atom_quotas_[std::move(peer)];
}

void Distribution::session_up(Session& session) {
  Neighbour& its = neighbour(session.peer_name());
  if (its.attempt != nullptr && its.attempt != &session) {
    // The peer's own attempt was first: ours is not needed.
    Session* const ours = std::exchange(its.attempt, nullptr);
    ours->neighbour = nullptr;
    ours->connection().close();
  }
  its.attempt = nullptr;
  if (Session* const claim = std::exchange(its.claim, nullptr); claim != nullptr && claim != &session) {
    claim->neighbour = nullptr;
    claim->connection().close();
  }
  its.patience.reset();
  its.next_dial.reset();
  if (its.session != nullptr) {
    Session* const old = its.session;
    take_down(its, "connection_closed"_atom, &session);
    old->connection().abort(links::Cause::closed_here,
                            {.code = Errc::nodedown, .where = "session", .detail = "replaced by a newer connection"});
  }
  its.session = &session;
  session.neighbour = &its;
  session.number = ++connections_;
  lost_.erase(its.name);
  open_way(session.peer(), session);
  log::debug("** Node {} is up **", its.name);
  if (!session.is_hidden()) hosts_.met(std::string_view(its.name).substr(its.name.find('@') + 1), session.connection().peer_address());
  if (!session.connection().is_sealed()) {
    log::notice("** The link with node {} is plain, as both sides allow: whoever is on the wire can read and change it **", its.name);
  }
  const bool hidden = is_hidden(session);
  if (observer_ && !hidden) {
    if (const auto node = atom_of(session)) observer_(*node, true);
  }
  if (watchers_.wants(hidden)) {
    if (const auto node = atom_of(session)) watchers_.up({.node = *node, .hidden = hidden, .connection = session.number});
  }
  connected(its);
  tell_of_others(session);
  if (joiner_) joiner_->up(session.peer_name(), session.ticket);
}

void Distribution::connected(Neighbour& neighbour) {
  neighbour.known_from_peer = false;
  for (const auto& asker : std::exchange(neighbour.askers, {})) core().answer(asker.pid, asker.ref, atoms::ok);
  auto waiting = std::exchange(neighbour.waiting, {});
  neighbour.waiting_bytes = 0;
  set_full(neighbour.name, false);
  for (MessagePtr& message : waiting) route(core(), std::move(message));
  if (neighbour.session != nullptr) link_has_room(*neighbour.session);
}

void Distribution::failed(Neighbour& neighbour, const Fault& fault) {
  log::line(std::exchange(neighbour.known_from_peer, false) ? log::Level::warning : log::Level::debug,
            "** No connection with node {}: {} **", neighbour.name, fault.text());
  const Term answer = outcome_term(fault);
  for (const auto& asker : std::exchange(neighbour.askers, {})) core().answer(asker.pid, asker.ref, answer);
  auto waiting = std::exchange(neighbour.waiting, {});
  neighbour.waiting_bytes = 0;
  set_full(neighbour.name, false);
  const Atom name = Atom::find(neighbour.name).value_or(atoms::undefined);
  const auto index = nodes_.find_or_make(neighbour.name, 0);
  forget_if_idle(neighbour);
  watchers_.unreachable(name);
  for (MessagePtr& message : waiting) core().unreachable(std::move(message), name);
  if (index) {
    for (unsigned i = 0; i < runtime_.core_count(); ++i)
      runtime_.core(i).post([core = &runtime_.core(i), node = *index] { core->link_has_room(node); });
  }
}

void Distribution::await_peer(Neighbour& neighbour, const Fault& fault) {
  struct Patience final : io::Timer {
    Patience(Distribution& distribution_, Neighbour& neighbour_, Fault fault_)
        : distribution(distribution_), neighbour(neighbour_), fault(std::move(fault_)) {}
    void expired() override {
      const std::unique_ptr<io::Timer> self = std::move(neighbour.patience);
      distribution.failed(neighbour, fault);
    }
    Distribution& distribution;
    Neighbour& neighbour;
    Fault fault;
  };
  neighbour.patience = std::make_unique<Patience>(*this, neighbour, fault);
  core().loop().timers().arm(*neighbour.patience, core().loop().now() + links::ConnectionSettings{}.handshake_time);
}

void Distribution::session_ended(Session& session, const links::Ending& ending) {
  Neighbour* const its = session.neighbour;
  const bool was_up = its != nullptr && its->session == &session;
  const bool was_attempt = its != nullptr && its->attempt == &session;
  const bool was_claim = its != nullptr && its->claim == &session;
  const std::string lost = was_up ? its->name : std::string{};
  if (was_up) {
    log::debug("** Node {} is down: {} **", its->name, ending.fault.text());
    take_down(*its, reason_of(ending));
    forget_if_idle(*its);
  } else if (was_attempt) {
    its->attempt = nullptr;
    if (its->session != nullptr) {
      connected(*its);
    } else if (ending.cause == links::Cause::simultaneous || ending.cause == links::Cause::already_connected) {
      await_peer(*its, ending.fault);
    } else {
      failed(*its, ending.fault);
    }
  } else if (was_claim) {
    its->claim = nullptr;
    if (const auto next = std::exchange(its->next_dial, std::nullopt); next && !closing_) {
      dial(*its, *next);
    } else {
      forget_if_idle(*its);
    }
  }
  const auto found = std::find_if(sessions_.begin(), sessions_.end(), [&](const auto& one) { return one.get() == &session; });
  const std::unique_ptr<Session> gone = std::move(*found);
  sessions_.erase(found);
  if (joiner_ && was_up) joiner_->down(lost);
  if (joiner_ && gone->ticket != 0 && !gone->is_up()) joiner_->ended(gone->ticket, gone->claimed_name, ending);
  finish_closing();
}

// The node is down for everybody here: relations with its processes fire, on every core (SIG-15).
void Distribution::take_down(Neighbour& neighbour, Atom reason, const Session* successor) {
  Session& session = *std::exchange(neighbour.session, nullptr);
  session.neighbour = nullptr;
  set_full(neighbour.name, false);
  const NodeIndex life = session.peer();
  const Atom name = Atom::find(neighbour.name).value_or(atoms::undefined);
  // Creation 0, the target of {Name, Node}: only there if somebody here used it.
  const auto by_name = nodes_.find(neighbour.name, 0);
  close_way(life);
  if (by_name) close_way(*by_name);
  if (observer_ && name != atoms::undefined) observer_(name, false);
  for (unsigned i = 0; i < runtime_.core_count(); ++i) {
    Core& each = runtime_.core(i);
    const auto tell = [&each, life, by_name, name] { each.node_down(life, by_name.value_or(life), name); };
    if (i == kHomeCore) {
      tell();
    } else {
      each.post(tell);
    }
  }
  // A command's name is none that anybody here would send to.
  if (options_.auto_connect == AutoConnect::once && name != atoms::undefined) lost_.insert(neighbour.name);
  const NodeWatchers::Event down{.node = name, .hidden = is_hidden(session), .connection = session.number, .reason = reason};
  if (name != atoms::undefined) watchers_.down(down);
  // The same life may have connected anew, and goes on under its number.
  if (session.is_hidden() && (successor == nullptr || successor->peer() != life)) nodes_.release(life);
}

// --- Signals -----------------------------------------------------------------------------------------------------------

NodeIndex Distribution::index_of(Atom node) { return nodes_.find_or_make(node.text(), 0).value_or(kNodeSlotMask); }

bool Distribution::route(Core& from, MessagePtr message) {
  const NodeIndex node = message->to.node;
  if (from.index() != kHomeCore) {
    // Looked at before it is somebody else's.
    const bool large = full_count_.load(std::memory_order_relaxed) != 0 && BulkLane::is_large(*message);
    from.forward(kHomeCore, std::move(message));
    return full_count_.load(std::memory_order_relaxed) == 0 || !is_full(node, large);
  }
  const std::size_t slot = node & kNodeSlotMask;
  if (slot >= ways_.size() || ways_[slot].session == nullptr || ways_[slot].node != node) return route_slowly(from, std::move(message));
  Session& session = *ways_[slot].session;
  if (session.send(std::move(message))) return true;
  set_full(session.peer_name(), true, !session.is_full());
  return false;
}

// For nodes that are not connected, and for numbers that were never used with this connection.
bool Distribution::route_slowly(Core& from, MessagePtr message) {
  const NodeIndex node = message->to.node;
  const std::string name = nodes_.name(node);
  if (name.empty()) {
    from.undeliverable(std::move(message), atoms::noproc);  // a life of a node that nobody remembers
    return true;
  }
  const auto found = neighbours_.find(name);
  if (found != neighbours_.end() && found->second->session != nullptr) {
#if PULPO_FAULT == 3  // Planted: a pid of an earlier life is taken for one of this life. tests/simulation must find it.
#else
    if (!message->by_name || message->kind == Signal::alias_message) {
      from.undeliverable(std::move(message), atoms::noproc);  // an earlier life of that node (SIG-2)
      return true;
    }
#endif
    open_way(node, *found->second->session);
    return route(from, std::move(message));
  }
  if (!wants_connection(message->kind)) return true;
  if (!may_connect_by_itself(name)) {
    from.unreachable(std::move(message), Atom::find(name).value_or(atoms::undefined));
    return true;
  }
  return hold(neighbour(name), std::move(message));
}

// NODE-11. An attempt that is under way serves everybody.
bool Distribution::may_connect_by_itself(const std::string& name) const {
  if (options_.auto_connect == AutoConnect::always) return true;
  if (const auto found = neighbours_.find(name); found != neighbours_.end() && found->second->is_connecting()) return true;
  return options_.auto_connect == AutoConnect::once && !lost_.contains(name);
}

void Distribution::open_way(NodeIndex node, Session& session) {
  const std::size_t slot = node & kNodeSlotMask;
  if (slot >= ways_.size()) ways_.resize(slot + 1);
  ways_[slot] = {node, &session};
}

void Distribution::close_way(NodeIndex node) noexcept {
  const std::size_t slot = node & kNodeSlotMask;
  if (slot < ways_.size() && ways_[slot].node == node) ways_[slot].session = nullptr;
}

// Senders are suspended at the limit, and each has but one message here; twice of it stops what cannot be suspended.
bool Distribution::hold(Neighbour& neighbour, MessagePtr message) {
  const std::size_t bytes = sizeof(Message) + message->body.heap_bytes();
  if (!is_user_message(message->kind) && neighbour.waiting_bytes + bytes > 2 * kWaitingMax) {
    core().unreachable(std::move(message), Atom::find(neighbour.name).value_or(atoms::undefined));
    return true;
  }
  neighbour.waiting_bytes += bytes;
  neighbour.waiting.push_back(std::move(message));
  const bool room = neighbour.waiting_bytes <= kWaitingMax;
  if (!room) set_full(neighbour.name, true);
  start_connecting(neighbour);
  return room;
}

void Distribution::set_full(const std::string& name, bool full, bool only_large) {
  if (!full && full_count_.load(std::memory_order_relaxed) == 0) return;
  const std::lock_guard lock(full_mutex_);
  if (full) {
    full_.insert_or_assign(name, only_large);
  } else {
    full_.erase(name);
  }
  full_count_.store(static_cast<unsigned>(full_.size()), std::memory_order_relaxed);
}

bool Distribution::is_full(NodeIndex node, bool for_large) const {
  const std::lock_guard lock(full_mutex_);
  const auto found = full_.find(nodes_.name(node));
  return found != full_.end() && (for_large || !found->second);
}

void Distribution::link_has_room(const Session& session) {
  set_full(session.peer_name(), false);
  // Only there if somebody here used it: a command's name leaves nothing behind.
  const auto by_name = nodes_.find(session.peer_name(), 0);
  for (unsigned i = 0; i < runtime_.core_count(); ++i) {
    Core& each = runtime_.core(i);
    each.post([&each, life = session.peer(), by_name] {
      each.link_has_room(life);
      if (by_name) each.link_has_room(*by_name);
    });
  }
}

}  // namespace pulpo::dist
