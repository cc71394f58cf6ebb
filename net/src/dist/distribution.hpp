// SPDX-License-Identifier: Apache-2.0
//
// Distribution: all that a node has to do with other nodes: who it knows, who it is connected with, and the way there.
//
// It implements Router for the layer of processes. A signal for a node that is not connected makes it connect; the signal waits meanwhile,
// and is answered as OTP does when nobody can be reached (SIG-17, NODE-10). All links live on the home core, 0: other cores hand
// their signals over, and get theirs through their inboxes.
//
//   Order      Signals that waited for a connection leave before later ones.
//   Ownership  Owns listener, sessions, dialers and the registration with the mapper.
//   Threads    The home core's, but route() and index_of(), which any core calls.
//   Suspends   Never; connect() answers by a signal.
//   Bounds     kWaitingMax bytes of signals wait for one connection; more are answered as unreachable at once.
//   Errors     connect(): the one cause, as text.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "dist/cookie_jar.hpp"
#include "dist/dialer.hpp"
#include "dist/host_names.hpp"
#include "dist/joiner.hpp"
#include "dist/listener.hpp"
#include "dist/node_table.hpp"
#include "dist/node_watchers.hpp"
#include "dist/session.hpp"
#include "host/met.hpp"
#include "link/admission.hpp"
#include "link/stalled_links.hpp"
#include "mapper/client.hpp"
#include "mapper/on_demand.hpp"
#include "pulpo/net/node.hpp"

namespace pulpo::dist {

/// One node that we know, connected or not.
class Neighbour {
 public:
  struct Asker {
    Pid pid;
    Ref ref;
  };
  std::string name;
  Session* session = nullptr;  ///< Established.
  Session* attempt = nullptr;  ///< Our own, in its handshake.
  Session* claim = nullptr;    ///< Our own to an address where somebody says, and has not proven yet, that it is this node.
  std::unique_ptr<Dialer> dialer;
  std::optional<io::Address>
      next_dial;                        ///< What the dialer found while a claim is looked into: two dials at once would replace each other.
  std::unique_ptr<io::Timer> patience;  ///< The peer said that its own attempt goes on: until when we wait for it (NODE-31).
  std::vector<Asker> askers;            ///< Processes that wait for the outcome.
  std::deque<MessagePtr> waiting;       ///< Signals that wait for the connection.
  std::size_t waiting_bytes = 0;
  bool known_from_peer = false;  ///< The attempt is the mesh's: a peer told of it, and nobody here asked (NODE-12).
  [[nodiscard]] bool is_connecting() const noexcept {
    return dialer != nullptr || attempt != nullptr || patience != nullptr || next_dial.has_value();
  }
  [[nodiscard]] bool is_idle() const noexcept {
    return session == nullptr && claim == nullptr && !is_connecting() && askers.empty() && waiting.empty();
  }
};

class Distribution final : public Router, private Joiner::Links {
 public:
  static constexpr std::size_t kWaitingMax = Session::kQueueMax;
  // Names that a peer may tell of at once: a mesh larger than this is none of boards.
  static constexpr std::size_t kMeshMax = 1024;
  // Peers with a quota of atoms of their own: 256 of them can fill the table of 2^20 atoms, so that more protect nothing.
  static constexpr std::size_t kQuotasMax = 1024;

  /// `name` is our full name; `options` as given to Node.
  Distribution(Runtime& runtime, const NodeOptions& options, NodeName name);
  ~Distribution() override;

  /// Listens and registers; `done` is called on the home core once it is known how that went. On the home core.
  void open(std::function<void(Outcome<void>)> done);
  /// Closes everything, then calls `done`. On the home core.
  void close(std::function<void()> done);
  [[nodiscard]] std::uint16_t port() const noexcept { return listener_ != nullptr ? listener_->port() : 0; }

  /// Makes sure there is a connection with `node`; answers `ref` of `asker` with :ok or {code, text}. On the home core.
  void connect(Atom node, const Pid& asker, const Ref& ref);
  /// Ends the connection; :true when there was one (NODE-9). On the home core, as all that follows.
  Term disconnect(Atom node);
  [[nodiscard]] std::vector<Atom> listed(NodeSet which);
  /// Connects with those of a list of names that are not connected yet (NODE-12).
  void meet(const Term& names);
  /// {nodedown, node} comes to `pid` once; at once when it cannot be reached. True when `pid` watches or subscribes for the first time.
  bool watch_node(const Pid& pid, Atom node);
  /// Starts another, unless this node is stopping.
  void net_kernel_ended();
  [[nodiscard]] NodeWatchers& watchers() noexcept { return watchers_; }
  [[nodiscard]] CookieJar& cookie_jar() noexcept { return cookies_; }
  void allow(const std::vector<Atom>& nodes);
  /// Answers `ref` of `asker` with the nodes that the mapper of `host` knows, [{text, port}], or with :address when it cannot be asked.
  void names_of(const std::string& host, const Pid& asker, const Ref& ref);
  /// `observer` hears of each visible node that comes, and of each that goes, before any process does. On the home core, once.
  void observe(std::function<void(Atom node, bool is_up)> observer) { observer_ = std::move(observer); }
  /// :true, :false, or :undefined when there is no connection. On the home core.
  [[nodiscard]] Term link_is_sealed(Atom node) const;
  /// What :observer_backend.connections says of each node that is connected, by name; kConnectionRowsMax at most. On the home core.
  [[nodiscard]] Term connection_rows();
  static constexpr std::size_t kConnectionRowsMax = 1024;

  // Router
  bool route(Core& core, MessagePtr message) override;
  [[nodiscard]] NodeIndex index_of(Atom node) override;
  [[nodiscard]] Atom name_of(NodeIndex index) const override { return nodes_.atom(index); }
  void core_stalls(unsigned core, Duration held, TimePoint now) override {
    if (core == kHomeCore) stalled_links_.tick(held, now);
  }

  // --- For Session and Listener -------------------------------------------------------------------------
  [[nodiscard]] NodeTable& nodes() noexcept { return nodes_; }
  [[nodiscard]] const links::Identity& identity() const noexcept { return identity_; }
  [[nodiscard]] const links::Cookies& cookies() const noexcept { return cookies_; }
  [[nodiscard]] links::StalledLinks& stalled_links() noexcept { return stalled_links_; }
  [[nodiscard]] links::Connection::Owner::Verdict admit(const Session& session, const links::Peer& peer);
  /// Somebody whom we dialled by address says who it is: shall it go on?
  [[nodiscard]] links::Connection::Owner::Verdict challenged(Session& session, const std::string& name);
  /// How many atoms that peer may still make here, whatever becomes of its connections.
  [[nodiscard]] wire::AtomQuota& atom_quota(const Session& session);
  void session_up(Session& session);
  void session_ended(Session& session, const links::Ending& ending);
  void link_has_room(const Session& session);
  void accepted(io::Handle handle);

 private:
  // Joiner::Links
  void dial(const io::Address& address, const std::string& target, std::uint64_t ticket) override;
  [[nodiscard]] bool is_connected(const std::string& name) const override;
  void start_joining();
  /// True when a peer that has proven who it is shall wait for what somebody claims to be it, which it need not do twice in a row.
  [[nodiscard]] bool yields_to_claim(const std::string& name);

  [[nodiscard]] Core& core() noexcept { return runtime_.core(kHomeCore); }
  [[nodiscard]] Neighbour& neighbour(std::string_view name);
  void forget_if_idle(Neighbour& neighbour);
  void start_connecting(Neighbour& neighbour);
  [[nodiscard]] Outcome<NodeName> reachable_name(const Neighbour& neighbour) const;
  void dial(Neighbour& neighbour, Outcome<io::Address> address);
  void connected(Neighbour& neighbour);
  void failed(Neighbour& neighbour, const Fault& fault);
  void await_peer(Neighbour& neighbour, const Fault& fault);
  bool hold(Neighbour& neighbour, MessagePtr message);
  /// `reason` is what subscribers of {nodedown, …} are told; `successor` is what takes its place, if anything does.
  void take_down(Neighbour& neighbour, Atom reason, const Session* successor = nullptr);
  /// Of a peer's name; of a hidden peer's made only where somebody wants to hear of it, and within what that peer may make.
  [[nodiscard]] std::optional<Atom> atom_of(const Session& session);
  /// One end of it is a hidden node: either lists the other as such, and neither tells the other whom else it knows (NODE-12).
  [[nodiscard]] bool is_hidden(const Session& session) const;
  [[nodiscard]] bool may_connect_by_itself(const std::string& name) const;
  [[nodiscard]] bool is_allowed(const std::string& name) const;
  void tell_of_others(Session& session);
  void registration_changed(const mapper::Registration::Report& report);
  void finish_closing();
  void open_way(NodeIndex node, Session& session);
  void close_way(NodeIndex node) noexcept;
  bool route_slowly(Core& from, MessagePtr message);
  void set_full(const std::string& name, bool full, bool only_large = false);
  [[nodiscard]] bool is_full(NodeIndex node, bool for_large) const;

  Runtime& runtime_;
  const NodeOptions options_;
  const NodeName own_name_;
  host::MetHosts hosts_;
  NodeTable nodes_;
  links::Identity identity_;
  CookieJar cookies_;
  links::Admission admission_;
  links::StalledLinks stalled_links_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<mapper::OnDemand> on_demand_;
  std::unique_ptr<mapper::Registration> registration_;
  std::unique_ptr<Joiner> joiner_;
  std::unordered_map<std::string, TimePoint> yielded_;  ///< See yields_to_claim(); by peers that have proven the cookie.
  std::function<void(Outcome<void>)> opened_;
  std::function<void()> closed_;
  bool closing_ = false;
  std::unordered_map<std::string, std::unique_ptr<Neighbour>> neighbours_;
  std::vector<std::unique_ptr<Session>> sessions_;
  std::unordered_map<std::uint64_t, std::unique_ptr<HostNames>> name_questions_;  ///< Under way, by a number of their own.
  std::uint64_t name_questions_so_far_ = 0;
  NodeWatchers watchers_;
  std::function<void(Atom, bool)> observer_;
  std::uint64_t connections_ = 0;            ///< So far: the number of the latest.
  std::unordered_set<std::string> allowed_;  ///< Nodes and hosts; everybody when empty (NODE-19).
  std::unordered_set<std::string> lost_;     ///< With AutoConnect::once: those that wait for an explicit connect (NODE-11).
  std::unordered_map<std::string, wire::AtomQuota> atom_quotas_;  ///< By peer; see atom_quota().
  /// The session for an entry of the node table, by its slot: the path of every signal.
  struct Way {
    NodeIndex node = kOwnNode;
    Session* session = nullptr;
  };
  std::vector<Way> ways_;
  /// Nodes whose link is over its limit: what other cores' senders look at, behind a count that is nearly always zero.
  std::atomic<unsigned> full_count_{0};
  mutable std::mutex full_mutex_;
  std::unordered_map<std::string, bool> full_;  ///< True: for large messages only.
};

}  // namespace pulpo::dist
