// SPDX-License-Identifier: Apache-2.0
//
// The owner's side of a task: waiting for it and giving it up. task_body.cpp is the other side.
#include "pulpo/task.hpp"

#include "proc/router.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo {
namespace {

Atom task_module() { return "Elixir.Task"_atom; }

enum class About : std::uint8_t { other, result, end };

/// What a message says about the task of this reference.
About about(const Term& message, const Term& ref) {
  if (message.is_tuple(2) && message.elements()[0] == ref) return About::result;
  if (message.is_tuple(5) && message.elements()[0].is_atom(atoms::DOWN) && message.elements()[1] == ref) return About::end;
  return About::other;
}

/// The end of a task: a lost node is {:nodedown, node} (TASK-3).
Error end_error(const Pid& task, const Term& reason) {
  if (!reason.is_atom(atoms::noconnection)) return Error{Errc::exited, reason, "task"};
  const Router* const router = runtime().router();
  const Atom node = router != nullptr ? router->name_of(task.node) : runtime().node_name();
  return Error{Errc::nodedown, Term::tuple({atoms::nodedown, node}), "task"};
}

Result<Term> outcome(const Pid& task, About about, const Term& message) {
  if (about == About::result) return Term(message.elements()[1]);
  return end_error(task, message.elements()[4]);
}

}  // namespace

namespace detail {

// --- Waiting --------------------------------------------------------------------------------------------

Term TaskHandle::term() const {
  return Term::map(
      {{"__struct__"_atom, task_module()}, {"mfa"_atom, function}, {"owner"_atom, owner}, {"pid"_atom, pid}, {"ref"_atom, ref}});
}

/// TASK-1.
void TaskHandle::check_owner() const {
  const Pid me = self();
  if (me == owner) return;
  exit(Term::tuple({atoms::badarg, owner ? "task " + Term(pid).text() + " must be asked by its owner " + Term(owner).text() +
                                               " and was asked by " + Term(me).text() + "; send its value on instead"
                                         : std::string("this Task has been moved from")}));
}

void TaskHandle::exit_in(Atom name, const Term& reason, const Term& argument) const {
  exit(Term::tuple({reason, Term::tuple({task_module(), name, Term::list({term(), argument})})}));
}

void TaskHandle::exit_await(const Term& reason, Timeout timeout) const { exit_in("await"_atom, reason, to_term(timeout)); }

std::optional<Result<Term>> TaskHandle::take(Timeout timeout) const {
  const Term wanted = ref;
  About what = About::other;
  const auto message = receive_if(
      [&](const Term& each) {
        what = about(each, wanted);
        return what != About::other;
      },
      timeout);
  if (!message) return std::nullopt;
  if (what == About::result) demonitor(ref, {.flush = true});
  return outcome(pid, what, *message);
}

std::optional<Result<Term>> TaskHandle::give_up() const {
  demonitor(ref, {.flush = true});
  const Term wanted = ref;
  // The alias is gone. What came through it before is here already.
  const auto late = receive_if([&wanted](const Term& each) { return about(each, wanted) == About::result; }, Timeout(Duration::zero()));
  if (!late) return std::nullopt;
  return Result<Term>(Term(late->elements()[1]));
}

Result<Term> TaskHandle::try_await(Timeout timeout) const {
  check_owner();
  if (auto end = take(timeout)) return std::move(*end);
  if (auto late = give_up()) return std::move(*late);
  return Error{Errc::timeout, atoms::timeout, "task"};
}

std::optional<Result<Term>> TaskHandle::yield(Timeout timeout) const {
  check_owner();
  auto end = take(timeout);
  if (end && !*end && end->error().code == Errc::nodedown) exit_in("yield"_atom, end->error().reason, to_term(timeout));
  return end;
}

std::optional<Result<Term>> TaskHandle::answer_in(const Term& message) const {
  check_owner();
  const About what = about(message, ref);
  if (what == About::other) return std::nullopt;
  if (what == About::result) demonitor(ref, {.flush = true});
  return outcome(pid, what, message);
}

std::optional<Result<Term>> TaskHandle::ignore() const {
  check_owner();
  if (auto end = take(Timeout(Duration::zero()))) return end;
  unlink(pid);
  return give_up();
}

/// TASK-5. Its own monitor tells of the end of a task whose reference has done its work already.
std::optional<Result<Term>> TaskHandle::shutdown(Shutdown patience) const {
  check_owner();
  const Term watch = monitor(pid);
  {
    const NoKill together;  // a task that is unlinked must get the signal
    unlink(pid);
    pulpo::exit(pid, patience.is_brutal() ? atoms::kill : atoms::shutdown);
  }
  const auto is_end = [&watch](const Term& each) { return about(each, watch) == About::end; };
  auto down = receive_if(is_end, patience.is_brutal() ? Timeout::infinity() : patience.patience());
  if (!down) {
    pulpo::exit(pid, atoms::kill);
    down = receive_if(is_end);
  }
  if (!down) return std::nullopt;  // we are being killed ourselves
  Term reason = down->elements()[4];
  if (reason.is_atom(atoms::noproc)) {  // it ended before: the DOWN of its own reference knows how, unless that was taken
    const Term own = ref;
    if (const auto before = receive_if([&own](const Term& each) { return about(each, own) == About::end; }, Timeout(Duration::zero())))
      reason = before->elements()[4];
  }
  if (auto value = give_up()) return value;
  if (reason.is_atom(patience.is_brutal() ? atoms::killed : atoms::shutdown)) return std::nullopt;
  Error error = end_error(pid, reason);
  if (error.code == Errc::nodedown) exit_in("shutdown"_atom, error.reason, patience.term());
  return Result<Term>(std::move(error));
}

}  // namespace detail
}  // namespace pulpo
