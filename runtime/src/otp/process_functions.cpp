// SPDX-License-Identifier: Apache-2.0
//
// Process, as Elixir's users type it.
#include <fmt/format.h>

#include "otp/builtin_functions.hpp"
#include "otp/process_names.hpp"
#include "pulpo/process_info.hpp"

namespace pulpo {
namespace {

Term process_named(Atom name) {
  const auto pid = whereis(name);
  return pid ? Term(*pid) : Term();
}

Term info_or_nil(const std::optional<Term>& info) { return info.value_or(Term()); }

Atom register_or_say(const Pid& pid, Atom name) {
  if (register_name(name, pid)) return atoms::true_;
  exit_badarg(
      fmt::format("could not register {} with name {} because it is not alive, the name is already taken, or it has already been "
                  "given another name",
                  Term(pid).text(), Term(name).text()));
}

/// Process.sleep's argument: :infinity is for ever.
Term sleep_this(const Patience& patience) {
  if (!patience.timeout.is_infinite()) {
    sleep_for(patience.timeout.duration());
    return atoms::ok;
  }
  const auto nothing = [](const Term&) { return false; };
  (void)receive_if(nothing);
  return atoms::ok;
}

}  // namespace

std::span<const Function> process_functions() {
  static constexpr Function kRows[] = {
      row("Process.whereis", "The process of that name on this node, or nil.", [](Atom name) { return process_named(name); }),
      row("Process.list", "The processes of this node.", [] { return list_processes(); }),
      row("Process.registered", "The names of this node that processes are registered under.", [] { return registered_names(); }),
      row("Process.register", "Gives a process of this node a name, and returns true.",
          [](const Pid& pid, Atom name) { return register_or_say(pid, name); }),
      row("Process.unregister", "Takes a name from its process, and returns true.", [](Atom name) { return unregister_process(name); }),
      row("Process.alive?", "Whether a process of this node lives.", [](const Pid& pid) { return is_alive_here(pid); }),
      row("Process.info", "What can be seen of a process of this node, or nil when it does not live.",
          [](const Pid& pid) { return info_or_nil(info_here(pid)); }),
      row("Process.info", "{key, value} of a process of this node, or a list of them for a list of keys.",
          [](const Pid& pid, const std::variant<Atom, std::vector<Atom>>& key) {
            const auto* const one = std::get_if<Atom>(&key);
            return info_or_nil(one != nullptr ? info_item(pid, *one) : info_items(pid, std::get<std::vector<Atom>>(key)));
          }),
      row("Process.exit", "Sends an exit signal to a process, and returns true.",
          [](const Pid& pid, const Term& reason) { return exit_signal(pid, reason); }),
      row("Process.link", "Links the caller with a process, and returns true.",
          [](const Pid& pid) {
            link(pid);
            return true;
          }),
      row("Process.unlink", "Takes a link away, and returns true.",
          [](const Pid& pid) {
            unlink(pid);
            return true;
          }),
      row("Process.monitor", "Watches a process by pid, name or {name, node}: a reference, which its {:DOWN, …} will carry.",
          [](const Term& target) { return monitor_of(target); }),
      row("Process.demonitor", "Watches no longer, and returns true.", [](const Ref& ref) { return demonitor_with(ref, {}); }),
      row("Process.demonitor", "The same with [:flush], which also drops its {:DOWN, …}, and [:info], whether it was there.",
          [](const Ref& ref, const std::vector<Atom>& options) { return demonitor_with(ref, options); }),
      row("Process.flag", "Sets a flag of the caller, :trap_exit, and returns what it was.",
          [](Atom flag, const Term& value) { return set_flag(flag, value); }),
      row("Process.group_leader", "Where the output of the caller goes.", [] { return group_leader(); }),
      row("Process.group_leader", "Sets where the output of the caller, the first pid, goes.",
          [](const Pid& pid, const Pid& leader) { return set_leader(leader, pid); }),
      row("Process.sleep", "Waits so many milliseconds, or for ever, and returns :ok.",
          [](const Patience& time) { return sleep_this(time); }),
      row("Process.send", "Sends a message, and returns :ok; the options change nothing.",
          [](const Term& to, const Term& message, const std::vector<Term>&) {
            send_to(to, message);
            return atoms::ok;
          }),
      row("Process.send_after", "Sends a message after so many milliseconds: a reference to cancel it by.",
          [](const Term& to, const Term& message, const Milliseconds& time) {
            return send_after(time.duration, receiver_of(to), message);
          }),
      row("Process.cancel_timer", "Takes a message back that would be sent later: milliseconds that were left, or false.",
          [](const Ref& timer) { return time_left(cancel_timer(timer), atoms::false_); }),
      row("Process.read_timer", "The milliseconds until a message will be sent, or false.",
          [](const Ref& timer) { return time_left(read_timer(timer), atoms::false_); }),
      row("Process.alias", "A reference that messages to the caller can be sent to, until Process.unalias.", [] { return alias(); }),
      row("Process.unalias", "Ends an alias of the caller: whether it was one.", [](const Ref& ref) { return unalias(ref); }),
  };
  return kRows;
}

}  // namespace pulpo
