// SPDX-License-Identifier: Apache-2.0
//
// A runtime from outside: what threads that are no core's may ask of it.
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "proc/core.hpp"
#include "proc/driver.hpp"
#include "proc/gate.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo {
namespace {

Error not_running(const char* where) {
  Error error{Errc::stopped, {}, where};
  error.detail = "the runtime does not run: it was not started yet, or has been stopped";
  return error;
}

/// What a calling thread waits for. Held by it and by the process that asks for it: whoever gives up first may go.
class Awaited {
 public:
  void set(Result<Term> outcome) {
    const std::lock_guard lock(mutex_);
    outcome_ = std::move(outcome);
    changed_.notify_all();
  }
  /// With a driver, which makes it happen: the process that asks ends at its timeout, of virtual time.
  [[nodiscard]] Result<Term> await(Driver& driver) {
    if (!driver.run_until([this] { return outcome_.has_value(); })) return Error{Errc::timeout, atoms::timeout, "call"};
    return std::move(*outcome_);
  }
  [[nodiscard]] Result<Term> await(Timeout timeout) {
    // A wait_for() of more than the clock's range ends at once.
    constexpr Duration kForever = std::chrono::hours(24 * 365);
    const auto is_here = [this] { return outcome_.has_value(); };
    std::unique_lock lock(mutex_);
    if (timeout.duration() >= kForever) {
      changed_.wait(lock, is_here);
    } else if (!changed_.wait_for(lock, timeout.duration(), is_here)) {
      // The process that asks counts on its core's clock and tells the server; but that core may be held up.
      return Error{Errc::timeout, atoms::timeout, "call"};
    }
    return std::move(*outcome_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Result<Term>> outcome_;
};

/// The process that asks in the thread's stead. Its body ends with it, whatever way that is, and always leaves an outcome.
class Asker final : public Body {
 public:
  Asker(const Address& server, Term request, Timeout timeout, std::shared_ptr<Awaited> outcome, const Gate& gate)
      : server_(server), request_(std::move(request)), timeout_(timeout), outcome_(std::move(outcome)), gate_(gate) {}
  ~Asker() override {
    if (answer_) {
      outcome_->set(std::move(*answer_));
    } else if (!gate_.is_open()) {
      outcome_->set(not_running("call"));
    } else if (is_started_) {
      outcome_->set(Error{Errc::killed, atoms::killed, "call"});  // by a server that knows its caller's pid
    } else {
      outcome_->set(Error{Errc::busy, atoms::system_limit, "call: no process can be made"});
    }
  }
  [[nodiscard]] std::string_view what() const noexcept override { return "Runtime::call"; }
  bool start() override {
    is_started_ = true;
    Result<Term> answer = pulpo::request(server_, std::move(request_), timeout_);
    (answer ? *answer : answer.error().reason).share();  // it goes to another thread
    answer_ = std::move(answer);
    return false;
  }

 private:
  const Address server_;
  Term request_;
  const Timeout timeout_;
  const std::shared_ptr<Awaited> outcome_;
  const Gate& gate_;
  bool is_started_ = false;
  std::optional<Result<Term>> answer_;
};

/// On the receiver's core, between its slices.
void send_from_outside(Core& core, Gate& gate, Signal kind, const Address& to, const Term& message, std::size_t bytes) {
  MessagePtr signal = core.make(kind);
  core.address(*signal, to);
  signal->body = message;
  const NodeIndex node = signal->to.node;
  if (core.send(std::move(signal))) {
    gate.give_back(bytes);
    return;
  }
  // The link is over its limit. A process would be suspended; here its message keeps its part of the gate's room.
  auto waiting = detail::function_body([&gate, node, bytes] {
    Core::here().wait_for_link(node);
    gate.give_back(bytes);
  });
  if (!core.spawn(std::move(waiting), {})) gate.give_back(bytes);
}

}  // namespace

bool Runtime::is_caller_inside() const {
  Core* const core = Core::current();
  if (core == nullptr) return false;
  PULPO_ASSERT(&core->runtime() == this && core->process() != nullptr &&
               "send(), cast() and call() of a runtime belong to its own processes and to threads that are no core's: another runtime's "
               "core would stand still");
  return true;
}

unsigned Runtime::core_of(const Address& to) const noexcept {
  std::optional<Pid> pid;
  if (!to.is_name()) {
    pid = to.pid();
  } else if (!to.node() || *to.node() == node_name()) {
    pid = find_name(to.name());
  }
  return pid && pid->is_local() && pid->core() < core_count() ? pid->core() : 0;
}

Result<void> Runtime::send(const Address& to, Term message) {
  // An unregistered local name is the sender's mistake (SIG-3).
  const Error nobody{Errc::noproc, atoms::noproc, "send"};
  const auto is_nobody = [&] { return to.is_name() && !to.node() && !find_name(to.name()); };
  if (is_caller_inside()) {
    if (is_nobody()) return nobody;
    pulpo::send(to, std::move(message));
    return {};
  }
  if (is_nobody()) return gate().is_open() ? nobody : not_running("send");
  return send_outside(Signal::message, to, std::move(message));
}

Result<void> Runtime::cast(const Address& to, Term message) {
  if (is_caller_inside()) {
    pulpo::cast(to, std::move(message));
    return {};
  }
  return send_outside(Signal::cast, to, std::move(message));
}

Result<void> Runtime::send_outside(Signal kind, const Address& to, Term message) {
  message.share();
  const std::size_t bytes = sizeof(Message) + (message.is_inline() ? 0 : message.heap_bytes());
  // With a driver nobody makes room while we wait.
  if (Driver* const driver = options().driver; driver != nullptr && !driver->run_until([&] { return gate().has_room(bytes); })) {
    return Error{Errc::busy, atoms::system_limit, "send: what was sent before is not taken"};
  }
  const bool passed = gate().pass(bytes, [&] {
    Core& its = core(core_of(to));
    its.post(
        [&its, &gate = gate(), kind, to, message = std::move(message), bytes] { send_from_outside(its, gate, kind, to, message, bytes); });
  });
  if (!passed) return not_running("send");
  return {};
}

Result<Term> Runtime::call(const Address& server, Term request, Timeout timeout) {
  if (is_caller_inside()) return pulpo::request(server, std::move(request), timeout);
  request.share();
  const auto outcome = std::make_shared<Awaited>();
  auto asker = std::make_unique<Asker>(server, std::move(request), timeout, outcome, gate());
  // No room to wait for: a thread has one call under way, and waits.
  if (!gate().pass(0, [&] { core(core_of(server)).post_spawn(std::move(asker)); })) return not_running("call");
  Driver* const driver = options().driver;
  return driver != nullptr ? outcome->await(*driver) : outcome->await(timeout);
}

}  // namespace pulpo
