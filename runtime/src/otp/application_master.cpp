// SPDX-License-Identifier: Apache-2.0
#include "otp/application_master.hpp"

#include "otp/application_table.hpp"
#include "otp/io_server.hpp"
#include "proc/group.hpp"
#include "pulpo/log.hpp"

namespace pulpo {
namespace {

Atom started_word() { return "application_started"_atom; }

bool is_down_of(const Term& message, const Ref& monitor) {
  return message.is_tuple(5) && message.elements()[0].is_atom(atoms::DOWN) && message.elements()[1] == Term(monitor);
}

bool wait_down(const Ref& monitor, Timeout timeout = Timeout::infinity()) {
  return receive_if([&monitor](const Term& message) { return is_down_of(message, monitor); }, timeout).has_value();
}

/// AC-29's {name, :start, [type, []]}: whose failure it was.
Term start_call(const Application& application, const StartType& type) {
  return Term::tuple({Atom(application.name), "start"_atom, Term::list({to_term(type), Term::empty_list()})});
}
Term phase_call(const Application& application, const StartPhase& phase, const StartType& type) {
  return Term::tuple({Atom(application.name), "start_phase"_atom, Term::list({Atom(phase.name), to_term(type), phase.arguments})});
}

Term bad_return(Term call, Term value) { return Term::tuple({"bad_return"_atom, Term::tuple({std::move(call), std::move(value)})}); }

/// Why a call of the author's, which is being left by an exception, has failed (AC-29). In a catch block.
Term exit_error(Term call) {
  const Term exit = Term::tuple({atoms::EXIT, detail::exception_reason()});
  if (exit.elements()[1].is_atom(atoms::normal)) return Term::tuple({exit, std::move(call)});
  return bad_return(std::move(call), exit);
}

Term reason_of(Error error) { return to_term(Result<void>(std::move(error))).elements()[1]; }

struct Top {
  Pid pid{};
  Term error{};
};

/// Calls the author's start function. A failure is a reason, whichever way it came.
Top call_start(const Application& application, const StartType& type) {
  const Term call = start_call(application, type);
  try {
    auto started = application.start(type, get_all_env(Atom(application.name)));
    if (!started) return {.error = Term::tuple({reason_of(std::move(started).error()), call})};
    if (!*started) return {.error = bad_return(call, Term())};  // Pid{} is nobody
    return {.pid = *started};
  } catch (const Killed&) {
    throw;
  } catch (...) {
    return {.error = exit_error(call)};
  }
}

/// AC-28. Why the start fails, if it does.
std::optional<Term> run_start_phases(const Application& application, const StartType& type) {
  for (const StartPhase& phase : application.start_phases) {
    const Term call = phase_call(application, phase, type);
    if (!application.start_phase) return Term::tuple({atoms::undef, call});
    try {
      auto done = application.start_phase(Atom(phase.name), type, phase.arguments);
      if (!done) return Term::tuple({reason_of(std::move(done).error()), call});
    } catch (const Killed&) {
      throw;
    } catch (...) {
      return exit_error(call);
    }
  }
  return std::nullopt;
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

/// AC-56: asks the top supervisor to end, and waits, without limit unless the application has one.
void end_tree(const Application& application, const Pid& top) {
  const Ref monitored = monitor(top);
  exit(top, atoms::shutdown);
  if (wait_down(monitored, application.shutdown_timeout)) return;
  log::warning("Application {} does not stop in the time it has (shutdown_timeout); its top supervisor is killed", application.name);
  exit(top, atoms::kill);
  (void)wait_down(monitored);
}

/// The helper's life: start, report to the master, then wait for the end of the tree or for the word to end it.
void run_helper(const Pid& master, const Application& application, const StartType& type) {
  trap_exit(true);
  const Top top = call_start(application, type);
  if (!top.pid) exit(top.error);  // the master tells the controller
  link(top.pid);                  // an author's start need not have
  if (const auto error = run_start_phases(application, type)) {
    end_tree(application, top.pid);
    exit(*error);
  }
  send(master, started_word());
  for (;;) {
    const auto message = receive_any();
    if (!message) return;
    if (message->is_atom(ApplicationMaster::stop_word())) {
      call_quietly(application.prep_stop);
      end_tree(application, top.pid);
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
      end_tree(application, top.pid);
      exit(ended->reason);
    }
  }
}

/// AC-27: only applications that have start phases are told of a failover.
StartType told_type(const Application& application, const StartType& type) {
  return type.is_failover() && application.start_phases.empty() ? StartType::normal() : type;
}

}  // namespace

ApplicationMaster::ApplicationMaster(std::shared_ptr<const Application> application, StartType type)
    : application_(std::move(application)), type_(told_type(*application_, type)) {}

void ApplicationMaster::construct() {
  trap_exit(true);
  const auto user = whereis(IoServer::user_name());
  if (const Pid before = group_leader(); before != user) leader_ = before;
  set_group_leader(self());
  ApplicationTable::of(runtime()).add_master(self(), Atom(application_->name));  // until the controller hears of our end
  helper_ = spawn_link([master = self(), application = application_, type = type_] { run_helper(master, *application, type); });
}

bool ApplicationMaster::on_call(const Term& request, const detail::Caller& caller) {
  if (!request.is_atom("start_type"_atom)) return false;
  reply(caller.pid, caller.ref, to_term(type_));
  return true;
}

bool ApplicationMaster::on_info(const Term& message) {
  if (message.is_atom(started_word())) {
    type_ = StartType::local();  // AC-57
    send(parent(), Term::tuple({started_word(), Atom(application_->name), atoms::ok}));
    return true;
  }
  if (message.is_atom(stop_word())) {
    if (helper_) send(helper_, stop_word());
    return true;
  }
  if (relay(message)) return true;
  const auto ended = match<Exit>(message);
  if (!ended || ended->from != helper_) return ended.has_value();
  helper_ = Pid{};
  end_strays();
  const bool top_ended = ended->reason.is_tuple(2) && ended->reason.elements()[0].is_atom("top_ended"_atom);
  // The controller reads our reason from the EXIT; {shutdown, _} keeps this from being reported as a crash of ours.
  exit(Term::tuple({atoms::shutdown, top_ended ? ended->reason.elements()[1] : ended->reason}));
}

bool ApplicationMaster::relay(const Term& message) {
  if (!message.is_tuple() || message.elements().size() < 3) return false;
  const auto words = message.elements();
  if (words.size() == 4 && words[0].is_atom("io_request"_atom) && words[1].is_pid()) {
    pass_on(words[1], words[2], words[3]);
    return true;
  }
  const bool is_reply = words.size() == 3 && words[0].is_atom("io_reply"_atom);
  if (!words[1].is_ref() || (!is_reply && !(words.size() == 5 && words[0].is_atom(atoms::DOWN)))) return false;
  const auto asker = relayed_.find(words[1].ref());
  if (asker == relayed_.end()) return false;
  if (is_reply) demonitor(asker->first, {.flush = true});
  const Term result = is_reply ? Term(words[2]) : Term::tuple({atoms::error, "terminated"_atom});
  const Asker to = std::move(asker->second);
  relayed_.erase(asker);
  send(to.from, Term::tuple({"io_reply"_atom, to.reply_as, result}));
  return true;
}

void ApplicationMaster::pass_on(const Term& from, const Term& reply_as, const Term& request) {
  const Pid to = leader_ ? leader_ : whereis(IoServer::user_name()).value_or(Pid{});
  if (!to || to == self()) {
    send(from.pid(), Term::tuple({"io_reply"_atom, reply_as, Term::tuple({atoms::error, "terminated"_atom})}));
    return;
  }
  const Ref ref = monitor(to);
  relayed_.emplace(ref, Asker{from.pid(), reply_as});
  send(to, Term::tuple({"io_request"_atom, self(), ref, request}));
}

void ApplicationMaster::end_strays() {
  for (;;) {
    const auto group = group_of(self());
    if (!group) return;  // we are being killed ourselves
    std::vector<Ref> monitors;
    for (const Pid& each : *group) {
      if (each == self()) continue;
      monitors.push_back(monitor(each));
      exit(each, atoms::kill);
    }
    if (monitors.empty()) return;
    for (const Ref& each : monitors) {
      if (!wait_down(each)) return;
    }
  }
}

/// The controller has ended, or was told to. What the application prints at its end goes its way meanwhile.
void ApplicationMaster::on_terminate(const Term&) {
  if (!helper_) return;
  const Ref monitored = monitor(helper_);
  send(helper_, stop_word());
  for (;;) {
    const auto message = receive_any();
    if (!message) return;  // we are being killed
    if (is_down_of(*message, monitored)) break;
    (void)relay(*message);
  }
  end_strays();
}

}  // namespace pulpo
