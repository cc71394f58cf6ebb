// SPDX-License-Identifier: Apache-2.0
//
// Config: what a configuration file says, as erl's -config reads it.
//
//   [{kernel, [{distributed, [{distro, 5000, ['one@127.0.0.1', {'two@127.0.0.1', 'three@127.0.0.1'}]}]},
//              {sync_nodes_mandatory, ['two@127.0.0.1', 'three@127.0.0.1']},
//              {sync_nodes_timeout, 30000}]},
//    {ping_pong, [{greeting, "hello"}]},
//    "more"].
//
// One list, ended by a dot. An element is an application with its settings, or the path of another such file, whose settings
// take their place there. A setting replaces one of an earlier file, or of an earlier element that another file brought.
//
//   Threads    Any; no state. Reading a file blocks, so it belongs before the node starts; a simulation hands texts to parse_config().
//   Errors     Fault bad_argument: "a.config:3:5: found …, expected …", in one line. not_found or io when a file cannot be read.
//              What is legal and means nothing here is a warning with the same kind of place, never silence.
//   Bounds     1 MiB a file, 64 files; 1,000 different nodes in the lists of kernel; nesting as Term::kDepthMax.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pulpo/application.hpp"
#include "pulpo/atom.hpp"
#include "pulpo/log.hpp"
#include "pulpo/result.hpp"
#include "pulpo/time.hpp"

namespace pulpo {

/// One application of kernel's `distributed` (AC-4).
struct DistributedApplication {
  Atom name = {};
  /// How long after its node was lost it starts here; `infinity`: it never does.
  Timeout wait = Duration::zero();
  /// By priority, the highest first; nodes of one group, a tuple in the file, are equal. At least one, and each once.
  std::vector<std::vector<Atom>> nodes = {};
  /// Ours, a last element `consistent` (or `available`, the default): {distro, 5000, […], consistent}. It then serves on one node at most,
  /// whatever happens to the network, and on none without a majority of the nodes listed.
  bool consistent = false;
};

/// What of `kernel` means something here.
struct KernelConfig {
  std::vector<DistributedApplication> distributed = {};
  std::string distributed_place = {};  ///< Where `distributed` stands, for messages: "a.config:2:4"; empty when it does not.
  std::vector<Atom> sync_nodes_mandatory = {}, sync_nodes_optional = {};
  std::optional<Timeout> sync_nodes_timeout = {};       ///< None: nobody is waited for (AC-9).
  std::vector<std::pair<Atom, bool>> permissions = {};  ///< Applications that may run here or may not; those not listed may (AC-8).
  std::optional<Duration> net_ticktime = {};
  std::optional<Atom> dist_auto_connect = {};  ///< `always`, `once` or `never` (NODE-11).
  std::optional<bool> connect_all = {};
  std::optional<log::Level> logger_level = {};
};

struct Config {
  KernelConfig kernel = {};
  /// For SystemOptions::env, in the files' order; `kernel` as well, so that get_env("kernel"_atom, …) tells its settings.
  std::vector<std::pair<std::string, Env>> env = {};
  std::vector<std::string> warnings = {};  ///< One line each, which begins with the place.
};

/// Gives the text of a file that another one includes. Errors: not_found when there is none.
using ConfigFiles = std::function<Outcome<std::string>(const std::string& path)>;

/// Reads this file; ".config" is added when `path` does not end so, as erl does.
[[nodiscard]] Outcome<Config> read_config(const std::string& path);
/// Reads several, as erl does with more than one -config: a setting of a later file replaces that of an earlier one.
[[nodiscard]] Outcome<Config> read_configs(const std::vector<std::string>& paths);
/// The same for a text, which messages call `file_name`. It includes what `files` gives; without that, to include is an error.
[[nodiscard]] Outcome<Config> parse_config(std::string_view text, const std::string& file_name, const ConfigFiles& files = {});

/// Every node that `distributed` names, in order, once.
[[nodiscard]] std::vector<Atom> configured_nodes(const KernelConfig& kernel);

}  // namespace pulpo
