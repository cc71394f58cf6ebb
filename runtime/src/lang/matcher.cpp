// SPDX-License-Identifier: Apache-2.0
//
// Patterns, guards and what they bind.
#include <fmt/format.h>

#include "lang/machine.hpp"

namespace pulpo::lang {

const Term* Machine::find(Atom name) const noexcept {
  for (std::size_t i = bindings_.size(); i-- > base_;) {
    if (bindings_[i].first == name) return &bindings_[i].second;
  }
  return nullptr;
}

void Machine::bind(Atom name, Term value) {
  for (std::size_t i = bindings_.size(); i-- > scope_;) {
    if (bindings_[i].first == name) {
      bindings_[i].second = std::move(value);
      return;
    }
  }
  bindings_.emplace_back(name, std::move(value));
}

void Machine::bind_fresh() {
  for (auto& [name, value] : fresh_) bind(name, std::move(value));
  fresh_.clear();
}

void Machine::enter_scope() {
  steps_.push_back({.kind = Step::Kind::leave, .count = static_cast<std::uint32_t>(bindings_.size()), .scope = scope_, .node = {}});
  scope_ = static_cast<std::uint32_t>(bindings_.size());
}

Result<bool, Failure> Machine::matches_map(const Node& pattern, const Term& value, std::vector<std::pair<Term, Term>>& open) {
  if (!value.is_map()) return false;
  const auto parts = pattern.parts();
  for (std::size_t i = 0; i + 1 < parts.size(); i += 2) {
    const Node key(parts[i]);
    const Term* wanted = &parts[i];
    if (key.is(NodeKind::pin)) {
      wanted = find(key.name());
      if (wanted == nullptr) return compile_failure(fmt::format("undefined variable ^{}", key.name().text()));
    } else if (!key.is_literal()) {
      return compile_failure("a key in a map's pattern is a literal, or a pinned variable: ^key");
    }
    const Term* const found = value.map_find(*wanted);
    if (found == nullptr) return false;
    open.emplace_back(parts[i + 1], *found);
  }
  return true;
}

Result<bool, Failure> Machine::matches(const Term& whole, const Term& subject) {
  fresh_.clear();
  std::vector<std::pair<Term, Term>> open{{whole, subject}};
  while (!open.empty()) {
    const auto [term, value] = std::move(open.back());
    open.pop_back();
    ++taken_;
    const Node pattern(term);
    if (pattern.is_literal()) {
      if (!(term == value)) return false;
      continue;
    }
    switch (pattern.kind()) {
      case NodeKind::variable: {
        const Atom name = pattern.name();
        if (name.text() == "_") break;
        bool is_new = true;
        for (const auto& [each, before] : fresh_) {
          if (each != name) continue;
          if (!(before == value)) return false;
          is_new = false;
        }
        if (is_new) fresh_.emplace_back(name, value);
        break;
      }
      case NodeKind::pin: {
        const Term* const bound = find(pattern.name());
        if (bound == nullptr) return compile_failure(fmt::format("undefined variable ^{}", pattern.name().text()));
        if (!(*bound == value)) return false;
        break;
      }
      case NodeKind::tuple: {
        const auto parts = pattern.parts();
        if (!value.is_tuple(parts.size())) return false;
        for (std::size_t i = parts.size(); i-- > 0;) open.emplace_back(parts[i], value.elements()[i]);
        break;
      }
      case NodeKind::list: {
        const auto parts = pattern.parts().subspan(1);
        if (!value.is_list() || value.list_size() < parts.size()) return false;
        std::vector<Term> rest;
        for (std::size_t i = parts.size(); i < value.list_size(); ++i) rest.push_back(value.list_at(i));
        taken_ += rest.size() / 16;  // a list is one block: its rest is a copy
        open.emplace_back(pattern.part(0), Term::list(rest, value.list_tail()));
        for (std::size_t i = parts.size(); i-- > 0;) open.emplace_back(parts[i], value.list_at(i));
        break;
      }
      case NodeKind::map: {
        PULPO_TRY(const bool fits, matches_map(pattern, value, open));
        if (!fits) return false;
        break;
      }
      case NodeKind::match:
        open.emplace_back(pattern.part(1), value);
        open.emplace_back(pattern.part(0), value);
        break;
      case NodeKind::binary: {
        if (pattern.op() != Op::concat_binary || !pattern.part(1).is_binary())
          return compile_failure("of the operators only \"text\" <> variable can be matched");
        if (!value.is_binary()) return false;
        const std::string_view start = pattern.part(1).bytes();
        const std::string_view bytes = value.bytes();
        if (bytes.substr(0, start.size()) != start) return false;
        open.emplace_back(pattern.part(2), Term::binary(bytes.substr(start.size())));
        break;
      }
      case NodeKind::call:
        return compile_failure(
            fmt::format("cannot find or invoke local {}/{} inside a match", pattern.name().text(), pattern.parts().size() - 1));
      case NodeKind::remote_call:
      case NodeKind::dot:
        return compile_failure(fmt::format("cannot invoke remote function {} inside a match", pattern.name(1).text()));
      default:
        return compile_failure("this expression cannot be matched");
    }
  }
  return true;
}

Result<bool, Failure> Machine::accepts(const Node& clause, std::span<const Term> values) {
  const Node heads(clause.part(0));
  if (!heads.is(NodeKind::heads)) return argument_failure("broken code");
  if (heads.parts().size() != values.size()) return false;
  // As one pattern, so that a name in two of them is one variable.
  if (values.size() == 1) {
    PULPO_TRY(const bool fits, matches(heads.part(0), values[0]));
    if (!fits) return false;
  } else {
    const Term pattern = make_node(NodeKind::tuple, {}, {}, heads.parts());
    PULPO_TRY(const bool fits, matches(pattern, Term::tuple(values)));
    if (!fits) return false;
  }
  const std::size_t before = bindings_.size();
  for (auto& [name, value] : fresh_) bindings_.emplace_back(name, std::move(value));  // the caller has entered a scope
  fresh_.clear();
  if (clause.part(1).is_atom(atoms::true_) || guard_holds(clause.part(1))) return true;
  bindings_.resize(before);
  return false;
}

bool Machine::guard_holds(const Term& guard) {
  const std::size_t floor = steps_.size();
  const std::size_t values = values_.size();
  in_guard_ = true;
  plan(guard);
  const Done done = work(floor);
  in_guard_ = false;
  const bool holds = done.has_value() && values_.back().is_atom(atoms::true_);
  steps_.resize(floor, Step{.kind = Step::Kind::evaluate, .count = 0, .scope = 0, .node = {}});
  values_.resize(values);
  return holds;
}

}  // namespace pulpo::lang
