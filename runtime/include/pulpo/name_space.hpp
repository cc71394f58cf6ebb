// SPDX-License-Identifier: Apache-2.0
//
// Name spaces: names of servers that are not atoms of one node: {:global, name} and {:via, module, name} (GS-3, GS-19).
//
//   start_link<Calendar>({.name = global("Distro.Calendar")});       // a name of the whole cluster
//   start_link<Room>({.name = via("Chat.Rooms", Term("lobby"))});    // a name in a name space of the author's
//   call(via("Chat.Rooms", Term("lobby")), Say{"hello"});            // looked up by the caller, at every call
//
// A name space is an object of the node, found by its module's name. `:global` is one as well: a table of this node, until a
// cluster puts its own there.
//
//   Ownership  The node shares it with whoever uses it just then.
//   Threads    Every call of a NameSpace may come from any core, from several at once.
//   Suspends   register_name(), whereis_name(), send() may. unregister_name() must not: the process is ending.
//   Errors     A module that is no name space exits the process that uses it with {:undef, {:via, module, name}}.
//   Cost       A look-up: two uncontended locks and a search by comparison.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pulpo/process.hpp"

namespace pulpo {

/// Where names are kept. OTP's via module.
class NameSpace {
 public:
  NameSpace() = default;
  NameSpace(const NameSpace&) = delete;
  NameSpace& operator=(const NameSpace&) = delete;
  virtual ~NameSpace() = default;
  /// False when the name is taken. A server calls it itself, before its init; `name` is share()d.
  [[nodiscard]] virtual bool register_name(const Term& name, const Pid& pid) = 0;
  /// By the server that registered it, when its init fails and when it ends, before anybody hears of its end. Must not suspend.
  virtual void unregister_name(const Term& name, const Pid& pid) = 0;
  [[nodiscard]] virtual std::optional<Pid> whereis_name(const Term& name) = 0;
  /// Exits the caller with {:badarg, {name, message}} when nobody has the name.
  virtual void send(const Term& name, Term message);
};

/// Makes `space` the node's name space `module` ("Chat.Rooms", ":global"), in the place of what there was: before servers that use it
/// start.
void set_name_space(std::string_view module, std::shared_ptr<NameSpace> space);

/// A name in a name space. A value; `name` is share()d.
class Via {
 public:
  Via(Atom module, Term name);
  [[nodiscard]] Atom module() const noexcept { return module_; }
  [[nodiscard]] const Term& name() const noexcept { return name_; }
  /// {:global, name} or {:via, module, name}, as exit reasons and reports show it.
  [[nodiscard]] Term term() const;
  /// Exits the caller when the module is none.
  [[nodiscard]] std::shared_ptr<NameSpace> space() const;
  [[nodiscard]] std::optional<Pid> whereis() const { return space()->whereis_name(name_); }

 private:
  Atom module_;
  Term name_;
};

/// A name that is one in the whole cluster. Text is read as the console reads names: "Distro.Calendar" is an atom.
[[nodiscard]] Via global(Term name);
[[nodiscard]] Via global(std::string_view name);
[[nodiscard]] inline Via global(const char* name) { return global(std::string_view(name)); }
[[nodiscard]] inline Via global(const std::string& name) { return global(std::string_view(name)); }
[[nodiscard]] Via via(std::string_view module, Term name);

/// False when it is taken. The name is gone with the process; one more name beside that of a server's options. Suspends where the name
/// space does.
[[nodiscard]] bool register_name(const Via& name, const Pid& pid);
/// Who has the name; looked up here and now.
[[nodiscard]] inline std::optional<Pid> whereis(const Via& name) { return name.whereis(); }
/// Exits the caller with badarg when nobody has the name, as sending to an unregistered local name does.
void send(const Via& to, Term message);

}  // namespace pulpo
