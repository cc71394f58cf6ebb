// SPDX-License-Identifier: Apache-2.0
//
// Task: one piece of work in a process of its own, whose value its owner fetches later. Task.Supervisor is in pulpo/task_supervisor.hpp.
//
//   auto sum = async([] { return add_up(); });                                          // Task<int>, linked to us
//   use(sum.await());                                                                   // its value, or we exit as it did
//   async({.name = "Chat.TaskSupervisor", .node = to}, kReceive, text).await();         // a function by name, under a supervisor
//
// A closure runs on its owner's core unless TaskOptions::core names another: nobody can look into it to share() the terms that it
// captures, so whoever sends it to another core has done that. A function by name runs on the core that its supervisor chooses, on
// whichever node; the node that runs it must export it (Application::exports). Results that are terms travel as terms, others of a
// closure as the C++ object itself.
//
//   Order      The result comes as the message {ref, value}, or as {:DOWN, ref, …}; whoever keeps a task in a GenServer lets
//              answer_in() look at what handle_info() gets.
//   Ownership  A Task belongs to the process that made it: others that use it exit with {:badarg, text} (TASK-1). Letting go of a
//              Task changes nothing: its result comes as a message all the same; ignore() gives it up.
//   Bounds     Processes; under a supervisor its max_children.
//   Threads    Inside a process.
//   Suspends   await(), try_await(), yield(), shutdown() for as long as they are told. Starting under a supervisor: until that has
//              answered, without limit (TASK-9).
//   Errors     A task that fails is logged (TASK-8), and ends its owner by the link, unless it was started by async_nolink() or the
//              owner traps exits. After await() or try_await() has given up, nothing of it arrives any more.
//   Cost       A process, two messages, and one alias in its owner's core.
#pragma once

#include <chrono>
#include <concepts>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "pulpo/detail/task_handle.hpp"
#include "pulpo/function.hpp"
#include "pulpo/on_node.hpp"
#include "pulpo/process.hpp"
#include "pulpo/server_ref.hpp"
#include "pulpo/supervisor.hpp"

namespace pulpo {

/// The value of one task. Move-only. See the card above for whose it is, and what becomes of it when nobody asks.
template <class R>
class [[nodiscard]] Task {
 public:
  using Value = R;
  explicit Task(detail::TaskHandle handle) noexcept : handle_(std::move(handle)) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    handle_ = std::exchange(other.handle_, {});
    return *this;
  }
  ~Task() = default;

  [[nodiscard]] const Pid& pid() const noexcept { return handle_.pid; }
  [[nodiscard]] const Ref& ref() const noexcept { return handle_.ref; }
  [[nodiscard]] const Pid& owner() const noexcept { return handle_.owner; }

  /// Its value. Exits with {reason, {Task, :await, [task, timeout]}} when it ended without one, or has not answered in time: `timeout`;
  /// then it runs on, unless its linked owner ends (TASK-3). To ask a second time is to wait in vain.
  R await(Timeout timeout = Timeout(5s)) {
    Result<R> value = try_await(timeout);
    if (!value) handle_.exit_await(value.error().reason, timeout);
    if constexpr (!std::is_void_v<R>) return std::move(*value);
  }
  /// The same as a value: exited with its reason, nodedown, timeout; bad_message when a function of another node returned another type.
  [[nodiscard]] Result<R> try_await(Timeout timeout = Timeout(5s)) { return detail::task_value<R>(handle_.try_await(timeout)); }
  /// Its value, or how it ended; nothing when the time is over: ask again. A lost node exits the caller with {{:nodedown, node}, {Task,
  /// :yield, …}} (TASK-4).
  [[nodiscard]] std::optional<Result<R>> yield(Timeout timeout = Timeout(5s)) { return typed(handle_.yield(timeout)); }
  /// Ends it: an exit signal, and after the patience a kill. Its value when that was there before, how it ended when that was of its own,
  /// nothing when it is gone by our wish (TASK-5).
  std::optional<Result<R>> shutdown(Shutdown patience = 5s) { return typed(handle_.shutdown(patience)); }
  /// Unlinks it and takes no answer any more. What was there already comes back.
  std::optional<Result<R>> ignore() { return typed(handle_.ignore()); }
  /// For a server that lets its tasks come to handle_info(const Term&): its value or how it ended, if `message` is that. Then it is done
  /// with.
  [[nodiscard]] std::optional<Result<R>> answer_in(const Term& message) { return typed(handle_.answer_in(message)); }

  [[nodiscard]] const detail::TaskHandle& handle() const noexcept { return handle_; }

 private:
  static std::optional<Result<R>> typed(std::optional<Result<Term>>&& end) {
    if (!end) return std::nullopt;
    return detail::task_value<R>(std::move(*end));
  }
  detail::TaskHandle handle_;
};

/// Where a task runs. All empty: on the caller's core, under nobody.
struct TaskOptions {
  Name name = {};                        ///< Its Task.Supervisor.
  OnNode node = {};                      ///< That one's node (TASK-7).
  std::optional<Pid> supervisor = {};    ///< The Task.Supervisor by pid instead.
  Shutdown shutdown = 5s;                ///< How the supervisor ends it.
  std::optional<unsigned> core = {};     ///< Of this node. For a closure its terms must be shared.
  Restart restart = Restart::temporary;  ///< For start_child(). Else a closure stays with the supervisor: its terms must be shared.
};

struct StreamOptions;

namespace detail {
enum class TaskLink : std::uint8_t { link, nolink };

[[nodiscard]] TaskHandle start_task(std::shared_ptr<Work> work, const TaskOptions& options, TaskLink link);
[[nodiscard]] TaskHandle start_task(const Function& function, std::vector<Term> arguments, const TaskOptions& options, TaskLink link);
[[nodiscard]] TaskOptions under(const Address& supervisor);

template <class T>
inline constexpr bool kIsNamedFunction = false;
template <class F>
inline constexpr bool kIsNamedFunction<NamedFunction<F>> = true;

template <class R>
[[nodiscard]] std::vector<const TaskHandle*> handles_of(const std::vector<Task<R>>& tasks) {
  std::vector<const TaskHandle*> handles;
  handles.reserve(tasks.size());
  for (const Task<R>& task : tasks) handles.push_back(&task.handle());
  return handles;
}
template <class Inputs, class F, class Start>
auto stream(Inputs&& inputs, F function, const StreamOptions& options, const Start& start);

template <class Parameters, class... A>
inline constexpr bool kFits = false;
template <class... P, class... A>
requires(sizeof...(P) == sizeof...(A)) inline constexpr bool kFits<std::tuple<P...>, A...> = (std::is_convertible_v<A, P> && ...);

template <class F, class... A>
[[nodiscard]] std::vector<Term> argument_terms(A&&... arguments) {
  return std::apply([](const auto&... argument) { return std::vector<Term>{to_term(argument)...}; },
                    typename NamedFunction<F>::Arguments(std::forward<A>(arguments)...));
}
}  // namespace detail

/// What a task may be given to do: anything that is called without arguments. Move-only callables are welcome.
template <class F>
concept TaskFunction = std::invocable < std::decay_t<F>
& > &&!detail::kIsNamedFunction<std::decay_t<F>>;
/// The arguments of a function by name: as many as it has, of its types or what converts to them.
template <class F, class... A>
concept TaskArguments = detail::kFits<typename NamedFunction<F>::Arguments, A...>;

template <TaskFunction F>
using TaskOf = Task<detail::TaskResult<std::invoke_result_t<std::decay_t<F>&>>>;
template <class F>
using TaskOfNamed = Task<detail::TaskResult<typename NamedFunction<F>::Return>>;

// --- Tasks ----------------------------------------------------------------------------------------------

/// Starts a task, linked to the caller (TASK-2).
template <TaskFunction F>
TaskOf<F> async(F&& function) {
  return TaskOf<F>(detail::start_task(detail::closure_work(std::forward<F>(function)), {}, detail::TaskLink::link));
}
template <class F, class... A>
requires TaskArguments<F, A...> TaskOfNamed<F> async(const NamedFunction<F>& function, A&&... arguments) {
  return TaskOfNamed<F>(detail::start_task(function, detail::argument_terms<F>(std::forward<A>(arguments)...), {}, detail::TaskLink::link));
}

/// Task.Supervisor.async: the task is the supervisor's child, and linked to the caller (TASK-6). A supervisor that is not there, or has
/// max_children, exits the caller.
template <TaskFunction F>
TaskOf<F> async(const TaskOptions& options, F&& function) {
  return TaskOf<F>(detail::start_task(detail::closure_work(std::forward<F>(function)), options, detail::TaskLink::link));
}
template <class F, class... A>
requires TaskArguments<F, A...> TaskOfNamed<F> async(const TaskOptions& options, const NamedFunction<F>& function, A&&... arguments) {
  return TaskOfNamed<F>(
      detail::start_task(function, detail::argument_terms<F>(std::forward<A>(arguments)...), options, detail::TaskLink::link));
}
/// The same without a link: its end comes as an exit reason, never as a signal (TASK-2).
template <TaskFunction F>
TaskOf<F> async_nolink(const TaskOptions& options, F&& function) {
  return TaskOf<F>(detail::start_task(detail::closure_work(std::forward<F>(function)), options, detail::TaskLink::nolink));
}
template <class F, class... A>
requires TaskArguments<F, A...> TaskOfNamed<F> async_nolink(const TaskOptions& options, const NamedFunction<F>& function,
                                                            A&&... arguments) {
  return TaskOfNamed<F>(
      detail::start_task(function, detail::argument_terms<F>(std::forward<A>(arguments)...), options, detail::TaskLink::nolink));
}
/// Both with a supervisor by pid, or by an address of another kind.
template <TaskFunction F>
TaskOf<F> async(const Address& supervisor, F&& function) {
  return async(detail::under(supervisor), std::forward<F>(function));
}
template <class F, class... A>
requires TaskArguments<F, A...> TaskOfNamed<F> async(const Address& supervisor, const NamedFunction<F>& function, A&&... arguments) {
  return async(detail::under(supervisor), function, std::forward<A>(arguments)...);
}
template <TaskFunction F>
TaskOf<F> async_nolink(const Address& supervisor, F&& function) {
  return async_nolink(detail::under(supervisor), std::forward<F>(function));
}
template <class F, class... A>
requires TaskArguments<F, A...> TaskOfNamed<F> async_nolink(const Address& supervisor, const NamedFunction<F>& function, A&&... arguments) {
  return async_nolink(detail::under(supervisor), function, std::forward<A>(arguments)...);
}

// --- Several at once ------------------------------------------------------------------------------------------

/// Waits for all of them: their values, in their order. One that failed, or the end of the time, exits the caller with {reason, {Task,
/// :await_many, [tasks, timeout]}}.
template <class R>
auto await_many(const std::vector<Task<R>>& tasks, Timeout timeout = Timeout(5s)) {
  std::vector<Term> ends = detail::await_all(detail::handles_of(tasks), timeout);
  if constexpr (!std::is_void_v<R>) {
    std::vector<R> values;
    values.reserve(tasks.size());
    for (std::size_t i = 0; i < ends.size(); ++i) {
      Result<R> value = detail::task_value<R>(std::move(ends[i]));
      if (!value) tasks[i].handle().exit_await(value.error().reason, timeout);
      values.push_back(std::move(*value));
    }
    return values;
  }
}

/// Waits until all have ended, or the time is over. Of each its value, or how it ended, or nothing: yield() may be asked again.
template <class R>
[[nodiscard]] std::vector<std::optional<Result<R>>> yield_many(const std::vector<Task<R>>& tasks, Timeout timeout = Timeout(5s)) {
  std::vector<std::optional<Result<R>>> ends;
  ends.reserve(tasks.size());
  for (auto& end : detail::yield_all(detail::handles_of(tasks), timeout)) {
    end ? ends.emplace_back(detail::task_value<R>(std::move(*end))) : ends.emplace_back();
  }
  return ends;
}

struct StreamOptions {
  std::size_t max_concurrency = 8;  ///< Tasks at a time.
  bool ordered = true;              ///< Results in the order of the inputs; else as they come.
  Timeout timeout = Timeout(5s);    ///< Of each task.
  bool kill_late = false;           ///< One that is late is killed, and its result is Errc::timeout. Else the caller exits with timeout.
};

/// Task.async_stream: `function` with each input, in a task of its own, so many at a time; returns when the last has ended. The tasks are
/// linked to the caller: one that fails ends it, unless it traps exits.
template <std::ranges::input_range Inputs, class F>
[[nodiscard]] auto async_stream(Inputs&& inputs, F function, const StreamOptions& options = {}) {
  return detail::stream(std::forward<Inputs>(inputs), std::move(function), options, [](auto work) { return async(std::move(work)); });
}
/// Task.Supervisor.async_stream_nolink: the tasks are a supervisor's, and one that fails is no more than a result.
template <std::ranges::input_range Inputs, class F>
[[nodiscard]] auto async_stream_nolink(const TaskOptions& supervisor, Inputs&& inputs, F function, const StreamOptions& options = {}) {
  return detail::stream(std::forward<Inputs>(inputs), std::move(function), options,
                        [&supervisor](auto work) { return async_nolink(supervisor, std::move(work)); });
}

namespace detail {
template <class Inputs, class F, class Start>
auto stream(Inputs&& inputs, F function, const StreamOptions& options, const Start& start) {
  using Input = std::ranges::range_value_t<Inputs>;
  using R = TaskResult<std::invoke_result_t<F&, Input>>;
  // Every task has the function, and may outlive this call when its caller is ended.
  const auto shared = std::make_shared<F>(std::move(function));
  auto input = std::ranges::begin(inputs);
  std::vector<Result<R>> results;
  for (auto& end : run_stream(
           [&]() -> std::optional<TaskHandle> {
             if (input == std::ranges::end(inputs)) return std::nullopt;
             auto task = start([shared, value = Input(*input)]() mutable { return (*shared)(std::move(value)); });
             ++input;
             return task.handle();
           },
           options.max_concurrency, options.timeout, options.ordered, options.kill_late)) {
    results.push_back(task_value<R>(std::move(end)));
  }
  return results;
}
}  // namespace detail

}  // namespace pulpo
