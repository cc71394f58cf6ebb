// SPDX-License-Identifier: Apache-2.0
#include "otp/application_table.hpp"

#include <algorithm>
#include <mutex>

#include "otp/builtin_functions.hpp"
#include "otp/observer_backend.hpp"

namespace pulpo {

ApplicationTable::ApplicationTable() {
  add_functions(builtin_functions());
  add_functions(observer_functions());
}

ApplicationTable& ApplicationTable::of(Runtime& runtime) {
  return static_cast<ApplicationTable&>(
      runtime.extension([]() -> std::unique_ptr<RuntimeExtension> { return std::make_unique<ApplicationTable>(); }));
}

std::optional<Term> ApplicationTable::get(Atom application, Atom key) const {
  const std::shared_lock lock(mutex_);
  const auto found = settings_.find(name(application, key));
  if (found == settings_.end()) return std::nullopt;
  return found->second;
}

void ApplicationTable::put(Atom application, Atom key, Term value) {
  value.share();
  const std::unique_lock lock(mutex_);
  std::swap(settings_[name(application, key)], value);  // the old one is let go of after the lock
}

void ApplicationTable::erase(Atom application, Atom key) {
  decltype(settings_)::node_type gone;
  const std::unique_lock lock(mutex_);
  gone = settings_.extract(name(application, key));
}

void ApplicationTable::erase_all(Atom application) {
  std::vector<Term> gone;
  const std::unique_lock lock(mutex_);
  for (auto each = settings_.begin(); each != settings_.end();) {
    if (each->first >> 32 != application.index()) {
      ++each;
      continue;
    }
    gone.push_back(std::move(each->second));
    each = settings_.erase(each);
  }
}

Env ApplicationTable::all(Atom application) const {
  std::vector<std::pair<Atom, Term>> values;
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [key, value] : settings_) {
      if (key >> 32 == application.index()) values.emplace_back(Atom::from_index(static_cast<std::uint32_t>(key)), value);
    }
  }
  std::sort(values.begin(), values.end(), [](const auto& left, const auto& right) { return left.first.text() < right.first.text(); });
  return Env(std::move(values));
}

void ApplicationTable::add_master(const Pid& master, Atom application) {
  const std::unique_lock lock(mutex_);
  masters_.emplace_back(master, application);
}

void ApplicationTable::remove_master(const Pid& master) {
  const std::unique_lock lock(mutex_);
  std::erase_if(masters_, [&](const auto& each) { return each.first == master; });
}

void ApplicationTable::set_controlled(std::vector<Atom> applications) {
  const std::unique_lock lock(mutex_);
  controlled_ = std::move(applications);
}

bool ApplicationTable::is_controlled(Atom application) const {
  const std::shared_lock lock(mutex_);
  return std::find(controlled_.begin(), controlled_.end(), application) != controlled_.end();
}

std::optional<Atom> ApplicationTable::application_of(const Pid& master) const {
  const std::shared_lock lock(mutex_);
  const auto found = std::find_if(masters_.begin(), masters_.end(), [&](const auto& each) { return each.first == master; });
  if (found == masters_.end()) return std::nullopt;
  return found->second;
}

std::optional<Pid> ApplicationTable::master_of(Atom application) const {
  const std::shared_lock lock(mutex_);
  const auto found = std::find_if(masters_.begin(), masters_.end(), [&](const auto& each) { return each.second == application; });
  if (found == masters_.end()) return std::nullopt;
  return found->first;
}

TimePoint ApplicationTable::system_began() const {
  const std::shared_lock lock(mutex_);
  return began_;
}

void ApplicationTable::set_leases(std::vector<std::pair<Atom, std::shared_ptr<Lease>>> leases) {
  const std::unique_lock lock(mutex_);
  leases_.swap(leases);  // the old ones are let go of after the lock
  has_leases_ = !leases_.empty();
}

std::shared_ptr<Lease> ApplicationTable::lease_of(Atom application) const {
  const std::shared_lock lock(mutex_);
  const auto found = std::find_if(leases_.begin(), leases_.end(), [&](const auto& each) { return each.first == application; });
  return found == leases_.end() ? nullptr : found->second;
}

std::shared_ptr<Lease> ApplicationTable::lease_of_caller() const {
  if (!has_leases_.load(std::memory_order_relaxed)) return nullptr;
  const auto application = application_of(group_leader());
  return application ? lease_of(*application) : nullptr;
}

void ApplicationTable::set_functions(FunctionTable functions) {
  const std::unique_lock lock(mutex_);
  functions_ = std::move(functions);
}

void ApplicationTable::add_functions(std::span<const Function> functions) {
  const std::unique_lock lock(mutex_);
  for (const Function& function : functions) node_functions_.add(function);
}

std::optional<Function> ApplicationTable::find_function(Atom module, Atom name, std::size_t arity) const {
  const std::shared_lock lock(mutex_);
  const Function* found = functions_.find(module, name, arity);
  if (found == nullptr) found = node_functions_.find(module, name, arity);
  return found != nullptr ? std::optional(*found) : std::nullopt;
}

std::vector<Function> ApplicationTable::functions() const {
  std::vector<Function> all;
  const std::shared_lock lock(mutex_);
  for (const FunctionTable* const table : {&functions_, &node_functions_}) {
    for (const Function* const each : table->all()) all.push_back(*each);
  }
  return all;
}

bool ApplicationTable::has_module(Atom module) const {
  const std::shared_lock lock(mutex_);
  return functions_.has_module(module) || node_functions_.has_module(module);
}

void ApplicationTable::clear(TimePoint now) {
  decltype(settings_) gone;
  const std::unique_lock lock(mutex_);
  settings_.swap(gone);
  masters_.clear();
  controlled_.clear();
  leases_.clear();
  has_leases_ = false;
  functions_ = {};
  ending_ = false;
  began_ = now;
}

}  // namespace pulpo
