// SPDX-License-Identifier: Apache-2.0
#include "otp/function_arguments.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "otp/system_messages.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo {

std::optional<Pid> ServerArgument::whereis() const {
  if (via) return via->whereis();
  if (!address->is_name()) return address->pid();
  if (address->node() && *address->node() != runtime().node_name()) return std::nullopt;
  return pulpo::whereis(address->name());
}

bool Codec<ServerArgument>::decode(const Term& term, ServerArgument& out) {
  out = {};
  if (term.is_pid()) {
    out.address = term.pid();
  } else if (term.is_atom()) {
    out.address = term.atom();
  } else if (term.is_tuple(2) && term.elements()[0].is_atom("global"_atom)) {
    out.via = Via("global"_atom, term.elements()[1]);
  } else if (term.is_tuple(2) && term.elements()[0].is_atom() && term.elements()[1].is_atom()) {
    out.address = Address(term.elements()[0].atom(), term.elements()[1].atom());
  } else if (term.is_tuple(3) && term.elements()[0].is_atom("via"_atom) && term.elements()[1].is_atom()) {
    out.via = Via(term.elements()[1].atom(), term.elements()[2]);
  } else {
    return false;
  }
  return true;
}

namespace {

bool is_milliseconds(const Term& term) { return term.is_integer() && term.integer() >= 0 && term.integer() <= std::int64_t{UINT32_MAX}; }

}  // namespace

bool Codec<Patience>::decode(const Term& term, Patience& out) {
  if (term.is_atom(atoms::infinity)) {
    out.timeout = Timeout::infinity();
    return true;
  }
  if (!is_milliseconds(term)) return false;
  out.timeout = std::chrono::milliseconds(term.integer());
  return true;
}

bool Codec<Milliseconds>::decode(const Term& term, Milliseconds& out) {
  if (!is_milliseconds(term)) return false;
  out.duration = std::chrono::milliseconds(term.integer());
  return true;
}

bool Codec<Keywords>::decode(const Term& term, Keywords& out) {
  if (!term.is_proper_list()) return false;
  for (std::size_t i = 0; i < term.list_size(); ++i) {
    const Term pair = term.list_at(i);
    if (!pair.is_tuple(2) || !pair.elements()[0].is_atom()) return false;
  }
  out.list = term;
  return true;
}

bool Codec<Shutdown>::decode(const Term& term, Shutdown& out) {
  if (term.is_atom("brutal_kill"_atom)) {
    out = Shutdown::brutal_kill();
    return true;
  }
  Patience patience;
  if (!decode_into(term, patience)) return false;
  out = patience.timeout.is_infinite() ? Shutdown::infinity() : Shutdown(patience.timeout.duration());
  return true;
}

std::optional<Term> Keywords::find(std::string_view key) const {
  for (std::size_t i = 0; i < list.list_size(); ++i) {
    const Term pair = list.list_at(i);
    if (pair.elements()[0].atom().text() == key) return pair.elements()[1];
  }
  return std::nullopt;
}

void Keywords::only(std::string_view function, std::initializer_list<std::string_view> keys) const {
  for (std::size_t i = 0; i < list.list_size(); ++i) {
    const Atom key = list.list_at(i).elements()[0].atom();
    if (std::find(keys.begin(), keys.end(), key.text()) != keys.end()) continue;
    std::string known;
    for (const std::string_view each : keys) known += fmt::format("{}{}:", known.empty() ? "" : ", ", each);
    exit_badarg(fmt::format("{} has no option {}:; it takes {}", function, key.text(), known));
  }
}

void exit_badarg(std::string text) { exit(Term::tuple({atoms::badarg, text})); }

std::optional<std::size_t> open_arity(const Term& function) noexcept {
  if (function.type() != Term::Type::function) return std::nullopt;
  const auto parts = function.function_parts();
  return parts.arity - parts.bound.size();
}

Term call_function(const Term& function, std::span<const Term> arguments) {
  const auto parts = function.function_parts();
  std::vector<Term> all(parts.bound.begin(), parts.bound.end());
  all.insert(all.end(), arguments.begin(), arguments.end());
  return apply(parts.module, parts.name, all);
}

std::vector<Term> elements_of(const Term& list) {
  std::vector<Term> all;
  all.reserve(list.list_size());
  for (std::size_t i = 0; i < list.list_size(); ++i) all.push_back(list.list_at(i));
  return all;
}

Term call_of(const ServerArgument& server, const Term& request, const CallOptions& options) {
  return server.via ? call(*server.via, request, options) : call(*server.address, request, options);
}

Term started_term(const Result<Pid>& started) {
  if (!started && is_ignore(started.error())) return system::ignore();
  return to_term(started);
}

Name name_of(const Keywords& options) {
  const auto name = options.find("name");
  if (!name || name->is_atom(atoms::nil)) return {};
  ServerArgument server;
  if (decode_into(*name, server)) {
    if (server.via) return *server.via;
    if (server.address->is_name() && !server.address->node()) return server.address->name();
  }
  exit_badarg("expected :name option to be one of: nil, atom, {:global, term} or {:via, module, term}, got: " + name->text());
}

}  // namespace pulpo
