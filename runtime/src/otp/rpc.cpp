// SPDX-License-Identifier: Apache-2.0
//
// erpc and rpc: one way to call, two ways to tell how it went (RPC-2).
#include "pulpo/rpc.hpp"

#include "otp/call_body.hpp"
#include "otp/remote_call.hpp"
#include "proc/remote_spawn.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo {
namespace {

/// How a call ended, in erpc's terms: the value, what was thrown, or the reason of the exit or error that the caller gets.
struct CallEnd {
  enum class Kind : std::uint8_t { value, thrown, exited, failed };
  Kind kind;
  Term what;
};

constexpr int kCallOptions = SpawnRequest::kMonitor | SpawnRequest::kReplyOnError;

Term erpc_reason(const Term& what) { return Term::tuple({erpc_module(), what}); }

CallEnd failed(Term why) { return {CallEnd::Kind::failed, erpc_reason(why)}; }

/// What the exit reason of the process that made the call says.
CallEnd end_of(const Ref& ref, const Term& reason) {
  if (reason.is_tuple() && reason.elements().size() >= 3 && reason.elements()[0] == Term(ref)) {
    const auto parts = reason.elements();
    if (parts.size() == 3 && parts[1].is_atom("return"_atom)) return {CallEnd::Kind::value, parts[2]};
    if (parts.size() == 3 && parts[1].is_atom("throw"_atom)) return {CallEnd::Kind::thrown, parts[2]};
    if (parts.size() == 3 && parts[1].is_atom("exit"_atom)) return {CallEnd::Kind::exited, Term::tuple({"exception"_atom, parts[2]})};
    if (parts.size() == 4 && parts[1].is_atom(atoms::error))
      return {CallEnd::Kind::failed, Term::tuple({"exception"_atom, parts[2], parts[3]})};
  }
  if (reason.is_atom(atoms::noconnection)) return failed(atoms::noconnection);
  return {CallEnd::Kind::exited, Term::tuple({"signal"_atom, reason})};
}

/// As a request for `:erpc.execute_call`.
Term call_request(const Ref& ref, const FunctionName& function, std::span<const Term> arguments) {
  static_cast<void>(request_for(0, function, arguments));  // too many of them
  const Term call[] = {ref, function.module(), function.name(), Term::list(arguments)};
  return request_for(kCallOptions, FunctionName(erpc_module(), execute_call_name()), call);
}

Result<CallEnd> call_there(const OnNode& on, const FunctionName& function, std::span<const Term> arguments, Timeout timeout) {
  if (arguments.size() > 255) return failed(atoms::badarg);
  const Atom node = node_of(on);
  const Ref ref = make_ref();
  // RPC-3.
  if (node == runtime().node_name() && timeout.is_infinite())
    return end_of(ref, execute_call(ref, function.module(), function.name(), Term::list(arguments)));
  auto ended = await_end_there(node, call_request(ref, function, arguments), ref, timeout);
  if (ended) return end_of(ref, *ended);
  if (ended.error().code == Errc::killed) return std::move(ended).error();
  return failed(ended.error().reason);
}

Ref begin_call(Atom node, const FunctionName& function, std::span<const Term> arguments) {
  const Ref ref = make_ref();
  ask_for_end(node, call_request(ref, function, arguments), ref);
  return ref;
}

/// Nothing at the end of the time: it goes on.
std::optional<CallEnd> end_of_begun(const Ref& ref, Timeout timeout) {
  const Term wanted = ref;
  const auto message = receive_if(
      [&](const Term& each) {
        if (!each.is_tuple(4) && !each.is_tuple(5)) return false;
        const auto parts = each.elements();
        return parts[1] == wanted && (parts[0].is_atom(atoms::DOWN) || parts[0].is_atom("spawn_reply"_atom));
      },
      timeout);
  if (!message) return std::nullopt;
  const auto parts = message->elements();
  return parts.size() == 5 ? end_of(ref, parts[4]) : failed(parts[3]);
}

/// One call on each node, and how they ended: within `timeout` all together.
std::vector<CallEnd> call_all(const std::vector<Atom>& nodes, const FunctionName& function, const std::vector<Term>& arguments,
                              Timeout timeout) {
  const TimePoint deadline = timeout.after(now());
  std::vector<Ref> begun;
  begun.reserve(nodes.size());
  for (const Atom node : nodes) begun.push_back(begin_call(node, function, arguments));
  std::vector<CallEnd> ends;
  ends.reserve(nodes.size());
  for (const Ref& ref : begun) {
    const Timeout left = timeout.is_infinite() ? timeout : Timeout(std::max(Duration::zero(), Duration(deadline - now())));
    auto end = end_of_begun(ref, left);
    if (!end) forget_end(ref);
    ends.push_back(end ? *std::move(end) : failed(atoms::timeout));
  }
  return ends;
}

Term badrpc(const Term& why) { return Term::tuple({"badrpc"_atom, why}); }
Term badrpc_exit(const Term& reason) { return badrpc(Term::tuple({atoms::EXIT, reason})); }

/// rpc's view of it (RPC-2).
Term rpc_term(const CallEnd& end) {
  const Term& what = end.what;
  switch (end.kind) {
    case CallEnd::Kind::value:
    case CallEnd::Kind::thrown:
      if (what.is_tuple(2) && what.elements()[0].is_atom(atoms::EXIT)) return badrpc(what);
      return what;
    case CallEnd::Kind::exited:  // {:exception, reason}, {:signal, reason}
      return badrpc_exit(what.elements()[1]);
    case CallEnd::Kind::failed:
      break;
  }
  const auto parts = what.elements();
  if (parts.size() == 3) return badrpc_exit(Term::tuple({parts[1], parts[2]}));
  if (parts[1].is_atom(atoms::noconnection)) return badrpc(atoms::nodedown);
  if (parts[1].is_atom(atoms::timeout)) return badrpc(atoms::timeout);
  return badrpc_exit(parts[1]);
}

bool is_lost(const CallEnd& end) {
  if (end.kind != CallEnd::Kind::failed || !end.what.is_tuple(2)) return false;
  const Term& why = end.what.elements()[1];
  return why.is_atom(atoms::noconnection) || why.is_atom(atoms::timeout);
}

Errc code_of(const CallEnd& end) {
  if (end.kind != CallEnd::Kind::failed || !end.what.is_tuple(2)) return Errc::exited;
  const Term& why = end.what.elements()[1];
  if (why.is_atom(atoms::noconnection)) return Errc::nodedown;
  if (why.is_atom(atoms::timeout)) return Errc::timeout;
  if (why.is_atom(atoms::system_limit)) return Errc::busy;
  return why.is_atom("notsup"_atom) ? Errc::unsupported : Errc::bad_argument;
}

}  // namespace

// --- erpc --------------------------------------------------------------------------------------------------------------

Result<Term> erpc::try_call(const OnNode& node, const FunctionName& function, std::vector<Term> arguments, Timeout timeout) {
  PULPO_TRY(CallEnd end, call_there(node, function, arguments, timeout));
  if (end.kind == CallEnd::Kind::value) return std::move(end.what);
  if (end.kind == CallEnd::Kind::thrown)
    return Error{Errc::exited, Term::tuple({Term::tuple({atoms::nocatch, end.what}), Term::empty_list()}), "erpc"};
  return Error{code_of(end), std::move(end.what), "erpc"};
}

Term erpc::call(const OnNode& node, const FunctionName& function, std::vector<Term> arguments, Timeout timeout) {
  auto value = try_call(node, function, std::move(arguments), timeout);
  if (value) return *std::move(value);
  exit(value.error().code == Errc::killed ? Term(atoms::killed) : value.error().reason);
}

void erpc::cast(const OnNode& node, const FunctionName& function, std::vector<Term> arguments) {
  ask_for_end(node_of(node), request_for(0, function, arguments), make_ref());
}

void erpc::multicast(const std::vector<Atom>& nodes, const FunctionName& function, const std::vector<Term>& arguments) {
  for (const Atom node : nodes) cast(node, function, arguments);
}

std::vector<Term> erpc::multicall(const std::vector<Atom>& nodes, const FunctionName& function, const std::vector<Term>& arguments,
                                  Timeout timeout) {
  std::vector<Term> results;
  results.reserve(nodes.size());
  for (const CallEnd& end : call_all(nodes, function, arguments, timeout)) {
    const Atom kinds[] = {atoms::ok, "throw"_atom, "exit"_atom, atoms::error};
    results.push_back(Term::tuple({kinds[static_cast<std::size_t>(end.kind)], end.what}));
  }
  return results;
}

// --- rpc ---------------------------------------------------------------------------------------------------------------

Term rpc::call(const OnNode& node, const FunctionName& function, std::vector<Term> arguments, Timeout timeout) {
  if (arguments.size() > 255) exit(atoms::badarg);
  const auto end = call_there(node, function, arguments, timeout);
  if (!end) exit(atoms::killed);
  return rpc_term(*end);
}

Ref rpc::async_call(const OnNode& node, const FunctionName& function, std::vector<Term> arguments) {
  return begin_call(node_of(node), function, arguments);
}

Term rpc::yield(const Ref& key) {
  const auto end = end_of_begun(key, Timeout::infinity());
  if (!end) exit(atoms::killed);
  return rpc_term(*end);
}

std::optional<Term> rpc::nb_yield(const Ref& key, Timeout timeout) {
  const auto end = end_of_begun(key, timeout);
  return end ? std::optional(rpc_term(*end)) : std::nullopt;
}

rpc::MultiCall rpc::multicall(const std::vector<Atom>& nodes, const FunctionName& function, const std::vector<Term>& arguments,
                              Timeout timeout) {
  const auto ends = call_all(nodes, function, arguments, timeout);
  MultiCall all;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (is_lost(ends[i])) {
      all.bad_nodes.push_back(nodes[i]);
    } else {
      all.results.push_back(rpc_term(ends[i]));
    }
  }
  return all;
}

void rpc::abcast(const std::vector<Atom>& nodes, Atom name, const Term& message) {
  for (const Atom node : nodes) {
    if (node != runtime().node_name() || whereis(name)) send(Address(name, node), message);
  }
}

rpc::Reached rpc::sbcast(const std::vector<Atom>& nodes, Atom name, const Term& message) {
  const auto ends = call_all(nodes, FunctionName("erlang"_atom, "send"_atom), {name, message}, Timeout::infinity());
  Reached reached;
  for (std::size_t i = 0; i < ends.size(); ++i) (ends[i].kind == CallEnd::Kind::value ? reached.good : reached.bad).push_back(nodes[i]);
  return reached;
}

}  // namespace pulpo
