// SPDX-License-Identifier: Apache-2.0
#include "otp/application_master.hpp"

#include <variant>

namespace pulpo {
namespace {

Atom started_word() { return "application_started"_atom; }
Atom stop_word() { return "$stop_application"_atom; }

/// AC-29: {reason, {name, :start, [type, []]}}.
Term start_error(const Application& application, const StartType& type, Term reason) {
  return Term::tuple(
      {std::move(reason), Term::tuple({Atom(application.name), "start"_atom, Term::list({to_term(type), Term::empty_list()})})});
}

struct Top {
  Pid pid{};
  Term error{};
};

/// Calls the author's start function. A failure is a reason, whichever way it came.
Top call_start(const Application& application, const StartType& type) {
  Top top;
  try {
    auto started = application.start(type, application.env);
    if (started) {
      top.pid = *started;
    } else {
      top.error = start_error(application, type, to_term(Result<void>(std::move(started).error())).elements()[1]);
    }
  } catch (const Killed&) {
    throw;
  } catch (...) {
    const Term reason = detail::exception_reason();
    top.error = Term::tuple({"bad_return"_atom, start_error(application, type, Term::tuple({atoms::EXIT, reason}))});
  }
  return top;
}

/// A callback of the author's whose failure changes nothing any more (AC-56).
void call_quietly(const std::function<void()>& callback) {
  if (!callback) return;
  try {
    callback();
  } catch (const Killed&) {
    throw;
  } catch (...) {
  }
}

/// AC-56: asks the top supervisor to end, and waits without limit.
void end_tree(const Pid& top) {
  const Ref monitored = monitor(top);
  exit(top, atoms::shutdown);
  (void)receive_if([&monitored](const Term& message) {
    return message.is_tuple(5) && message.elements()[0].is_atom(atoms::DOWN) && message.elements()[1] == Term(monitored);
  });
}

/// The helper's life: start, report to the master, then wait for the end of the tree or for the word to end it.
void run_helper(const Pid& master, const Application& application, const StartType& type) {
  trap_exit(true);
  const Top top = call_start(application, type);
  if (!top.pid) exit(top.error);  // the master tells the controller
  send(master, Term::tuple({started_word(), atoms::ok}));
  for (;;) {
    const auto message = receive_any();
    if (!message) return;
    if (message->is_atom(stop_word())) {
      call_quietly(application.prep_stop);
      end_tree(top.pid);
      call_quietly(application.stop);
      exit("stopped"_atom);
    }
    const auto ended = match<Exit>(*message);
    if (!ended) continue;
    if (ended->from == top.pid) {
      call_quietly(application.stop);
      exit(Term::tuple({"top_ended"_atom, ended->reason}));  // so that a `normal` is told from an end of our own
    }
    if (ended->from == master) {
      end_tree(top.pid);
      exit(ended->reason);
    }
  }
}

}  // namespace

void ApplicationMaster::construct() {
  trap_exit(true);
  set_group_leader(self());
  helper_ = spawn_link([master = self(), application = application_, type = type_] { run_helper(master, application, type); });
}

bool ApplicationMaster::on_call(const Term& request, const detail::Caller& caller) {
  if (!request.is_atom("start_type"_atom)) return false;
  reply(caller.pid, caller.ref, to_term(type_));
  return true;
}

void ApplicationMaster::tell_controller(const Term& outcome) {
  if (std::exchange(told_, true)) return;
  send(parent(), Term::tuple({started_word(), Atom(application_.name), outcome}));
}

bool ApplicationMaster::on_info(const Term& message) {
  if (message.is_tuple(2) && message.elements()[0].is_atom(started_word())) {
    type_ = StartType::local();  // AC-57
    tell_controller(message.elements()[1]);
    return true;
  }
  if (message.is_atom(stop_word())) {
    send(helper_, stop_word());
    return true;
  }
  const auto ended = match<Exit>(message);
  if (!ended || ended->from != helper_) return ended.has_value();
  helper_ = Pid{};
  tell_controller(Term::tuple({atoms::error, ended->reason}));  // the start failed, unless it has been told of a success
  const bool top_ended = ended->reason.is_tuple(2) && ended->reason.elements()[0].is_atom("top_ended"_atom);
  // The controller reads our reason from the EXIT; {shutdown, _} keeps this from being reported as a crash of ours.
  exit(Term::tuple({atoms::shutdown, top_ended ? ended->reason.elements()[1] : ended->reason}));
}

void ApplicationMaster::on_terminate(const Term&) {
  if (!helper_) return;
  const Ref monitored = monitor(helper_);
  exit(helper_, atoms::shutdown);  // arrives as an EXIT from the master
  (void)receive_if([&monitored](const Term& message) {
    return message.is_tuple(5) && message.elements()[0].is_atom(atoms::DOWN) && message.elements()[1] == Term(monitored);
  });
}

}  // namespace pulpo
