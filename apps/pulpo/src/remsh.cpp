// SPDX-License-Identifier: Apache-2.0
#include "remsh.hpp"

#include <fmt/format.h>

namespace pulpo::cli {

Option remsh_option() {
  return {
      .name = "remsh", .value = "NODE", .help = "As for iex: pulpo remote NODE, a console on that node.", .lacks = "the name of a node"};
}

int run_remsh(Program& program, const Arguments& arguments) {
  const std::string node = arguments.get("remsh").value_or("");
  const Verb remote = remote_verb();
  std::vector<std::string> texts;
  for (const Option& option : remote.options) {
    if (!arguments.typed(option.name)) continue;
    for (const std::string& value : arguments.all(option.name))
      texts.push_back(option.value.empty() ? fmt::format("--{}", option.name) : fmt::format("--{}={}", option.name, value));
  }
  texts.insert(texts.end(), {"--", node});
  std::vector<const char*> words;
  for (const std::string& text : texts) words.push_back(text.c_str());
  const auto passed = Arguments::parse(remote, words, arguments.environment());
  if (!passed) return program.complain(remote, passed.error());
  return remote.run(program, *passed);
}

}  // namespace pulpo::cli
