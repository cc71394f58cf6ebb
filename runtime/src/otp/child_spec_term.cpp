// SPDX-License-Identifier: Apache-2.0
#include "otp/child_spec_term.hpp"

#include <fmt/format.h>

#include "otp/function_arguments.hpp"
#include "otp/system_messages.hpp"
#include "pulpo/function.hpp"

namespace pulpo {
namespace {

Error fault(Term reason) { return Error{Errc::refused, std::move(reason), "child specification"}; }
Error fault(Atom what, const Term& which) { return fault(Term::tuple({what, which})); }

/// {module, name, [arguments]}.
bool is_start(const Term& start) {
  return start.is_tuple(3) && start.elements()[0].is_atom() && start.elements()[1].is_atom() && start.elements()[2].is_proper_list() &&
         start.elements()[2].list_size() <= 255;
}

/// SUP-3: what a start function returned.
Result<Pid> started_child(const Term& value) {
  if (value.is_atom(system::ignore())) return Error{Errc::exited, system::ignore(), "start of a child"};
  const bool is_pair = value.is_tuple(2) || value.is_tuple(3);
  if (is_pair && value.elements()[0].is_atom(atoms::ok) && value.elements()[1].is_pid()) return value.elements()[1].pid();
  if (value.is_tuple(2) && value.elements()[0].is_atom(atoms::error)) return fault(value.elements()[1]);
  return fault(value);
}

/// `Kate.start_link(1, 2)`.
std::string call_text(const Term& start) {
  const auto parts = start.elements();
  std::string name = Term::function(parts[0].atom(), parts[1].atom(), 0).text();  // &Kate.start_link/0
  std::string text = name.substr(1, name.size() - 3) + "(";
  for (std::size_t i = 0; i < parts[2].list_size(); ++i) text += (i == 0 ? "" : ", ") + parts[2].list_at(i).text();
  return text + ")";
}

/// Whether a call ended because there is no such function, and not for one that it called.
bool is_undefined(const Term& reason, Atom module, Atom name) {
  if (!reason.is_tuple(2) || !reason.elements()[0].is_atom(atoms::undef) || !reason.elements()[1].is_proper_list()) return false;
  if (reason.elements()[1].list_size() == 0) return false;
  const Term entry = reason.elements()[1].list_at(0);
  return entry.is_tuple() && entry.elements().size() >= 3 && entry.elements()[0].is_atom(module) && entry.elements()[1].is_atom(name);
}

Term spec_of_module(Atom module, const Term& argument) {
  try {
    return apply(module, "child_spec"_atom, std::span(&argument, 1));
  } catch (const Exiting& exiting) {
    if (!is_undefined(exiting.reason, module, "child_spec"_atom)) throw;
  }
  return Term::map({{"id"_atom, module}, {"start"_atom, Term::tuple({module, "start_link"_atom, Term::list({argument})})}});
}

}  // namespace

Term expanded_child_spec(const Term& child) {
  Term map = child;
  if (child.is_atom() && !child.is_atom(atoms::nil)) map = spec_of_module(child.atom(), Term::empty_list());
  if (child.is_tuple(2) && child.elements()[0].is_atom()) map = spec_of_module(child.elements()[0].atom(), child.elements()[1]);
  if (map.is_map()) return map;
  exit_badarg(fmt::format(
      "supervisors expect each child to be one of the following:\n\n  * a module\n  * a {{module, arg}} tuple\n  * a child specification "
      "as a map with at least the :id and :start fields\n\nGot: {}",
      child.text()));
}

Result<ChildSpec> child_of(const Term& map) {
  if (!map.is_map()) return fault("invalid_child_spec"_atom, map);
  const Term* const id = map.map_find("id"_atom);
  if (id == nullptr) return fault("missing_id"_atom);
  const Term* const start = map.map_find("start"_atom);
  if (start == nullptr) return fault("missing_start"_atom);
  if (!is_start(*start)) return fault("invalid_mfa"_atom, *start);
  ChildSpec spec;
  spec.id = *id;
  if (const Term* const type = map.map_find("type"_atom)) {
    const auto value = from_term<ChildType>(*type);
    if (!value) return fault("invalid_child_type"_atom, *type);
    spec.type = *value;
  }
  if (const Term* const restart = map.map_find("restart"_atom)) {
    const auto value = from_term<Restart>(*restart);
    if (!value) return fault("invalid_restart_type"_atom, *restart);
    spec.restart = *value;
  }
  if (const Term* const significant = map.map_find("significant"_atom)) {
    const auto value = from_term<bool>(*significant);
    if (!value) return fault("invalid_significant"_atom, *significant);
    spec.significant = *value;
  }
  if (spec.type == ChildType::supervisor) spec.shutdown = Shutdown::infinity();
  if (const Term* const shutdown = map.map_find("shutdown"_atom)) {
    if (!decode_into(*shutdown, spec.shutdown)) return fault("invalid_shutdown"_atom, *shutdown);
  }
  spec.id.share();
  start->share();
  spec.start = [call = *start](std::optional<unsigned>) {
    const auto parts = call.elements();
    return started_child(apply(parts[0].atom(), parts[1].atom(), elements_of(parts[2])));
  };
  spec.start_call = call_text(*start);
  spec.class_name = start->elements()[0].atom().text();
  return spec;
}

Result<ChildSpec> requested_child(const Term& carried) {
  if (const auto spec = carried.as_object<const ChildSpec>()) return *spec;
  return child_of(carried);
}

}  // namespace pulpo
