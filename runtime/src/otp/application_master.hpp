// SPDX-License-Identifier: Apache-2.0
//
// ApplicationMaster: the process at the head of one running application (AC-55).
//
// It leads the group of everything the application spawns: so start_type() knows whom to ask, what those processes print finds its
// way to the leader that the master itself had, and at the end nobody is forgotten. It owns a helper process that calls the author's
// start function and is the top supervisor's parent. Start may take its time: the master answers meanwhile.
//
//   Order      To the controller: {:application_started, name, :ok} once, when it has; then, or when it could not, the master's exit.
//   Ownership  Linked to the controller; the helper is linked to it, the top supervisor to the helper.
//   Errors     It ends with {:shutdown, why}: `stopped` after a stop, else the top supervisor's reason, or why the start failed.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "pulpo/application.hpp"
#include "pulpo/gen_server.hpp"

namespace pulpo {

class ApplicationMaster final : public detail::ServerBody {
 public:
  ApplicationMaster(std::shared_ptr<const Application> application, StartType type);
  /// The message that asks it to stop its application.
  [[nodiscard]] static Atom stop_word() { return "$stop_application"_atom; }

 protected:
  void construct() override;
  bool on_call(const Term& request, const detail::Caller& caller) override;
  bool on_info(const Term& message) override;
  void on_terminate(const Term& reason) override;
  [[nodiscard]] std::string_view class_name() const override { return "application_master"; }

 private:
  /// AC-55: an IO request of the group, or the answer to one. False when `message` is something else.
  bool relay(const Term& message);
  void pass_on(const Term& from, const Term& reply_as, const Term& request);
  /// AC-56: kills what is left of the group, until nothing is.
  void end_strays();

  const std::shared_ptr<const Application> application_;
  StartType type_;  ///< Local from the moment the start function has returned.
  Pid helper_{};
  Pid leader_{};  ///< Its own group leader, before it became one; nobody: `user`, whoever that is by now.
  struct Asker {
    Pid from;
    Term reply_as;
  };
  /// Requests that were passed on, by the monitor of whom they went to: so its end answers them (IO-6). Whoever asked waits, so that
  /// there are no more than processes.
  std::unordered_map<Ref, Asker> relayed_;
};

}  // namespace pulpo
