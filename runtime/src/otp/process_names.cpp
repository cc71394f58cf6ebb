// SPDX-License-Identifier: Apache-2.0
#include "otp/process_names.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pulpo/process_info.hpp"

namespace pulpo {
namespace {

Address address_of(const Term& to) {
  ServerArgument server;
  if (!decode_into(to, server) || !server.address) exit(atoms::badarg);
  return *server.address;
}

}  // namespace

Term send_to(const Term& to, const Term& message) {
  if (to.is_ref()) {
    send(to.ref(), message);
  } else {
    send(address_of(to), message);
  }
  return message;
}

Address receiver_of(const Term& to) {
  if (!to.is_pid() && !to.is_atom()) exit(atoms::badarg);
  return address_of(to);
}

Term exit_signal(const Pid& pid, const Term& reason) {
  exit(pid, reason);
  return true;
}

bool is_alive_here(const Pid& pid) {
  if (!pid.is_local()) exit(atoms::badarg);
  return is_alive(pid);
}

std::optional<Term> info_here(const Pid& pid) {
  const auto info = process_info(pid);
  if (info) return info->term();
  if (info.error().code == Errc::noproc) return std::nullopt;
  exit(atoms::badarg);
}

namespace {

Term item_of(const Term& info, Atom key) {
  Keywords keywords;
  keywords.list = info;
  if (const auto value = keywords.find(key.text())) return Term::tuple({key, *value});
  if (key == "registered_name"_atom) return Term::tuple({key, Term::empty_list()});
  if (key == "current_function"_atom) return Term::tuple({key, atoms::undefined});
  exit(atoms::badarg);
}

}  // namespace

std::optional<Term> info_item(const Pid& pid, Atom key) {
  const auto info = info_here(pid);
  return info ? std::optional(item_of(*info, key)) : std::nullopt;
}

std::optional<Term> info_items(const Pid& pid, const std::vector<Atom>& keys) {
  const auto info = info_here(pid);
  if (!info) return std::nullopt;
  std::vector<Term> items;
  items.reserve(keys.size());
  for (const Atom key : keys) items.push_back(item_of(*info, key));
  return Term::list(items);
}

Ref monitor_of(const Term& target) { return monitor(address_of(target)); }

bool demonitor_with(const Ref& ref, const std::vector<Atom>& options) {
  bool flush = false;
  bool info = false;
  for (const Atom option : options) {
    if (option != "flush"_atom && option != "info"_atom) exit(atoms::badarg);
    (option == "flush"_atom ? flush : info) = true;
  }
  const bool was_there = demonitor(ref, {.flush = flush});
  return !info || was_there;
}

Atom register_process(Atom name, const Pid& pid) {
  if (!register_name(name, pid)) exit(atoms::badarg);
  return atoms::true_;
}

Atom unregister_process(Atom name) {
  if (!unregister_name(name)) exit(atoms::badarg);
  return atoms::true_;
}

std::vector<Atom> registered_names() {
  std::vector<Atom> names;
  for (const Pid& pid : list_processes()) {
    const auto info = process_info(pid);
    if (info && info->registered_name) names.push_back(*info->registered_name);
  }
  std::sort(names.begin(), names.end(), [](Atom left, Atom right) { return left.text() < right.text(); });
  return names;
}

Term set_flag(Atom flag, const Term& value) {
  const auto on = from_term<bool>(value);
  if (flag == "trap_exit"_atom && on) return trap_exit(*on);
  if (flag == "trap_exit"_atom) exit(atoms::badarg);
  exit_badarg(fmt::format("a process has the flag :trap_exit here, not {}", Term(flag).text()));
}

Atom set_leader(const Pid& leader, const Pid& pid) {
  if (pid != self()) exit_badarg("a process can set its own group leader alone, not that of " + Term(pid).text());
  set_group_leader(leader);
  return atoms::true_;
}

Term time_left(const std::optional<Duration>& left, Atom otherwise) {
  if (!left) return otherwise;
  return std::chrono::duration_cast<std::chrono::milliseconds>(*left).count();
}

void sleep_for(Duration duration) { sleep(duration); }

}  // namespace pulpo
