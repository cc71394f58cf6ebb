// SPDX-License-Identifier: Apache-2.0
//
// ApplicationTable: what all processes of a node may look up about its applications without asking anybody: their environments,
// whose master a process is, and what they export.
//
// OTP has an ETS table for it (ac_tab). Reading must not wait for the application controller, which may be the very one that waits
// for the reader's application to start or to stop.
//
//   Ownership  The runtime's extension; values are shared terms.
//   Threads    Any core.
//   Suspends   Never. A lock is held for one look-up; no author's code runs under it.
//   Bounds     As many settings as the program's code and configuration make, as in OTP.
//   Cost       get(): an uncontended shared lock, a hash, a copy of a term.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "otp/lease.hpp"
#include "otp/name_spaces.hpp"
#include "pulpo/application.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo {

class ApplicationTable final : public RuntimeExtension {
 public:
  ApplicationTable();
  [[nodiscard]] static ApplicationTable& of(Runtime& runtime);

  // --- Environments ------------------------------------------------------------------------------------
  [[nodiscard]] std::optional<Term> get(Atom application, Atom key) const;
  void put(Atom application, Atom key, Term value);
  void erase(Atom application, Atom key);
  void erase_all(Atom application);
  /// In the order of keys as text, so that it prints the same each time.
  [[nodiscard]] Env all(Atom application) const;

  // --- Masters -------------------------------------------------------------------------------------------
  void add_master(const Pid& master, Atom application);
  void remove_master(const Pid& master);
  /// Whose master that is.
  [[nodiscard]] std::optional<Atom> application_of(const Pid& master) const;
  /// The other way round; nothing for one that does not run here, or has no processes.
  [[nodiscard]] std::optional<Pid> master_of(Atom application) const;

  // --- Applications whose starts another process decides (AC-2) -------------------------------------------
  void set_controlled(std::vector<Atom> applications);
  [[nodiscard]] bool is_controlled(Atom application) const;

  // --- Applications that serve only with a lease ------------------------------------------------------------
  void set_leases(std::vector<std::pair<Atom, std::shared_ptr<Lease>>> leases);
  /// Null for one that needs none.
  [[nodiscard]] std::shared_ptr<Lease> lease_of(Atom application) const;
  /// The same for that of the calling process; nearly free while no application has one.
  [[nodiscard]] std::shared_ptr<Lease> lease_of_caller() const;

  // --- Functions -----------------------------------------------------------------------------------------
  /// What the applications export, in the place of what there was.
  void set_functions(FunctionTable functions);
  /// What the node exports besides, in addition to what there was.
  void add_functions(std::span<const Function> functions);
  [[nodiscard]] std::optional<Function> find_function(Atom module, Atom name, std::size_t arity) const;

  /// All of them, those of applications first.
  [[nodiscard]] std::vector<Function> functions() const;
  [[nodiscard]] bool has_module(Atom module) const;
  [[nodiscard]] FunctionEvaluator evaluator() const noexcept { return evaluator_.load(std::memory_order_acquire); }
  void set_evaluator(FunctionEvaluator evaluator) noexcept { evaluator_.store(evaluator, std::memory_order_release); }

  [[nodiscard]] NameSpaces& name_spaces() noexcept { return name_spaces_; }

  /// The node's end has begun; the first to say so is told true.
  [[nodiscard]] bool begin_end() noexcept { return !ending_.exchange(true); }
  /// A system starts now: nothing of an earlier one stays.
  void clear(TimePoint now);
  /// When the system started; kNever before it did.
  [[nodiscard]] TimePoint system_began() const;

 private:
  [[nodiscard]] static std::uint64_t name(Atom application, Atom key) noexcept {
    return std::uint64_t{application.index()} << 32 | key.index();
  }

  mutable std::shared_mutex mutex_;
  std::unordered_map<std::uint64_t, Term> settings_;
  std::vector<std::pair<Pid, Atom>> masters_;
  std::vector<Atom> controlled_;
  std::vector<std::pair<Atom, std::shared_ptr<Lease>>> leases_;
  std::atomic<bool> has_leases_{false};
  FunctionTable functions_;
  FunctionTable node_functions_;  ///< Of no application; they outlive a system.
  std::atomic<FunctionEvaluator> evaluator_{nullptr};
  NameSpaces name_spaces_;
  std::atomic<bool> ending_{false};
  TimePoint began_ = kNever;
};

}  // namespace pulpo
