// SPDX-License-Identifier: Apache-2.0
//
// What the settings of `kernel` mean here: each is checked and kept, or warned of.
//
//   Threads    Any; no state.
//   Errors     Fault bad_argument that names the place of what is wrong. What has no meaning here is a warning.
#pragma once

#include <string>
#include <vector>

#include "otp/config_text.hpp"
#include "pulpo/config.hpp"

namespace pulpo {

/// `{key, value}` of an application.
struct ConfigSetting {
  PlacedTerm key;  ///< An atom.
  PlacedTerm value;
};

[[nodiscard]] Outcome<KernelConfig> read_kernel_config(const std::vector<ConfigSetting>& settings, std::vector<std::string>& warnings);

}  // namespace pulpo
