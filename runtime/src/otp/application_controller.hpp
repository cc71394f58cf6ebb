// SPDX-License-Identifier: Apache-2.0
//
// ApplicationController: the process `application_controller`, authority on what is loaded and what runs here (AC-1, D10).
//
//   Order      It never waits for an application: masters report, and whoever asked is answered then.
//   Ownership  Masters are linked to it and it traps exits. Its own end is the node's, since what it ran is gone (system.cpp).
//   Bounds     The applications it was made with and those that were loaded; a master each.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pulpo/application.hpp"
#include "pulpo/gen_server.hpp"

namespace pulpo {

/// A start error (AC-29) for a person: "its child PingPong failed: …".
[[nodiscard]] std::string start_error_text(const Term& reason);

/// Begins to end the system with `reason`, and returns at once: applications first, in order, for at most 30 s. Once a system.
void begin_system_end(const Term& reason);

class ApplicationController final : public detail::ServerBody {
 public:
  using Applications = std::vector<std::shared_ptr<const Application>>;
  using Settings = std::vector<std::pair<Atom, Env>>;  ///< By application; they stand above its own.

  ApplicationController(Applications applications, Settings settings)
      : applications_(std::move(applications)), settings_(std::move(settings)) {}
  [[nodiscard]] static Atom registered_name() { return "application_controller"_atom; }
  /// Who decides where controlled applications run. It says which by the request {:control_applications, names}, and is told
  /// {:application_wanted, name, restart}, {:application_unwanted, name, :stopped}, {:application_runs, name, nil},
  /// {:application_ended, name, reason}, and {:application_count, :undefined, n}: how many run here.
  [[nodiscard]] static Atom control_name() { return "dist_ac"_atom; }

 protected:
  void construct() override;
  bool on_call(const Term& request, const detail::Caller& caller) override;
  bool on_info(const Term& message) override;
  void on_terminate(const Term& reason) override;
  [[nodiscard]] std::optional<Term> describe_state() const override;
  [[nodiscard]] std::string_view class_name() const override { return "application_controller"; }

 private:
  enum class Phase : std::uint8_t {
    asked,  ///< Whoever controls it decides whether it starts here.
    starting,
    running,
    stopping,
    elsewhere,  ///< It runs on another node, or nowhere for now; started all the same for those that need it.
  };
  struct Running {
    Atom name;
    Pid master{};  ///< Nobody for a library.
    Phase phase = Phase::starting;
    RestartType type = RestartType::temporary;
    TimePoint since{};                          ///< When its start succeeded; until then, when it began.
    std::vector<detail::Caller> starters = {};  ///< Answered when the start has succeeded or failed.
    std::vector<detail::Caller> stoppers = {};  ///< Answered when the master is gone.
  };
  /// Somebody who wants an application started.
  struct Wish {
    Atom name;
    RestartType type;
    StartType start;
    detail::Caller caller;
  };

  [[nodiscard]] std::shared_ptr<const Application> find(Atom name) const;
  [[nodiscard]] Running* running(Atom name);
  [[nodiscard]] bool has_started(Atom name);
  /// Answers what has its answer at once; nothing when `request` is another one.
  [[nodiscard]] std::optional<Term> answer(const Term& request);
  void load(std::shared_ptr<const Application> application);
  [[nodiscard]] Term load_one(const Term& application);
  [[nodiscard]] Term unload_one(Atom name);
  [[nodiscard]] Term start_order(Atom name) const;
  [[nodiscard]] std::vector<Atom> needs_of(const Application& application) const;
  void start_one(const Wish& wish);
  void start_here(Running& application, const StartType& start);
  // --- Applications that somebody else controls: OTP's `control` (AC-1, AC-2) ------------------------------------
  [[nodiscard]] bool is_controlled(Atom name) const;
  [[nodiscard]] Term control(const Term& names);
  void tell_count() const;
  void tell_control(Term word, Atom name, Term what) const;
  /// What the control says: {:run_application, name, start, restart or nil}, {:application_elsewhere, name}, {:refuse_application, name,
  /// reason},
  /// {:stop_application_here, name}. False when `message` is none of these.
  bool obey_control(const Term& message);
  void answer_starters(Running& application, const Term& outcome);
  [[nodiscard]] bool control_goes_on(const Running& application, const Term& why, bool failed);
  void stop_one(Atom name, const detail::Caller& caller);
  void tell_to_stop(Running& application);
  /// Goes on with stop_applications(): one after another (AC-51).
  void stop_next();
  void started(Atom name, const Term& outcome);
  void master_ended(const Pid& master, const Term& reason);
  /// It is over; `why` is what its tree ended with.
  void ended(const Running& application, const Term& why);
  void ended_for_good(const Running& application, const Term& why, bool failed);
  [[nodiscard]] static bool runs(const Running& application);
  [[nodiscard]] Term running_list() const;
  /// What :list_applications is answered, as by dist_ac: [%{name: …, running_ms: …}], the first started first. For people.
  [[nodiscard]] Term running_times() const;

  Applications applications_;
  const Settings settings_;
  std::vector<Running> running_;              ///< In the order of their start.
  std::vector<Wish> postponed_;               ///< For applications that are stopping.
  std::vector<detail::Caller> all_stoppers_;  ///< Who waits for everything to be stopped.
};

}  // namespace pulpo
