// SPDX-License-Identifier: Apache-2.0
#include "otp/config_kernel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/nearest.hpp"

namespace pulpo {
namespace {

/// What a reader of one setting fills.
struct KernelReading {
  KernelConfig kernel;
  std::vector<std::string>& warnings;
  std::vector<Atom> nodes = {};  ///< All that its lists name, each once.
};

// --- Values ---------------------------------------------------------------------------------------------------------

/// A list of terms: not a text in quotes, whose elements would be named as numbers of characters.
bool is_list_of_terms(const PlacedTerm& value) {
  return value.term().is_proper_list() && (value.term().list_size() == 0 || !value.term().charlist_text());
}

/// 2^32 - 1 ms, the longest time of Erlang's `after`; more is a mistyped number.
constexpr std::int64_t kMillisecondsMax = 0xffff'ffff;

std::optional<Timeout> milliseconds_of(const Term& term, std::int64_t least) {
  if (term.is_atom(atoms::infinity)) return Timeout::infinity();
  if (!term.is_integer() || term.integer() < least || term.integer() > kMillisecondsMax) return std::nullopt;
  return Timeout(std::chrono::milliseconds(term.integer()));
}

bool is_node_name_of_config(std::string_view text) {
  const std::size_t sign = text.find('@');
  if (sign == std::string_view::npos || sign == 0 || sign + 1 == text.size()) return false;
  const auto is_head = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
  };
  const auto is_host = [](char c) { return c > 0x20 && c < 0x7f && c != '@'; };
  const std::string_view head = text.substr(0, sign), host = text.substr(sign + 1);
  return std::all_of(head.begin(), head.end(), is_head) && std::all_of(host.begin(), host.end(), is_host);
}

Outcome<Atom> node_of(const PlacedTerm& value) {
  const auto name = value.term().as_atom();
  if (name && is_node_name_of_config(name->text())) return *name;
  return value.expected("a node's name in single quotes, as 'one@127.0.0.1'");
}

/// A node dials each that its lists name, and again as long as it is not there. A cluster has some fifty nodes (ARCHITECTURE.md); twenty
/// times as many are a mistake, and would be a flood of connections to whoever else has these addresses.
constexpr std::size_t kNodesMax = 1000;

/// One of a list, counted once over all lists.
Outcome<Atom> listed_node(const PlacedTerm& value, KernelReading& reading) {
  PULPO_TRY(const Atom node, node_of(value));
  if (std::find(reading.nodes.begin(), reading.nodes.end(), node) != reading.nodes.end()) return node;
  if (reading.nodes.size() == kNodesMax) {
    return value.expected(
        fmt::format("at most {} different nodes in distributed, sync_nodes_mandatory and sync_nodes_optional together; this would be one "
                    "more",
                    kNodesMax));
  }
  reading.nodes.push_back(node);
  return node;
}

Outcome<std::vector<Atom>> nodes_of(const PlacedTerm& value, KernelReading& reading) {
  if (!is_list_of_terms(value)) return value.expected("a list of nodes' names, as ['two@127.0.0.1', 'three@127.0.0.1']");
  std::vector<Atom> nodes;
  for (const PlacedTerm& part : value.parts()) {
    PULPO_TRY(const Atom node, listed_node(part, reading));
    if (std::find(nodes.begin(), nodes.end(), node) == nodes.end()) nodes.push_back(node);
  }
  return nodes;
}

Outcome<bool> bool_of(const PlacedTerm& value) {
  if (value.term().is_atom(atoms::true_)) return true;
  if (value.term().is_atom(atoms::false_)) return false;
  return value.expected("true or false");
}

// --- distributed ----------------------------------------------------------------------------------------------------

/// A name that stands a second time in what `names` has.
bool is_repeated(std::vector<Atom>& names, Atom name) {
  if (std::find(names.begin(), names.end(), name) != names.end()) return true;
  names.push_back(name);
  return false;
}

Outcome<std::vector<std::vector<Atom>>> groups_of(const PlacedTerm& value, KernelReading& reading) {
  if (!is_list_of_terms(value) || value.term().list_size() == 0)
    return value.expected("a list of nodes by priority, those of equal priority in a tuple, as ['a@host', {'b@host', 'c@host'}]");
  std::vector<std::vector<Atom>> groups;
  std::vector<Atom> seen;
  for (const PlacedTerm& group : value.parts()) {
    const bool is_tuple = group.term().is_tuple();
    if (group.term().is_tuple(0)) return group.expected("at least one node in the tuple");
    std::vector<Atom> nodes;
    for (const PlacedTerm& part : is_tuple ? group.parts() : std::vector{group}) {
      PULPO_TRY(const Atom node, listed_node(part, reading));
      if (is_repeated(seen, node)) return part.wrong(fmt::format("the node '{}' stands twice in this list; name it once", node.text()));
      nodes.push_back(node);
    }
    groups.push_back(std::move(nodes));
  }
  return groups;
}

Outcome<DistributedApplication> distributed_application(const PlacedTerm& entry, KernelReading& reading) {
  constexpr auto kForm = "{Application, [Milliseconds,] Nodes}, as {distro, 5000, ['a@host', {'b@host', 'c@host'}]}";
  if (!entry.term().is_tuple()) return entry.expected(kForm);
  const auto parts = entry.parts();
  if (parts.size() < 2 || parts.size() > 4) return entry.expected(kForm);
  DistributedApplication application;
  const auto name = parts[0].term().as_atom();
  if (!name) return parts[0].expected("an application's name, an atom");
  application.name = *name;
  std::size_t next = 1;
  // A list in the second place is the nodes: the time before them may be left out.
  if (!parts[1].term().is_list()) {
    const auto wait = milliseconds_of(parts[1].term(), 0);
    if (!wait) {
      return parts[1].expected(fmt::format(
          "the milliseconds until {} starts on another node, 0 or more, or infinity, or else its list of nodes", parts[0].quoted()));
    }
    application.wait = *wait;
    next = 2;
  }
  if (next == parts.size()) return entry.expected(kForm);
  PULPO_TRY(application.nodes, groups_of(parts[next++], reading));
  if (next < parts.size()) {
    application.consistent = parts[next].term().is_atom("consistent"_atom);
    if (!application.consistent && !parts[next].term().is_atom("available"_atom))
      return parts[next].expected("available or consistent, which says what a part of a divided network does");
    ++next;
  }
  if (next < parts.size()) return parts[next].expected("`}` behind the nodes");
  return application;
}

Outcome<void> read_distributed(const ConfigSetting& setting, KernelReading& reading) {
  const PlacedTerm& value = setting.value;
  if (!is_list_of_terms(value)) return value.expected("a list of applications, as [{distro, 5000, ['a@host', {'b@host', 'c@host'}]}]");
  std::vector<Atom> seen;
  for (const PlacedTerm& entry : value.parts()) {
    PULPO_TRY(DistributedApplication application, distributed_application(entry, reading));
    if (is_repeated(seen, application.name))
      return entry.wrong(
          fmt::format("the application {} is distributed twice; name it once, with all its nodes", entry.parts()[0].quoted()));
    reading.kernel.distributed.push_back(std::move(application));
  }
  reading.kernel.distributed_place = setting.key.place();
  return {};
}

// --- The other settings ---------------------------------------------------------------------------------------------

Outcome<void> read_mandatory(const ConfigSetting& setting, KernelReading& reading) {
  PULPO_TRY(reading.kernel.sync_nodes_mandatory, nodes_of(setting.value, reading));
  return {};
}

Outcome<void> read_optional(const ConfigSetting& setting, KernelReading& reading) {
  PULPO_TRY(reading.kernel.sync_nodes_optional, nodes_of(setting.value, reading));
  return {};
}

Outcome<void> read_sync_timeout(const ConfigSetting& setting, KernelReading& reading) {
  reading.kernel.sync_nodes_timeout = milliseconds_of(setting.value.term(), 1);
  if (!reading.kernel.sync_nodes_timeout) return setting.value.expected("the milliseconds to wait for other nodes, 1 or more, or infinity");
  return {};
}

Outcome<void> read_permissions(const ConfigSetting& setting, KernelReading& reading) {
  constexpr auto kForm = "{Application, true} or {Application, false}";
  if (!is_list_of_terms(setting.value)) return setting.value.expected(fmt::format("a list of {}", kForm));
  std::vector<Atom> seen;
  for (const PlacedTerm& entry : setting.value.parts()) {
    if (!entry.term().is_tuple(2)) return entry.expected(kForm);
    const auto parts = entry.parts();
    const auto name = parts[0].term().as_atom();
    if (!name) return parts[0].expected("an application's name, an atom");
    PULPO_TRY(const bool allowed, bool_of(parts[1]));
    if (is_repeated(seen, *name)) return entry.wrong(fmt::format("the permission of {} stands twice; give it once", parts[0].quoted()));
    reading.kernel.permissions.emplace_back(*name, allowed);
  }
  return {};
}

/// How many ticks a net_ticktime has. It cannot be chosen here, and 4 is OTP's default.
Outcome<void> read_tick_intensity(const PlacedTerm& value, KernelReading& reading) {
  const auto intensity = value.term().as_integer();
  if (!intensity || *intensity < 4 || *intensity > 1000) return value.expected("a number of ticks from 4 to 1000");
  if (*intensity != 4)
    reading.warnings.push_back(value.line("the number of ticks in a net_ticktime is always 4 here; this one is not used"));
  return {};
}

Outcome<void> read_net_tick_intensity(const ConfigSetting& setting, KernelReading& reading) {
  return read_tick_intensity(setting.value, reading);
}

Outcome<void> read_net_ticktime(const ConfigSetting& setting, KernelReading& reading) {
  constexpr std::int64_t kSecondsMax = 3600;  // as --net-ticktime
  const auto parts = setting.value.parts();
  const bool has_intensity = setting.value.term().is_tuple(2);
  const PlacedTerm& time = has_intensity ? parts[0] : setting.value;
  const auto seconds = time.term().as_integer();
  if (!seconds || *seconds < 1 || *seconds > kSecondsMax)
    return time.expected(fmt::format("the seconds after which a silent node is taken for dead, from 1 to {}", kSecondsMax));
  reading.kernel.net_ticktime = std::chrono::seconds(*seconds);
  if (has_intensity) PULPO_CHECK(read_tick_intensity(parts[1], reading));
  return {};
}

Outcome<void> read_auto_connect(const ConfigSetting& setting, KernelReading& reading) {
  const auto name = setting.value.term().as_atom();
  if (!name || (*name != "always"_atom && *name != "once"_atom && *name != "never"_atom))
    return setting.value.expected("always, once or never");
  reading.kernel.dist_auto_connect = *name;
  return {};
}

Outcome<void> read_connect_all(const ConfigSetting& setting, KernelReading& reading) {
  PULPO_TRY(reading.kernel.connect_all, bool_of(setting.value));
  return {};
}

Outcome<void> read_logger_level(const ConfigSetting& setting, KernelReading& reading) {
  const auto name = setting.value.term().as_atom();
  log::Level level = log::Level::debug;
  if (name && name->text() == "none") {
    level = log::Level::emergency;
  } else if (!name || (name->text() != "all" && !log::parse_level(name->text(), level))) {
    return setting.value.expected("all, debug, info, notice, warning, error, critical, alert, emergency or none");
  }
  reading.kernel.logger_level = level;
  return {};
}

/// OTP from 25 on dissolves a mesh rather than let parts of it overlap; here that never happens (GLOBAL-30).
Outcome<void> read_prevent_partitions(const ConfigSetting& setting, KernelReading& reading) {
  PULPO_TRY(const bool prevent, bool_of(setting.value));
  if (prevent)
    reading.warnings.push_back(setting.key.line("prevent_overlapping_partitions is never true here: one lost connection ends no others"));
  return {};
}

// --- Which there are ------------------------------------------------------------------------------------------------

struct KernelKey {
  std::string_view name;
  Outcome<void> (*read)(const ConfigSetting& setting, KernelReading& reading);
};

constexpr KernelKey kKernelKeys[] = {
    {"connect_all", read_connect_all},
    {"dist_auto_connect", read_auto_connect},
    {"distributed", read_distributed},
    {"logger_level", read_logger_level},
    {"net_tickintensity", read_net_tick_intensity},
    {"net_ticktime", read_net_ticktime},
    {"permissions", read_permissions},
    {"prevent_overlapping_partitions", read_prevent_partitions},
    {"sync_nodes_mandatory", read_mandatory},
    {"sync_nodes_optional", read_optional},
    {"sync_nodes_timeout", read_sync_timeout},
};

/// Erlang's own that mean nothing here, and what stands in their place.
struct ForeignKey {
  std::string_view name;
  std::string_view instead = {};
};

constexpr ForeignKey kForeignKeys[] = {
    {"browser_cmd"},
    {"code_path_choice"},
    {"embedded_mode"},
    {"epmd_module"},
    {"erl_epmd_node_listen_port", "; --listen says where a node listens"},
    {"error_logger", "; --log-format and --log-level say what is logged"},
    {"error_logger_format_depth"},
    {"global_groups"},
    {"inet_default_connect_options"},
    {"inet_default_listen_options"},
    {"inet_dist_connect_options"},
    {"inet_dist_listen_max", "; --listen says where a node listens"},
    {"inet_dist_listen_min", "; --listen says where a node listens"},
    {"inet_dist_listen_options"},
    {"inet_dist_use_interface", "; --listen says where a node listens"},
    {"inet_parse_error_log"},
    {"inetrc", "; hosts are found as /etc/hosts and /etc/resolv.conf say"},
    {"logger", "; --log-format and --log-level say what is logged"},
    {"logger_metadata", "; see --log-metadata"},
    {"logger_sasl_compatible"},
    {"net_setuptime", "; a connection has 5 s"},
    {"net_ticker_spawn_options"},
    {"shell_docs_ansi"},
    {"shell_esc"},
    {"shell_history"},
    {"shell_history_drop"},
    {"shell_history_file_bytes"},
    {"shell_history_path"},
    {"shutdown_func"},
    {"shutdown_timeout", "; applications have 30 s to stop"},
    {"source_search_rules"},
    {"standard_io_encoding", "; text is UTF-8"},
    {"start_boot_server"},
    {"start_disk_log"},
    {"start_dist_ac", "; `distributed` alone decides"},
    {"start_distribution", "; --name or --sname alone decides"},
    {"start_os"},
    {"start_pg"},
    {"start_pg2"},
    {"start_timer"},
    {"strict_order"},
};

std::string warning_of_key(const PlacedTerm& key) {
  const std::string_view name = key.term().atom().text();
  const auto foreign =
      std::find_if(std::begin(kForeignKeys), std::end(kForeignKeys), [&](const ForeignKey& each) { return each.name == name; });
  if (foreign != std::end(kForeignKeys)) return key.line(fmt::format("kernel's {} means nothing here{}", name, foreign->instead));
  std::array<std::string_view, std::size(kKernelKeys)> names;
  std::transform(std::begin(kKernelKeys), std::end(kKernelKeys), names.begin(), [](const KernelKey& each) { return each.name; });
  const std::string_view meant = nearest(name, names);
  const std::string shown = key.quoted();
  return key.line(meant.empty() ? fmt::format("kernel has no setting {}; it is not used", shown)
                                : fmt::format("kernel has no setting {}; did you mean {}?", shown, meant));
}

/// WK-19: lists without a time, and a time without lists, which OTP passes over in silence.
void warn_of_no_synchronisation(const std::vector<ConfigSetting>& settings, KernelReading& reading) {
  const KernelConfig& kernel = reading.kernel;
  const bool names_nodes = !kernel.sync_nodes_mandatory.empty() || !kernel.sync_nodes_optional.empty();
  if (names_nodes == kernel.sync_nodes_timeout.has_value()) return;
  const std::string_view which = kernel.sync_nodes_timeout             ? "sync_nodes_timeout"
                                 : kernel.sync_nodes_mandatory.empty() ? "sync_nodes_optional"
                                                                       : "sync_nodes_mandatory";
  const auto setting =
      std::find_if(settings.begin(), settings.end(), [&](const ConfigSetting& each) { return each.key.term().atom().text() == which; });
  PULPO_ASSERT(setting != settings.end());
  reading.warnings.push_back(setting->key.line(
      names_nodes
          ? fmt::format("{} without sync_nodes_timeout: the node waits for nobody, as in Erlang; add {{sync_nodes_timeout, 30000}}, or "
                        "infinity to wait as long as it takes",
                        which)
          : std::string("sync_nodes_timeout without sync_nodes_mandatory or sync_nodes_optional: there is nobody to wait for")));
}

}  // namespace

Outcome<KernelConfig> read_kernel_config(const std::vector<ConfigSetting>& settings, std::vector<std::string>& warnings) {
  KernelReading reading{.kernel = {}, .warnings = warnings};
  for (const ConfigSetting& setting : settings) {
    const std::string_view name = setting.key.term().atom().text();
    const auto known =
        std::find_if(std::begin(kKernelKeys), std::end(kKernelKeys), [&](const KernelKey& each) { return each.name == name; });
    if (known == std::end(kKernelKeys)) {
      warnings.push_back(warning_of_key(setting.key));
    } else {
      PULPO_CHECK(known->read(setting, reading));
    }
  }
  warn_of_no_synchronisation(settings, reading);
  return std::move(reading.kernel);
}

std::vector<Atom> configured_nodes(const KernelConfig& kernel) {
  std::vector<Atom> nodes;
  for (const DistributedApplication& application : kernel.distributed) {
    for (const auto& group : application.nodes) {
      for (const Atom node : group) {
        if (std::find(nodes.begin(), nodes.end(), node) == nodes.end()) nodes.push_back(node);
      }
    }
  }
  return nodes;
}

}  // namespace pulpo
