// SPDX-License-Identifier: Apache-2.0
#include "apps_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "json.hpp"

namespace pulpo::cli {
namespace {

using Cells = std::array<std::string, 6>;

Error no_answer(const Term& term) { return {Errc::bad_message, term, "the list of applications"}; }

/// None for nil.
std::optional<std::string> name_in(const Term& map, Atom key) {
  const Term* const value = map.map_find(key);
  if (value == nullptr || !value->is_atom() || value->is_atom("nil"_atom)) return std::nullopt;
  return std::string(value->atom().text());
}

/// Nothing when `map` does not say.
std::optional<std::chrono::milliseconds> age_in(const Term& map) {
  const Term* const age = map.map_find("running_ms"_atom);
  return age != nullptr && age->is_integer() ? std::optional(std::chrono::milliseconds(age->integer())) : std::nullopt;
}

/// [one, [two, three]]: a group of one stands for itself.
std::vector<std::vector<std::string>> groups_of(const Term& list) {
  std::vector<std::vector<std::string>> groups;
  if (!list.is_proper_list()) return groups;
  for (std::size_t i = 0; i < list.list_size(); ++i) {
    const Term each = list.list_at(i);
    std::vector<std::string>& group = groups.emplace_back();
    if (each.is_atom()) {
      group.emplace_back(each.atom().text());
    } else if (each.is_proper_list()) {
      for (std::size_t k = 0; k < each.list_size(); ++k) {
        if (each.list_at(k).is_atom()) group.emplace_back(each.list_at(k).atom().text());
      }
    }
  }
  return groups;
}

/// As the configuration writes it: one, {two, three}.
std::string groups_text(const std::vector<std::vector<std::string>>& groups) {
  std::string text;
  for (const auto& group : groups) {
    text += text.empty() ? "" : ", ";
    if (group.size() == 1) {
      text += group.front();
    } else {
      text += fmt::format("{{{}}}", fmt::join(group, ", "));
    }
  }
  return text.empty() ? "-" : text;
}

}  // namespace

std::string age_text(std::chrono::milliseconds age) {
  const auto seconds = age.count() / 1000;
  if (seconds < 10) return fmt::format("{:.1f} s", static_cast<double>(age.count()) / 1000);
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  if (seconds < 86'400) return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{} d {} h", seconds / 86'400, seconds / 3600 % 24);
}

Result<std::vector<ApplicationRow>> read_applications(const std::optional<Term>& distributed, const Term& running, std::string_view node) {
  std::vector<ApplicationRow> rows;
  if (distributed) {
    if (!distributed->is_proper_list()) return no_answer(*distributed);
    for (std::size_t i = 0; i < distributed->list_size(); ++i) {
      const Term each = distributed->list_at(i);
      auto name = each.is_map() ? name_in(each, "name"_atom) : std::nullopt;
      if (!name) return no_answer(each);
      ApplicationRow row{.name = std::move(*name),
                         .node = name_in(each, "node"_atom),
                         .mode = name_in(each, "mode"_atom).value_or("available"),
                         .next = name_in(each, "next"_atom)};
      if (row.node) row.since = age_in(each);
      if (const Term* const groups = each.map_find("nodes"_atom)) row.nodes = groups_of(*groups);
      rows.push_back(std::move(row));
    }
  }
  if (!running.is_proper_list()) return no_answer(running);
  for (std::size_t i = 0; i < running.list_size(); ++i) {
    const Term each = running.list_at(i);
    auto name = each.is_map() ? name_in(each, "name"_atom) : std::nullopt;
    if (!name) return no_answer(each);
    if (std::any_of(rows.begin(), rows.end(), [&](const ApplicationRow& row) { return row.name == *name; })) continue;
    rows.push_back({.name = std::move(*name), .node = std::string(node), .since = age_in(each), .mode = "local"});
  }
  return rows;
}

std::string applications_table(const std::vector<ApplicationRow>& rows) {
  if (rows.empty()) return "no application runs there\n";
  std::vector<Cells> lines{{"application", "runs on", "for", "mode", "next in line", "nodes"}};
  for (const ApplicationRow& row : rows) {
    lines.push_back({row.name, row.node.value_or("-"), row.since ? age_text(*row.since) : "-", row.mode, row.next.value_or("-"),
                     groups_text(row.nodes)});
  }
  std::array<std::size_t, std::tuple_size_v<Cells>> widths{};
  for (const Cells& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string text;
  for (const Cells& line : lines) {
    for (std::size_t i = 0; i + 1 < line.size(); ++i) text += fmt::format("{:<{}}  ", line[i], widths[i]);
    text += line.back() + "\n";
  }
  return text;
}

std::string applications_json(const std::vector<ApplicationRow>& rows) {
  std::string all;
  const auto text_or_null = [](const std::optional<std::string>& text) { return text ? json_text(*text) : "null"; };
  for (const ApplicationRow& row : rows) {
    std::string groups;
    for (const auto& group : row.nodes) {
      std::string names;
      for (const std::string& each : group) names += (names.empty() ? "" : ",") + json_text(each);
      groups += (groups.empty() ? "[" : ",[") + names + "]";
    }
    JsonObject object;
    object.add("name", row.name).add_raw("node", text_or_null(row.node));
    object.add_raw("running_ms", row.since ? fmt::format("{}", row.since->count()) : "null").add("mode", row.mode);
    object.add_raw("next", text_or_null(row.next)).add_raw("nodes", "[" + groups + "]");
    all += (all.empty() ? "" : ",") + object.text();
  }
  return "[" + all + "]";
}

}  // namespace pulpo::cli
