// SPDX-License-Identifier: Apache-2.0
//
// TaskHandle and Work: a task without its C++ types, so that every Task<R> shares one set of functions.
//
//   Ownership  Work lives in the message that the task gets, and dies before the result is sent.
//   Threads    A TaskHandle: the owner. Work: whoever holds it; it runs in the task.
//   Errors     TaskHandle's functions exit a caller that is not the owner with {:badarg, text} (TASK-1).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "pulpo/codec.hpp"
#include "pulpo/detail/share_terms.hpp"
#include "pulpo/function.hpp"
#include "pulpo/process.hpp"

namespace pulpo {

class Shutdown;

namespace detail {

/// What a task does.
class Work {
 public:
  Work() = default;
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;
  virtual ~Work() = default;
  /// Once, or once a start for a task that its supervisor starts again. What it throws ends the task.
  [[nodiscard]] virtual Term run() = 0;
  /// For the report of a crash: the function, and its arguments as a list.
  [[nodiscard]] virtual std::pair<std::string, Term> describe() const = 0;
};

/// The type of a task's value: text that points elsewhere becomes text of its own.
template <class R>
using TaskResult = std::conditional_t<std::is_same_v<std::decay_t<R>, const char*> || std::is_same_v<std::decay_t<R>, char*> ||
                                          std::is_same_v<std::decay_t<R>, std::string_view>,
                                      std::string, std::decay_t<R>>;

/// A result as the message that carries it: a term when the type is one, else the object itself (it stays on this node).
template <class R>
Term result_term(R value) {
  if constexpr (kIsTerm<R>) {
    return to_term(value);
  } else {
    share_terms(value);  // its owner may be on another core
    return Term::object(std::make_shared<R>(std::move(value)));
  }
}

template <class F>
class ClosureWork final : public Work {
 public:
  explicit ClosureWork(F function) : function_(std::move(function)) {}
  Term run() override {
    if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
      function_();
      return atoms::ok;
    } else {
      return result_term<TaskResult<std::invoke_result_t<F&>>>(function_());
    }
  }
  [[nodiscard]] std::pair<std::string, Term> describe() const override { return {std::string(type_name<F>()), Term::empty_list()}; }

 private:
  F function_;
};

template <class F>
[[nodiscard]] std::shared_ptr<Work> closure_work(F&& function) {
  return std::make_shared<ClosureWork<std::decay_t<F>>>(std::forward<F>(function));
}
/// A function by name, called on this node without a look-up.
[[nodiscard]] std::shared_ptr<Work> function_work(const Function& function, std::vector<Term> arguments);

struct TaskHandle {
  Pid pid{};
  Ref ref{};  ///< Monitor and alias in one (TASK-1).
  Pid owner{};
  Term function{};  ///< {module, name, arity}.

  /// %Task{…}, as exit reasons show it.
  [[nodiscard]] Term term() const;
  /// TASK-3 as a value. Whatever comes of it, the task is given up.
  [[nodiscard]] Result<Term> try_await(Timeout timeout) const;
  [[noreturn]] void exit_await(const Term& reason, Timeout timeout) const;
  [[nodiscard]] std::optional<Result<Term>> yield(Timeout timeout) const;       ///< TASK-4
  [[nodiscard]] std::optional<Result<Term>> shutdown(Shutdown patience) const;  ///< TASK-5
  [[nodiscard]] std::optional<Result<Term>> ignore() const;
  /// What `message` says about this task, if it is its result or its end.
  [[nodiscard]] std::optional<Result<Term>> answer_in(const Term& message) const;

 private:
  void check_owner() const;
  /// Its result or its end, taken out of the mailbox.
  [[nodiscard]] std::optional<Result<Term>> take(Timeout timeout) const;
  /// No monitor and no alias any more; a result that came meanwhile is taken.
  [[nodiscard]] std::optional<Result<Term>> give_up() const;
  [[noreturn]] void exit_in(Atom function, const Term& reason, const Term& argument) const;
};

/// Waits until each of them has answered, or the time is over; in their order, empty for those that have not.
[[nodiscard]] std::vector<std::optional<Result<Term>>> yield_all(std::span<const TaskHandle* const> tasks, Timeout timeout);
/// All their values, or the caller exits.
[[nodiscard]] std::vector<Term> await_all(std::span<const TaskHandle* const> tasks, Timeout timeout);
/// Keeps `concurrency` tasks running, of those that `next` starts until it gives none.
[[nodiscard]] std::vector<Result<Term>> run_stream(const std::function<std::optional<TaskHandle>()>& next, std::size_t concurrency,
                                                   Timeout timeout, bool ordered, bool kill_late);

/// The value of a task's result.
template <class R>
Result<R> task_value(Result<Term>&& end) {
  if (!end) return std::move(end).error();
  if constexpr (std::is_void_v<R>) {
    return {};
  } else if constexpr (kIsTerm<R>) {
    if (auto value = from_term<R>(*end)) return std::move(*value);
  } else {
    if (const auto object = end->template as_object<R>()) return std::move(*object);
  }
  if constexpr (!std::is_void_v<R>) return Error{Errc::bad_message, Term::tuple({"bad_return_value"_atom, *end}), "task: result"};
}

}  // namespace detail
}  // namespace pulpo
