// SPDX-License-Identifier: Apache-2.0
//
// What configuration files say to `pulpo node`. The command line stands above them.
//
//   Threads    The program's first thread, before the node starts.
//   Errors     Fault bad_argument, whatever is wrong with a file: exit status 2, nothing was tried.
#pragma once

#include <vector>

#include "program.hpp"
#include "pulpo/config.hpp"
#include "pulpo/net/node.hpp"

namespace pulpo::cli {

/// --config, --erl, and what is typed to iex without a meaning here: -pa, -S, --no-halt.
[[nodiscard]] std::vector<Option> config_options();

/// Reads the files that the command line names, and logs what of it all has no meaning here.
[[nodiscard]] Outcome<Config> read_node_config(const Program& program, const Arguments& arguments);

/// Puts into `options` what the files say, before the command line puts in what it says.
void apply_node_config(const KernelConfig& kernel, NodeOptions& options);

/// A name without a host gets the one that `distributed` has for it, when that is loopback: it can only mean this machine.
void complete_node_name(const KernelConfig& kernel, NodeOptions& options);

/// The nodes of the configuration are met, and met again whenever they are lost (WK-6), beside those that --join names.
void join_configured_nodes(const KernelConfig& kernel, NodeOptions& options);

/// WK-19: refuses a node that `distributed` does not list, or that cannot meet those whom it must wait for; warns of nodes that it
/// never meets, since one of the two has a short name and the other a long one.
[[nodiscard]] Outcome<void> check_node_config(const KernelConfig& kernel, const NodeOptions& options);

}  // namespace pulpo::cli
