// SPDX-License-Identifier: Apache-2.0
//
// :timer, as Erlang's users type it.
#include "otp/builtin_functions.hpp"
#include "otp/process_names.hpp"

namespace pulpo {
namespace {

/// {microseconds, value}.
template <class F>
Term timed(F&& call) {
  const TimePoint before = precise_now();
  Term value = call();
  const auto taken = std::chrono::duration_cast<std::chrono::microseconds>(precise_now() - before);
  return Term::tuple({std::int64_t{taken.count()}, std::move(value)});
}

Term timed_apply(const Term& function, const std::vector<Term>& arguments) {
  if (open_arity(function) != arguments.size()) exit(atoms::badarg);
  return timed([&] { return call_function(function, arguments); });
}

/// {:ok, {:once, reference}}.
Term once_after(const Milliseconds& time, const Term& to, const Term& message) {
  return Term::tuple({atoms::ok, Term::tuple({"once"_atom, send_after(time.duration, receiver_of(to), message)})});
}

Term in_intervals(const Milliseconds& time, const Term& to, const Term& message) {
  return Term::tuple({atoms::ok, Term::tuple({"interval"_atom, send_interval(time.duration, receiver_of(to), message)})});
}

/// As OTP: cancelling one that has fired is no error.
Term cancel_by(const Term& timer) {
  if (!timer.is_tuple(2) || !timer.elements()[1].is_ref()) return Term::tuple({atoms::error, atoms::badarg});
  (void)cancel_timer(timer.elements()[1].ref());
  return Term::tuple({atoms::ok, "cancel"_atom});
}

}  // namespace

std::span<const Function> timer_functions() {
  static constexpr Function kRows[] = {
      row(":timer.sleep", "Waits so many milliseconds, and returns :ok.", [](const Milliseconds& time) { sleep_for(time.duration); }),
      row(":timer.tc", "Calls a function, and returns {microseconds, value}.",
          [](const FunctionArgument<0>& work) { return timed([&] { return call_function(work.function); }); }),
      row(":timer.tc", "Calls a function with a list of arguments, and returns {microseconds, value}.",
          [](const Term& function, const std::vector<Term>& arguments) { return timed_apply(function, arguments); }),
      row(":timer.tc", "Calls a function by module, name and arguments, and returns {microseconds, value}.",
          [](Atom module, Atom name, const std::vector<Term>& arguments) { return timed([&] { return apply(module, name, arguments); }); }),
      row(":timer.send_after", "Sends the caller a message after so many milliseconds: {:ok, timer}.",
          [](const Milliseconds& time, const Term& message) { return once_after(time, self(), message); }),
      row(":timer.send_after", "Sends a process a message after so many milliseconds: {:ok, timer}.",
          [](const Milliseconds& time, const Term& to, const Term& message) { return once_after(time, to, message); }),
      row(":timer.send_interval", "Sends the caller a message every so many milliseconds: {:ok, timer}.",
          [](const Milliseconds& time, const Term& message) { return in_intervals(time, self(), message); }),
      row(":timer.send_interval", "Sends a process a message every so many milliseconds: {:ok, timer}.",
          [](const Milliseconds& time, const Term& to, const Term& message) { return in_intervals(time, to, message); }),
      row(":timer.cancel", "Takes back what :timer.send_after or :timer.send_interval began: {:ok, :cancel}.",
          [](const Term& timer) { return cancel_by(timer); }),
      row(":timer.seconds", "So many seconds in milliseconds.", [](std::int32_t count) { return std::int64_t{count} * 1'000; }),
      row(":timer.minutes", "So many minutes in milliseconds.", [](std::int32_t count) { return std::int64_t{count} * 60'000; }),
      row(":timer.hours", "So many hours in milliseconds.", [](std::int32_t count) { return std::int64_t{count} * 3'600'000; }),
  };
  return kRows;
}

}  // namespace pulpo
