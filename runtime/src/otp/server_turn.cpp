// SPDX-License-Identifier: Apache-2.0
//
// A server's turn: one message, and what its handler asked for besides the reply: to continue, to be told of inactivity, to stop.
//
// OTP's handlers return these as tuples; a C++ handler returns the reply alone, says the rest by calls, and they take effect when it
// has returned. Names in name spaces are here too, since they are as rare.
#include "otp/server_turn.hpp"

#include "otp/system_messages.hpp"
#include "proc/core.hpp"
#include "pulpo/process_info.hpp"

namespace pulpo::detail {

Atom idle_tag() { return "$idle"_atom; }

bool is_idle_marker(const Message& message) noexcept {
  return message.kind == Signal::message && message.body.is_tuple(2) && message.body.elements()[0].is_atom(idle_tag());
}

Term already_started(const Pid& pid) { return Term::tuple({atoms::already_started, pid}); }

ServerBody::Wishes::~Wishes() { disarm(); }

void ServerBody::Wishes::disarm() noexcept {
  if (timer && Core::current() != nullptr) (void)Core::here().send_timers().cancel(*timer);
  timer.reset();
}

ServerBody::Wishes& ServerBody::wishes() {
  if (!wishes_) wishes_ = std::make_unique<Wishes>();
  return *wishes_;
}

// --- What handlers say ------------------------------------------------------------------------------------

namespace {

/// The server that the calling process is. Null while it is being destroyed, when nothing can be asked of it any more.
ServerBody* server_here(const char* call) {
  const Process* const process = Core::here().process();
  PULPO_ASSERT(process != nullptr && "this call belongs inside a process");
  if (process->ending) return nullptr;
  auto* const server = dynamic_cast<ServerBody*>(process->body);
  if (server == nullptr) exit(Term::tuple({atoms::badarg, std::string_view(call)}));
  return server;
}

}  // namespace

void Turns::continue_with(Term what) {
  if (ServerBody* const server = server_here("continue_with: not in a server")) server->wishes().continues.push_back(std::move(what));
}

void Turns::idle_after(Duration delay) {
  if (ServerBody* const server = server_here("idle_after: not in a server")) server->wishes().idle = delay;
}

void Turns::stop_with(Term reason) {
  if (ServerBody* const server = server_here("stop_with: not in a server")) server->wishes().stop = std::move(reason);
}

// --- What becomes of it -------------------------------------------------------------------------------------

/// A message for a server with wishes. Any but the system's own ends the wait for inactivity (GS-10).
std::optional<Term> ServerBody::take_turn(const Message& message) {
  if (message.kind == Signal::request && system::is_system(message.body)) return deliver(message);
  if (wishes_->lease) {
    wishes_->epoch = wishes_->lease->epoch();
    if (!may_take(message)) {
      if (message.kind == Signal::request) refuse(message.from, message.ref, atoms::noproc);
      return std::nullopt;
    }
  }
  if (is_idle_marker(message)) {
    if (!wishes_->timer || message.body.elements()[1] != Term(wishes_->number)) return std::nullopt;
    wishes_->timer.reset();
    if (!ignored_ && !on_info(atoms::timeout)) log_unexpected("handle_info", atoms::timeout, takes().infos);
    return std::nullopt;
  }
  wishes_->disarm();
  return deliver(message);
}

namespace {

/// A process of the same application.
bool is_of_our_group(const Pid& pid) {
  if (!pid.is_local()) return false;
  const auto info = process_info(pid);
  return info && info->group_leader == group_leader();
}

}  // namespace

/// Whether its application still serves, or already: of one that does not, no server takes anything up but the ends of others, as if it
/// had ended already, which is what comes next.
bool ServerBody::may_take(const Message& message) const {
  if (message.kind == Signal::exit_message || message.kind == Signal::down_message) return true;
  switch (wishes_->lease->right(Core::here().loop().boot_time())) {
    case Lease::Right::to_all:
      return true;
    case Lease::Right::to_itself:
      return message.kind != Signal::request || is_of_our_group(message.from);  // others do not say whose they are
    case Lease::Right::ending:
      if (message.kind == Signal::request) return is_of_our_group(message.from);
      return message.kind == Signal::message;
    case Lease::Right::none:
      return false;
  }
  return false;
}

/// The reason to stop for, once everything is done that the turn asked for.
std::optional<Term> ServerBody::end_turn() {
  Wishes& wishes = *wishes_;
  while (!wishes.stop && !wishes.continues.empty()) {
    wishes.continuing = std::move(wishes.continues.front());
    wishes.continues.erase(wishes.continues.begin());
    if (!on_continue(*wishes.continuing)) {
      return Term::tuple(
          {atoms::function_clause, Term::list({Term::tuple({who(), "handle_continue"_atom, Term::list({*wishes.continuing})})})});
    }
    if (!wishes.stop) wishes.continuing.reset();
    Core::here().spend(1);  // one that always goes on must make way like any other
  }
  if (wishes.stop) return std::exchange(wishes.stop, std::nullopt);
  if (wishes.idle) arm_idle();
  return std::nullopt;
}

void ServerBody::arm_idle() {
  Wishes& wishes = *wishes_;
  wishes.disarm();
  const Duration delay = *std::exchange(wishes.idle, std::nullopt);
  const Term marker = Term::tuple({idle_tag(), ++wishes.number});
  wishes.timer = send_after(delay, Address(self()), marker);
}

void ServerBody::answer_in_turn(const Caller& caller, Term value) {
  if (wishes_->stop) {
    wishes_->last_answer.emplace(caller, caller.stamped(std::move(value)));
  } else {
    reply(caller.pid, caller.ref, caller.stamped(std::move(value)));
  }
}

void ServerBody::answer_last() {
  if (!wishes_->last_answer) return;
  auto& [caller, value] = *wishes_->last_answer;
  reply(caller.pid, caller.ref, std::move(value));
}

/// After init, when the constructor asked for something. Its starter is told first: what continues may take long (GS-2).
void ServerBody::begin_service() {
  if (wishes_->stop) exit(std::move(*wishes_->stop));
  if (wishes_->continues.empty() && !wishes_->idle) return;
  if (!answer_starter()) return;
  Core::here().process()->serves = true;  // from here on a failure is ours to report
  std::optional<Term> reason;
  try {
    reason = end_turn();
  } catch (const Killed&) {
    throw;
  } catch (...) {
    reason = exception_reason();
  }
  if (reason) end(nullptr, std::move(*reason));
}

/// Waits for the starter's question, which comes soon unless the starter ends. False when we are being ended.
bool ServerBody::answer_starter() {
  const Ref watched = monitor(starter_);
  const auto found = receive_if([&watched](const Term& message) {
    if (message.is_tuple(5)) return message.elements()[0].is_atom(atoms::DOWN) && message.elements()[1] == Term(watched);
    return message.is_tuple(3) && message.elements()[0].is_atom(atoms::gen_call) && message.elements()[2].is_atom(system::started());
  });
  if (!found) return false;
  if (found->is_tuple(3)) {
    const auto from = found->elements()[1].elements();
    reply(from[0].pid(), from[1].ref(), atoms::ok);
  }
  (void)demonitor(watched, {.flush = true});
  return true;
}

// --- Names in name spaces -------------------------------------------------------------------------------------

/// GS-1: before init. False when somebody else was quicker; our starter will be told who.
bool ServerBody::register_via() {
  if (!wishes_->via) return true;
  const auto space = wishes_->via->space();
  if (space->register_name(wishes_->via->name(), self())) {
    wishes_->registered_in = space;
    return true;
  }
  wishes_->holder = space->whereis_name(wishes_->via->name()).value_or(Pid{});
  ignored_ = true;
  return false;
}

void ServerBody::release_name() noexcept {
  if (!wishes_ || !wishes_->registered_in) return;
  std::exchange(wishes_->registered_in, nullptr)->unregister_name(wishes_->via->name(), self());
}

}  // namespace pulpo::detail
