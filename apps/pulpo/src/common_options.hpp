// SPDX-License-Identifier: Apache-2.0
//
// Options that several verbs share, and what their values mean.
//
//   Errors     Fault bad_argument, as the rest of the command line.
#pragma once

#include "arguments.hpp"
#include "pulpo/log.hpp"
#include "pulpo/net/node.hpp"

namespace pulpo::cli {

[[nodiscard]] std::vector<Option> operator+(std::vector<Option> left, const std::vector<Option>& right);

/// --cookie, --cookie-file.
[[nodiscard]] std::vector<Option> cookie_options();
/// --log-level, --log-format, --log-metadata, --log-limit. `level` is what the help names as the default.
[[nodiscard]] std::vector<Option> log_options(bool is_command);
/// --plain-links.
[[nodiscard]] Option plain_links_option();
/// --loop.
[[nodiscard]] Option loop_option();
/// --spin.
[[nodiscard]] Option spin_option();
/// --watchdog.
[[nodiscard]] Option watchdog_option();
[[nodiscard]] Option json_option();

/// Applies these to this program.
[[nodiscard]] Outcome<void> apply_log_options(const Arguments& arguments, log::Level otherwise);
[[nodiscard]] Outcome<LoopChoice> loop_choice(const Arguments& arguments);
[[nodiscard]] Outcome<SpinChoice> spin_choice(const Arguments& arguments);
/// 0: off.
[[nodiscard]] Outcome<Duration> watchdog_limit(const Arguments& arguments);
/// ERL_EPMD_PORT, or 4369.
[[nodiscard]] Outcome<std::uint16_t> mapper_port(const Arguments& arguments);
/// Of what ERL_EPMD_PORT says; null when it is not set.
[[nodiscard]] Outcome<std::uint16_t> mapper_port(const char* text);

}  // namespace pulpo::cli
