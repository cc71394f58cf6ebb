// SPDX-License-Identifier: Apache-2.0
//
// ApplicationMaster: the process at the head of one running application (AC-55).
//
// It leads the group of everything the application spawns, so that start_type() knows whom to ask, and owns a helper
// process that calls the author's start function and is the top supervisor's parent. Start may take its time: the
// master answers meanwhile.
//
//   Order      To the controller: {:application_started, name, :ok | {:error, reason}} once, then its exit.
//   Ownership  Linked to the controller; the helper is linked to it, the top supervisor to the helper.
//   Errors     It ends with `stopped` after a stop, else with the reason of the top supervisor.
#pragma once

#include <string>

#include "pulpo/application.hpp"
#include "pulpo/gen_server.hpp"

namespace pulpo {

class ApplicationMaster final : public detail::ServerBody {
 public:
  ApplicationMaster(const Application& application, StartType type) : application_(application), type_(type) {}

 protected:
  void construct() override;
  bool on_call(const Term& request, const detail::Caller& caller) override;
  bool on_info(const Term& message) override;
  void on_terminate(const Term& reason) override;
  [[nodiscard]] std::string_view class_name() const override { return "application_master"; }

 private:
  void tell_controller(const Term& outcome);

  const Application application_;
  StartType type_;  ///< Local from the moment the start function has returned.
  Pid helper_{};
  bool told_ = false;
};

}  // namespace pulpo
