// SPDX-License-Identifier: Apache-2.0
//
// Application: a program's part with a beginning and an end: what starts, what it exports, what it is called.
//
//   inline Application application() {
//     return {.name = "ping_pong", .start = start, .exports = {kPing}, .applications = {"logger", "telemetry"}};
//   }
//
// An application is a value: main and tests share it. The process registered as `application_controller` runs those it was
// given (start_system), each under a master process of its own, which leads the group of everything the application spawns.
//
//   Order      start: the master, then `start` and the start phases in a helper of it. Stop (AC-56): prep_stop, the top supervisor by
//              `shutdown`, stop, then whatever of its processes is left, by kill. Several stop in the reverse of their start (AC-51).
//   Bounds     Environments: as many settings as the program puts there.
//   Threads    Inside a process.
//   Suspends   Everything that asks the controller, until it has answered; it answers others meanwhile. Environments: never.
//   Errors     start_application(): refused, with the reason as a term and in words (Error::detail).
//   Cost       get_env(): a lock that readers share, held for one look-up, and a copy of a term.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "pulpo/detail/share_terms.hpp"
#include "pulpo/function.hpp"
#include "pulpo/process.hpp"
#include "pulpo/typed.hpp"

namespace pulpo {

/// Why an application starts here (AC-27): `:normal`, `{:failover, node}`, `{:takeover, node}`; `:local` once it runs (AC-57).
class StartType {
 public:
  enum class Kind : std::uint8_t { local, normal, failover, takeover };
  [[nodiscard]] static StartType local() { return StartType(Kind::local, {}); }
  [[nodiscard]] static StartType normal() { return StartType(Kind::normal, {}); }
  [[nodiscard]] static StartType failover(Atom from) { return StartType(Kind::failover, from); }
  [[nodiscard]] static StartType takeover(Atom from) { return StartType(Kind::takeover, from); }

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is_normal() const noexcept { return kind_ == Kind::normal; }
  [[nodiscard]] bool is_local() const noexcept { return kind_ == Kind::local; }
  [[nodiscard]] bool is_failover() const noexcept { return kind_ == Kind::failover; }
  [[nodiscard]] bool is_takeover() const noexcept { return kind_ == Kind::takeover; }
  /// The node it ran on before; `nil` for normal and local.
  [[nodiscard]] Atom node() const noexcept { return node_; }
  friend bool operator==(const StartType&, const StartType&) noexcept = default;

  StartType() = default;

 private:
  StartType(Kind kind, Atom node) : kind_(kind), node_(node) {}
  Kind kind_ = Kind::local;
  Atom node_{};
};

template <>
struct Codec<StartType> {
  static Term encode(const StartType& type);
  static bool decode(const Term& term, StartType& out);
};

/// Called in a server's constructor: why the application starts; `:local` when a supervisor restarts the server later, and in
/// processes of no application (AC-57).
[[nodiscard]] StartType start_type();

/// What follows when an application that runs ends by itself (AC-49). Stopping it is never followed by anything.
enum class RestartType : std::uint8_t {
  temporary,  ///< A line in the log.
  transient,  ///< The node ends, unless the top supervisor ended with `normal`: the other applications stop first, in order.
  permanent,  ///< The node ends, whatever the reason; also when it does not start.
};
constexpr auto enum_atoms(RestartType) {
  return std::array{EnumAtom{RestartType::temporary, "temporary"}, EnumAtom{RestartType::transient, "transient"},
                    EnumAtom{RestartType::permanent, "permanent"}};
}

namespace detail {
[[noreturn]] void exit_bad_env(Atom key, const Term& value, std::string_view expected);
[[noreturn]] void exit_missing_env(Atom application, Atom key);
template <class T>
T env_value(Atom key, const Term& term) {
  auto value = from_term<T>(term);
  if (!value) exit_bad_env(key, term, kTypeText<T>);
  return std::move(*value);
}
}  // namespace detail

/// An application's settings: configuration terms by key. What `start` gets is a snapshot of them; get_env() reads the present ones.
class Env {
 public:
  Env() = default;
  explicit Env(std::vector<std::pair<Atom, Term>> values) : values_(std::move(values)) { detail::share_terms(values_); }

  [[nodiscard]] const Term* find(Atom key) const noexcept;
  /// The setting, or `otherwise` when there is none. One of another type exits with {:bad_env, key, value, expected}.
  template <class T>
  [[nodiscard]] T get(std::string_view key, T otherwise) const {
    const Term* const term = find(Atom(key));
    if (term == nullptr) return otherwise;
    return detail::env_value<T>(Atom(key), *term);
  }
  void set(Atom key, Term value);
  [[nodiscard]] const std::vector<std::pair<Atom, Term>>& all() const noexcept { return values_; }

 private:
  std::vector<std::pair<Atom, Term>> values_;
};

/// A step of starting after the top supervisor is up (AC-28).
struct StartPhase {
  std::string name;
  Term arguments = Term::empty_list();
};

struct Application {
  std::string name;  ///< As in Erlang: a plain atom, "ping_pong".
  /// Runs in a process of the application's own and returns its top supervisor, linked to that process. Without one it is a library:
  /// it has an environment, others may need it, and no process is its.
  std::function<Result<Pid>(const StartType&, const Env&)> start = {};
  std::vector<Function> exports = {};
  std::string description = {};
  std::string version = {};
  /// What must run before it starts, in the order of starting. `kernel`, `stdlib`, `elixir` and `logger` are in every node.
  std::vector<std::string> applications = {};
  std::vector<std::string> optional_applications = {};  ///< The same for what may be missing in this program.
  std::function<void()> prep_stop = {};                 ///< Before the supervisor is asked to end.
  std::function<void()> stop = {};                      ///< After it is gone; what it throws is dropped.
  std::vector<StartPhase> start_phases = {};            ///< In this order, after `start`.
  /// Called for each of start_phases; an error undoes the start.
  std::function<Result<void>(Atom phase, const StartType&, const Term& arguments)> start_phase = {};
  Env env = {};                                    ///< What SystemOptions::env does not say otherwise.
  Timeout shutdown_timeout = Timeout::infinity();  ///< For the top supervisor at a stop; then it is killed.
};

struct RunningApplication {
  Atom name;
  std::string description, version;
};

struct ApplicationStart {
  RestartType type = RestartType::temporary;
  StartType start = StartType::normal();
};

/// Starts one of the applications that the controller knows; returns when its `start` and start phases have. Errors (AC-20): refused with
/// {:not_loaded, name}, {:already_started, name}, {:not_started, other} for one that it needs, or why its start failed (AC-29).
Result<void> start_application(Atom name, const ApplicationStart& options = {});
inline Result<void> start_application(Atom name, const StartType& start) {
  return start_application(name, ApplicationStart{.start = start});
}
/// The same, after all that it needs, depth first (AC-51); those start with the same restart type. Returns what it started. When one does
/// not start, those are stopped again. Errors: refused with {name, reason}, name being the one that did not start.
Result<std::vector<Atom>> ensure_all_started(Atom name, const ApplicationStart& options = {});
/// Stops it and returns when its tree is gone (AC-46). Errors: refused with {:not_started, name}.
Result<void> stop_application(Atom name);
/// Stops all, the last started first.
Result<void> stop_applications();
/// Makes an application known that start_system() was not given. Errors: refused with {:already_loaded, name}.
Result<void> load_application(Application application);
/// Forgets it and its environment. Errors: refused with {:running, name} (AC-48), {:not_loaded, name}.
Result<void> unload_application(Atom name);
/// Those that run, the last started first.
[[nodiscard]] Result<std::vector<RunningApplication>> which_applications();
/// Those it knows, running or not.
[[nodiscard]] Result<std::vector<Atom>> loaded_applications();
/// The same with what they say of themselves.
[[nodiscard]] Result<std::vector<RunningApplication>> describe_loaded_applications();
/// The application that the calling process belongs to, by its group leader (AC-55).
[[nodiscard]] std::optional<Atom> get_application();

// --- As which instance it serves -----------------------------------------------------------------------------------------------------

/// Of an application in mode `consistent` (config.hpp): which of all its instances, on whatever node, this one is. An instance that served
/// before has a lower number, one that serves later a higher one, unless nodes that start anew (no disk is used) form a majority with
/// others that have not heard of the latest. Hand it to what the application acts on (a device, a database), and have that refuse a number
/// lower than the highest it has seen: then nothing that a frozen node still sends has an effect. Replies carry it (CallOptions::epoch).
/// Nothing while the application may not serve, and in processes of any other. Any process; a read of a clock.
[[nodiscard]] std::optional<std::uint64_t> serving_epoch();

// --- The environment while it runs: one for each name, the same for all processes of the node ------------------------------------

[[nodiscard]] std::optional<Term> get_env(Atom application, std::string_view key);
/// The setting, or `otherwise` when there is none. One of another type exits with {:bad_env, key, value, expected}.
template <class T>
[[nodiscard]] T get_env(Atom application, std::string_view key, T otherwise) {
  const auto term = get_env(application, key);
  return term ? detail::env_value<T>(Atom(key), *term) : std::move(otherwise);
}
/// Elixir's fetch_env!: exits with {:missing_env, application, key} when there is none.
template <class T = Term>
[[nodiscard]] T fetch_env(Atom application, std::string_view key) {
  const auto term = get_env(application, key);
  if (!term) detail::exit_missing_env(application, Atom(key));
  return detail::env_value<T>(Atom(key), *term);
}
void put_env(Atom application, std::string_view key, Term value);
template <class T>
requires(!std::is_convertible_v<const T&, Term>) void put_env(Atom application, std::string_view key, const T& value) {
  put_env(application, key, to_term(value));
}
void delete_env(Atom application, std::string_view key);
[[nodiscard]] Env get_all_env(Atom application);

}  // namespace pulpo
