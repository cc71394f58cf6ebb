// SPDX-License-Identifier: Apache-2.0
//
// The client's side of GenServer: starting, calling, stopping. The server's side is server_body.cpp.
#include "pulpo/gen_server.hpp"

#include "otp/server_turn.hpp"
#include "otp/system_messages.hpp"

namespace pulpo {
namespace {

/// GS-6's Reason. proc fills in what the other side gave; what it decided itself follows from the code.
Term call_reason(const Error& error) {
  switch (error.code) {
    case Errc::timeout:
      return atoms::timeout;
    case Errc::noproc:
      return atoms::noproc;
    case Errc::bad_argument:
      return atoms::calling_self;
    case Errc::killed:
      return atoms::killed;
    default:
      return error.reason;
  }
}

}  // namespace

Result<Term> try_call(const Address& server, Term request, const CallOptions& options) {
  Result<Term> answer = pulpo::request(server, std::move(request), options.timeout, options.epoch);
  if (!answer) answer.error().reason = call_reason(answer.error());
  return answer;
}

Term call(const Address& server, Term request, const CallOptions& options) {
  Result<Term> answer = pulpo::request(server, request, options.timeout, options.epoch);
  if (!answer) detail::exit_call(server.term(), request, options.timeout, call_reason(answer.error()));
  return std::move(answer).value();
}

// As Elixir does it: the name becomes a pid here, and what happens to the call is about that pid.
Result<Term> try_call(const Via& server, Term request, const CallOptions& options) {
  const auto pid = server.whereis();
  if (!pid) return Error{Errc::noproc, atoms::noproc, "call"};
  return try_call(Address(*pid), std::move(request), options);
}

Term call(const Via& server, Term request, const CallOptions& options) {
  Result<Term> answer = try_call(server, request, options);
  if (!answer) detail::exit_call(server.term(), request, options.timeout, answer.error().reason);
  return std::move(answer).value();
}

void cast(const Via& server, Term message) {
  if (const auto pid = server.whereis()) cast(Address(*pid), std::move(message));
}

void abcast(const std::vector<Atom>& nodes, Atom name, const Term& message) {
  for (const Atom node : nodes) cast(Address(name, node), message);
}

MultiReply<Term> multi_call(const std::vector<Atom>& nodes, Atom name, const Term& request, const MultiCallOptions& options) {
  return detail::sort_answers<Term>(nodes, detail::ask_each(nodes, name, request, options.timeout));
}

namespace detail {

namespace {

/// A process that asks, and whose exit reason is the answer: {:ok, reply}, or why there is none. Whoever leaves it takes it along.
class Question {
 public:
  Question(const Address& server, const Term& request, Timeout timeout) {
    const NoKill no_kill;  // spawn() makes way now and then: an exception from there would leave the process without a destructor
    auto spawned = try_spawn(function_body([server, request, timeout] {
                               auto answer = try_call(server, request, {.timeout = timeout});
                               exit(answer ? Term::tuple({atoms::ok, std::move(*answer)}) : Term(atoms::normal));
                             }),
                             {.monitor = true});
    if (spawned) asker_ = *spawned;  // else there are too many processes, and this node is as good as gone
  }
  Question(Question&& other) noexcept : asker_(std::exchange(other.asker_, std::nullopt)) {}
  Question& operator=(Question&&) = delete;
  ~Question() {
    if (!asker_) return;
    const NoKill no_kill;
    demonitor(asker_->monitor, {.flush = true});
    exit(asker_->pid, atoms::kill);
  }
  [[nodiscard]] std::optional<Term> answer() {
    if (!asker_) return std::nullopt;
    const auto down = receive_if([this](const Term& message) {
      return message.is_tuple(5) && message.elements()[0].is_atom(atoms::DOWN) && message.elements()[1] == Term(asker_->monitor);
    });
    if (!down) return std::nullopt;  // we are being ended, and nothing may be thrown
    asker_.reset();
    const Term& reason = down->elements()[4];
    if (!reason.is_tuple(2) || !reason.elements()[0].is_atom(atoms::ok)) return std::nullopt;
    return reason.elements()[1];
  }

 private:
  std::optional<Spawned> asker_;
};

}  // namespace

std::vector<std::optional<Term>> ask_each(const std::vector<Atom>& nodes, Atom name, const Term& request, Timeout timeout) {
  std::vector<Question> questions;
  questions.reserve(nodes.size());
  for (const Atom node : nodes) questions.emplace_back(Address(name, node), request, timeout);
  std::vector<std::optional<Term>> answers;
  answers.reserve(nodes.size());
  for (Question& question : questions) answers.push_back(question.answer());
  return answers;
}

void exit_call(const Term& server, const Term& request, Timeout timeout, const Term& reason) {
  exit(Term::tuple({reason, Term::tuple({atoms::GenServer, atoms::call, Term::list({server, request, to_term(timeout)})})}));
}

Term bad_reply(const Term& answer, std::string_view expected) { return Term::tuple({"bad_reply"_atom, answer, expected}); }

namespace {

Error taken(const Pid& holder) { return Error{Errc::already_exists, already_started(holder), "start"}; }

/// The reason a process had that was gone before it could be asked. Only a monitor set at its birth still knows.
Term reason_of_the_dead(const Ref& monitor) {
  const auto down = receive_if([&monitor](const Term& message) {
    return message.is_tuple(5) && message.elements()[0].is_atom(atoms::DOWN) && message.elements()[1] == Term(monitor);
  });
  return down ? down->elements()[4] : Term(atoms::noproc);
}

}  // namespace

Result<Pid> start_server(std::unique_ptr<ServerBody> body, const StartRequest& request) {
  PULPO_TRY(const Spawned spawned, start_server_monitored(std::move(body), request, false));
  return spawned.pid;
}

Result<Spawned> start_server_monitored(std::unique_ptr<ServerBody> body, const StartRequest& request, bool keep) {
  // GS-1: without spawning. In a name space it is the registration that decides: a takeover may be about to hand the name over.
  if (request.name.atom()) {
    if (const auto holder = request.name.whereis()) return taken(*holder);
  }
  const Pid starter = self();
  body->introduce(request.name, starter, request.link);
  // On another core it may have failed before our question arrives there; then the DOWN has its reason.
  const bool far = request.core && *request.core != starter.core();
  const bool watched = keep || far;
  auto spawned = try_spawn(std::move(body), {.link = request.link,
                                             .monitor = watched,
                                             .name = request.name.atom(),
                                             .core = request.core,
                                             .mailbox = request.mailbox,
                                             .stack_bytes = request.stack_bytes});
  if (!spawned) {
    if (spawned.error().code == Errc::already_exists && request.name) {  // GS-1: the race for the name is lost
      if (const auto holder = request.name.whereis()) return taken(*holder);
    }
    return std::move(spawned).error();
  }
  const Pid pid = spawned->pid;
  // Answered as the first thing after init. An init that fails ends the process, which answers the question too.
  auto answer = pulpo::request(pid, system::started(), request.timeout);
  if (answer && answer->is_atom(atoms::ok)) {
    if (watched && !keep) demonitor(spawned->monitor, {.flush = true});
    return *spawned;
  }
  if (!answer && answer.error().code == Errc::noproc && watched) {
    return Error{Errc::exited, reason_of_the_dead(spawned->monitor), "init"};
  }
  if (watched) demonitor(spawned->monitor, {.flush = true});
  if (answer) {
    const bool lost = answer->is_tuple(2) && answer->elements()[0].is_atom(atoms::already_started);
    return Error{lost ? Errc::already_exists : Errc::exited, *answer, "init"};  // :ignore
  }
  if (answer.error().code == Errc::timeout) {  // GS-1: the option `timeout` kills it
    if (request.link) unlink(pid);
    exit(pid, atoms::kill);
  }
  return Error{answer.error().code, call_reason(answer.error()), "init"};
}

}  // namespace detail

void ignore() { throw detail::Ignoring{}; }

bool is_ignore(const Error& error) noexcept { return error.code == Errc::exited && error.reason.is_atom(system::ignore()); }

Result<void> stop(const Address& server, Term reason, Timeout timeout) {
  auto answer = pulpo::request(server, system::terminate(reason), timeout);
  if (answer) return Error{Errc::bad_message, detail::bad_reply(*answer, "none"), "stop"};
  if (answer.error().code == Errc::exited && answer.error().reason == reason) return {};
  return Error{answer.error().code, call_reason(answer.error()), "stop"};
}

Result<void> stop(const Via& server, Term reason, Timeout timeout) {
  const auto pid = server.whereis();
  if (!pid) return Error{Errc::noproc, atoms::noproc, "stop"};
  return stop(Address(*pid), std::move(reason), timeout);
}

Result<Term> get_state(const Address& server, Timeout timeout) { return try_call(server, system::get_state(), CallOptions{timeout}); }
Result<Term> get_state(const Via& server, Timeout timeout) { return try_call(server, system::get_state(), CallOptions{timeout}); }

}  // namespace pulpo
