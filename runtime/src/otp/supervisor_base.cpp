// SPDX-License-Identifier: Apache-2.0
#include "otp/supervisor_base.hpp"

#include <algorithm>

#include "pulpo/log.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo {
namespace {

std::string_view word(Restart restart) {
  switch (restart) {
    case Restart::permanent:
      return "permanent";
    case Restart::transient:
      return "transient";
    case Restart::temporary:
      return "temporary";
  }
  return "permanent";
}

std::string_view word(ChildType type) { return type == ChildType::worker ? "worker" : "supervisor"; }

bool is_end(const Term& message) {
  if (message.is_tuple(3)) return message.elements()[0].is_atom(atoms::EXIT) && message.elements()[1].is_pid();
  return message.is_tuple(5) && message.elements()[0].is_atom(atoms::DOWN) && message.elements()[1].is_ref();
}

/// The signal that `term` was before receive_any() made a term of it.
Message signal_of(const Term& term) {
  Message message;
  message.body = term;
  if (!term.is_tuple() || term.elements().empty()) return message;
  const auto words = term.elements();
  if (words[0].is_atom(atoms::gen_cast) && words.size() == 2) {
    message.kind = Signal::cast;
    message.body = words[1];
  } else if (words[0].is_atom(atoms::gen_call) && words.size() == 3 && words[1].is_tuple(2) && words[1].elements()[0].is_pid() &&
             words[1].elements()[1].is_ref()) {
    message.kind = Signal::request;
    message.from = words[1].elements()[0].pid();
    message.ref = words[1].elements()[1].ref();
    message.body = words[2];
  }
  return message;
}

}  // namespace

void SupervisorBase::handle(const Message& message) {
  ServerBody::handle(message);
  while (!aside_.empty()) {
    const Message next = std::move(aside_.front());
    aside_.pop_front();
    ServerBody::handle(next);
  }
}

bool SupervisorBase::on_call(const Term& request, const detail::Caller& caller) {
  Term value;
  if (!answer(request, value)) return false;
  reply(caller.pid, caller.ref, std::move(value));
  return true;
}

SupervisorBase::Started SupervisorBase::start_on(const std::function<Result<Pid>(std::optional<unsigned>)>& function,
                                                 std::optional<unsigned> core) const {
  Runtime& here = runtime();
  if (!core && here.core_count() > 1) core = here.least_loaded_core();
  try {
    auto started = function(core);
    if (!started) {
      if (is_ignore(started.error())) return {};
      return {.error = to_term(Result<void>(std::move(started).error())).elements()[1]};
    }
    if (!*started) return {.error = Term::tuple({"bad_return_value"_atom, Term()})};  // Pid{} is nobody
    return {.pid = *started};
  } catch (const Killed&) {
    throw;
  } catch (...) {
    return {.error = detail::exception_reason()};
  }
}

std::optional<SupervisorBase::End> SupervisorBase::next_end(TimePoint deadline) {
  for (;;) {
    const Timeout left = deadline == kNever ? Timeout::infinity() : Timeout(std::max(deadline - now(), Duration::zero()));
    const auto message = aside_.size() < kAsideMax ? receive_any(left) : receive_if(is_end, left);
    if (!message) return std::nullopt;
    if (is_end(*message)) {
      const auto words = message->elements();
      if (message->is_tuple(3)) return End{.is_down = false, .pid = words[1].pid(), .monitor = {}, .reason = words[2]};
      return End{.is_down = true, .pid = words[3].is_pid() ? words[3].pid() : Pid{}, .monitor = words[1].ref(), .reason = words[4]};
    }
    if (!discards_) aside_.push_back(signal_of(*message));
  }
}

void SupervisorBase::put_aside(const End& end) {
  if (discards_) return;
  Message message;
  message.kind = Signal::exit_message;
  message.from = end.pid;
  message.body = end.reason;
  aside_.push_back(std::move(message));
}

void SupervisorBase::count_restart(const Facts& child) {
  if (window_.add(now())) return;
  report(child, "caused shutdown", "reached_max_restart_intensity"_atom);
  exit(atoms::shutdown);  // SUP-7: on_terminate() stops the others
}

void SupervisorBase::retry_later(Term retry, unsigned failures) const {
  if (retry_delay_ <= Duration::zero()) {
    send(self(), std::move(retry));
    return;
  }
  // Sixty-four times the first is a minute for a second: whoever waits for a cable to be plugged in again need not look more often.
  const Duration delay = retry_delay_ * (1u << std::min(failures > 0 ? failures - 1 : 0u, 6u));
  send_after(delay, self(), std::move(retry));
}

bool SupervisorBase::is_expected(const Term& reason, const Shutdown& shutdown, Restart restart) {
  if (reason.is_atom(shutdown.is_brutal() ? atoms::killed : atoms::shutdown)) return true;
  return restart != Restart::permanent && detail::is_orderly(reason);
}

void SupervisorBase::report(const Facts& child, std::string_view what, const Term& reason) const {
  if (!log::enabled(log::Level::error)) return;
  std::string text =
      fmt::format("Child {} of Supervisor {} {}\n{}", child.id.text(), who().text(), what, detail::reason_line("exit", reason));
  if (child.pid) text += fmt::format("\nPid: {}", Term(*child.pid).text());
  text += fmt::format("\nStart Call: {}\nRestart: :{}\nShutdown: {}\nType: :{}", child.start_call, word(child.restart),
                      child.shutdown.term().text(), word(child.type));
  log::write(log::Level::error, text);
}

Term SupervisorBase::counts(std::size_t specs, std::size_t active, std::size_t supervisors) {
  const auto pair = [](Atom what, std::size_t count) { return Term::tuple({what, static_cast<std::int64_t>(count)}); };
  return Term::list({pair("specs"_atom, specs), pair("active"_atom, active), pair("supervisors"_atom, supervisors),
                     pair("workers"_atom, specs - supervisors)});
}

Term SupervisorBase::row(const Term& id, const Term& child, ChildType type, Atom class_name) {
  return Term::tuple({id, child, Atom(word(type)), Term::list({class_name})});
}

}  // namespace pulpo
