// SPDX-License-Identifier: Apache-2.0
#include "top_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "apps_text.hpp"

namespace pulpo::cli::top {
namespace {

std::string per_second(const std::optional<double>& value) { return value ? short_count(*value) : "-"; }
std::string bytes_per_second(const std::optional<double>& value) { return value ? short_bytes(*value) : "-"; }
std::string count(std::uint64_t value) { return short_count(static_cast<double>(value)); }
std::string bytes(std::uint64_t value) { return short_bytes(static_cast<double>(value)); }
std::string age(std::uint64_t ms) { return age_text(std::chrono::milliseconds(ms)); }

/// The width of each column for a line of `width` cells; 0: there is no room for it.
std::vector<std::size_t> widths_of(const Table& table, std::size_t width) {
  std::vector<std::size_t> widths;
  std::size_t used = 1;  // the mark of the selected row
  unsigned shares = 0;
  for (const Column& column : table.columns) {
    const bool fits = width >= column.from_width && used + 1 + column.width <= width;
    widths.push_back(fits ? column.width : 0);
    if (!fits) continue;
    used += 1 + column.width;
    shares += column.stretch;
  }
  std::size_t left = width - std::min(width, used);
  for (std::size_t i = 0; i < widths.size() && shares > 0; ++i) {
    if (widths[i] == 0 || table.columns[i].stretch == 0) continue;
    const std::size_t more = left * table.columns[i].stretch / shares;
    widths[i] += more;
    left -= more;
    shares -= table.columns[i].stretch;
  }
  return widths;
}

template <class F>
std::string line_of(const Table& table, std::size_t width, std::string_view mark, F cell) {
  const std::vector<std::size_t> widths = widths_of(table, width);
  std::string line(mark);
  for (std::size_t i = 0; i < widths.size(); ++i) {
    if (widths[i] != 0) line += " " + fitted(cell(i), widths[i], table.columns[i].align);
  }
  return fitted(line, width);
}

constexpr Align kRight = Align::right;

}  // namespace

std::string header_line(const Table& table, std::size_t width) {
  return line_of(table, width, " ", [&](std::size_t i) { return table.columns[i].title; });
}

std::string row_line(const Table& table, const Row& row, std::size_t width, bool selected) {
  return line_of(table, width, selected ? ">" : " ", [&](std::size_t i) -> std::string_view {
    return i < row.cells.size() ? std::string_view(row.cells[i]) : std::string_view();
  });
}

Table nodes_table(const Sample& sample, std::string_view selected) {
  Table table{.columns = {{"NODE", 20, Align::left, 3},
                          {"CPU %", 6, kRight},
                          {"MEMORY", 8, kRight},
                          {"PROCESSES", 9, kRight},
                          {"RUNQ", 5, kRight},
                          {"MSGS/S", 7, kRight},
                          {"UPTIME", 12, kRight},
                          {"CORES", 5, kRight, 0, 100},
                          {"ATOMS", 7, kRight, 0, 100},
                          {"STALLS", 6, kRight, 0, 110},
                          {"LOOP", 6, Align::left, 0, 120},
                          {"VERSION", 9, Align::left, 0, 120},
                          {"MACHINE", 24, Align::left, 2, 160}},
              .rows = {},
              .nothing = "no node"};
  for (const NodeFacts& each : sample.nodes) {
    // What is shown below is marked, whatever row the cursor is on.
    const std::string name = each.name + (each.name == selected ? " *" : "");
    if (!each.up) {
      table.rows.push_back(
          {.id = each.name, .cells = {name + ": " + each.cause, "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-"}});
      continue;
    }
    table.rows.push_back({.id = each.name,
                          .cells = {name, each.cpu_percent ? fmt::format("{:.1f}", *each.cpu_percent) : "-", bytes(each.memory),
                                    count(each.processes), count(each.run_queue), per_second(each.messages_per_second), age(each.uptime_ms),
                                    count(each.cores), count(each.atoms), count(each.stalls), each.loop, each.version, each.machine}});
  }
  return table;
}

Table processes_table(const Sample& sample, bool reversed) {
  const bool known = sample.processes.has_value();
  const Order order = known ? sample.processes->order : Order::memory;
  const auto title = [&](Order which, std::string_view plain, std::string_view marked) { return known && order == which ? marked : plain; };
  Table table{.columns = {{"PID", 16},
                          {"NAME OR INITIAL FUNC", 20, Align::left, 3},
                          {title(Order::reductions, "REDS/S", "REDS/S*"), 7, kRight},
                          {"REDUCTIONS", 10, kRight, 0, 100},
                          {title(Order::memory, "MEMORY", "MEMORY*"), 8, kRight},
                          {title(Order::mailbox, "MSGQ", "MSGQ*"), 5, kRight},
                          {"CURRENT FUNCTION", 17, Align::left, 2}},
              .rows = {},
              .nothing = known ? "no process" : "asking the node..."};
  if (!known) return table;
  for (const ProcessRow& each : sample.processes->rows) {
    table.rows.push_back({.id = short_pid(each.pid),
                          .pid = each.pid,
                          .cells = {short_pid(each.pid), each.name, short_count(each.reductions_per_second), count(each.reductions),
                                    bytes(each.memory), count(each.mailbox), each.activity}});
  }
  if (reversed) std::reverse(table.rows.begin(), table.rows.end());
  return table;
}

Table applications_table_of(const Sample& sample) {
  const bool known = sample.applications.has_value();
  Table table{
      .columns = {{"APPLICATION", 20, Align::left, 1}, {"VERSION", 10}, {"RUNNING FOR", 14, kRight}, {"DESCRIPTION", 20, Align::left, 2}},
      .rows = {},
      .nothing = known ? "no application runs there" : "asking the node..."};
  if (!known) return table;
  for (const ApplicationFacts& each : *sample.applications) {
    table.rows.push_back(
        {.id = each.name, .cells = {each.name, each.version, each.running_ms ? age(*each.running_ms) : "-", each.description}});
  }
  return table;
}

Table tree_table(const Sample& sample, std::string_view application) {
  Table table{.columns = {{"PROCESS", 30, Align::left, 3}, {"PID", 16}, {"KIND", 16, Align::left, 2}, {"CHILDREN", 8, kRight}},
              .rows = {},
              .nothing = "asking the node..."};
  for (const Tree& tree : sample.trees) {
    if (tree.application != application) continue;
    table.nothing = "it has no processes: a library, or it has stopped";
    for (std::size_t i = 0; i < tree.rows.size(); ++i) {
      const TreeRow& each = tree.rows[i];
      table.rows.push_back({.id = each.pid ? short_pid(each.pid) : fmt::format("row {}", i),
                            .pid = each.pid,
                            .cells = {std::string(each.depth * std::size_t{2}, ' ') + (each.name.empty() ? each.kind : each.name),
                                      short_pid(each.pid), each.kind, each.children ? count(*each.children) : ""}});
    }
  }
  return table;
}

Table connections_table(const Sample& sample) {
  const bool known = sample.connections.has_value();
  Table table{.columns = {{"NODE", 20, Align::left, 2},
                          {"LINK", 6},
                          {"HID", 3},
                          {"MSG/S IN", 8, kRight},
                          {"OUT", 6, kRight},
                          {"IN /S", 8, kRight},
                          {"OUT /S", 8, kRight},
                          {"QUEUE", 8, kRight},
                          {"ADDRESS", 21, Align::left, 1, 110},
                          {"BYTES IN", 9, kRight, 0, 130},
                          {"BYTES OUT", 9, kRight, 0, 130},
                          {"RECORDS IN", 10, kRight, 0, 160},
                          {"RECORDS OUT", 11, kRight, 0, 160},
                          {"UP", 14, kRight, 0, 175}},
              .rows = {},
              .nothing = known ? "no connection" : "asking the node..."};
  if (!known) return table;
  for (const ConnectionRow& each : *sample.connections) {
    table.rows.push_back(
        {.id = each.node,
         .cells = {each.node, each.sealed ? "sealed" : "plain", each.hidden ? "yes" : "", per_second(each.messages_in_per_second),
                   per_second(each.messages_out_per_second), bytes_per_second(each.bytes_in_per_second),
                   bytes_per_second(each.bytes_out_per_second), bytes(each.queue_bytes), each.address, bytes(each.bytes_in),
                   bytes(each.bytes_out), count(each.records_in), count(each.records_out), age(each.up_ms)}});
  }
  return table;
}

}  // namespace pulpo::cli::top
