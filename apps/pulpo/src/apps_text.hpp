// SPDX-License-Identifier: Apache-2.0
//
// AppsText: which application runs where, as `pulpo apps` prints it.
//
//   Threads    Any; values.
//   Errors     read_applications(): bad_message for what is no answer of dist_ac and application_controller.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pulpo/error.hpp"
#include "pulpo/term.hpp"

namespace pulpo::cli {

/// An application as the node that was asked knows it.
struct ApplicationRow {
  std::string name;
  std::optional<std::string> node{};                 ///< Where it runs; none: nowhere that this node knows of.
  std::optional<std::chrono::milliseconds> since{};  ///< For how long.
  std::string mode;                                  ///< "available" or "consistent"; "local": not distributed.
  std::optional<std::string> next{};                 ///< Where it goes when it is lost there.
  std::vector<std::vector<std::string>> nodes{};     ///< By priority, as the configuration lists them; none for a local one.
};

/// The distributed ones as dist_ac lists them (nothing on a node that has none), then those that run on `node` alone, as
/// application_controller lists what runs there.
[[nodiscard]] Result<std::vector<ApplicationRow>> read_applications(const std::optional<Term>& distributed, const Term& running,
                                                                    std::string_view node);

/// Two units are enough: 1 d 4 h, 3 min 20 s, 4.2 s.
[[nodiscard]] std::string age_text(std::chrono::milliseconds age);

/// A table for a person; one line when there is nothing.
[[nodiscard]] std::string applications_table(const std::vector<ApplicationRow>& rows);
/// An array.
[[nodiscard]] std::string applications_json(const std::vector<ApplicationRow>& rows);

}  // namespace pulpo::cli
