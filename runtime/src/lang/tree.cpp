// SPDX-License-Identifier: Apache-2.0
#include "lang/tree.hpp"

#include <algorithm>

namespace pulpo::lang {
namespace {

struct Names {
  std::vector<Atom> used;
  std::vector<Atom> bound;
};

/// Every name below `root`. In a pattern a name is bound there, but for a pin; the patterns of inner clauses count as uses.
void collect_names(const Term& root, bool is_pattern, Names& names) {
  std::vector<const Term*> open{&root};
  while (!open.empty()) {
    const Term& term = *open.back();
    open.pop_back();
    const Node node(term);
    if (node.is_literal() || node.is(NodeKind::broken)) continue;
    if (node.is(NodeKind::variable)) {
      (is_pattern ? names.bound : names.used).push_back(node.name());
    } else if (node.is(NodeKind::pin)) {
      names.used.push_back(node.name());
    } else if (node.is(NodeKind::function)) {
      const Term& captured = node.part(0);
      for (std::size_t i = 0; captured.is_list() && i < captured.list_size(); ++i) {
        if (const auto name = captured.list_at(i).as_atom()) names.used.push_back(*name);
      }
    } else {
      for (const Term& part : node.parts()) open.push_back(&part);
    }
  }
}

}  // namespace

std::size_t Node::parts_min(NodeKind kind) noexcept {
  switch (kind) {
    case NodeKind::variable:
    case NodeKind::pin:
    case NodeKind::list:
    case NodeKind::update:
    case NodeKind::call:
    case NodeKind::value_call:
    case NodeKind::function:
    case NodeKind::case_:
    case NodeKind::module:
      return 1;
    case NodeKind::match:
    case NodeKind::unary:
    case NodeKind::when:
    case NodeKind::remote_call:
    case NodeKind::dot:
    case NodeKind::access:
    case NodeKind::receive:
      return 2;
    case NodeKind::binary:
    case NodeKind::logic:
    case NodeKind::clause:
    case NodeKind::function_name:
    case NodeKind::if_:
    case NodeKind::define:
      return 3;
    default:
      return 0;
  }
}

Term make_node(NodeKind kind, Place place, std::initializer_list<Term> first, std::span<const Term> rest) {
  std::vector<Term> all;
  all.reserve(2 + first.size() + rest.size());
  all.emplace_back(static_cast<std::int64_t>(kind));
  all.emplace_back((std::int64_t{place.line} << 16) | std::min<std::int64_t>(place.column, 0xffff));
  all.insert(all.end(), first.begin(), first.end());
  all.insert(all.end(), rest.begin(), rest.end());
  return Term::tuple(std::span<const Term>(all));
}

Term make_node(NodeKind kind, Place place, std::initializer_list<Term> parts) {
  return make_node(kind, place, parts, std::span<const Term>());
}

Place place_of(const Term& term, Place otherwise) {
  const Node node(term);
  if (node.is_literal() || node.is(NodeKind::broken)) return otherwise;
  return {node.line(), node.column()};
}

Term free_names(std::span<const Term> clauses) {
  std::vector<Atom> wanted;
  for (const Term& term : clauses) {
    const Node clause(term);
    if (!clause.is(NodeKind::clause)) continue;
    Names names;
    collect_names(clause.part(0), true, names);
    collect_names(clause.part(1), false, names);
    collect_names(clause.part(2), false, names);
    for (const Atom name : names.used) {
      if (std::find(names.bound.begin(), names.bound.end(), name) == names.bound.end()) wanted.push_back(name);
    }
  }
  std::sort(wanted.begin(), wanted.end(), [](Atom left, Atom right) { return left.index() < right.index(); });
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  return Term::list(std::vector<Term>(wanted.begin(), wanted.end()));
}

}  // namespace pulpo::lang
