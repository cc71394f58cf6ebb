// SPDX-License-Identifier: Apache-2.0
#include "pulpo/remote.hpp"

#include <fmt/format.h>

#include "otp/call_body.hpp"
#include "otp/remote_call.hpp"
#include "proc/remote_spawn.hpp"
#include "pulpo/log.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo {

FunctionName::FunctionName(std::string_view text) {
  const std::string name(text);
  const auto found = Function{name.c_str(), "", 0, nullptr}.module_and_name();
  if (!found) exit(Term::tuple({atoms::badarg, fmt::format("\"{}\" is not \"Module.function\"", text)}));
  module_ = found->first;
  name_ = found->second;
}

std::string FunctionName::text(std::size_t arity) const {
  return Term::function(module_, name_, static_cast<std::uint8_t>(std::min<std::size_t>(arity, 255))).text().substr(1);
}

Atom node_of(const OnNode& node) { return node.atom().value_or(runtime().node_name()); }

Term request_for(int options, const FunctionName& function, std::span<const Term> arguments) {
  if (arguments.size() > 255) exit(Term::tuple({atoms::badarg, "a function takes 255 arguments at most"}));
  // Asking our own node works without a system, too.
  if (runtime().call_bodies() == nullptr) runtime().set_call_bodies(&make_call_body);
  // IO-4. Who has no leader speaks to `user` of this node, and so shall what it asks for.
  Pid leader = group_leader();
  if (!leader) leader = whereis("user"_atom).value_or(Pid{});
  return SpawnRequest::make(options, leader, function.module(), function.name(), Term::list(arguments));
}

namespace {

/// What stands for a process that could not be: it says so, and ends (SIG-18).
Spawned dead_process(Atom node, const FunctionName& function, std::vector<Term> arguments, const SpawnOptions& options) {
  std::vector<Term> wanted;
  if (options.link) wanted.emplace_back("link"_atom);
  if (options.monitor) wanted.emplace_back("monitor"_atom);
  const std::string text =
      fmt::format("** Can not start {}:{},{} ({}) on {} **", Term(function.module()).text(), Term(function.name()).text(),
                  Term::list(arguments).text(), Term::list(wanted).text(), Term(node).text());
  auto ends = detail::function_body([text] {
    log::warning("{}", text);
    exit(atoms::noconnection);
  });
  return detail::spawn_or_exit(std::move(ends), options);
}

Spawned spawn_as(const OnNode& on, const FunctionName& function, std::vector<Term> arguments, const SpawnOptions& options) {
  const Atom node = node_of(on);
  const int wanted = SpawnRequest::kReply | (options.link ? SpawnRequest::kLink : 0) | (options.monitor ? SpawnRequest::kMonitor : 0);
  const auto spawned = spawn_there(node, request_for(wanted, function, arguments));
  if (spawned) return *spawned;
  if (spawned.error().code == Errc::nodedown) return dead_process(node, function, std::move(arguments), options);
  exit(spawned.error().code == Errc::killed ? Term(atoms::killed) : spawned.error().reason);
}

}  // namespace

Pid spawn(const OnNode& node, const FunctionName& function, std::vector<Term> arguments) {
  return spawn_as(node, function, std::move(arguments), {}).pid;
}
Pid spawn_link(const OnNode& node, const FunctionName& function, std::vector<Term> arguments) {
  SpawnOptions options;
  options.link = true;
  return spawn_as(node, function, std::move(arguments), options).pid;
}
Spawned spawn_monitor(const OnNode& node, const FunctionName& function, std::vector<Term> arguments) {
  SpawnOptions options;
  options.monitor = true;
  return spawn_as(node, function, std::move(arguments), options);
}

Ref spawn_request(const OnNode& node, const FunctionName& function, std::vector<Term> arguments, const SpawnRequestOptions& options) {
  // The reply is wanted in any case: link and monitor have to know of whom.
  const int wanted = SpawnRequest::kReply | (options.link ? SpawnRequest::kLink : 0) | (options.monitor ? SpawnRequest::kMonitor : 0);
  return ask_to_spawn(node_of(node), request_for(wanted, function, arguments), options.reply);
}

bool spawn_request_abandon(const Ref& request) { return abandon_spawn(request); }

}  // namespace pulpo
