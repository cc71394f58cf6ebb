// SPDX-License-Identifier: Apache-2.0
#include "lang/machine.hpp"

#include <fmt/format.h>

#include "lang/kernel.hpp"
#include "lang/modules.hpp"

namespace pulpo::lang {
namespace {

Failure broken_code() { return argument_failure("this function's code is not of a version that this node knows"); }

}  // namespace

Value Machine::run(const Term& tree, Bindings& bindings) {
  bindings_ = std::move(bindings);
  plan(tree);
  const Done done = work(0);
  // In a failure deep inside functions, what they had bound goes.
  std::size_t own = bindings_.size();
  bool is_inside = false;  // a function, whose first binding the next one's return knows, or base_
  for (const Step& step : steps_) {
    if (step.kind == Step::Kind::return_ && !is_inside) {
      is_inside = true;
      own = base_;
    } else if (step.kind == Step::Kind::return_ || (step.kind == Step::Kind::leave && !is_inside)) {
      own = step.count;
      break;
    }
  }
  bindings_.resize(own);
  bindings = std::move(bindings_);
  if (!done) return done.error();
  return pop();
}

Value Machine::call(const Term& function, std::span<const Term> arguments) {
  PULPO_CHECK(invoke_value(function, Arguments(arguments.begin(), arguments.end())));
  PULPO_CHECK(work(0));
  return pop();
}

Done Machine::work(std::size_t floor) {
  while (steps_.size() > floor) {
    if (++taken_ >= pause_at_ && !in_guard_) {
      pause_at_ = taken_ + kStepsPerPause;
      PULPO_CHECK(pause());
    }
    if (limits_.steps_max != 0 && taken_ > limits_.steps_max)
      return limit_failure(fmt::format("more than {} steps: an endless loop?", limits_.steps_max));
    if (steps_.size() > limits_.depth_max)
      return limit_failure(fmt::format("nested deeper than {}: an endless recursion?", limits_.depth_max));
    Step next = std::move(steps_.back());
    steps_.pop_back();
    PULPO_CHECK(step(std::move(next)));
  }
  return {};
}

Done Machine::pause() {
  if (limits_.is_interrupted && limits_.is_interrupted()) return limit_failure("interrupted");
  if (!limits_.pure) pulpo::yield();
  return {};
}

Term Machine::pop() {
  Term value = std::move(values_.back());
  values_.pop_back();
  return value;
}

Machine::Arguments Machine::pop_arguments(std::size_t count) {
  Arguments arguments(std::make_move_iterator(values_.end() - static_cast<std::ptrdiff_t>(count)), std::make_move_iterator(values_.end()));
  values_.resize(values_.size() - count);
  return arguments;
}

Done Machine::push(Value value) {
  if (!value) return std::move(value).error();
  values_.push_back(*std::move(value));
  return {};
}

void Machine::plan_parts(const Node& node, std::size_t first) {
  const auto parts = node.parts().subspan(first);
  plan(Step::Kind::finish, node.term(), static_cast<std::uint32_t>(parts.size()));
  for (std::size_t i = parts.size(); i-- > 0;) plan(parts[i]);
}

Done Machine::step(Step step) {
  const Node node(step.node);
  switch (step.kind) {
    case Step::Kind::evaluate:
      return evaluate(step.node);
    case Step::Kind::finish:
      return finish(node, step.count);
    case Step::Kind::next:
      values_.pop_back();
      if (step.count + 1 < node.parts().size()) plan(Step::Kind::next, step.node, step.count + 1);
      plan(node.part(step.count));
      return {};
    case Step::Kind::right: {
      const Term left = pop();
      const Op op = node.op();
      bool goes_on = is_truthy(left) == (op == Op::and_truthy);
      if (op == Op::and_ || op == Op::or_) {
        if (!left.is_atom(atoms::true_) && !left.is_atom(atoms::false_))
          return raised("BadBooleanError", fmt::format("expected a boolean on left-side of \"{}\", got: {}", text_of(op), shown(left)),
                        Term::tuple({"badbool"_atom, Term(Atom(text_of(op))), left}));
        goes_on = left.is_atom(atoms::true_) == (op == Op::and_);
      }
      if (goes_on) {
        plan(node.part(2));
      } else {
        push_value(left);
      }
      return {};
    }
    case Step::Kind::branch: {
      const bool holds = is_truthy(pop());
      enter_scope();
      plan(node.part(holds ? 1 : 2));
      return {};
    }
    case Step::Kind::cond: {
      if (is_truthy(pop())) {
        enter_scope();
        plan(Node(node.part(step.count)).part(2));
        return {};
      }
      if (step.count + 1 >= node.parts().size())
        return raised("CondClauseError", "no cond clause evaluated to a truthy value", "cond_clause"_atom);
      const Node clause(node.part(step.count + 1));
      if (!clause.is(NodeKind::clause) || !Node(clause.part(0)).is(NodeKind::heads) || Node(clause.part(0)).parts().empty())
        return broken_code();
      plan(Step::Kind::cond, step.node, step.count + 1);
      plan(Node(clause.part(0)).part(0));
      return {};
    }
    case Step::Kind::select:
      return select(step);
    case Step::Kind::match: {
      PULPO_TRY(const bool fits, matches(node.part(0), values_.back()));
      if (!fits) return match_failure(values_.back());
      bind_fresh();
      return {};
    }
    case Step::Kind::wait:
      return receive(node);
    case Step::Kind::leave:
      bindings_.resize(step.count);
      scope_ = step.scope;
      return {};
    case Step::Kind::return_:
      bindings_.resize(base_);
      base_ = step.count;
      scope_ = step.scope;
      module_ = step.node.is_atom() ? step.node.atom() : Atom();
      return {};
  }
  return broken_code();
}

Done Machine::evaluate(const Term& term) {
  const Node node(term);
  if (node.is_literal()) {
    push_value(term);
    return {};
  }
  if (in_guard_ && (node.is(NodeKind::match) || node.is(NodeKind::remote_call) || node.is(NodeKind::value_call) ||
                    node.is(NodeKind::function) || node.is(NodeKind::receive) || node.is(NodeKind::case_) || node.is(NodeKind::module)))
    return compile_failure("this expression is not allowed in a guard");
  switch (node.kind()) {
    case NodeKind::variable:
      return variable(node);
    case NodeKind::tuple:
    case NodeKind::map:
    case NodeKind::text:
      plan_parts(node, 0);
      return {};
    case NodeKind::list: {  // the elements first, then the tail, as they are written
      const auto parts = node.parts();
      plan(Step::Kind::finish, term, static_cast<std::uint32_t>(parts.size()));
      plan(parts[0]);
      for (std::size_t i = parts.size(); i-- > 1;) plan(parts[i]);
      return {};
    }
    case NodeKind::update:
    case NodeKind::access:
    case NodeKind::value_call:
      plan_parts(node, 0);
      return {};
    case NodeKind::unary:
    case NodeKind::binary:
    case NodeKind::call:
      plan_parts(node, 1);
      return {};
    case NodeKind::remote_call:
      plan(Step::Kind::finish, term, static_cast<std::uint32_t>(node.parts().size() - 1));
      for (std::size_t i = node.parts().size(); i-- > 2;) plan(node.part(i));
      plan(node.part(0));
      return {};
    case NodeKind::dot:
    case NodeKind::function_name:
      plan(Step::Kind::finish, term, 1);
      plan(node.part(0));
      return {};
    case NodeKind::match:
      plan(Step::Kind::match, term);
      plan(node.part(1));
      return {};
    case NodeKind::logic:
      plan(Step::Kind::right, term);
      plan(node.part(1));
      return {};
    case NodeKind::block:
      if (node.parts().empty()) {
        push_value({});
        return {};
      }
      if (node.parts().size() > 1) plan(Step::Kind::next, term, 1);
      plan(node.part(0));
      return {};
    case NodeKind::function:
      return push(closure(node));
    case NodeKind::case_:
      plan(Step::Kind::select, term);
      plan(node.part(0));
      return {};
    case NodeKind::cond: {
      const Node first(node.parts().empty() ? term : node.part(0));
      if (!first.is(NodeKind::clause) || Node(first.part(0)).kind() != NodeKind::heads || Node(first.part(0)).parts().empty())
        return broken_code();
      plan(Step::Kind::cond, term, 0);
      plan(Node(first.part(0)).part(0));
      return {};
    }
    case NodeKind::if_:
      plan(Step::Kind::branch, term);
      plan(node.part(0));
      return {};
    case NodeKind::receive:
      plan(Step::Kind::wait, term);
      plan(node.part(0));
      return {};
    case NodeKind::module:
      return define_module(node);
    case NodeKind::pin:
      return compile_failure(fmt::format("misplaced operator ^{}: it stands only in patterns", node.name().text()));
    case NodeKind::define:
      return raised("ArgumentError", "cannot invoke def/2 outside module", atoms::badarg);
    case NodeKind::when:
      return compile_failure("misplaced `when`: it stands only before `->` and in def");
    case NodeKind::heads:
      return compile_failure("misplaced parentheses: several values in them stand only before `->`");
    default:
      return broken_code();
  }
}

Done Machine::variable(const Node& node) {
  const Atom name = node.name();
  if (const Term* const value = find(name)) {
    push_value(*value);
    return {};
  }
  if (name.text() == "_") return compile_failure("invalid use of _: it stands only in patterns");
  const bool is_function = (module_ != Atom() && !limits_.pure && find_function(module_, name, 0)) || is_kernel_function(name, 0);
  if (!is_function || in_guard_) return compile_failure(fmt::format("undefined variable \"{}\"", name.text()));
  return invoke_local(name, {});
}

Done Machine::finish(const Node& node, std::uint32_t count) {
  switch (node.kind()) {
    case NodeKind::tuple:
      return push(bounded(Term::tuple(std::span<const Term>(pop_arguments(count)))));
    case NodeKind::list: {
      const Term tail = pop();
      return push(bounded(Term::list(pop_arguments(count - 1), tail)));
    }
    case NodeKind::map:
    case NodeKind::update:
      return map_of(node, count);
    case NodeKind::text:
      return push(text_of_parts(count));
    case NodeKind::unary:
      if (count != 1) return broken_code();
      return push(calculate(node.op(), pop()));
    case NodeKind::binary: {
      if (count != 2) return broken_code();
      const Term right = pop();
      const Term left = pop();
      return push(calculate(node.op(), left, right));
    }
    case NodeKind::access: {
      if (count != 2) return broken_code();
      const Term key = pop();
      const Term container = pop();
      return push(field(container, key));
    }
    case NodeKind::call:
      return invoke_local(node.name(), pop_arguments(count));
    case NodeKind::remote_call: {
      Arguments arguments = pop_arguments(count - 1);
      const Term module = pop();
      return invoke_remote(module, node.name(1), std::move(arguments));
    }
    case NodeKind::value_call: {
      Arguments arguments = pop_arguments(count - 1);
      const Term function = pop();
      return invoke_value(function, std::move(arguments));
    }
    case NodeKind::dot: {
      const Term value = pop();
      if (value.is_map()) {
        if (const Term* const found = value.map_find(node.part(1))) return push(*found);
        return raised("KeyError", fmt::format("key {} not found in: {}", shown(node.part(1)), shown(value)),
                      Term::tuple({"badkey"_atom, node.part(1)}));
      }
      if (in_guard_) return compile_failure("a call is not allowed in a guard");
      return invoke_remote(value, node.name(1), {});
    }
    case NodeKind::function_name: {
      const Term module = pop();
      const auto arity = node.part(2).as_integer().value_or(-1);
      if (!module.is_atom() || arity < 0 || arity > 255) return argument_failure();
      push_value(Term::function(module.atom(), node.name(1), static_cast<std::uint8_t>(arity)));
      return {};
    }
    default:
      return broken_code();
  }
}

Done Machine::map_of(const Node& node, std::uint32_t count) {
  Arguments parts = pop_arguments(count);
  std::vector<std::pair<Term, Term>> pairs;
  std::size_t at = 0;
  const bool updates = node.is(NodeKind::update);
  if (updates) {
    if (!parts[0].is_map()) return raised("BadMapError", "expected a map, got: " + shown(parts[0]), Term::tuple({"badmap"_atom, parts[0]}));
    const auto items = parts[0].map_items();
    for (std::size_t i = 0; i < items.size(); i += 2) pairs.emplace_back(items[i], items[i + 1]);
    at = 1;
  }
  if ((parts.size() - at) % 2 != 0) return broken_code();
  for (; at < parts.size(); at += 2) {
    if (updates && parts[0].map_find(parts[at]) == nullptr)
      return raised("KeyError", fmt::format("key {} not found in: {}", shown(parts[at]), shown(parts[0])),
                    Term::tuple({"badkey"_atom, parts[at]}));
    pairs.emplace_back(std::move(parts[at]), std::move(parts[at + 1]));
  }
  return push(bounded(Term::map(std::move(pairs))));
}

Value Machine::text_of_parts(std::uint32_t count) {
  std::string text;
  for (const Term& part : pop_arguments(count)) {
    PULPO_TRY(const Term piece, to_string(part));
    text += piece.bytes();
    if (text.size() > kValueBytesMax) return limit_failure("a string larger than 64 MiB");
  }
  return Term::binary(text);
}

Value Machine::field(const Term& container, const Term& key) {
  if (container.is_atom(atoms::nil)) return Term();
  if (container.is_map()) {
    const Term* const found = container.map_find(key);
    return found != nullptr ? *found : Term();
  }
  if (!container.is_proper_list())
    return argument_failure(fmt::format("the Access module does not support accessing {} with the key {}", shown(container), shown(key)));
  for (std::size_t i = 0; i < container.list_size(); ++i) {
    const Term each = container.list_at(i);
    if (each.is_tuple(2) && each.elements()[0] == key) return each.elements()[1];
  }
  return Term();
}

Value Machine::closure(const Node& node) {
  const auto clauses = node.parts().subspan(1);
  if (clauses.empty() || !Node(clauses[0]).is(NodeKind::clause) || !Node(Node(clauses[0]).part(0)).is(NodeKind::heads))
    return broken_code();
  const std::size_t arity = Node(Node(clauses[0]).part(0)).parts().size();
  if (arity > kParametersMax) return argument_failure(fmt::format("a function has at most {} parameters here", kParametersMax));
  std::vector<Term> captured;
  const Term& names = node.part(0);
  for (std::size_t i = 0; names.is_list() && i < names.list_size(); ++i) {
    const auto name = names.list_at(i).as_atom();
    if (!name) return broken_code();
    if (const Term* const value = find(*name)) {
      captured.push_back(*name);
      captured.push_back(*value);
    }
  }
  return bounded(make_closure(node.term(), Term::tuple(std::span<const Term>(captured)), module_, arity));
}

Done Machine::select(const Step& step) {
  const Node node(step.node);
  const Term value = pop();
  for (const Term& each : node.parts().subspan(1)) {
    const Node clause(each);
    if (!clause.is(NodeKind::clause)) return broken_code();
    enter_scope();
    PULPO_TRY(const bool fits, accepts(clause, std::span(&value, 1)));
    if (fits) {
      plan(clause.part(2));
      return {};
    }
    scope_ = steps_.back().scope;
    steps_.pop_back();
  }
  return clause_failure("CaseClauseError", "no case clause matching: ", "case_clause"_atom, value);
}

}  // namespace pulpo::lang
