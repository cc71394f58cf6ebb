// SPDX-License-Identifier: Apache-2.0
//
// blocking(): runs what would hold up a core (a long calculation, a library that waits, a slow disk) on a thread of its own, and
// suspends only the calling process.
//
//   const std::string text = blocking([path] { return slurp(path); });          // or rethrows what the function threw
//   auto found = try_blocking(2s, [](const Query& query) { return search(query); }, query);
//
// The function, its arguments and its value lie in a state that thread and caller share, so that a caller that is killed, or waits no
// longer, may go at once: the thread finishes by itself, and what it returns is dropped. So the function must hold no reference to the
// caller's stack; with blocking_scoped() it may, for there the kill waits.
//
//   Ownership  Takes the function and its arguments by value. Terms among the arguments and in the value are share()d; those that a
//              lambda captures nobody can see: share() them, or pass them as arguments.
//   Bounds     RuntimeOptions::blocking_threads_max threads, made when they are needed; beyond that callers wait, in the order in which
//              they came. A thread ends after RuntimeOptions::blocking_idle without work.
//   Threads    Inside a process. The function runs on a thread that is no core's: it calls nothing that belongs inside a process, but may
//              use Runtime (pulpo/embed.hpp). It has the system's stack (8 MiB) and blocks the program's signals. In a
//              simulation it runs on the driver's thread between two steps, and takes no virtual time.
//   Suspends   Until the function has returned, the timeout passes, or the process is killed. Runtime::stop() waits for functions that
//              are under way: one that never returns holds it up.
//   Errors     What the function throws comes out at the caller, exit(reason) included. try_blocking(): timeout; killed (where nothing is
//              thrown); busy (not one thread could be made). blocking() exits with these.
//   Cost       Two wake-ups of a thread: it does not pay for what takes some microseconds.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "pulpo/detail/share_terms.hpp"
#include "pulpo/process.hpp"

namespace pulpo {

namespace detail {

/// What runs on another thread, and what came of it.
class BlockingWork {
 public:
  BlockingWork() = default;
  BlockingWork(const BlockingWork&) = delete;
  BlockingWork& operator=(const BlockingWork&) = delete;
  virtual ~BlockingWork() = default;
  /// Once, on the other thread. Throws nothing.
  void run() noexcept;
  /// Throws what the function threw.
  void rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  virtual void call() = 0;
  /// Lets go of the function and its arguments.
  virtual void forget() noexcept = 0;
  std::exception_ptr thrown_;
};

enum class BlockingKill : bool { leaves, waits };
/// Returns when `work` has run, or the error with which its caller leaves it.
[[nodiscard]] Result<void> run_blocking(const std::shared_ptr<BlockingWork>& work, Timeout timeout, BlockingKill kill);
[[noreturn]] void exit_blocking(const Error& error);

template <class R, class F, class... Arguments>
class BlockingCall final : public BlockingWork {
 public:
  template <class G, class... Given>
  explicit BlockingCall(G&& function, Given&&... given)
      : call_(std::in_place, std::forward<G>(function), std::tuple<Arguments...>(std::forward<Given>(given)...)) {
    share_terms(call_->second);
  }
  [[nodiscard]] R take() {
    rethrow();
    if constexpr (!std::is_void_v<R>) return std::move(*value_);
  }

 private:
  void call() override {
    if constexpr (std::is_void_v<R>) {
      std::apply(std::move(call_->first), std::move(call_->second));
    } else {
      value_.emplace(std::apply(std::move(call_->first), std::move(call_->second)));
      share_terms(*value_);
    }
  }
  void forget() noexcept override { call_.reset(); }

  struct Nothing {};
  std::optional<std::pair<F, std::tuple<Arguments...>>> call_;
  std::optional<std::conditional_t<std::is_void_v<R>, Nothing, R>> value_;
};

template <class F, class... Arguments>
using BlockingValue = std::decay_t<std::invoke_result_t<std::decay_t<F>, std::decay_t<Arguments>...>>;

template <class F, class... Arguments>
auto make_blocking(F&& function, Arguments&&... arguments) {
  using Work = BlockingCall<BlockingValue<F, Arguments...>, std::decay_t<F>, std::decay_t<Arguments>...>;
  return std::make_shared<Work>(std::forward<F>(function), std::forward<Arguments>(arguments)...);
}

}  // namespace detail

/// Runs `function(arguments…)` on another thread; its value, by value.
template <class F, class... Arguments>
auto blocking(F&& function, Arguments&&... arguments) {
  const auto work = detail::make_blocking(std::forward<F>(function), std::forward<Arguments>(arguments)...);
  if (const auto ran = detail::run_blocking(work, Timeout::infinity(), detail::BlockingKill::leaves); !ran)
    detail::exit_blocking(ran.error());
  return work->take();
}

/// The same with a timeout, and its failures as a value. A function that returns a Result has its own errors in the same one.
template <class F, class... Arguments>
[[nodiscard]] auto try_blocking(Timeout timeout, F&& function, Arguments&&... arguments) {
  using Value = detail::BlockingValue<F, Arguments...>;
  using Outcome = std::conditional_t<detail::kIsResult<Value>, Value, Result<Value>>;
  const auto work = detail::make_blocking(std::forward<F>(function), std::forward<Arguments>(arguments)...);
  if (const auto ran = detail::run_blocking(work, timeout, detail::BlockingKill::leaves); !ran) return Outcome(ran.error());
  if constexpr (std::is_void_v<Value>) {
    work->take();
    return Outcome();
  } else {
    return Outcome(work->take());
  }
}

/// The same as blocking() for a function that uses what lies on the caller's stack: once it has begun, a kill waits for its end.
template <class F, class... Arguments>
auto blocking_scoped(F&& function, Arguments&&... arguments) {
  const auto work = detail::make_blocking(std::forward<F>(function), std::forward<Arguments>(arguments)...);
  if (const auto ran = detail::run_blocking(work, Timeout::infinity(), detail::BlockingKill::waits); !ran)
    detail::exit_blocking(ran.error());
  return work->take();
}

}  // namespace pulpo
