// SPDX-License-Identifier: Apache-2.0
//
// GenServer and :sys, as Elixir's users type them.
#include "otp/builtin_functions.hpp"
#include "otp/function_arguments.hpp"
#include "otp/server_stop.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo {

Atom stop_server(const ServerArgument& server, const Term& reason, Timeout timeout) {
  const auto stopped = server.via ? stop(*server.via, reason, timeout) : stop(*server.address, reason, timeout);
  if (stopped) return atoms::ok;
  const Term call = Term::tuple({"Elixir.GenServer"_atom, "stop"_atom, Term::list({server.term(), reason, to_term(timeout)})});
  exit(Term::tuple({stopped.error().reason, call}));
}

namespace {

Term cast_to(const ServerArgument& server, const Term& message) {
  if (server.via) {
    cast(*server.via, message);
  } else {
    cast(*server.address, message);
  }
  return atoms::ok;
}

/// GS-6's timeouts, in Erlang's words when they are wrong.
Timeout call_timeout(const Term& term) {
  Patience patience;
  if (!decode_into(term, patience)) exit(atoms::badarg);
  return patience.timeout;
}

/// GS-19: a name on another node is resolved there.
Term server_process(const ServerArgument& server) {
  const bool is_elsewhere =
      server.address && server.address->is_name() && server.address->node() && *server.address->node() != runtime().node_name();
  if (is_elsewhere) return server.term();
  const auto pid = server.whereis();
  return pid ? Term(*pid) : Term();
}

Term ask_all(const std::vector<Atom>& nodes, Atom name, const Term& request, Timeout timeout) {
  const auto answers = multi_call(nodes, name, request, {.timeout = timeout});
  return Term::tuple({to_term(answers.replies), to_term(answers.bad_nodes)});
}

Term state_of(const ServerArgument& server, const Term& given, Timeout timeout) {
  const auto state = server.via ? get_state(*server.via, timeout) : get_state(*server.address, timeout);
  if (state) return *state;
  exit(Term::tuple({state.error().reason, Term::tuple({"sys"_atom, "get_state"_atom, given})}));
}

using Where = ServerArgument;

}  // namespace

std::span<const Function> server_functions() {
  static constexpr Function kRows[] = {
      row("GenServer.call", "Asks a server, and returns its reply; exits when it fails or has not answered within 5000 ms.",
          [](const Where& server, const Term& request) { return call_of(server, request); }),
      row("GenServer.call", "The same, with a timeout in milliseconds or :infinity.",
          [](const Where& server, const Term& request, const Term& timeout) {
            return call_of(server, request, {.timeout = call_timeout(timeout)});
          }),
      row("GenServer.cast", "Tells a server, and returns :ok whether it is there or not.",
          [](const Where& server, const Term& message) { return cast_to(server, message); }),
      row("GenServer.abcast", "Tells the servers of that name on these nodes, and returns :abcast.",
          [](const std::vector<Atom>& nodes, Atom name, const Term& message) {
            abcast(nodes, name, message);
            return "abcast"_atom;
          }),
      row("GenServer.multi_call", "Asks the servers of that name on these nodes: {[{node, reply}], bad_nodes}.",
          [](const std::vector<Atom>& nodes, Atom name, const Term& request) {
            return ask_all(nodes, name, request, Timeout::infinity());
          }),
      row("GenServer.multi_call", "The same, within so many milliseconds for all of them.",
          [](const std::vector<Atom>& nodes, Atom name, const Term& request, const Patience& patience) {
            return ask_all(nodes, name, request, patience.timeout);
          }),
      row("GenServer.reply", "Answers a request that this process received as {:\"$gen_call\", from, request}.",
          [](const std::pair<Pid, Ref>& from, const Term& value) { reply(from.first, from.second, value); }),
      row("GenServer.stop", "Ends a server, which runs its terminate first, and returns :ok.",
          [](const Where& server) { return stop_server(server, atoms::normal, Timeout::infinity()); }),
      row("GenServer.stop", "The same with a reason.",
          [](const Where& server, const Term& reason) { return stop_server(server, reason, Timeout::infinity()); }),
      row("GenServer.stop", "The same with a reason, within so many milliseconds.",
          [](const Where& server, const Term& reason, const Patience& patience) { return stop_server(server, reason, patience.timeout); }),
      row("GenServer.whereis", "The pid of a server, or nil; {name, node} for one on another node.",
          [](const Where& server) { return server_process(server); }),
      row(":sys.get_state", "What a server's describe() says of its state, or nil when it says nothing.",
          [](const Where& server) { return state_of(server, Term::list({server.term()}), 5s); }),
      row(":sys.get_state", "The same, within so many milliseconds.",
          [](const Where& server, const Patience& patience) {
            return state_of(server, Term::list({server.term(), to_term(patience.timeout)}), patience.timeout);
          }),
  };
  return kRows;
}

}  // namespace pulpo
