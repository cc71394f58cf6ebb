// SPDX-License-Identifier: Apache-2.0
//
// `pulpo names`: which nodes this host's mapper knows, in the words of `epmd -names` (EPMD-14).
#include <fmt/format.h>

#include <charconv>

#include "common_options.hpp"
#include "json.hpp"
#include "mapper_query.hpp"
#include "program.hpp"

namespace pulpo::cli {
namespace {

constexpr Duration kNamesTimeout = 5s;  // the mapper is on this very host

/// {"port":4369,"nodes":[{"name":"a","port":4711}]} of "name a at port 4711" lines.
std::string names_json(const mapper::TextReply& reply) {
  std::string nodes;
  std::string_view rest = reply.lines;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    constexpr std::string_view kName = "name ";
    constexpr std::string_view kPort = " at port ";
    const auto middle = line.rfind(kPort);
    if (!line.starts_with(kName) || middle == std::string_view::npos || middle < kName.size()) continue;
    unsigned port = 0;
    const std::string_view digits = line.substr(middle + kPort.size());
    std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (!nodes.empty()) nodes += ',';
    nodes += JsonObject{}.add("name", line.substr(kName.size(), middle - kName.size())).add("port", port).text();
  }
  return JsonObject{}.add("port", reply.port).add_raw("nodes", "[" + nodes + "]").text() + "\n";
}

int names(Program& program, const Arguments& arguments) {
  const auto port = mapper_port(arguments);
  if (!port) return program.complain(arguments.verb(), port.error());
  const auto reply = ask_names(*port, kNamesTimeout);
  if (!reply) {
    const bool is_absent = reply.error().code == Errc::nodedown;
    program.complain(
        "names", is_absent ? fmt::format("no mapper answers on port {}; the first node starts one, or run {} mapper", *port, program.name())
                           : fmt::format("what answers on port {} is no mapper: {}", *port, reply.error().text()));
    return kFailed;
  }
  program.print(arguments.has("json") ? names_json(*reply) : mapper::Names::text(*reply));
  return kSuccess;
}

}  // namespace

Verb names_verb() {
  return {.name = "names",
          .summary = "Which nodes are registered on this host.",
          .details =
              "Asks this host's mapper (port ERL_EPMD_PORT, else 4369) and prints what epmd -names prints. Exit status 1 when no mapper "
              "answers.",
          .examples = "names\nnames --json",
          .options = {json_option()},
          .run = names};
}

}  // namespace pulpo::cli
