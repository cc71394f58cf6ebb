// SPDX-License-Identifier: Apache-2.0
//
// What the log says of processes: whose line it is, and that one ended by an exception.
#include "proc/core.hpp"
#include "pulpo/log.hpp"

namespace pulpo {

void add_log_fields(std::vector<log::Field>& fields) {
  Core* const core = Core::current();
  if (core == nullptr) return;
  if (const Process* const process = core->process(); process != nullptr) {
    fields.emplace_back("pid", Term(core->pid_of(*process)).text());
    if (process->has_relations() && process->relations->name) fields.emplace_back("name", Term(*process->relations->name).text());
  }
  fields.emplace_back("node", core->runtime().node_name().text());
}

// Elixir's words (LOG-5), with the name that it would have; what ends by exit(reason) is no news (SIG-6).
void Core::report_exception(const Process& process, const Term& reason) {
  const auto parts = reason.elements();  // {:exception, type, text}
  report_failure(process, fmt::format("** ({}) {}\nInitial Call: {}", parts[1].bytes(), parts[2].bytes(), process.body->what()));
}

void Core::report_failure(const Process& process, std::string_view report) {
  const Pid pid = pid_of(process);
  const Term name = process.has_relations() && process.relations->name ? Term(*process.relations->name) : Term();
  std::string who = Term(pid).text();
  if (!name.is_atom(atoms::nil)) who += " (" + name.text() + ")";
  log::error("Process {} raised an exception\n{}", who, report);
  const Pid leader = process.group_leader;
  if (!leader || leader.is_local()) return;
  MessagePtr message = make(Signal::message);
  message->by_name = true;
  message->name = "logger"_atom;
  message->to = Pid{leader.node, 0, 0};
  message->from = pid;
  message->body = Term::tuple({"log"_atom, atoms::error, report, Term::map({{"pid"_atom, pid}, {"registered_name"_atom, name}})});
  send(std::move(message));
}

}  // namespace pulpo
