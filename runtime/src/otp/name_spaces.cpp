// SPDX-License-Identifier: Apache-2.0
#include "otp/name_spaces.hpp"

#include <algorithm>
#include <mutex>

#include "otp/application_table.hpp"
#include "pulpo/server_ref.hpp"

namespace pulpo {

// --- One name space ------------------------------------------------------------------------------------

bool NodeNames::register_name(const Term& name, const Pid& pid) {
  name.share();
  // One that was registered beside a server's own name is not taken back at its holder's end.
  if (const auto holder = whereis_name(name); holder && !is_alive(*holder)) unregister_name(name, *holder);
  const std::unique_lock lock(mutex_);
  return names_.try_emplace(name, pid).second;
}

void NodeNames::unregister_name(const Term& name, const Pid& pid) {
  decltype(names_)::node_type gone;  // let go of after the lock
  const std::unique_lock lock(mutex_);
  const auto found = names_.find(name);
  if (found != names_.end() && found->second == pid) gone = names_.extract(found);
}

std::optional<Pid> NodeNames::whereis_name(const Term& name) {
  const std::shared_lock lock(mutex_);
  const auto found = names_.find(name);
  if (found == names_.end()) return std::nullopt;
  return found->second;
}

void NameSpace::send(const Term& name, Term message) {
  const auto pid = whereis_name(name);
  if (!pid) exit(Term::tuple({atoms::badarg, Term::tuple({name, message})}));
  pulpo::send(Address(*pid), std::move(message));
}

// --- All of a node -------------------------------------------------------------------------------------

NameSpaces::NameSpaces() { spaces_.emplace_back("global"_atom, std::make_shared<NodeNames>()); }

void NameSpaces::set(Atom module, std::shared_ptr<NameSpace> space) {
  const std::unique_lock lock(mutex_);
  const auto found = std::find_if(spaces_.begin(), spaces_.end(), [&](const auto& each) { return each.first == module; });
  if (found != spaces_.end()) {
    found->second.swap(space);  // the old one is let go of after the lock
  } else {
    spaces_.emplace_back(module, std::move(space));
  }
}

std::shared_ptr<NameSpace> NameSpaces::find(Atom module) const {
  const std::shared_lock lock(mutex_);
  const auto found = std::find_if(spaces_.begin(), spaces_.end(), [&](const auto& each) { return each.first == module; });
  return found != spaces_.end() ? found->second : nullptr;
}

void set_name_space(std::string_view module, std::shared_ptr<NameSpace> space) {
  PULPO_ASSERT(space != nullptr);
  ApplicationTable::of(runtime()).name_spaces().set(detail::name_or_exit(module), std::move(space));
}

// --- Names -----------------------------------------------------------------------------------------------

Via::Via(Atom module, Term name) : module_(module), name_(std::move(name)) { name_.share(); }

Term Via::term() const {
  if (module_ == "global"_atom) return Term::tuple({module_, name_});
  return Term::tuple({"via"_atom, module_, name_});
}

std::shared_ptr<NameSpace> Via::space() const {
  auto space = ApplicationTable::of(runtime()).name_spaces().find(module_);
  if (!space) exit(Term::tuple({atoms::undef, term()}));
  return space;
}

Via global(Term name) { return Via("global"_atom, std::move(name)); }
Via global(std::string_view name) { return global(Term(detail::name_or_exit(name))); }
Via via(std::string_view module, Term name) { return Via(detail::name_or_exit(module), std::move(name)); }

bool register_name(const Via& name, const Pid& pid) { return name.space()->register_name(name.name(), pid); }
void send(const Via& to, Term message) { to.space()->send(to.name(), std::move(message)); }

}  // namespace pulpo
