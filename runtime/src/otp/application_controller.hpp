// SPDX-License-Identifier: Apache-2.0
//
// ApplicationController: the process `application_controller`, authority on what is loaded and what runs here (AC-1, D10).
//
//   Order      It never waits for an application: masters report, and whoever asked is answered then.
//   Ownership  Masters are linked to it and it traps exits.
//   Bounds     The applications it was made with; a master each.
#pragma once

#include <string>
#include <vector>

#include "pulpo/application.hpp"
#include "pulpo/gen_server.hpp"

namespace pulpo {

/// A start error (AC-29) for a person: "its child PingPong failed: …".
[[nodiscard]] std::string start_error_text(const Term& reason);

class ApplicationController final : public detail::ServerBody {
 public:
  explicit ApplicationController(std::vector<Application> applications) : applications_(std::move(applications)) {}
  [[nodiscard]] static Atom registered_name() { return "application_controller"_atom; }

 protected:
  void construct() override;
  bool on_call(const Term& request, const detail::Caller& caller) override;
  bool on_info(const Term& message) override;
  void on_terminate(const Term& reason) override;
  [[nodiscard]] std::optional<Term> describe_state() const override;
  [[nodiscard]] std::string_view class_name() const override { return "application_controller"; }

 private:
  enum class Phase : std::uint8_t { starting, running, stopping };
  struct Running {
    Atom name;
    Pid master;
    Phase phase = Phase::starting;
    std::vector<detail::Caller> starters = {};  ///< Answered when the start has succeeded or failed.
    std::vector<detail::Caller> stoppers = {};  ///< Answered when the master is gone.
  };

  [[nodiscard]] const Application* find(Atom name) const;
  [[nodiscard]] Running* running(Atom name);
  void start_one(Atom name, const StartType& type, const detail::Caller& caller);
  void stop_one(Atom name, const detail::Caller& caller);
  void tell_to_stop(Running& application);
  /// Goes on with stop_applications(): one after another (AC-51).
  void stop_next();
  void started(Atom name, const Term& outcome);
  void master_ended(const Pid& master, const Term& reason);
  [[nodiscard]] Term running_list() const;

  std::vector<Application> applications_;
  std::vector<Running> running_;              ///< In the order of their start.
  std::vector<detail::Caller> all_stoppers_;  ///< Who waits for everything to be stopped.
};

}  // namespace pulpo
