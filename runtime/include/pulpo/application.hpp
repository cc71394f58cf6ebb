// SPDX-License-Identifier: Apache-2.0
//
// Application: a program's part with a beginning and an end: what starts, what it exports, what it is called.
//
//   inline Application application() { return {.name = "ping_pong", .start = start, .exports = {kPing}}; }
//
// An application is a value: main and tests share it. The process registered as `application_controller` runs those it was
// given (start_system), each under a master process of its own, which leads the group of everything the application spawns.
//
//   Order      start: the master, then `start` in a helper of it. Stop (AC-56): prep_stop, the top supervisor by `shutdown` and
//              without limit, stop. Several stop in the reverse of their start (AC-51).
//   Threads    Inside a process.
//   Suspends   Everything that asks the controller, until it has answered; it answers others meanwhile.
//   Errors     start_application(): refused, with the reason as a term and in words (Error::detail).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
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

/// An application's settings: configuration terms by key.
class Env {
 public:
  Env() = default;
  explicit Env(std::vector<std::pair<Atom, Term>> values) : values_(std::move(values)) { detail::share_terms(values_); }

  [[nodiscard]] const Term* find(Atom key) const noexcept;
  /// The setting, or `otherwise` when there is none. One of another type exits with {:bad_env, key, value}.
  template <class T>
  [[nodiscard]] T get(std::string_view key, T otherwise) const {
    const Term* const term = find(Atom(key));
    if (term == nullptr) return otherwise;
    auto value = from_term<T>(*term);
    if (!value) exit_bad(Atom(key), *term);
    return std::move(*value);
  }
  void set(Atom key, Term value);

 private:
  [[noreturn]] static void exit_bad(Atom key, const Term& value);
  std::vector<std::pair<Atom, Term>> values_;
};

struct Application {
  std::string name;  ///< As in Erlang: a plain atom, "ping_pong".
  /// Runs in a process of the application's own and returns its top supervisor, linked to that process.
  std::function<Result<Pid>(const StartType&, const Env&)> start;
  std::vector<Function> exports = {};
  std::string description = {};
  std::string version = {};
  std::function<void()> prep_stop = {};  ///< Before the supervisor is asked to end.
  std::function<void()> stop = {};       ///< After it is gone; what it throws is dropped.
  Env env = {};
};

struct RunningApplication {
  Atom name;
  std::string description, version;
};

/// Starts one of the applications that the controller knows; returns when its `start` has. Errors: refused with {:not_loaded, name},
/// {:already_started, name}, or why its start failed.
Result<void> start_application(Atom name, const StartType& type = StartType::normal());
/// Stops it and returns when its tree is gone (AC-46). Errors: refused with {:not_started, name}.
Result<void> stop_application(Atom name);
/// Stops all, the last started first.
Result<void> stop_applications();
/// Those that run, the last started first.
[[nodiscard]] Result<std::vector<RunningApplication>> which_applications();
/// Those it knows, running or not.
[[nodiscard]] Result<std::vector<Atom>> loaded_applications();

}  // namespace pulpo
