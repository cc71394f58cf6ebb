// SPDX-License-Identifier: Apache-2.0
//
// The client's side of GenServer: starting, calling, stopping. The server's side is server_body.cpp.
#include "pulpo/gen_server.hpp"

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
  Result<Term> answer = pulpo::request(server, std::move(request), options.timeout);
  if (!answer) answer.error().reason = call_reason(answer.error());
  return answer;
}

Term call(const Address& server, Term request, const CallOptions& options) {
  Result<Term> answer = pulpo::request(server, request, options.timeout);
  if (!answer) detail::exit_call(server, request, options.timeout, call_reason(answer.error()));
  return std::move(answer).value();
}

namespace detail {

void exit_call(const Address& server, const Term& request, Timeout timeout, const Term& reason) {
  exit(Term::tuple({reason, Term::tuple({atoms::GenServer, atoms::call, Term::list({server.term(), request, to_term(timeout)})})}));
}

Term bad_reply(const Term& answer) { return Term::tuple({"bad_reply"_atom, answer}); }

namespace {

Error already_started(const Pid& pid) { return Error{Errc::already_exists, Term::tuple({atoms::already_started, pid}), "start"}; }

/// The reason a process had that was gone before it could be asked. Only a monitor set at its birth still knows.
Term reason_of_the_dead(const Ref& monitor) {
  const auto down = receive_if([&monitor](const Term& message) {
    return message.is_tuple(5) && message.elements()[0].is_atom(atoms::DOWN) && message.elements()[1] == Term(monitor);
  });
  return down ? down->elements()[4] : Term(atoms::noproc);
}

}  // namespace

Result<Pid> start_server(std::unique_ptr<ServerBody> body, const StartRequest& request) {
  if (request.name) {
    if (const auto holder = whereis(*request.name)) return already_started(*holder);  // GS-1: without spawning
  }
  const Pid starter = self();
  body->introduce(request.name, request.link ? starter : Pid{});
  // On another core it may have failed before our question arrives there; then the DOWN has its reason.
  const bool far = request.core && *request.core != starter.core();
  auto spawned = try_spawn(std::move(body), {.link = request.link,
                                             .monitor = far,
                                             .name = request.name,
                                             .core = request.core,
                                             .mailbox = request.mailbox,
                                             .stack_bytes = request.stack_bytes});
  if (!spawned) {
    if (spawned.error().code == Errc::already_exists && request.name) {  // GS-1: the race for the name is lost
      if (const auto holder = whereis(*request.name)) return already_started(*holder);
    }
    return std::move(spawned).error();
  }
  const Pid pid = spawned->pid;
  // Answered as the first thing after init. An init that fails ends the process, which answers the question too.
  auto answer = pulpo::request(pid, system::started(), request.timeout);
  if (answer) {
    if (far) demonitor(spawned->monitor, {.flush = true});
    if (answer->is_atom(atoms::ok)) return pid;
    return Error{Errc::exited, *answer, "init"};  // :ignore
  }
  if (answer.error().code == Errc::noproc && far) return Error{Errc::exited, reason_of_the_dead(spawned->monitor), "init"};
  if (far) demonitor(spawned->monitor, {.flush = true});
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
  if (answer) return Error{Errc::bad_message, detail::bad_reply(*answer), "stop"};
  if (answer.error().code == Errc::exited && answer.error().reason == reason) return {};
  return Error{answer.error().code, call_reason(answer.error()), "stop"};
}

Result<Term> get_state(const Address& server, Timeout timeout) { return try_call(server, system::get_state(), CallOptions{timeout}); }

}  // namespace pulpo
