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

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pulpo/detail/typed_message.hpp"
#include "pulpo/process.hpp"
#include "pulpo/server_ref.hpp"
#include "pulpo/time.hpp"

namespace pulpo {

struct Message;

namespace detail {

/// Who asked, and which question it was.
struct Caller {
  Pid pid;
  Ref ref;
  std::uint64_t epoch = 0;  ///< As which instance of its application the server has taken it up; 0 when nobody keeps count.
  [[nodiscard]] Term stamped(Term value) const { return epoch == 0 ? value : with_epoch(epoch, std::move(value)); }
};

/// Thrown by ignore(). Not a std::exception, for the reason Exiting is none.
struct Ignoring {};

class ServerBody : public Body {
 public:
  ServerBody() noexcept;
  ~ServerBody() override;
  /// Set before it runs: its name, who starts it, and whether that process's exit ends it (GS-14).
  void introduce(const Name& name, const Pid& starter, bool linked);

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
  virtual bool on_continue(const Term& what);
  /// GS-14. Called once, before the process ends by a stop, an exception, or its parent's exit.
  virtual void on_terminate(const Term& reason);
  [[nodiscard]] virtual std::optional<Term> describe_state() const;
  /// The messages that on_call, on_cast and on_info take, for a person; empty where there is nothing to say.
  struct Takes {
    std::string_view calls = {}, casts = {}, infos = {};
  };
  [[nodiscard]] virtual Takes takes() const;
  /// The author's class, for reports.
  [[nodiscard]] virtual std::string_view class_name() const = 0;

  /// What a handler returned as the reply: sent now, or after terminate when the handler said stop_with() (GS-11).
  void answer(const Caller& caller, Term value) {
    if (wishes_) return answer_in_turn(caller, std::move(value));
    pulpo::reply(caller.pid, caller.ref, std::move(value));
  }

  /// As OTP's reports name it: the registered name, or the pid.
  [[nodiscard]] Term who() const;
  /// Pid{} when it was not linked.
  [[nodiscard]] Pid parent() const noexcept { return linked_ ? starter_ : Pid{}; }
  [[nodiscard]] const std::optional<Atom>& name() const noexcept { return name_; }

 private:
  friend class Turns;
  /// What few servers ever have: see server_turn.cpp.
  struct Wishes;
  [[nodiscard]] Wishes& wishes();

  std::optional<Term> deliver(const Message& message);
  [[nodiscard]] bool may_take(const Message& message) const;
  void deliver_as_term(const Message& message);
  std::optional<Term> system_request(const Message& message);
  void log_unexpected(std::string_view callback, const Term& message, std::string_view takes) const;
  /// `last` is null when no message was being handled: after init, and in handle_continue.
  [[noreturn]] void end(const Message* last, Term reason);
  [[nodiscard]] std::string last_message_text(const Message* last) const;

  // server_turn.cpp
  [[nodiscard]] std::optional<Term> take_turn(const Message& message);
  [[nodiscard]] std::optional<Term> end_turn();
  void answer_in_turn(const Caller& caller, Term value);
  void answer_last();
  void arm_idle();
  void begin_service();
  bool answer_starter();
  bool register_via();
  void release_name() noexcept;

  Pid starter_{};
  std::optional<Atom> name_{};
  bool linked_ = false;
  bool ignored_ = false;  ///< It ends once its starter has been told: ignore(), or its name was taken.
  std::unique_ptr<Wishes> wishes_;
};

/// True for the reasons that are no failure: normal, shutdown, {shutdown, _} (GS-15, SUP-4).
[[nodiscard]] bool is_orderly(const Term& reason);

/// "** (stop) :reason", or "** (std::runtime_error) text" for a C++ exception (LOG-5). `kind` is "stop" or "exit".
[[nodiscard]] std::string reason_line(std::string_view kind, const Term& reason);

/// What the process of a server is given, besides its name.
struct StartRequest {
  Name name = {};
  bool link = true;
  Timeout timeout = Timeout::infinity();
  std::optional<unsigned> core = {};
  std::optional<MailboxLimit> mailbox = {};
  std::size_t stack_bytes = 0;
};
/// Starts `body` and waits until its init has returned (GS-1, GS-2).
[[nodiscard]] Result<Pid> start_server(std::unique_ptr<ServerBody> body, const StartRequest& request);
/// The same, monitored by the caller when `keep`: no DOWN comes when it does not start.
[[nodiscard]] Result<Spawned> start_server_monitored(std::unique_ptr<ServerBody> body, const StartRequest& request, bool keep = true);

/// What a handler asks for besides its return value, of the server that the calling process is. Without one it exits with
/// {:badarg, call}.
class Turns {
 public:
  static void continue_with(Term what);
  static void idle_after(Duration delay);
  static void stop_with(Term reason);
};

}  // namespace detail
}  // namespace pulpo
