// SPDX-License-Identifier: Apache-2.0
//
// Machine: evaluates trees. It walks them with a stack of what is left to do and a stack of values, both of its own, so that a function
// which calls itself costs memory up to a bound and no stack of the process; a call in last place costs nothing, so that a server's loop
// runs for ever.
//
//   Ownership  Holds the nodes that it still needs: a module that is defined anew meanwhile goes on for who is inside.
//   Threads    One process; with Limits::pure, any thread.
//   Suspends   In pauses, in receive, and in what is called.
//   Bounds     Limits.
//   Errors     Failure; after one the machine is done with.
#pragma once

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "lang/failure.hpp"
#include "lang/tree.hpp"

namespace pulpo::lang {

using Done = Result<void, Failure>;

class Machine {
 public:
  explicit Machine(const Limits& limits) : limits_(limits) {}

  /// Evaluates `tree`; `bindings` is what is bound before, and after.
  [[nodiscard]] Value run(const Term& tree, Bindings& bindings);
  [[nodiscard]] Value call(const Term& function, std::span<const Term> arguments);

 private:
  struct Step {
    enum class Kind : std::uint8_t {
      evaluate,
      finish,  ///< Of a node whose parts' values lie on the stack, `count` of them.
      next,    ///< Of a block: expression `count`; the value before it is dropped.
      right,   ///< Of `and` and the like: the left side's value is there.
      branch,  ///< Of `if`.
      select,  ///< Of `case`.
      cond,    ///< Clause `count` of `cond`, whose condition's value is there.
      match,
      wait,    ///< Of `receive`, whose timeout's value is there.
      leave,   ///< A scope ends: what was bound since `count` goes.
      return_  ///< A function ends: `count` and `scope` are its caller's.
    };
    Kind kind;
    std::uint32_t count = 0;
    std::uint32_t scope = 0;
    Term node = {};
  };
  using Arguments = std::vector<Term>;

  // --- machine.cpp -----------------------------------------------------------------------------------------------------
  [[nodiscard]] Done work(std::size_t floor);
  [[nodiscard]] Done pause();
  [[nodiscard]] Done step(Step step);
  [[nodiscard]] Done evaluate(const Term& term);
  [[nodiscard]] Done finish(const Node& node, std::uint32_t count);
  [[nodiscard]] Done select(const Step& step);
  [[nodiscard]] Done variable(const Node& node);
  [[nodiscard]] Done map_of(const Node& node, std::uint32_t count);
  [[nodiscard]] Value text_of_parts(std::uint32_t count);
  [[nodiscard]] Value field(const Term& container, const Term& key);
  [[nodiscard]] Value closure(const Node& node);

  void plan(Term node) { steps_.push_back({.kind = Step::Kind::evaluate, .count = 0, .scope = 0, .node = std::move(node)}); }
  void plan(Step::Kind kind, const Term& node, std::uint32_t count = 0) {
    steps_.push_back({.kind = kind, .count = count, .scope = 0, .node = node});
  }
  /// The parts from `first` on, then finish().
  void plan_parts(const Node& node, std::size_t first);
  [[nodiscard]] Done push(Value value);
  void push_value(Term value) { values_.push_back(std::move(value)); }
  [[nodiscard]] Term pop();
  [[nodiscard]] Arguments pop_arguments(std::size_t count);

  // --- matcher.cpp -----------------------------------------------------------------------------------------------------
  /// What it binds is in fresh_ until bind_fresh().
  [[nodiscard]] Result<bool, Failure> matches(const Term& pattern, const Term& value);
  [[nodiscard]] Result<bool, Failure> matches_map(const Node& pattern, const Term& value, std::vector<std::pair<Term, Term>>& open);
  /// Heads, then the guard with what they bind; bound when it holds.
  [[nodiscard]] Result<bool, Failure> accepts(const Node& clause, std::span<const Term> values);
  [[nodiscard]] bool guard_holds(const Term& guard);
  [[nodiscard]] const Term* find(Atom name) const noexcept;
  void bind(Atom name, Term value);
  void bind_fresh();
  void enter_scope();

  // --- calls.cpp ---------------------------------------------------------------------------------------------------------
  [[nodiscard]] Done invoke_local(Atom name, Arguments arguments);
  [[nodiscard]] Done invoke_remote(const Term& module, Atom name, Arguments arguments);
  [[nodiscard]] Done invoke_value(const Term& function, Arguments arguments);
  [[nodiscard]] Done invoke_closure(std::span<const Term> bound, Arguments arguments);
  [[nodiscard]] Done invoke_named(Atom module, Atom name, const Arguments& arguments);
  /// Nothing when the language has no such function.
  [[nodiscard]] std::optional<Done> invoke_kernel(Atom name, Arguments& arguments);
  [[nodiscard]] std::optional<Done> invoke_effect(std::string_view name, Arguments& arguments);
  [[nodiscard]] Done enter(std::span<const Term> clauses, Atom module, Atom name, const Bindings& captured, Arguments arguments);
  [[nodiscard]] Done receive(const Node& node);
  [[nodiscard]] Done define_module(const Node& node);

  const Limits& limits_;
  std::vector<Step> steps_;
  std::vector<Term> values_;
  Bindings bindings_;
  Bindings fresh_;
  std::uint32_t base_ = 0;   ///< The running function's first binding.
  std::uint32_t scope_ = 0;  ///< The innermost scope's.
  Atom module_{};            ///< Whose function runs; nil: none.
  bool in_guard_ = false;
  std::uint64_t taken_ = 0;  ///< Steps; what takes long counts as several.
  std::uint64_t pause_at_ = kStepsPerPause;
};

}  // namespace pulpo::lang
