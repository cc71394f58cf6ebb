// SPDX-License-Identifier: Apache-2.0
//
// Calls: of functions of the language, of modules defined in it, of values, and of whatever this node exports.
#include <fmt/format.h>

#include <algorithm>

#include "lang/kernel.hpp"
#include "lang/machine.hpp"
#include "lang/modules.hpp"
#include "proc/remote_spawn.hpp"
#include "pulpo/function.hpp"
#include "pulpo/io.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo::lang {
namespace {

/// A pattern in a receive that cannot be looked at: on its way out of the mailbox, where the message stays.
struct BrokenClause {
  Failure failure;
};

constexpr auto kInterruptSlice = std::chrono::milliseconds(100);

/// How many arguments a function takes yet.
std::size_t open_arity(const Term::Function& function) { return function.arity - function.bound.size(); }

/// A process of this core that calls `function`: as one of Elixir's that an exception ends.
void run_as_process(const Term& function, std::span<const Term> arguments) {
  const Limits limits{.steps_max = 0};
  Failure failure;
  {
    const auto value = call(function, arguments, limits);
    if (value) return;
    failure = value.error();
  }
  if (failure.kind != Failure::Kind::exit) report_failure(failure.text);
  exit(exit_reason(failure));
}

}  // namespace

Done Machine::enter(std::span<const Term> clauses, Atom module, Atom name, const Bindings& captured, Arguments arguments) {
  // A call in last place takes the place of the function that makes it.
  std::size_t top = steps_.size();
  while (top > 0 && steps_[top - 1].kind == Step::Kind::leave) --top;
  if (top > 0 && steps_[top - 1].kind == Step::Kind::return_) {
    steps_.erase(steps_.begin() + static_cast<std::ptrdiff_t>(top), steps_.end());
    bindings_.resize(base_);
  } else {
    steps_.push_back({.kind = Step::Kind::return_, .count = base_, .scope = scope_, .node = module_});
    base_ = static_cast<std::uint32_t>(bindings_.size());
  }
  module_ = module;
  bindings_.insert(bindings_.end(), captured.begin(), captured.end());
  scope_ = static_cast<std::uint32_t>(bindings_.size());
  for (const Term& each : clauses) {
    const Node clause(each);
    if (!clause.is(NodeKind::clause)) break;
    PULPO_TRY(const bool fits, accepts(clause, arguments));
    if (!fits) continue;
    plan(clause.part(2));
    return {};
  }
  const std::string text =
      name == Atom() ? fmt::format("anonymous fn/{}", arguments.size()) : function_text(module, name, arguments.size());
  return function_clause(text, module == Atom() ? lang_module() : module, name == Atom() ? "fn"_atom : name, arguments);
}

Done Machine::invoke_local(Atom name, Arguments arguments) {
  const std::size_t arity = arguments.size();
  if (module_ != Atom() && !in_guard_ && !limits_.pure) {
    if (const auto own = find_function(module_, name, arity))
      return enter(own->clauses.elements(), module_, name, {}, std::move(arguments));
  }
  if (const auto done = invoke_kernel(name, arguments)) return *done;
  if (in_guard_) return compile_failure(fmt::format("cannot find or invoke local {}/{} inside a guard", name.text(), arity));
  return compile_failure(fmt::format("undefined function {}/{} (there is no such import)", name.text(), arity));
}

std::optional<Done> Machine::invoke_kernel(Atom name, Arguments& arguments) {
  if (const KernelFunction* const function = find_kernel_function(name, arguments.size())) {
    if (in_guard_ && !function->in_guards) return std::nullopt;
    return push(function->calculate(arguments));
  }
  if (in_guard_ || !is_kernel_function(name, arguments.size())) return std::nullopt;
  return invoke_effect(name.text(), arguments);
}

std::optional<Done> Machine::invoke_effect(std::string_view name, Arguments& arguments) {
  if (name == "throw") return Done(thrown(arguments[0]));
  if (name == "exit") return Done(exited(arguments[0], true));
  if (name == "raise" && arguments.size() == 2) {
    Term message = arguments[1];
    if (message.is_proper_list() && message.list_size() == 1) {
      const Term pair = message.list_at(0);
      if (pair.is_tuple(2) && pair.elements()[0].is_atom("message"_atom)) {
        const Term given = pair.elements()[1];
        message = given;
      }
    }
    if (!arguments[0].is_atom() || !message.is_binary())
      return Done(
          argument_failure("raise takes a text here: raise \"what went wrong\", or raise ArgumentError, message: \"what was wrong\""));
    return Done(raised(Term(arguments[0]).text(), message.bytes(), Term::tuple({arguments[0], message})));
  }
  if (name == "raise") {
    if (!arguments[0].is_binary()) return Done(argument_failure("raise takes a text here: raise \"what went wrong\""));
    return Done(raised("RuntimeError", arguments[0].bytes(), Term::tuple({"runtime_error"_atom, arguments[0]})));
  }
  if (name == "apply") {
    const Term& list = arguments.back();
    if (!list.is_proper_list() || list.list_size() > 255) return Done(argument_failure());
    Arguments given;
    for (std::size_t i = 0; i < list.list_size(); ++i) given.push_back(list.list_at(i));
    if (arguments.size() == 2) return invoke_value(arguments[0], std::move(given));
    if (!arguments[1].is_atom()) return Done(argument_failure());
    return invoke_remote(arguments[0], arguments[1].atom(), std::move(given));
  }
  if (limits_.pure) return Done(argument_failure("nothing is sent or received here"));
  if (name == "self") return push(Term(self()));
  if (name == "make_ref") return push(Term(make_ref()));
  if (name == "node") {
    if (arguments.empty()) return push(Term(runtime().node_name()));
    const bool is_ours =
        (arguments[0].is_pid() && arguments[0].pid().is_local()) || (arguments[0].is_ref() && arguments[0].ref().node == 0);
    if (is_ours) return push(Term(runtime().node_name()));
    return invoke_named("erlang"_atom, "node"_atom, arguments);
  }
  if (name == "send") return invoke_named("erlang"_atom, "send"_atom, arguments);
  if (name == "flush") {
    while (const auto message = receive_any(Timeout(Duration::zero()))) static_cast<void>(io::puts(std::string_view(inspect(*message))));
    return push(Term(atoms::ok));
  }
  // spawn, spawn_link, spawn_monitor: a function, or a module, a name and arguments.
  Term function = arguments[0];
  Term given = Term::empty_list();
  if (arguments.size() == 3) {
    if (!arguments[0].is_atom() || !arguments[1].is_atom() || !arguments[2].is_proper_list() || arguments[2].list_size() > 255)
      return Done(argument_failure());
    function = Term::function(arguments[0].atom(), arguments[1].atom(), static_cast<std::uint8_t>(arguments[2].list_size()));
    given = arguments[2];
  }
  if (function.type() != Term::Type::function || open_arity(function.function_parts()) != given.list_size())
    return Done(argument_failure());
  auto body = [function, given] {
    Arguments all;
    for (std::size_t i = 0; i < given.list_size(); ++i) all.push_back(given.list_at(i));
    run_as_process(function, all);
  };
  const auto spawned =
      try_spawn(pulpo::detail::function_body(std::move(body)), {.link = name == "spawn_link", .monitor = name == "spawn_monitor"});
  if (!spawned) return Done(exited(atoms::system_limit, true));
  return push(name == "spawn_monitor" ? Term::tuple({spawned->pid, spawned->monitor}) : Term(spawned->pid));
}

Done Machine::invoke_remote(const Term& module, Atom name, Arguments arguments) {
  if (!module.is_atom()) {
    return raised(
        "ArgumentError",
        fmt::format("you attempted to apply a function named {} on {}. If you are using Kernel.apply/3, make sure the module is an "
                    "atom. If you are using the dot syntax, such as module.function(), make sure the left-hand side of the dot is a "
                    "module or map",
                    Term(name).text(), shown(module)),
        atoms::badarg);
  }
  if (arguments.size() > 255) return argument_failure("a function takes at most 255 arguments");
  const std::string_view text = module.atom().text();
  if (text == "Elixir.Kernel" || text == "Elixir.IEx.Helpers" || (text == "erlang" && name.text() != "send")) {
    const bool is_elixirs = text != "erlang" || name.text() == "apply" || name.text() == "self" || name.text().starts_with("spawn");
    if (is_elixirs) {
      if (const auto done = invoke_kernel(name, arguments)) return *done;
    }
  }
  if (limits_.pure) return undefined_function(module.atom(), name, arguments, false);
  if (const auto defined = find_function(module.atom(), name, arguments.size())) {
    if (!defined->is_private || module_ == module.atom())
      return enter(defined->clauses.elements(), module.atom(), name, {}, std::move(arguments));
  }
  if (module.atom() == lang_module() && name == "eval"_atom && arguments.size() >= kBoundCount) {
    const Arguments bound(arguments.begin(), arguments.begin() + kBoundCount);
    arguments.erase(arguments.begin(), arguments.begin() + kBoundCount);
    return invoke_closure(bound, std::move(arguments));
  }
  return invoke_named(module.atom(), name, arguments);
}

Done Machine::invoke_value(const Term& function, Arguments arguments) {
  if (function.type() != Term::Type::function)
    return raised("BadFunctionError", "expected a function, got: " + shown(function), Term::tuple({"badfun"_atom, function}));
  const auto parts = function.function_parts();
  if (open_arity(parts) != arguments.size()) {
    std::string given;
    for (const Term& each : arguments) given += (given.empty() ? "" : ", ") + shown(each);
    const std::string_view s = arguments.size() == 1 ? "" : "s";
    return raised("BadArityError",
                  fmt::format("{} with arity {} called with {} argument{}{}", shown(function), open_arity(parts),
                              arguments.empty() ? "no" : std::to_string(arguments.size()), s, given.empty() ? "" : " (" + given + ")"),
                  Term::tuple({"badarity"_atom, Term::tuple({function, Term::list(arguments)})}));
  }
  if (is_closure(parts)) {
    Arguments all(parts.bound.begin() + kBoundCount, parts.bound.end());
    all.insert(all.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
    return invoke_closure(parts.bound.first(kBoundCount), std::move(all));
  }
  Arguments all(parts.bound.begin(), parts.bound.end());
  all.insert(all.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
  return invoke_remote(parts.module, parts.name, std::move(all));
}

/// Whatever it may be that came from elsewhere.
Done Machine::invoke_closure(std::span<const Term> bound, Arguments arguments) {
  const Node code(bound[1]);
  if (!(bound[0] == Term(kVersion)) || !code.is(NodeKind::function) || !bound[2].is_tuple() || !bound[3].is_atom())
    return argument_failure("this function's code is not of a version that this node knows");
  Bindings captured;
  const auto pairs = bound[2].elements();
  for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
    if (!pairs[i].is_atom()) return argument_failure("this function's bindings are broken");
    captured.emplace_back(pairs[i].atom(), pairs[i + 1]);
  }
  return enter(code.parts().subspan(1), bound[3].atom(), {}, captured, std::move(arguments));
}

Done Machine::invoke_named(Atom module, Atom name, const Arguments& arguments) {
  try {
    push_value(apply(module, name, arguments));
    return {};
  } catch (const Killed&) {
    throw;
  } catch (const Exiting& exiting) {
    Term reason = exiting.reason;
    // Which module is not known is asked for the one that was called, however deep that is.
    bool known = is_module_known(module);
    if (reason.is_tuple(2) && reason.elements()[1].is_proper_list() && reason.elements()[1].list_size() > 0) {
      const Term entry = reason.elements()[1].list_at(0);
      if (entry.is_tuple() && !entry.elements().empty() && entry.elements()[0].is_atom())
        known = is_module_known(entry.elements()[0].atom());
    }
    return exited(reason, known);
  } catch (const std::exception&) {
    return exited(pulpo::detail::exception_reason(), true);
  }
}

Done Machine::receive(const Node& node) {
  const Term timeout = pop();
  if (limits_.pure) return argument_failure("nothing is sent or received here");
  const bool waits = timeout.is_atom("none"_atom) || timeout.is_atom(atoms::infinity);
  if (!waits && (!timeout.is_integer() || timeout.integer() < 0 || timeout.integer() > std::int64_t{UINT32_MAX}))
    return raised("ErlangError", "Erlang error: :timeout_value", "timeout_value"_atom);
  enter_scope();
  std::size_t chosen = 0;
  const auto wanted = [&](const Term& message) {
    const auto clauses = node.parts().subspan(2);
    for (std::size_t i = 0; i < clauses.size(); ++i) {
      const Node clause(clauses[i]);
      if (!clause.is(NodeKind::clause)) throw BrokenClause{argument_failure("broken code")};
      const auto fits = accepts(clause, std::span(&message, 1));
      if (!fits) throw BrokenClause{fits.error()};
      if (!*fits) continue;
      chosen = i;
      return true;
    }
    return false;
  };
  const TimePoint deadline = waits ? TimePoint::max() : Timeout(std::chrono::milliseconds(timeout.integer())).after(now());
  try {
    for (;;) {
      Timeout slice = waits ? Timeout::infinity() : Timeout(std::max(Duration::zero(), Duration(deadline - now())));
      if (limits_.is_interrupted && (waits || slice.duration() > kInterruptSlice)) slice = Timeout(kInterruptSlice);
      if (receive_if(wanted, slice)) {
        plan(Node(node.part(2 + chosen)).part(2));
        return {};
      }
      if (limits_.is_interrupted && limits_.is_interrupted()) return limit_failure("interrupted");
      if (!waits && now() >= deadline) break;
      if (waits && !limits_.is_interrupted) return exited(atoms::killed, true);
    }
  } catch (const BrokenClause& broken) {
    return broken.failure;
  }
  plan(node.part(1));
  return {};
}

Done Machine::define_module(const Node& node) {
  const Atom module = node.name();
  if (limits_.pure) return argument_failure("no modules are defined here");
  std::vector<std::pair<Term, std::vector<Term>>> functions;
  std::vector<bool> are_private;
  Term last;
  for (const Term& each : node.parts().subspan(1)) {
    const Node definition(each);
    if (!definition.is(NodeKind::define) || !Node(definition.part(2)).is(NodeKind::clause)) return argument_failure("broken code");
    const Node heads(Node(definition.part(2)).part(0));
    if (!heads.is(NodeKind::heads)) return argument_failure("broken code");
    last = Term::tuple({definition.part(0), static_cast<std::int64_t>(heads.parts().size())});
    auto found = std::find_if(functions.begin(), functions.end(), [&](const auto& function) { return function.first == last; });
    if (found == functions.end()) {
      functions.emplace_back(last, std::vector<Term>());
      are_private.push_back(definition.part(1).is_atom(atoms::true_));
      found = functions.end() - 1;
    }
    found->second.push_back(definition.part(2));
  }
  std::vector<std::pair<Term, Term>> pairs;
  for (std::size_t i = 0; i < functions.size(); ++i)
    pairs.emplace_back(functions[i].first,
                       Term::tuple({Term(static_cast<bool>(are_private[i])), Term::tuple(std::span<const Term>(functions[i].second))}));
  if (!define_functions(module, Term::map(std::move(pairs))))
    return compile_failure(fmt::format("cannot define module {}: this node has one of that name in C++", Term(module).text()));
  push_value(Term::tuple({"module"_atom, module, Term::binary(std::string_view("\0", 1)), last}));
  return {};
}

}  // namespace pulpo::lang
