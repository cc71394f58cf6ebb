// SPDX-License-Identifier: Apache-2.0
//
// ServerBody: what every server has in common, whatever its class: init, the loop, terminate, crash reports.
//
// The templates of gen_server.hpp derive a thin class from it for each server class, so that a new one costs a table of
// small functions and not another copy of OTP. The supervisor and the application controller derive directly.
//
//   Ownership  One allocation holds body and state; the process owns it.
//   Threads    The process that it is the body of.
//   Cost       A request that a typed clause takes: two virtual calls; no allocation when request and reply are atoms.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pulpo/detail/typed_message.hpp"
#include "pulpo/process.hpp"
#include "pulpo/time.hpp"

namespace pulpo {

struct Message;

namespace detail {

/// Who asked, and which question it was.
struct Caller {
  Pid pid;
  Ref ref;
};

/// Thrown by ignore(). Not a std::exception, for the reason Exiting is none.
struct Ignoring {};

class ServerBody : public Body {
 public:
  /// Set before it runs: its name for reports, and the process whose exit ends it (GS-14); Pid{} when it was not linked.
  void introduce(std::optional<Atom> name, const Pid& parent) noexcept {
    name_ = name;
    parent_ = parent;
  }

  bool start() final;
  void handle(const Message& message) override;
  [[nodiscard]] bool takes_typed() const noexcept final { return true; }
  [[nodiscard]] std::string_view what() const noexcept final { return class_name(); }

 protected:
  /// init/1. Throws to stop.
  virtual void construct() = 0;
  /// False when no clause takes it. on_call replies itself, now or later.
  virtual bool on_call(const Term& request, const Caller& caller) = 0;
  virtual bool on_cast(const Term& message);
  /// A message that is still a struct. False: it is wanted as a term.
  virtual bool on_typed(const TypedMessage& type, const void* message);
  virtual bool on_info(const Term& message);
  /// GS-14. Called once, before the process ends by a stop, an exception, or its parent's exit.
  virtual void on_terminate(const Term& reason);
  [[nodiscard]] virtual std::optional<Term> describe_state() const;
  /// The author's class, for reports.
  [[nodiscard]] virtual std::string_view class_name() const = 0;

  /// As OTP's reports name it: the registered name, or the pid.
  [[nodiscard]] Term who() const;
  [[nodiscard]] const Pid& parent() const noexcept { return parent_; }
  [[nodiscard]] const std::optional<Atom>& name() const noexcept { return name_; }

 private:
  std::optional<Term> deliver(const Message& message);
  void deliver_as_term(const Message& message);
  std::optional<Term> system_request(const Message& message);
  void log_unexpected(std::string_view callback, const Term& message) const;
  [[noreturn]] void end(const Message& last, Term reason);

  Pid parent_{};
  std::optional<Atom> name_{};
  bool ignored_ = false;  ///< The constructor called ignore(): it ends once its starter has been told.
};

/// True for the reasons that are no failure: normal, shutdown, {shutdown, _} (GS-15, SUP-4).
[[nodiscard]] bool is_orderly(const Term& reason);

/// "** (stop) :reason", or "** (std::runtime_error) text" for a C++ exception (LOG-5). `kind` is "stop" or "exit".
[[nodiscard]] std::string reason_line(std::string_view kind, const Term& reason);

/// What the process of a server is given, besides its name.
struct StartRequest {
  std::optional<Atom> name = {};
  bool link = true;
  Timeout timeout = Timeout::infinity();
  std::optional<unsigned> core = {};
  std::optional<MailboxLimit> mailbox = {};
  std::size_t stack_bytes = 0;
};
/// Starts `body` and waits until its init has returned (GS-1, GS-2).
[[nodiscard]] Result<Pid> start_server(std::unique_ptr<ServerBody> body, const StartRequest& request);

}  // namespace detail
}  // namespace pulpo
