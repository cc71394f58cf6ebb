// SPDX-License-Identifier: Apache-2.0
//
// Several tasks at once: await_many(), yield_many() and async_stream().
#include <algorithm>
#include <array>
#include <unordered_map>

#include "pulpo/detail/task_handle.hpp"
#include "pulpo/supervisor.hpp"

namespace pulpo::detail {

namespace {

/// Several tasks by reference.
class TaskSet {
 public:
  void add(const TaskHandle& task, std::size_t place) { tasks_.emplace(task.ref, Entry{&task, place}); }
  void remove(const TaskHandle& task) { tasks_.erase(task.ref); }
  [[nodiscard]] bool empty() const noexcept { return tasks_.empty(); }
  /// Waits for the first of them, which leaves the set: its place and what came of it.
  std::optional<std::pair<std::size_t, Result<Term>>> take(Timeout timeout) {
    const auto message = receive_if([this](const Term& each) { return find(each) != tasks_.end(); }, timeout);
    if (!message) return std::nullopt;
    const auto found = find(*message);
    const auto [task, place] = found->second;
    tasks_.erase(found);
    return std::pair(place, *task->answer_in(*message));
  }

 private:
  struct Entry {
    const TaskHandle* task;
    std::size_t place;
  };
  using Tasks = std::unordered_map<Ref, Entry>;
  [[nodiscard]] Tasks::iterator find(const Term& message) {
    if (message.is_tuple(2) && message.elements()[0].is_ref()) return tasks_.find(message.elements()[0].ref());
    if (message.is_tuple(5) && message.elements()[0].is_atom(atoms::DOWN) && message.elements()[1].is_ref())
      return tasks_.find(message.elements()[1].ref());
    return tasks_.end();
  }
  Tasks tasks_;
};

Timeout until(TimePoint deadline) {
  return deadline == kNever ? Timeout::infinity() : Timeout(std::max(deadline - now(), Duration::zero()));
}

[[noreturn]] void exit_many(Atom function, std::span<const TaskHandle* const> tasks, const Term& reason, Timeout timeout) {
  std::vector<Term> terms;
  for (const TaskHandle* const task : tasks) terms.push_back(task->term());
  exit(Term::tuple({reason, Term::tuple({"Elixir.Task"_atom, function, Term::list({Term::list(terms), to_term(timeout)})})}));
}

}  // namespace

std::vector<std::optional<Result<Term>>> yield_all(std::span<const TaskHandle* const> tasks, Timeout timeout) {
  std::vector<std::optional<Result<Term>>> ends(tasks.size());
  TaskSet waiting;
  for (std::size_t i = 0; i < tasks.size(); ++i) waiting.add(*tasks[i], i);
  const TimePoint deadline = timeout.after(now());
  while (!waiting.empty()) {
    auto end = waiting.take(until(deadline));
    if (!end) break;
    if (!end->second && end->second.error().code == Errc::nodedown)
      exit_many("yield_many"_atom, tasks, end->second.error().reason, timeout);
    ends[end->first] = std::move(end->second);
  }
  return ends;
}

std::vector<Term> await_all(std::span<const TaskHandle* const> tasks, Timeout timeout) {
  std::vector<Term> values(tasks.size());
  TaskSet waiting;
  for (std::size_t i = 0; i < tasks.size(); ++i) waiting.add(*tasks[i], i);
  const TimePoint deadline = timeout.after(now());
  while (!waiting.empty()) {
    auto end = waiting.take(until(deadline));
    if (!end) exit_many("await_many"_atom, tasks, atoms::timeout, timeout);
    if (!end->second) exit_many("await_many"_atom, tasks, end->second.error().reason, timeout);
    values[end->first] = std::move(*end->second);
  }
  return values;
}

std::vector<Result<Term>> run_stream(const std::function<std::optional<TaskHandle>()>& next, std::size_t concurrency, Timeout timeout,
                                     bool ordered, bool kill_late) {
  struct Running {
    TaskHandle task;
    TimePoint deadline;
  };
  std::unordered_map<std::size_t, Running> running;  // by the place of their input; nodes stay where they are
  TaskSet waiting;
  std::vector<std::pair<std::size_t, Result<Term>>> done;
  std::size_t place = 0;
  bool more = true;
  for (;;) {
    while (more && running.size() < std::max<std::size_t>(concurrency, 1)) {
      auto task = next();
      if (!task) {
        more = false;
        break;
      }
      const auto [entry, fresh] = running.emplace(place, Running{std::move(*task), timeout.after(now())});
      waiting.add(entry->second.task, place++);
    }
    if (running.empty()) break;
    const auto first = std::min_element(running.begin(), running.end(),
                                        [](const auto& left, const auto& right) { return left.second.deadline < right.second.deadline; });
    if (auto end = waiting.take(until(first->second.deadline))) {
      running.erase(end->first);
      done.push_back(std::move(*end));
      continue;
    }
    const TaskHandle& late = first->second.task;
    if (!kill_late) exit_many("async_stream"_atom, std::array{&late}, atoms::timeout, timeout);
    waiting.remove(late);
    auto end = late.shutdown(Shutdown::brutal_kill());
    done.emplace_back(first->first, end ? std::move(*end) : Result<Term>(Error{Errc::timeout, atoms::timeout, "task"}));
    running.erase(first);
  }
  if (ordered) std::sort(done.begin(), done.end(), [](const auto& left, const auto& right) { return left.first < right.first; });
  std::vector<Result<Term>> results;
  results.reserve(done.size());
  for (auto& [input, result] : done) results.push_back(std::move(result));
  return results;
}

}  // namespace pulpo::detail
