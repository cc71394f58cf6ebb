// SPDX-License-Identifier: Apache-2.0
#include "pulpo/lang.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "lang/checker.hpp"
#include "lang/machine.hpp"
#include "lang/modules.hpp"
#include "lang/parser.hpp"
#include "lang/shell.hpp"
#include "lang/shell_messages.hpp"
#include "pulpo/function.hpp"
#include "pulpo/io.hpp"
#include "pulpo/remote.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo::lang {
namespace {

/// What apply() asks for: functions of modules that were defined here, and functions that are values.
std::optional<Term> evaluate_function(Atom module, Atom name, std::span<const Term> arguments) {
  Term function;
  if (module == lang_module() && name == "eval"_atom && arguments.size() >= kBoundCount) {
    function = Term::function(module, name, static_cast<std::uint8_t>(arguments.size()), arguments);
    arguments = {};
  } else {
    const auto defined = find_function(module, name, arguments.size());
    if (!defined || defined->is_private) return std::nullopt;
    function = Term::function(module, name, static_cast<std::uint8_t>(arguments.size()));
  }
  Term reason;
  {
    const Limits limits{.steps_max = 0};
    auto value = call(function, arguments, limits);
    if (value) return *std::move(value);
    reason = exit_reason(value.error());
  }
  exit(reason);
}

bool is_block_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '?' || c == '!' || c == '@';
}

/// Whether more blocks begin (`do`, `fn`) than end, looked at word by word: the text need not be of this language.
bool has_open_block(std::string_view text) {
  std::ptrdiff_t depth = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (text.substr(at).starts_with("\"\"\"")) {  // a heredoc
      const std::size_t end = text.find("\"\"\"", at + 3);
      if (end == std::string_view::npos) return true;
      at = end + 3;
    } else if (text[at] == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at) at += text[at] == '\\' ? 1 : 0;
      ++at;
    } else if (text[at] == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else if (is_block_word(text[at])) {
      const std::size_t begin = at;
      while (at < text.size() && is_block_word(text[at])) ++at;
      const std::string_view word = text.substr(begin, at - begin);
      const bool is_name = begin > 0 && (text[begin - 1] == ':' || text[begin - 1] == '.');
      const bool is_key = at < text.size() && text[at] == ':';
      if (is_name || is_key) continue;
      depth += word == "do" || word == "fn" ? 1 : 0;
      depth -= word == "end" ? 1 : 0;
    } else {
      ++at;
    }
  }
  return depth > 0;
}

constexpr auto kShell = function(":pulpo_lang.shell", "Evaluates what a console sends, until that ends.",
                                 [](const Pid& console, const Pid& device) { run_shell(console, device); });

/// The console's device has the terminal (shell_messages.hpp).
Term observe() {
  const Term reply = io::io_request(group_leader(), to_term(Observe{runtime().node_name()}));
  if (reply.is_atom(atoms::ok)) return reply;
  exit(Term::tuple(
      {atoms::badarg, "the live view wants a console's terminal: type :observer.start at a prompt, or pulpo top NODE in a shell"}));
}
constexpr auto kObserve =
    function(":observer.start", "Opens the live view of this node on the console's terminal; q ends it.", [] { return observe(); });

// --- Functions that other nodes begin: for rpc, h and completion; the machine calls the same by itself -----------------------------

std::vector<Term> listed(const Term& list) {
  std::vector<Term> all;
  if (!list.is_proper_list() || list.list_size() > 255) exit(atoms::badarg);
  for (std::size_t i = 0; i < list.list_size(); ++i) all.push_back(list.list_at(i));
  return all;
}
struct NamedCall {
  FunctionName function;
  std::vector<Term> arguments;
};
NamedCall call_of(const Term& function) {
  if (function.type() != Term::Type::function) exit(atoms::badarg);
  const auto parts = function.function_parts();
  if (parts.arity != parts.bound.size()) exit(atoms::badarg);
  return {FunctionName(parts.module, parts.name), {parts.bound.begin(), parts.bound.end()}};
}
Term pair_of(const Spawned& spawned) { return Term::tuple({Term(spawned.pid), Term(spawned.monitor)}); }

constexpr auto kSpawn =
    function("Node.spawn", "Starts a process on that node that calls the function: its pid.", [](Atom node, const Term& fun) {
      NamedCall call = call_of(fun);
      return spawn(OnNode(node), call.function, std::move(call.arguments));
    });
constexpr auto kSpawnNamed = function("Node.spawn", "The same for a function by module, name and arguments.",
                                      [](Atom node, Atom module, Atom name, const Term& arguments) {
                                        return spawn(OnNode(node), FunctionName(module, name), listed(arguments));
                                      });
constexpr auto kSpawnLink =
    function("Node.spawn_link", "Starts a process on that node that calls the function, linked to the caller: its pid.",
             [](Atom node, const Term& fun) {
               NamedCall call = call_of(fun);
               return spawn_link(OnNode(node), call.function, std::move(call.arguments));
             });
constexpr auto kSpawnLinkNamed = function("Node.spawn_link", "The same for a function by module, name and arguments.",
                                          [](Atom node, Atom module, Atom name, const Term& arguments) {
                                            return spawn_link(OnNode(node), FunctionName(module, name), listed(arguments));
                                          });
constexpr auto kSpawnMonitor =
    function("Node.spawn_monitor", "Starts a process on that node that calls the function, monitored: {pid, reference}.",
             [](Atom node, const Term& fun) {
               NamedCall call = call_of(fun);
               return pair_of(spawn_monitor(OnNode(node), call.function, std::move(call.arguments)));
             });
constexpr auto kSpawnMonitorNamed = function("Node.spawn_monitor", "The same for a function by module, name and arguments.",
                                             [](Atom node, Atom module, Atom name, const Term& arguments) {
                                               return pair_of(spawn_monitor(OnNode(node), FunctionName(module, name), listed(arguments)));
                                             });

}  // namespace

Result<Term, Failure> Session::evaluate(std::string_view text) {
  PULPO_TRY(const Term tree, parse(text));
  PULPO_CHECK(check_names(tree, bindings_));
  return Machine(limits_).run(tree, bindings_);
}

Result<void, Failure> check(std::string_view text) {
  auto tree = parse(text);
  if (tree) return {};
  Failure failure = std::move(tree).error();
  // What is wrong inside of a block is told when that has ended: else the rest of a pasted module would be evaluated line by line.
  failure.incomplete = failure.incomplete || has_open_block(text);
  return failure;
}

Result<Term, Failure> call(const Term& function, std::span<const Term> arguments, const Limits& limits) {
  return Machine(limits).call(function, arguments);
}

void install(Runtime& runtime) {
  set_function_evaluator(runtime, &evaluate_function);
  const std::array<Function, 8> all{kShell, kObserve, kSpawn, kSpawnNamed, kSpawnLink, kSpawnLinkNamed, kSpawnMonitor, kSpawnMonitorNamed};
  export_functions(runtime, all);
}

std::string inspect(const Term& value) { return value.text(); }

}  // namespace pulpo::lang
