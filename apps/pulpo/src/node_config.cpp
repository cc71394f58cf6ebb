// SPDX-License-Identifier: Apache-2.0
#include "node_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "erl_flags.hpp"
#include "pulpo/log.hpp"

namespace pulpo::cli {
namespace {

constexpr std::string_view kNoMeaning = "the applications are part of this program";

/// iex starts the application of the folder that it is called in.
std::string instead(const Program& program, const Arguments& arguments) {
  std::string names;
  for (const Application& each : program.applications()) names += fmt::format("{}--app {}", names.empty() ? "" : ", ", each.name);
  if (arguments.has("app") || names.empty()) return std::string(kNoMeaning);
  return fmt::format("{}, and start with {}", kNoMeaning, names);
}

/// Enough of a list to see what is meant; a cluster of a hundred boards would fill the screen.
constexpr std::size_t kNamesShown = 8;

std::string names_text(const std::vector<Atom>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kNamesShown; ++i) text += fmt::format("{}{}", i == 0 ? "" : ", ", names[i].text());
  if (names.size() > kNamesShown) text += fmt::format(" and {} more", names.size() - kNamesShown);
  return text;
}

std::string_view head_of(Atom node) { return node.text().substr(0, node.text().find('@')); }
std::string_view host_of(Atom node) { return node.text().substr(node.text().find('@') + 1); }
bool is_long_host(std::string_view host) { return host.find('.') != std::string_view::npos || host.find(':') != std::string_view::npos; }

/// The option that makes a node `name`.
std::string option_for(Atom name) {
  if (is_long_host(host_of(name))) return fmt::format("--name {}", name.text());
  return fmt::format("--sname {}", host_of(name) == short_host_name() ? head_of(name) : name.text());
}

bool has_application(const Program& program, std::string_view name) {
  const auto& known = program.applications();
  return std::any_of(known.begin(), known.end(), [&](const Application& each) { return each.name == name; });
}

/// Settings that nobody reads are a misspelt name as often as not.
void warn_of_unknown_applications(const Program& program, const Config& config) {
  std::vector<Atom> unknown;
  for (const auto& [name, env] : config.env) {
    if (name != "kernel" && !has_application(program, name)) unknown.emplace_back(name);
  }
  if (!unknown.empty()) log::warning("settings for {}: no application of this program", names_text(unknown));
  unknown.clear();
  for (const DistributedApplication& each : config.kernel.distributed) {
    if (!has_application(program, each.name.text())) unknown.push_back(each.name);
  }
  if (!unknown.empty())
    log::warning("{}: `distributed` names {}: no application of this program", config.kernel.distributed_place, names_text(unknown));
}

/// NODE-5: nodes with short names and nodes with long ones do not talk.
void warn_of_other_names(const char* key, const std::vector<Atom>& nodes, const NodeOptions& options) {
  const bool is_long = options.kind == NameKind::long_name;
  std::vector<Atom> others;
  std::copy_if(nodes.begin(), nodes.end(), std::back_inserter(others), [&](Atom node) {
    const std::string_view host = host_of(node);
    const bool fits_both = host == "localhost" || host.find(':') != std::string_view::npos;
    return !fits_both && is_long_host(host) != is_long;
  });
  if (others.empty()) return;
  log::warning("{} names {}: nodes with {} names, which one with --{} never meets", key, names_text(others), is_long ? "short" : "long",
               is_long ? "name" : "sname");
}

}  // namespace

std::vector<Option> config_options() {
  return {
      {.name = "config",
       .value = "FILE",
       .help = "Erlang's configuration file, FILE or FILE.config: settings of applications, and of kernel distributed, permissions, "
               "sync_nodes_mandatory, sync_nodes_optional, sync_nodes_timeout, net_ticktime, dist_auto_connect, connect_all and "
               "logger_level. Several are read in turn. The command line stands above them.",
       .repeatable = true},
      {.name = "erl", .value = "FLAGS", .help = "As for iex: \"-config FILE\".", .repeatable = true, .takes_dashes = true},
      {.name = "pa",
       .value = "DIR",
       .help = "As for iex; means nothing here, since applications are part of the program.",
       .repeatable = true},
      {.name = "S", .value = "mix", .help = "The same.", .repeatable = true},
      {.name = "no-halt", .help = "The same: a node stays until it is told to stop."},
  };
}

Outcome<Config> read_node_config(const Program& program, const Arguments& arguments) {
  std::vector<std::string> files = arguments.all("config");
  std::vector<std::string> meaningless;
  for (const std::string& folder : arguments.all("pa")) meaningless.push_back("-pa " + folder);
  for (const std::string& script : arguments.all("S")) meaningless.push_back("-S " + script);
  if (arguments.has("no-halt")) meaningless.emplace_back("--no-halt");
  for (const std::string& text : arguments.all("erl")) {
    PULPO_TRY(const ErlFlags flags, read_erl_flags(text));
    files.insert(files.end(), flags.configs.begin(), flags.configs.end());
    meaningless.insert(meaningless.end(), flags.meaningless.begin(), flags.meaningless.end());
  }
  if (!meaningless.empty()) {
    std::string list;
    for (const std::string& each : meaningless) list += (list.empty() ? "" : ", ") + each;
    log::notice("without a meaning here: {}; {}", list, instead(program, arguments));
  }
  auto config = read_configs(files);
  // Whatever is wrong with a file: nothing was tried.
  if (!config) return wrong_usage(config.error().text());
  for (const std::string& warning : config->warnings) log::warning("{}", warning);
  warn_of_unknown_applications(program, *config);
  return config;
}

void apply_node_config(const KernelConfig& kernel, NodeOptions& options) {
  if (kernel.net_ticktime) options.net_ticktime = *kernel.net_ticktime;
  if (kernel.connect_all) options.connect_all = *kernel.connect_all;
  if (kernel.dist_auto_connect) {
    options.auto_connect = *kernel.dist_auto_connect == "never"_atom  ? AutoConnect::never
                           : *kernel.dist_auto_connect == "once"_atom ? AutoConnect::once
                                                                      : AutoConnect::always;
  }
}

void complete_node_name(const KernelConfig& kernel, NodeOptions& options) {
  if (options.kind == NameKind::none || options.name.find('@') != std::string::npos) return;
  const std::vector<Atom> nodes = configured_nodes(kernel);
  const auto found = std::find_if(nodes.begin(), nodes.end(), [&](Atom node) {
    const std::string_view host = host_of(node);
    return head_of(node) == options.name && (options.kind == NameKind::long_name ? host.starts_with("127.") : host == "localhost");
  });
  if (found == nodes.end()) return;
  const auto usual = full_node_name(options);
  if (usual && std::find(nodes.begin(), nodes.end(), Atom(usual->text())) != nodes.end()) return;
  log::info("{}: {} is {}", kernel.distributed_place, options.name, found->text());
  options.name = found->text();
}

void join_configured_nodes(const KernelConfig& kernel, NodeOptions& options) {
  if (options.kind == NameKind::none) return;
  const auto own = full_node_name(options);
  if (!own) return;  // check_node_config() says what is wrong with it
  std::vector<Atom> nodes = configured_nodes(kernel);
  nodes.insert(nodes.end(), kernel.sync_nodes_mandatory.begin(), kernel.sync_nodes_mandatory.end());
  nodes.insert(nodes.end(), kernel.sync_nodes_optional.begin(), kernel.sync_nodes_optional.end());
  for (const Atom node : nodes) {
    const std::string name(node.text());
    if (name != own->text() && std::find(options.join.begin(), options.join.end(), name) == options.join.end() && check_join(name))
      options.join.push_back(name);
  }
}

Outcome<void> check_node_config(const KernelConfig& kernel, const NodeOptions& options) {
  std::string called = "this node has no name";
  const std::vector<Atom> nodes = configured_nodes(kernel);
  if (options.kind != NameKind::none) {
    PULPO_TRY(const NodeName name, full_node_name(options));
    const std::string own = name.text();
    if (nodes.empty() || std::any_of(nodes.begin(), nodes.end(), [&](Atom node) { return node.text() == own; })) {
      warn_of_other_names("sync_nodes_mandatory", kernel.sync_nodes_mandatory, options);
      warn_of_other_names("sync_nodes_optional", kernel.sync_nodes_optional, options);
      return {};
    }
    called = fmt::format("this node is {}", own);
  } else if (nodes.empty()) {
    if (!kernel.sync_nodes_timeout || kernel.sync_nodes_mandatory.empty()) return {};
    return wrong_usage(
        fmt::format("the configuration's sync_nodes_mandatory: {} never come to a node without a name; give it --sname or --name",
                    names_text(kernel.sync_nodes_mandatory)));
  }
  const auto alike = std::find_if(nodes.begin(), nodes.end(), [&](Atom node) {
    return head_of(node) == std::string_view(options.name).substr(0, options.name.find('@'));
  });
  return wrong_usage(fmt::format("{}: `distributed` lists {}, and {}; give it one of these names, as {}", kernel.distributed_place,
                                 names_text(nodes), called, option_for(alike == nodes.end() ? nodes.front() : *alike)));
}

}  // namespace pulpo::cli
