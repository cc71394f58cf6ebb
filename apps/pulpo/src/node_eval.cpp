// SPDX-License-Identifier: Apache-2.0
#include "node_eval.hpp"

#include <fmt/format.h>

#include "pulpo/lang.hpp"
#include "pulpo/log.hpp"
#include "pulpo/system.hpp"

namespace pulpo::cli {

Option eval_option() {
  return {.name = "eval",
          .also = "e",
          .value = "EXPR",
          .help =
              "Evaluate this when the node is up: Elixir's expressions, as 'IO.puts(Node.self)'. It stays then; one that fails stops "
              "it with status 1. May be given several times.",
          .repeatable = true};
}

Outcome<std::vector<std::string>> read_expressions(const Arguments& arguments) {
  std::vector<std::string> expressions = arguments.all("eval");
  for (const std::string& each : expressions) {
    if (const auto readable = lang::check(each); !readable) return wrong_usage(fmt::format("--eval: {}", readable.error().text));
  }
  return expressions;
}

void evaluate_at_start(Runtime& runtime, std::vector<std::string> expressions) {
  if (expressions.empty()) return;
  runtime.post([expressions = std::move(expressions)] {
    lang::Session session({.steps_max = 0});  // a script may be meant to run for ever
    for (const std::string& each : expressions) {
      const auto value = session.evaluate(each);
      if (value) continue;
      log::error("--eval: {}", value.error().text);
      static_cast<void>(system_stop(1));
      return;
    }
  });
}

}  // namespace pulpo::cli
