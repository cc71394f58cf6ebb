// SPDX-License-Identifier: Apache-2.0
#include "top_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace pulpo::cli::top {
namespace {

constexpr std::array<std::string_view, kOrders> kWords{"memory", "reductions", "mailbox"};

std::uint64_t number(const Term* value) {
  return value != nullptr && value->is_integer() && value->integer() > 0 ? static_cast<std::uint64_t>(value->integer()) : 0;
}
std::string words(const Term* value) {
  if (value == nullptr) return {};
  if (value->is_binary()) return std::string(value->bytes());
  return value->is_atom() && !value->is_atom(atoms::nil) ? std::string(value->atom().text()) : std::string();
}
bool truth(const Term* value) { return value != nullptr && value->is_atom(atoms::true_); }

std::uint64_t number_in(const Term& map, std::string_view key) { return number(map.map_find(Atom(key))); }
std::string words_in(const Term& map, std::string_view key) { return words(map.map_find(Atom(key))); }
Pid pid_in(const Term& map) {
  const Term* const pid = map.map_find("pid"_atom);
  return pid != nullptr && pid->is_pid() ? pid->pid() : Pid{};
}

template <class F>
void for_each_map(const Term& list, F visit) {
  if (!list.is_proper_list()) return;
  for (std::size_t i = 0; i < list.list_size(); ++i) {
    if (const Term row = list.list_at(i); row.is_map()) visit(row);
  }
}

/// None when there is nothing to compare with: no time has passed, or it counts from the beginning again.
std::optional<double> rate(std::uint64_t now, std::uint64_t before, double seconds) {
  if (seconds <= 0 || now < before) return std::nullopt;
  return static_cast<double>(now - before) / seconds;
}

double seconds_between(TimePoint from, TimePoint to) { return std::chrono::duration<double>(to - from).count(); }

}  // namespace

std::string_view order_word(Order order) { return kWords[static_cast<std::size_t>(order)]; }

std::optional<Order> order_of(std::string_view word) {
  const auto found = std::find(kWords.begin(), kWords.end(), word);
  if (found == kWords.end()) return std::nullopt;
  return static_cast<Order>(found - kWords.begin());
}

Atom order_atom(Order order) {
  return order == Order::memory ? "memory"_atom : order == Order::reductions ? "reductions"_atom : "message_queue_len"_atom;
}

const NodeFacts* Sample::find(std::string_view node) const {
  const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const NodeFacts& each) { return each.name == node; });
  return found != nodes.end() ? &*found : nullptr;
}

NodeFacts read_facts(std::string name, const Term& sys_info, TimePoint at) {
  NodeFacts facts{.name = std::move(name), .at = at};
  if (!sys_info.is_proper_list()) {
    facts.cause = "it answers what is no summary";
    return facts;
  }
  facts.up = true;
  struct Number {
    std::string_view key;
    std::uint64_t NodeFacts::*place;
  };
  static constexpr Number kNumbers[] = {{"uptime", &NodeFacts::uptime_ms},
                                        {"run_queue", &NodeFacts::run_queue},
                                        {"logical_processors_available", &NodeFacts::processors},
                                        {"schedulers_online", &NodeFacts::cores},
                                        {"process_count", &NodeFacts::processes},
                                        {"process_limit", &NodeFacts::processes_max},
                                        {"atom_count", &NodeFacts::atoms},
                                        {"atom_limit", &NodeFacts::atoms_max},
                                        {"total", &NodeFacts::memory},
                                        {"cpu_us", &NodeFacts::cpu_us},
                                        {"messages", &NodeFacts::messages},
                                        {"run_delay_max_us", &NodeFacts::run_delay_max_us},
                                        {"stalls", &NodeFacts::stalls},
                                        {"wordsize_internal", &NodeFacts::word_bytes}};
  struct Words {
    std::string_view key;
    std::string NodeFacts::*place;
  };
  static constexpr Words kTexts[] = {{"version", &NodeFacts::version},
                                     {"system_architecture", &NodeFacts::architecture},
                                     {"machine", &NodeFacts::machine},
                                     {"loop", &NodeFacts::loop}};
  for (std::size_t i = 0; i < sys_info.list_size(); ++i) {
    const Term row = sys_info.list_at(i);
    if (!row.is_tuple(2) || !row.elements()[0].is_atom()) continue;
    const std::string_view key = row.elements()[0].atom().text();
    const Term& value = row.elements()[1];
    for (const Number& each : kNumbers) {
      if (each.key == key) facts.*each.place = number(&value);
    }
    for (const Words& each : kTexts) {
      if (each.key == key) facts.*each.place = words(&value);
    }
  }
  return facts;
}

ProcessList read_processes(Order order, const Term& answer) {
  ProcessList list{.order = order};
  if (!answer.is_map()) return list;
  const double seconds = static_cast<double>(number_in(answer, "window")) / 1000;
  const auto per_second = [&](std::uint64_t recent) { return seconds > 0 ? static_cast<double>(recent) / seconds : 0; };
  list.count = number_in(answer, "count");
  list.reductions_per_second = per_second(number_in(answer, "recent"));
  list.messages_waiting = number_in(answer, "messages_waiting");
  if (const Term* const rows = answer.map_find("processes"_atom)) {
    for_each_map(*rows, [&](const Term& row) {
      list.rows.push_back({.pid = pid_in(row),
                           .name = words_in(row, "name"),
                           .registered = truth(row.map_find("registered"_atom)),
                           .reductions = number_in(row, "reductions"),
                           .reductions_per_second = per_second(number_in(row, "recent")),
                           .memory = number_in(row, "memory"),
                           .mailbox = number_in(row, "message_queue_len"),
                           .activity = words_in(row, "activity")});
    });
  }
  return list;
}

std::vector<ApplicationFacts> read_application_facts(const Term& answer) {
  std::vector<ApplicationFacts> all;
  for_each_map(answer, [&](const Term& row) {
    const Term* const age = row.map_find("running_ms"_atom);
    all.push_back({.name = words_in(row, "name"),
                   .description = words_in(row, "description"),
                   .version = words_in(row, "version"),
                   .running_ms = age != nullptr && age->is_integer() ? std::optional(number(age)) : std::nullopt});
  });
  return all;
}

Tree read_tree(std::string application, const Term& answer) {
  Tree tree{.application = std::move(application), .rows = {}};
  for_each_map(answer, [&](const Term& row) {
    const Term* const children = row.map_find("children"_atom);
    tree.rows.push_back({.depth = static_cast<unsigned>(std::min<std::uint64_t>(number_in(row, "depth"), 100)),
                         .pid = pid_in(row),
                         .kind = words_in(row, "kind"),
                         .name = words_in(row, "name"),
                         .children = children != nullptr && children->is_integer() ? std::optional(number(children)) : std::nullopt});
  });
  return tree;
}

std::vector<ConnectionRow> read_connections(const Term& answer) {
  std::vector<ConnectionRow> all;
  for_each_map(answer, [&](const Term& row) {
    all.push_back({.node = words_in(row, "node"),
                   .address = words_in(row, "address"),
                   .hidden = truth(row.map_find("hidden"_atom)),
                   .sealed = truth(row.map_find("sealed"_atom)),
                   .up_ms = number_in(row, "up_ms"),
                   .bytes_in = number_in(row, "bytes_in"),
                   .bytes_out = number_in(row, "bytes_out"),
                   .messages_in = number_in(row, "messages_in"),
                   .messages_out = number_in(row, "messages_out"),
                   .records_in = number_in(row, "records_in"),
                   .records_out = number_in(row, "records_out"),
                   .queue_bytes = number_in(row, "queue_bytes"),
                   .queue_limit = number_in(row, "queue_limit")});
  });
  return all;
}

ProcessDetail read_detail(const Pid& pid, const Term& answer) {
  ProcessDetail detail{.pid = pid, .gone = !answer.is_proper_list(), .rows = {}};
  if (detail.gone) return detail;
  for (std::size_t i = 0; i < answer.list_size(); ++i) {
    const Term row = answer.list_at(i);
    if (row.is_tuple(2)) detail.rows.emplace_back(words(&row.elements()[0]), words(&row.elements()[1]));
  }
  return detail;
}

void add_rates(Sample& sample, const Sample& before) {
  for (NodeFacts& facts : sample.nodes) {
    const NodeFacts* const then = before.find(facts.name);
    if (then == nullptr || !then->up || !facts.up) continue;
    const double seconds = seconds_between(then->at, facts.at);
    facts.messages_per_second = rate(facts.messages, then->messages, seconds);
    if (const auto cpu = rate(facts.cpu_us, then->cpu_us, seconds)) facts.cpu_percent = *cpu / 1e4;
  }
  if (!sample.connections || !before.connections || sample.selected != before.selected) return;
  const double seconds = seconds_between(before.connections_at, sample.connections_at);
  for (ConnectionRow& row : *sample.connections) {
    const auto then = std::find_if(before.connections->begin(), before.connections->end(),
                                   [&](const ConnectionRow& each) { return each.node == row.node && each.up_ms <= row.up_ms; });
    if (then == before.connections->end()) continue;
    row.bytes_in_per_second = rate(row.bytes_in, then->bytes_in, seconds);
    row.bytes_out_per_second = rate(row.bytes_out, then->bytes_out, seconds);
    row.messages_in_per_second = rate(row.messages_in, then->messages_in, seconds);
    row.messages_out_per_second = rate(row.messages_out, then->messages_out, seconds);
  }
}

void keep_known(Sample& sample, Sample&& before) {
  if (sample.selected != before.selected) return;
  if (!sample.processes) sample.processes = std::move(before.processes);
  if (!sample.applications) sample.applications = std::move(before.applications);
  if (sample.trees.empty()) sample.trees = std::move(before.trees);
  if (!sample.connections) {
    sample.connections = std::move(before.connections);
    sample.connections_at = before.connections_at;
  }
  if (!sample.detail) sample.detail = std::move(before.detail);
}

std::string short_pid(const Pid& pid) {
  if (!pid) return "-";
  const std::string text = Term(Pid{.node = kOwnNode, .id = pid.id, .serial = pid.serial}).text();
  return text.starts_with("#PID") ? text.substr(4) : text;
}

}  // namespace pulpo::cli::top
