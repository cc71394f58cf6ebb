// SPDX-License-Identifier: Apache-2.0
#include "lang/checker.hpp"

#include <fmt/format.h>

#include <unordered_map>
#include <vector>

#include "lang/kernel.hpp"
#include "lang/tree.hpp"

namespace pulpo::lang {
namespace {

using Checked = Result<void, Failure>;

class Checker {
 public:
  explicit Checker(const Bindings& bindings) : worlds_(1) {
    for (const auto& [name, value] : bindings) bind(name);
  }

  Checked run(const Term& tree) {
    visit(tree);
    while (!tasks_.empty()) {
      const Task task = tasks_.back();
      tasks_.pop_back();
      switch (task.kind) {
        case Task::Kind::visit:
          PULPO_CHECK(look_at(*task.node));
          break;
        case Task::Kind::bind:
          PULPO_CHECK(bind_pattern(*task.node));
          break;
        case Task::Kind::guard:
          PULPO_CHECK(look_at_guard(*task.node));
          break;
        case Task::Kind::enter:
          scopes_.push_back(world().bound.size());
          break;
        case Task::Kind::leave:
          leave();
          break;
        case Task::Kind::enter_function:
          worlds_.emplace_back();
          break;
        case Task::Kind::leave_function:
          worlds_.pop_back();
          break;
        case Task::Kind::leave_module:
          module_ = nullptr;
          break;
      }
    }
    return {};
  }

 private:
  /// To be done, the last one first.
  struct Task {
    enum class Kind : std::uint8_t { visit, bind, guard, enter, leave, enter_function, leave_function, leave_module };
    Kind kind;
    const Term* node = nullptr;
  };
  /// The variables that are seen: outside of modules, and in each of their functions.
  struct World {
    std::unordered_map<std::uint32_t, std::uint32_t> names;  ///< How often each is bound.
    std::vector<Atom> bound;                                 ///< In the order of binding.
  };

  World& world() noexcept { return worlds_.back(); }
  void visit(const Term& term) { tasks_.push_back({Task::Kind::visit, &term}); }
  void later(Task::Kind kind, const Term* node = nullptr) { tasks_.push_back({kind, node}); }
  void bind(Atom name) {
    ++world().names[name.index()];
    world().bound.push_back(name);
  }
  void leave() {
    World& here = world();
    for (; here.bound.size() > scopes_.back(); here.bound.pop_back()) --here.names[here.bound.back().index()];
    scopes_.pop_back();
  }
  [[nodiscard]] bool is_bound(Atom name) {
    const auto found = world().names.find(name.index());
    return found != world().names.end() && found->second > 0;
  }
  [[nodiscard]] bool is_function(Atom name, std::size_t arity) const {
    for (std::size_t i = 1; module_ != nullptr && i < Node(*module_).parts().size(); ++i) {
      const Node definition(Node(*module_).part(i));
      if (definition.name() == name && Node(Node(definition.part(2)).part(0)).parts().size() == arity) return true;
    }
    return is_kernel_function(name, arity);
  }

  /// The parts from `first` on, in their order.
  void visit_parts(const Node& node, std::size_t first) {
    const auto parts = node.parts();
    for (std::size_t i = parts.size(); i-- > first;) visit(parts[i]);
  }
  void visit_in_scope(const Term& term) {
    later(Task::Kind::leave);
    visit(term);
    later(Task::Kind::enter);
  }
  void visit_clause(const Term& term) {
    const Node clause(term);
    later(Task::Kind::leave);
    visit(clause.part(2));
    later(Task::Kind::guard, &clause.part(1));
    for (const Term& head : Node(clause.part(0)).parts()) later(Task::Kind::bind, &head);
    later(Task::Kind::enter);
  }
  void visit_clauses(const Node& node, std::size_t first) {
    const auto parts = node.parts();
    for (std::size_t i = parts.size(); i-- > first;) visit_clause(parts[i]);
  }

  Checked look_at(const Term& term) {
    const Node node(term);
    if (node.is_literal()) return {};
    switch (node.kind()) {
      case NodeKind::variable: {
        const Atom name = node.name();
        if (is_bound(name)) return {};
        if (name.text() == "_") return compile_failure("invalid use of _: it stands only in patterns");
        if (is_function(name, 0)) return {};
        return compile_failure(fmt::format("undefined variable \"{}\"", name.text()));
      }
      case NodeKind::call:
        if (!is_function(node.name(), node.parts().size() - 1))
          return compile_failure(
              fmt::format("undefined function {}/{} (there is no such import)", node.name().text(), node.parts().size() - 1));
        visit_parts(node, 1);
        return {};
      case NodeKind::match:
        later(Task::Kind::bind, &node.part(0));
        visit(node.part(1));
        return {};
      case NodeKind::logic:
        visit_in_scope(node.part(2));
        visit(node.part(1));
        return {};
      case NodeKind::function:
        visit_clauses(node, 1);
        return {};
      case NodeKind::case_:
        visit_clauses(node, 1);
        visit(node.part(0));
        return {};
      case NodeKind::cond:
        for (std::size_t i = node.parts().size(); i-- > 0;) {
          const Node clause(node.part(i));
          later(Task::Kind::leave);
          visit(clause.part(2));
          visit(Node(clause.part(0)).part(0));
          later(Task::Kind::enter);
        }
        return {};
      case NodeKind::if_:
        visit_in_scope(node.part(2));
        visit_in_scope(node.part(1));
        visit(node.part(0));
        return {};
      case NodeKind::receive:
        visit_clauses(node, 2);
        visit_in_scope(node.part(1));
        visit(node.part(0));
        return {};
      case NodeKind::module:
        module_ = &term;
        later(Task::Kind::leave_module);
        for (std::size_t i = node.parts().size(); i-- > 1;) {
          later(Task::Kind::leave_function);
          visit_clause(Node(node.part(i)).part(2));
          later(Task::Kind::enter_function);
        }
        return {};
      case NodeKind::remote_call:
        visit_parts(node, 2);
        visit(node.part(0));
        return {};
      case NodeKind::dot:
      case NodeKind::function_name:
        visit(node.part(0));
        return {};
      case NodeKind::unary:
      case NodeKind::binary:
        visit_parts(node, 1);
        return {};
      case NodeKind::pin:
        return compile_failure(fmt::format("misplaced operator ^{}: it stands only in patterns", node.name().text()));
      case NodeKind::when:
        return compile_failure("misplaced `when`: it stands only before `->` and in def");
      case NodeKind::heads:
        return compile_failure("misplaced parentheses: several values in them stand only before `->`");
      case NodeKind::define:
        return {};  // found when it is evaluated: an error of another kind
      default:
        visit_parts(node, 0);
        return {};
    }
  }

  /// What may stand in a guard is looked at like any expression; the rest would make it fail each time, without a word.
  Checked look_at_guard(const Term& whole) {
    std::vector<const Term*> open{&whole};
    while (!open.empty()) {
      const Node node(*open.back());
      open.pop_back();
      if (node.is_literal() || node.is(NodeKind::variable)) continue;
      switch (node.kind()) {
        case NodeKind::call: {
          const KernelFunction* const function = find_kernel_function(node.name(), node.parts().size() - 1);
          if (function != nullptr && function->in_guards) break;
          return compile_failure(
              fmt::format("cannot find or invoke local {}/{} inside a guard", node.name().text(), node.parts().size() - 1));
        }
        case NodeKind::remote_call:
          return compile_failure(fmt::format("cannot invoke remote function {} inside a guard", node.name(1).text()));
        case NodeKind::tuple:
        case NodeKind::list:
        case NodeKind::map:
        case NodeKind::unary:
        case NodeKind::binary:
        case NodeKind::logic:
        case NodeKind::dot:
          break;
        default:
          return compile_failure("this expression is not allowed in a guard");
      }
      for (const Term& part : node.parts()) open.push_back(&part);
    }
    visit(whole);
    return {};
  }

  /// A pattern's names. What a pin names was bound before.
  Checked bind_pattern(const Term& whole) {
    std::vector<const Term*> open{&whole};
    while (!open.empty()) {
      const Term& term = *open.back();
      open.pop_back();
      const Node node(term);
      if (node.is_literal()) continue;
      std::size_t first = 0;
      switch (node.kind()) {
        case NodeKind::variable:
          if (node.name().text() != "_") bind(node.name());
          continue;
        case NodeKind::pin:
          if (!is_bound(node.name())) return compile_failure(fmt::format("undefined variable ^{}", node.name().text()));
          continue;
        case NodeKind::binary:
          if (node.op() != Op::concat_binary || !node.part(1).is_binary())
            return compile_failure("of the operators only \"text\" <> variable can be matched");
          first = 2;
          break;
        case NodeKind::call:
          return compile_failure(
              fmt::format("cannot find or invoke local {}/{} inside a match", node.name().text(), node.parts().size() - 1));
        case NodeKind::remote_call:
        case NodeKind::dot:
          return compile_failure(fmt::format("cannot invoke remote function {} inside a match", node.name(1).text()));
        case NodeKind::map:
          for (std::size_t i = 0; i + 1 < node.parts().size(); i += 2) {
            const Node key(node.part(i));
            if (!key.is_literal() && !key.is(NodeKind::pin))
              return compile_failure("a key in a map's pattern is a literal, or a pinned variable: ^key");
          }
          break;
        case NodeKind::tuple:
        case NodeKind::list:
        case NodeKind::match:
          break;
        default:
          return compile_failure("this expression cannot be matched");
      }
      for (std::size_t i = node.parts().size(); i-- > first;) open.push_back(&node.part(i));
    }
    return {};
  }

  std::vector<Task> tasks_;
  std::vector<World> worlds_;
  std::vector<std::size_t> scopes_;
  const Term* module_ = nullptr;
};

}  // namespace

Result<void, Failure> check_names(const Term& tree, const Bindings& bindings) { return Checker(bindings).run(tree); }

}  // namespace pulpo::lang
