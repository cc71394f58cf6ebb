// SPDX-License-Identifier: Apache-2.0
#include "top_report.hpp"

#include <fmt/format.h>

#include "json.hpp"
#include "top_table.hpp"

namespace pulpo::cli::top {
namespace {

void add_table(std::string& text, std::string_view title, const Table& table, std::size_t width) {
  const auto add_line = [&](std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  add_line(fmt::format("{}{}", text.empty() ? "" : "\n", title));
  if (table.rows.empty()) return add_line(fmt::format("  {}", table.nothing));
  add_line(header_line(table, width));
  for (const Row& row : table.rows) add_line(row_line(table, row, width, false));
}

JsonObject& add_text(JsonObject& object, std::string_view key, const std::string& text) {
  return object.add(key, std::string_view(printable(text)));
}

JsonObject& add_rate(JsonObject& object, std::string_view key, const std::optional<double>& value) {
  return value ? object.add(key, *value, 1) : object.add_raw(key, "null");
}

template <class Rows, class F>
std::string array_of(const Rows& rows, F object_of) {
  std::string all;
  for (const auto& each : rows) all += (all.empty() ? "" : ",") + object_of(each).text();
  return "[" + all + "]";
}

std::string pid_json(const Pid& pid) { return pid ? json_text("#PID" + short_pid(pid)) : "null"; }

JsonObject node_json(const NodeFacts& node) {
  JsonObject object;
  add_text(object, "name", node.name).add("up", node.up);
  if (!node.up) return std::move(add_text(object, "cause", node.cause));
  add_text(object, "version", node.version);
  add_text(object, "machine", node.machine);
  add_text(object, "architecture", node.architecture);
  add_text(object, "loop", node.loop).add("word_bytes", node.word_bytes).add("uptime_ms", node.uptime_ms).add("cores", node.cores);
  add_rate(object.add("processors", node.processors), "cpu_percent", node.cpu_percent);
  object.add("memory", node.memory).add("processes", node.processes).add("processes_max", node.processes_max).add("atoms", node.atoms);
  object.add("atoms_max", node.atoms_max).add("run_queue", node.run_queue).add("run_delay_max_us", node.run_delay_max_us);
  add_rate(object.add("stalls", node.stalls).add("messages", node.messages), "messages_per_second", node.messages_per_second);
  return object;
}

JsonObject process_json(const ProcessRow& row) {
  JsonObject object;
  add_text(object.add_raw("pid", pid_json(row.pid)), "name", row.name).add("registered", row.registered).add("memory", row.memory);
  object.add("reductions", row.reductions).add("reductions_per_second", row.reductions_per_second, 1).add("mailbox", row.mailbox);
  add_text(object, "activity", row.activity);
  return object;
}

JsonObject processes_json(const ProcessList& list) {
  JsonObject object;
  object.add("sort", order_word(list.order)).add("count", list.count).add("reductions_per_second", list.reductions_per_second, 1);
  object.add("messages_waiting", list.messages_waiting).add_raw("list", array_of(list.rows, process_json));
  return object;
}

JsonObject tree_row_json(const TreeRow& row) {
  JsonObject object;
  add_text(add_text(object.add("depth", row.depth).add_raw("pid", pid_json(row.pid)), "name", row.name), "kind", row.kind);
  object.add_raw("children", row.children ? fmt::format("{}", *row.children) : "null");
  return object;
}

JsonObject application_json(const Sample& sample, const ApplicationFacts& facts) {
  JsonObject object;
  add_text(add_text(add_text(object, "name", facts.name), "version", facts.version), "description", facts.description);
  object.add_raw("running_ms", facts.running_ms ? fmt::format("{}", *facts.running_ms) : "null");
  std::string tree = "[]";
  for (const Tree& each : sample.trees) {
    if (each.application == facts.name) tree = array_of(each.rows, tree_row_json);
  }
  object.add_raw("tree", tree);
  return object;
}

JsonObject connection_json(const ConnectionRow& row) {
  JsonObject object;
  add_text(add_text(object, "node", row.node).add("hidden", row.hidden), "address", row.address).add("sealed", row.sealed);
  object.add("up_ms", row.up_ms).add("bytes_in", row.bytes_in).add("bytes_out", row.bytes_out).add("messages_in", row.messages_in);
  object.add("messages_out", row.messages_out).add("records_in", row.records_in).add("records_out", row.records_out);
  object.add("queue_bytes", row.queue_bytes).add("queue_limit", row.queue_limit);
  return object;
}

}  // namespace

std::string report_text(const Sample& sample, std::size_t width) {
  std::string text;
  add_table(text, "Nodes", nodes_table(sample, sample.selected), width);
  const std::string node = printable(sample.selected);
  const std::string order(sample.processes ? order_word(sample.processes->order) : "");
  add_table(text, fmt::format("Processes of {}, the first by {}", node, order), processes_table(sample, false), width);
  add_table(text, fmt::format("Applications of {}", node), applications_table_of(sample), width);
  for (const Tree& tree : sample.trees) {
    if (!tree.rows.empty())
      add_table(text, fmt::format("Application {}", printable(tree.application)), tree_table(sample, tree.application), width);
  }
  add_table(text, fmt::format("Connections of {}", node), connections_table(sample), width);
  return text;
}

std::string report_json(const Sample& sample) {
  JsonObject object;
  add_text(object, "node", sample.selected).add_raw("nodes", array_of(sample.nodes, node_json));
  object.add_raw("processes", sample.processes ? processes_json(*sample.processes).text() : "null");
  object.add_raw("applications",
                 sample.applications
                     ? array_of(*sample.applications, [&](const ApplicationFacts& each) { return application_json(sample, each); })
                     : "null");
  object.add_raw("connections", sample.connections ? array_of(*sample.connections, connection_json) : "null");
  return object.text() + "\n";
}

}  // namespace pulpo::cli::top
