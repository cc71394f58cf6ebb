// SPDX-License-Identifier: Apache-2.0
//
// Goal:   no configuration file harms a node, and whatever is said of one is a line that begins with its place.
// Method: libFuzzer; the text up to a zero byte is the file, what follows is every file that it includes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "pulpo/config.hpp"

namespace {

/// "FILE:LINE:COLUMN: …", in one line. A file that is included may have such a place in its own name.
bool is_placed_line(std::string_view line) {
  if (line.find('\n') != std::string_view::npos) return false;
  constexpr std::string_view kSuffix = ".config:";
  for (std::size_t at = line.find(kSuffix); at != std::string_view::npos; at = line.find(kSuffix, at + 1)) {
    const std::string_view rest = line.substr(at + kSuffix.size());
    if (!rest.empty() && rest.front() >= '1' && rest.front() <= '9' && rest.find(": ") != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pulpo;
  // The reader's own atoms, before the texts of a long run have filled the table.
  static const auto kFirst = parse_config("[{kernel,[{distributed,[{d,['a@h'],available}]},{dist_auto_connect,never}]}].", "x.config");
  PULPO_ASSERT(kFirst.has_value());
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(all.find('\0'), size);
  const std::string included(all.substr(std::min(end + 1, size)));
  const auto config = parse_config(all.substr(0, end), "x.config", [&](const std::string&) -> Outcome<std::string> { return included; });
  if (!config) {
    PULPO_ASSERT(is_placed_line(config.error().text()));
    return 0;
  }
  for (const std::string& warning : config->warnings) PULPO_ASSERT(is_placed_line(warning));
  for (const DistributedApplication& each : config->kernel.distributed) PULPO_ASSERT(!each.nodes.empty() && !each.nodes.front().empty());
  return 0;
}
