// SPDX-License-Identifier: Apache-2.0
//
// Supervisor: a process that starts others, and starts them again when they fail.
//
//   start_supervisor({.name = "PingPong.Supervisor", .children = {worker<Server>({.name = kServer})}});
//   start_supervisor({.name = "Weather", .strategy = rest_for_one, .intensity = 3, .period = 5s, .children = {
//       worker<Sensor>({.name = kSensor, .restart = Restart::transient, .shutdown = 2s}, "/dev/ttyUSB0", 115200u),
//       supervisor({.name = "Weather.Ports"})}});
//
//   Order      Children start in the order of the list and stop in the reverse (SUP-3, SUP-9).
//   Threads    Inside a process. Children go to the least loaded core, unless their options name one.
//   Suspends   start_supervisor(): until every child's init has returned. The questions at the end: until the answer;
//              a supervisor that is starting or stopping a slow child answers afterwards (SUP-14).
//   Bounds     More than `intensity` restarts within `period` end the supervisor with reason shutdown (SUP-6, SUP-7).
//   Errors     start_supervisor(): {:shutdown, {:failed_to_start_child, id, reason}}; nothing is left running then.
//              {:start_spec, …}: two children of one id, or a significant child where none can be (SUP-2).
//   Cost       A child: some 300 bytes here, beside itself. Ends, starts and questions about one take the same time among
//              10,000 children as among ten; stopping all of them takes ten thousand times one.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pulpo/gen_server.hpp"

namespace pulpo {

enum class Strategy : std::uint8_t {
  one_for_one,   ///< Only the child that ended is started again.
  one_for_all,   ///< All others are stopped first, then all started.
  rest_for_one,  ///< Those started after it are stopped first, then it and they are started.
};
using enum Strategy;
constexpr auto enum_atoms(Strategy) {
  return std::array{EnumAtom{Strategy::one_for_one, "one_for_one"}, EnumAtom{Strategy::one_for_all, "one_for_all"},
                    EnumAtom{Strategy::rest_for_one, "rest_for_one"}};
}

enum class Restart : std::uint8_t {
  permanent,  ///< Always.
  transient,  ///< Unless it ended with normal, shutdown or {shutdown, _}.
  temporary,  ///< Never; its specification is forgotten.
};

constexpr auto enum_atoms(Restart) {
  return std::array{EnumAtom{Restart::permanent, "permanent"}, EnumAtom{Restart::transient, "transient"},
                    EnumAtom{Restart::temporary, "temporary"}};
}

/// How a child is asked to end (SUP-9): by an exit signal `shutdown` and so much time, then by a kill.
class Shutdown {
 public:
  template <class Rep, class Period>
  constexpr Shutdown(std::chrono::duration<Rep, Period> patience) noexcept : patience_(patience) {}  // NOLINT: reads as a duration
  [[nodiscard]] static constexpr Shutdown infinity() noexcept { return Shutdown(Timeout::infinity(), false); }
  [[nodiscard]] static constexpr Shutdown brutal_kill() noexcept { return Shutdown(Timeout(Duration::zero()), true); }
  [[nodiscard]] constexpr bool is_brutal() const noexcept { return brutal_; }
  [[nodiscard]] constexpr Timeout patience() const noexcept { return patience_; }
  [[nodiscard]] Term term() const;  ///< 5000, :infinity, :brutal_kill.

 private:
  constexpr Shutdown(Timeout patience, bool brutal) noexcept : patience_(patience), brutal_(brutal) {}
  Timeout patience_;
  bool brutal_ = false;
};

enum class ChildType : std::uint8_t { worker, supervisor };
constexpr auto enum_atoms(ChildType) {
  return std::array{EnumAtom{ChildType::worker, "worker"}, EnumAtom{ChildType::supervisor, "supervisor"}};
}

/// Whether a supervisor ends, with reason shutdown, when significant children have ended by themselves (SUP-13).
enum class AutoShutdown : std::uint8_t {
  never,
  any_significant,  ///< With the first of them.
  all_significant,  ///< With the last of them that runs.
};
constexpr auto enum_atoms(AutoShutdown) {
  return std::array{EnumAtom{AutoShutdown::never, "never"}, EnumAtom{AutoShutdown::any_significant, "any_significant"},
                    EnumAtom{AutoShutdown::all_significant, "all_significant"}};
}

/// A child as its supervisor keeps it (SUP-2). Made by worker(), supervisor() or child().
struct ChildSpec {
  Term id;
  /// Starts it, linked to the caller, on that core (the caller's when empty). Called for the first start and every restart.
  std::function<Result<Pid>(std::optional<unsigned> core)> start;
  Restart restart = Restart::permanent;
  Shutdown shutdown = 5s;
  ChildType type = ChildType::worker;
  bool significant = false;  ///< Its end counts for AutoShutdown; not for a permanent one, nor where that is `never`.
  std::optional<unsigned> core = {};
  std::string start_call;  ///< For reports: "ping_pong::Server/0".
  std::string class_name;  ///< For which_children.
};

struct ChildOptions {
  Name name = {};               ///< Registered before init.
  std::optional<Term> id = {};  ///< The name when empty, else the class; unique within the supervisor.
  Restart restart = Restart::permanent;
  bool significant = false;                  ///< See AutoShutdown.
  std::optional<Shutdown> shutdown = {};     ///< 5 s for a worker, infinity for a supervisor.
  std::optional<unsigned> core = {};         ///< The least loaded one when empty.
  std::optional<MailboxLimit> mailbox = {};  ///< As in SpawnOptions.
  std::size_t stack_bytes = 0;               ///< As in SpawnOptions.
};

struct SupervisorOptions {
  Name name = {};
  Strategy strategy = Strategy::one_for_one;
  unsigned intensity = 3;  ///< Elixir's max_restarts.
  Duration period = 5s;    ///< Elixir's max_seconds; counted in whole seconds (SUP-6).
  AutoShutdown auto_shutdown = AutoShutdown::never;
  /// Before a failed restart is tried again; doubled with each failure in a row, up to 64 times as much. 0: at once, as in OTP (SUP-8).
  /// Attempts within `period` count for the intensity, so that a delay longer than period / intensity tries for ever.
  Duration retry_delay = Duration::zero();
  std::vector<ChildSpec> children = {};
};

namespace detail {
[[nodiscard]] ChildSpec child_spec(const ChildOptions& options, std::string_view class_name, std::size_t arguments);
}

/// A server of class S as a child. The arguments are kept for restarts.
template <class S, class... A>
[[nodiscard]] ChildSpec worker(const ChildOptions& options, A&&... arguments) {
  using Made = detail::Server<S, detail::Kept<A>...>;
  ChildSpec spec = detail::child_spec(options, detail::type_name<S>(), sizeof...(A));
  spec.start = [name = options.name, mailbox = options.mailbox, stack_bytes = options.stack_bytes,
                kept = detail::keep_arguments<Made>(std::forward<A>(arguments)...)](std::optional<unsigned> core) {
    return detail::start_server(std::make_unique<Made>(kept),
                                {.name = name, .link = true, .core = core, .mailbox = mailbox, .stack_bytes = stack_bytes});
  };
  return spec;
}
/// A supervisor as a child.
[[nodiscard]] ChildSpec supervisor(SupervisorOptions options);
/// The same with an id, a restart or a shutdown of its own; the name is that of `options`.
[[nodiscard]] ChildSpec supervisor(const ChildOptions& child, SupervisorOptions options);
/// Whatever `start` starts and links to its caller.
[[nodiscard]] ChildSpec child(const ChildOptions& options, std::function<Result<Pid>(std::optional<unsigned> core)> start);

/// Starts a supervisor and its children, linked to the caller.
[[nodiscard]] Result<Pid> start_supervisor(SupervisorOptions options);
/// The same without a link: it lives until stop() or its intensity ends it.
[[nodiscard]] Result<Pid> start_supervisor_alone(SupervisorOptions options);

// --- Questions to a supervisor (SUP-11) ---------------------------------------------------------------
//
// To a Supervisor by id; a DynamicSupervisor (pulpo/dynamic_supervisor.hpp) answers the first four as well, and knows its children by pid.
// They wait as long as it takes (SUP-14). What it refuses is Errc::refused with the reason; what it cannot hear, try_call()'s errors.

struct ChildInfo {
  Term id;
  Term child;  ///< The pid, :undefined or :restarting.
  ChildType type;
};
/// Newest first.
[[nodiscard]] Result<std::vector<ChildInfo>> which_children(const Address& supervisor);
struct ChildCounts {
  std::size_t specs = 0, active = 0, supervisors = 0, workers = 0;
};
[[nodiscard]] Result<ChildCounts> count_children(const Address& supervisor);
/// Adds a child, the last in the order, and starts it. The supervisor must be one of this node: a specification is code. Errors: refused
/// with
/// {:already_started, pid}, :already_present (its id is there without a process), :max_children, a fault of the specification, or what
/// its start gave, which is not kept then; is_ignore(error) when the child asked to be ignored (kept unless temporary).
Result<Pid> start_child(const Address& supervisor, ChildSpec spec);
/// Stops it; its specification stays (unless temporary). Errors: refused with reason :not_found.
Result<void> terminate_child(const Address& supervisor, const Term& id);
/// Starts one that does not run. Errors: refused with :running, :restarting, :not_found, or what start gave.
Result<Pid> restart_child(const Address& supervisor, const Term& id);
/// Forgets one that is stopped. Errors: refused with :running, :restarting, :not_found.
Result<void> delete_child(const Address& supervisor, const Term& id);

}  // namespace pulpo
