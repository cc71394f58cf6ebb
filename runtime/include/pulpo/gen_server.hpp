// SPDX-License-Identifier: Apache-2.0
//
// GenServer: a plain class that answers messages, one at a time, in a process of its own.
//
//   class Server {
//    public:
//     using Protocol = pulpo::Protocol<Ping, Count, Reset>;   // anything else sent to it does not compile
//     Server();                                               // init/1: exit(reason) is {stop, reason}; ignore() is ignore
//     Atom handle_call(const Ping&);                          // the reply
//     void handle_call(const Count&, From<Count> caller);     // replies later, from anywhere: caller.reply(n)
//     void handle_cast(const Reset&);
//     void handle_info(const Down&);                          // Down, Exit, NodeDown, NodeUp, Idle need not be in the Protocol
//     void handle_continue(const Load&);                      // after continue_with(Load{}), before any other message
//     void terminate(const Term& reason);                     // optional; exactly when GS-14 says; may wait
//     Term describe() const;                                  // optional: crash reports, top, get_state()
//   };
//
// What OTP's handlers return besides the reply is said by calls: continue_with(), idle_after(), stop_with() take effect when the handler
// has returned.
//
// A class may also take what no message struct fits: `Term handle_call(const Term&)`, `void handle_call(const Term&, From<Term>)`,
// `void handle_cast(const Term&)`, `void handle_info(const Term&)`, `void handle_continue(const Term&)`. Those come after the clauses of
// the Protocol.
//
//   Order      Messages are handled in order of arrival, each to its end before the next.
//   Threads    Inside a process only.
//   Suspends   start(), call(), stop(): the caller, until init, the reply, the end. Handlers may suspend too.
//   Errors     An exception or exit(reason) in a handler ends the server, with a report (GS-15). A request that no clause takes
//              ends only the call: its caller exits with {:function_clause, …}. A cast or info nobody takes is logged and dropped (GS-13).
//   Cost       An idle server holds no stack. A call of a message without fields allocates nothing.
#pragma once

#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "pulpo/detail/server_body.hpp"
#include "pulpo/detail/share_terms.hpp"
#include "pulpo/process.hpp"
#include "pulpo/server_ref.hpp"
#include "pulpo/typed.hpp"

namespace pulpo {

// --- What the runtime itself sends ----------------------------------------------------------------

/// A monitored process ended, or its node went (SIG-12).
struct Down {
  using Message = Info<"DOWN">;
  Ref ref;
  Atom type = atoms::process;
  Term object;  ///< The pid, or {name, node} when it was monitored by name.
  Term reason;
};
/// A linked process ended; only those that trap exits hear of it (SIG-7).
struct Exit {
  using Message = Info<"EXIT">;
  Pid from;
  Term reason;
};
struct NodeDown {
  using Message = Info<"nodedown">;
  Atom node;
};
struct NodeUp {
  using Message = Info<"nodeup">;
  Atom node;
};
/// Nothing came for as long as idle_after() said (GS-10): `:timeout`.
struct Idle {
  using Message = Info<"timeout">;
};

// --- Asking -----------------------------------------------------------------------------------------

struct CallOptions {
  Timeout timeout = Timeout(5s);  ///< OTP's default.
  /// Where to put as which instance of its application the server took the request up; see serving_epoch() (application.hpp).
  std::uint64_t* epoch = nullptr;
};

/// A request as a term. Exits the caller with GS-6's {reason, {GenServer, :call, [server, request, timeout]}}.
Term call(const Address& server, Term request, const CallOptions& options = {});
/// The same as a value: Error::reason is GS-6's reason. Codes: timeout, noproc, nodedown, exited, bad_argument (calling itself).
[[nodiscard]] Result<Term> try_call(const Address& server, Term request, const CallOptions& options = {});
/// By a name in a name space, which is looked up here, at each call (GS-19). Exit reasons show the name.
Term call(const Via& server, Term request, const CallOptions& options = {});
[[nodiscard]] Result<Term> try_call(const Via& server, Term request, const CallOptions& options = {});
/// Never fails, also when nobody has the name (GS-16).
void cast(const Via& server, Term message);
void abcast(const std::vector<Atom>& nodes, Atom name, const Term& message);

/// What the servers of one name answered, each list in the order of the nodes that were asked.
template <class Reply>
struct MultiReply {
  std::vector<std::pair<Atom, Reply>> replies;
  std::vector<Atom> bad_nodes;  ///< Not reachable, nobody of that name there, it ended, its time was over, or a reply of another type.
};
struct MultiCallOptions {
  Timeout timeout = Timeout::infinity();  ///< OTP's default; for all of them together.
};
/// Asks the server of this name on each node, all at once, and waits for the last (GS-18). Never fails; no late reply reaches the
/// mailbox. Each question is a process for its duration; a caller that is killed takes them with it.
[[nodiscard]] MultiReply<Term> multi_call(const std::vector<Atom>& nodes, Atom name, const Term& request,
                                          const MultiCallOptions& options = {});

namespace detail {
[[noreturn]] void exit_call(const Term& server, const Term& request, Timeout timeout, const Term& reason);
/// The answer is no term of the declared reply: {:bad_reply, answer, expected}.
[[nodiscard]] Term bad_reply(const Term& answer, std::string_view expected);

template <class Reply>
bool decode_reply(const Term& answer, std::optional<Reply>& out) {
  out = from_term<Reply>(answer);
  return out.has_value();
}
template <class Where, class R>
ReplyOf<R> call_as(const Where& server, const R& request, const CallOptions& options) {
  const Term term = to_term(request);
  const Term answer = pulpo::call(server, term, options);
  if constexpr (!std::is_void_v<ReplyOf<R>>) {
    auto reply = from_term<ReplyOf<R>>(answer);
    if (!reply) exit_call(server.term(), term, options.timeout, bad_reply(answer, kTypeText<ReplyOf<R>>));
    return std::move(*reply);
  }
}
template <class Where, class R>
Result<ReplyOf<R>> try_call_as(const Where& server, const R& request, const CallOptions& options) {
  Result<Term> answer = pulpo::try_call(server, to_term(request), options);
  if (!answer) return std::move(answer).error();
  if constexpr (std::is_void_v<ReplyOf<R>>) {
    return {};
  } else {
    auto reply = from_term<ReplyOf<R>>(*answer);
    if (!reply) return Error{Errc::bad_message, bad_reply(*answer, kTypeText<ReplyOf<R>>), "call: reply"};
    return std::move(*reply);
  }
}
/// The answer of each node, in their order; nothing where there is none.
[[nodiscard]] std::vector<std::optional<Term>> ask_each(const std::vector<Atom>& nodes, Atom name, const Term& request, Timeout timeout);
template <class Reply>
MultiReply<Reply> sort_answers(const std::vector<Atom>& nodes, const std::vector<std::optional<Term>>& answers) {
  MultiReply<Reply> sorted;
  for (std::size_t at = 0; at < nodes.size(); ++at) {
    std::optional<Reply> reply;
    if (answers[at]) reply = from_term<Reply>(*answers[at]);
    if (reply) {
      sorted.replies.emplace_back(nodes[at], std::move(*reply));
    } else {
      sorted.bad_nodes.push_back(nodes[at]);
    }
  }
  return sorted;
}
template <class S, class M>
constexpr void check_protocol() {
  static_assert(S::Protocol::template contains<M>, "pulpo: this message is not in the server's Protocol");
}
}  // namespace detail

/// Asks and yields the reply, or exits the caller as GS-6 says.
template <CallMessage R>
ReplyOf<R> call(const Address& server, const R& request, const CallOptions& options = {}) {
  return detail::call_as(server, request, options);
}
template <CallMessage R>
ReplyOf<R> call(const Via& server, const R& request, const CallOptions& options = {}) {
  return detail::call_as(server, request, options);
}
template <TypedServer S, CallMessage R>
ReplyOf<R> call(const S& server, const R& request, const CallOptions& options = {}) {
  detail::check_protocol<S, R>();
  return detail::call_as<Address>(server, request, options);
}
template <TypedVia S, CallMessage R>
ReplyOf<R> call(const S& server, const R& request, const CallOptions& options = {}) {
  detail::check_protocol<S, R>();
  return detail::call_as<Via>(server, request, options);
}

/// Asks and yields the reply or the error, never exits the caller. An answer of another type is Errc::bad_message.
template <CallMessage R>
[[nodiscard]] Result<ReplyOf<R>> try_call(const Address& server, const R& request, const CallOptions& options = {}) {
  return detail::try_call_as(server, request, options);
}
template <CallMessage R>
[[nodiscard]] Result<ReplyOf<R>> try_call(const Via& server, const R& request, const CallOptions& options = {}) {
  return detail::try_call_as(server, request, options);
}
template <TypedServer S, CallMessage R>
[[nodiscard]] Result<ReplyOf<R>> try_call(const S& server, const R& request, const CallOptions& options = {}) {
  detail::check_protocol<S, R>();
  return detail::try_call_as<Address>(server, request, options);
}
template <TypedVia S, CallMessage R>
[[nodiscard]] Result<ReplyOf<R>> try_call(const S& server, const R& request, const CallOptions& options = {}) {
  detail::check_protocol<S, R>();
  return detail::try_call_as<Via>(server, request, options);
}

/// Tells, and does not wait. Never fails (GS-16).
template <CastMessage M>
void cast(const Address& server, const M& message) {
  if (detail::send_typed(server, message)) return;
  cast(server, to_term(message));
}
template <CastMessage M>
void cast(const Via& server, const M& message) {
  cast(server, to_term(message));
}
template <TypedServer S, CastMessage M>
void cast(const S& server, const M& message) {
  detail::check_protocol<S, M>();
  cast(static_cast<const Address&>(server), message);
}
template <TypedVia S, CastMessage M>
void cast(const S& server, const M& message) {
  detail::check_protocol<S, M>();
  cast(static_cast<const Via&>(server), message);
}
/// The same to the server of this name on each node; fire and forget (GS-18).
template <CastMessage M>
void abcast(const std::vector<Atom>& nodes, Atom name, const M& message) {
  abcast(nodes, name, to_term(message));
}
/// The same for a request, whose replies are of its declared type; `:ok` where it declares none.
template <CallMessage R>
[[nodiscard]] auto multi_call(const std::vector<Atom>& nodes, Atom name, const R& request, const MultiCallOptions& options = {}) {
  using Reply = std::conditional_t<std::is_void_v<ReplyOf<R>>, Term, ReplyOf<R>>;
  return detail::sort_answers<Reply>(nodes, detail::ask_each(nodes, name, to_term(request), options.timeout));
}

/// A plain message; handle_info() gets it.
template <InfoMessage M>
void send(const Address& to, const M& message) {
  if (detail::send_typed(to, message)) return;
  send(to, to_term(message));
}
template <InfoMessage M>
Ref send_after(Duration delay, const Address& to, const M& message) {
  return send_after(delay, to, to_term(message));
}
/// To the caller itself.
template <InfoMessage M>
Ref send_after(Duration delay, const M& message) {
  return send_after(delay, Address(self()), to_term(message));
}
template <InfoMessage M>
Ref send_interval(Duration interval, const M& message) {
  return send_interval(interval, Address(self()), to_term(message));
}

/// A request that waits for its answer, which may come from any process of this node. Copies ask the same question: the first
/// reply counts. Made in the server that was asked.
template <class R>
class From {
 public:
  explicit From(const detail::Caller& caller) : caller_(caller), server_(self()) {}
  [[nodiscard]] const Pid& pid() const noexcept { return caller_.pid; }
  void reply() const requires std::is_void_v<ReplyOf<R>> { pulpo::reply(caller_.pid, caller_.ref, caller_.stamped(atoms::ok), server_); }
  template <class V>
  void reply(const V& value) const {
    static_assert(std::is_convertible_v<const V&, ReplyOf<R>>, "pulpo: this is not the reply that the message declares");
    const ReplyOf<R>& reply_value = value;
    pulpo::reply(caller_.pid, caller_.ref, caller_.stamped(to_term(reply_value)), server_);
  }

 private:
  detail::Caller caller_;
  Pid server_;
};
template <>
class From<Term> {
 public:
  explicit From(const detail::Caller& caller) : caller_(caller), server_(self()) {}
  [[nodiscard]] const Pid& pid() const noexcept { return caller_.pid; }
  void reply(Term value) const { pulpo::reply(caller_.pid, caller_.ref, caller_.stamped(std::move(value)), server_); }

 private:
  detail::Caller caller_;
  Pid server_;
};

// --- Besides the reply: from a constructor or a handler -------------------------------------------------

/// {:continue, what} (GS-9): once this handler has returned, and its reply is sent, the server's handle_continue(const M&) runs, before
/// any message. Said in a constructor, it runs when start() has returned to the starter. Said several times, they run in that order.
template <ContinueMessage M>
void continue_with(const M& what) {
  detail::Turns::continue_with(to_term(what));
}
/// The same for handle_continue(const Term&).
inline void continue_with(Term what) { detail::Turns::continue_with(std::move(what)); }
/// A timeout in the return (GS-10): when nothing comes for `delay` after this handler, handle_info(const Idle&) runs, once. The next
/// message of any kind cancels it, but for the system's own (get_state()).
inline void idle_after(Duration delay) { detail::Turns::idle_after(delay); }
/// {:stop, reason, reply, state} (GS-11): when this handler has returned, terminate(reason) runs, then its reply is sent, and the server
/// ends. In a cast, an info or a continue: {:stop, reason, state}. To stop without a reply, exit(reason).
inline void stop_with(Term reason) { detail::Turns::stop_with(std::move(reason)); }

// --- Starting and stopping ----------------------------------------------------------------------------

struct StartOptions {
  Name name = {};                            ///< Registered before init.
  Timeout timeout = Timeout::infinity();     ///< For init; then the server is killed and start returns timeout.
  std::optional<unsigned> core = {};         ///< The caller's own when empty.
  std::optional<MailboxLimit> mailbox = {};  ///< As in SpawnOptions.
  std::size_t stack_bytes = 0;               ///< As in SpawnOptions; such a server costs two switches of stacks a message.
};

/// In a server's constructor: start() returns the error `:ignore`, a supervisor keeps the child without a process (GS-2, SUP-3).
[[noreturn]] void ignore();
/// True for what start() returns when the constructor called ignore().
[[nodiscard]] bool is_ignore(const Error& error) noexcept;

/// Ends the server by terminate(reason) and waits until it is gone (GS-17). Errors: noproc; exited with the reason it had instead.
Result<void> stop(const Address& server, Term reason = atoms::normal, Timeout timeout = Timeout::infinity());
Result<void> stop(const Via& server, Term reason = atoms::normal, Timeout timeout = Timeout::infinity());
/// What the server's describe() says; nil when it has none.
[[nodiscard]] Result<Term> get_state(const Address& server, Timeout timeout = Timeout(5s));
[[nodiscard]] Result<Term> get_state(const Via& server, Timeout timeout = Timeout(5s));

namespace detail {

template <class S>
struct ProtocolOf {
  using Type = Protocol<>;
};
template <class S>
requires requires { typename S::Protocol; }
struct ProtocolOf<S> {
  using Type = typename S::Protocol;
};

template <class S, class M>
concept RepliesNow = requires(S& server, const M& message) {
  server.handle_call(message);
};
template <class S, class M>
concept RepliesLater = requires(S& server, const M& message, From<M> caller) {
  server.handle_call(message, caller);
};
template <class S, class M>
concept HandlesCast = requires(S& server, const M& message) {
  server.handle_cast(message);
};
template <class S, class M>
concept HandlesInfo = requires(S& server, const M& message) {
  server.handle_info(message);
};
template <class S, class M>
concept HandlesContinue = requires(S& server, const M& message) {
  server.handle_continue(message);
};

/// The messages of a protocol for each callback, for errors.
template <class P>
struct ProtocolWords;
template <class... M>
struct ProtocolWords<Protocol<M...>> {
  template <int kind>
  static constexpr void say(Words& words) {
    [[maybe_unused]] const auto one = [&words]<class Each>(std::type_identity<Each>) {
      if constexpr (message_kind<Each>() == kind) {
        if (words.size != 0) words << ", ";
        detail::say<Each>(words);
      }
    };
    (one(std::type_identity<M>{}), ...);
    if (words.size == 0) words << "none";
  }
};

/// Decodes `term` as M and calls `function` with it; false when it is another message.
template <class M, class F>
bool with_message(Atom tag, const Term& term, F&& function) {
  if (tag != M::Message::tag()) return false;
  M message{};
  if (!Codec<M>::decode(term, message)) return false;
  function(static_cast<const M&>(message));
  return true;
}

/// Everything of one server class: five small functions over ServerBody.
template <class S, class... A>
class Server final : public ServerBody {
 public:
  using Messages = typename ProtocolOf<S>::Type;
  using Arguments = std::tuple<A...>;
  static_assert(std::is_constructible_v<S, const A&...>,
                "pulpo: the server has no constructor for these arguments (they are kept for restarts and handed over as const&)");

  explicit Server(std::shared_ptr<const Arguments> arguments) : arguments_(std::move(arguments)) {}

 protected:
  void construct() override {
    std::apply([this](const A&... argument) { server_.emplace(argument...); }, *arguments_);
    arguments_.reset();
  }

  bool on_call(const Term& request, const Caller& caller) override {
    const Atom tag = tag_of(request);
    if (Messages::any([&]<class M>() { return this->template call_clause<M>(tag, request, caller); })) return true;
    if constexpr (RepliesLater<S, Term>) {
      server_->handle_call(request, From<Term>(caller));
      return true;
    } else if constexpr (RepliesNow<S, Term>) {
      this->answer(caller, server_->handle_call(request));
      return true;
    }
    return false;
  }

  bool on_cast(const Term& message) override {
    const Atom tag = tag_of(message);
    if (Messages::any([&]<class M>() { return this->template cast_clause<M>(tag, message); })) return true;
    if constexpr (HandlesCast<S, Term>) {
      server_->handle_cast(message);
      return true;
    }
    return false;
  }

  bool on_info(const Term& message) override {
    const Atom tag = tag_of(message);
    if (Messages::any([&]<class M>() { return this->template info_clause<M, true>(tag, message); })) return true;
    if (info_clause<Down, false>(tag, message) || info_clause<Exit, false>(tag, message) || info_clause<NodeDown, false>(tag, message) ||
        info_clause<NodeUp, false>(tag, message) || info_clause<Idle, false>(tag, message))
      return true;
    if constexpr (HandlesInfo<S, Term>) {
      server_->handle_info(message);
      return true;
    }
    return false;
  }

  bool on_typed(const TypedMessage& type, const void* message) override {
    return Messages::any([&]<class M>() { return this->template typed_clause<M>(type, message); });
  }

  bool on_continue(const Term& what) override {
    const Atom tag = tag_of(what);
    if (Messages::any([&]<class M>() { return this->template continue_clause<M>(tag, what); })) return true;
    if constexpr (HandlesContinue<S, Term>) {
      server_->handle_continue(what);
      return true;
    }
    return false;
  }

  void on_terminate(const Term& reason) override {
    if constexpr (requires(S & server) { server.terminate(reason); }) server_->terminate(reason);
  }

  [[nodiscard]] std::optional<Term> describe_state() const override {
    if constexpr (requires(const S& server) { server.describe(); }) {
      return to_term(server_->describe());
    } else {
      return std::nullopt;
    }
  }

  [[nodiscard]] Takes takes() const override {
    using Words = ProtocolWords<Messages>;
    return {spoken<&Words::template say<1>>(), spoken<&Words::template say<2>>(), spoken<&Words::template say<3>>()};
  }

  [[nodiscard]] std::string_view class_name() const override {
    static constexpr std::string_view name = type_name<S>();
    return name;
  }

 private:
  template <class M>
  bool call_clause(Atom tag, const Term& request, const Caller& caller) {
    if constexpr (CallMessage<M>) {
      static_assert(RepliesNow<S, M> || RepliesLater<S, M>,
                    "pulpo: the server's Protocol has a Call that it does not handle: add Reply handle_call(const M&)");
      return with_message<M>(tag, request, [&](const M& message) {
        if constexpr (RepliesLater<S, M>) {
          server_->handle_call(message, From<M>(caller));
        } else if constexpr (std::is_void_v<ReplyOf<M>>) {
          server_->handle_call(message);
          this->answer(caller, atoms::ok);
        } else {
          static_assert(std::is_convertible_v<decltype(server_->handle_call(message)), ReplyOf<M>>,
                        "pulpo: handle_call returns another type than the message's Call<name, Reply> declares");
          const ReplyOf<M> value = server_->handle_call(message);
          this->answer(caller, to_term(value));
        }
      });
    } else {
      return false;
    }
  }

  template <class M>
  bool typed_clause([[maybe_unused]] const TypedMessage& type, [[maybe_unused]] const void* message) {
    if constexpr (kTravelsAsItIs<M> && (CastMessage<M> || InfoMessage<M>)) {
      if (&type != &kTypedMessage<M>) return false;
      if constexpr (CastMessage<M>) {
        server_->handle_cast(*static_cast<const M*>(message));
      } else {
        server_->handle_info(*static_cast<const M*>(message));
      }
      return true;
    } else {
      return false;
    }
  }

  template <class M>
  bool cast_clause(Atom tag, const Term& term) {
    if constexpr (CastMessage<M>) {
      static_assert(HandlesCast<S, M>, "pulpo: the server's Protocol has a Cast that it does not handle: add void handle_cast(const M&)");
      return with_message<M>(tag, term, [this](const M& message) { server_->handle_cast(message); });
    } else {
      return false;
    }
  }

  template <class M, bool promised>
  bool info_clause(Atom tag, const Term& term) {
    if constexpr (InfoMessage<M>) {
      static_assert(HandlesInfo<S, M> || !promised,
                    "pulpo: the server's Protocol has an Info that it does not handle: add void handle_info(const M&)");
      if constexpr (HandlesInfo<S, M>) {
        return with_message<M>(tag, term, [this](const M& message) { server_->handle_info(message); });
      }
    }
    return false;
  }

  template <class M>
  bool continue_clause(Atom tag, const Term& term) {
    if constexpr (ContinueMessage<M>) {
      static_assert(HandlesContinue<S, M>,
                    "pulpo: the server's Protocol has a Continue that it does not handle: add void handle_continue(const M&)");
      return with_message<M>(tag, term, [this](const M& message) { server_->handle_continue(message); });
    } else {
      return false;
    }
  }

  std::optional<S> server_;
  std::shared_ptr<const Arguments> arguments_;  ///< Until construct().
};

/// What a start argument is kept as until the last restart: a value. Text becomes a std::string, since a `const char*` may not last.
template <class A>
using Kept = std::conditional_t<std::is_same_v<std::decay_t<A>, const char*> || std::is_same_v<std::decay_t<A>, char*>, std::string,
                                std::decay_t<A>>;

/// The arguments of a server that starts on any core, now and again.
template <class Made, class... A>
std::shared_ptr<const typename Made::Arguments> keep_arguments(A&&... arguments) {
  auto kept = std::make_shared<const typename Made::Arguments>(std::forward<A>(arguments)...);
  share_terms(*kept);
  return kept;
}

template <class S, class... A>
Result<Spawned> start_with(const StartOptions& options, bool link, bool monitor, A&&... arguments) {
  using Made = Server<S, Kept<A>...>;
  return start_server_monitored(std::make_unique<Made>(keep_arguments<Made>(std::forward<A>(arguments)...)),
                                {.name = options.name,
                                 .link = link,
                                 .timeout = options.timeout,
                                 .core = options.core,
                                 .mailbox = options.mailbox,
                                 .stack_bytes = options.stack_bytes},
                                monitor);
}

inline Result<Pid> pid_of(Result<Spawned> started) {
  if (!started) return std::move(started).error();
  return started->pid;
}

}  // namespace detail

/// Starts a server of class S, linked to the caller, and waits until its constructor has returned (GS-1). Errors: already_exists with
/// reason {:already_started, pid}; exited with the reason its constructor gave to exit(), or :ignore; timeout; busy.
template <class S, class... A>
[[nodiscard]] Result<Pid> start_link(const StartOptions& options, A&&... arguments) {
  return detail::pid_of(detail::start_with<S>(options, true, false, std::forward<A>(arguments)...));
}
/// The same without a link.
template <class S, class... A>
[[nodiscard]] Result<Pid> start(const StartOptions& options, A&&... arguments) {
  return detail::pid_of(detail::start_with<S>(options, false, false, std::forward<A>(arguments)...));
}
/// The same, monitored by the caller. When it does not start, no DOWN comes.
template <class S, class... A>
[[nodiscard]] Result<Spawned> start_monitor(const StartOptions& options, A&&... arguments) {
  return detail::start_with<S>(options, false, true, std::forward<A>(arguments)...);
}

}  // namespace pulpo
