// SPDX-License-Identifier: Apache-2.0
#include "lang/completion.hpp"

#include <algorithm>

#include "lang/help.hpp"
#include "lang/modules.hpp"
#include "otp/application_table.hpp"
#include "pulpo/function.hpp"
#include "pulpo/process.hpp"

namespace pulpo::lang {
namespace {

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_@?!.:-").find(c) != std::string_view::npos;
}
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

/// The part of a function's or a module's name up to its last dot, with which `:a.b` and `A.B.c` begin.
std::string_view module_of(std::string_view name) { return name.substr(0, name.rfind('.')); }

/// Names that a function of this node returns as a list of atoms; none where it has no such function.
std::vector<Atom> listed(Atom module, Atom function) {
  std::vector<Atom> all;
  if (!ApplicationTable::of(runtime()).find_function(module, function, 0)) return all;
  const Term list = apply(module, function, {});
  if (!list.is_proper_list()) return all;
  for (std::size_t i = 0; i < list.list_size(); ++i) {
    if (list.list_at(i).is_atom()) all.push_back(list.list_at(i).atom());
  }
  return all;
}

class Finder {
 public:
  explicit Finder(std::string_view word) : word_(word) {}

  /// A name that begins with the word.
  void offer(std::string_view name) {
    if (name.size() > word_.size() && name.starts_with(word_)) found_.emplace_back(name);
  }
  /// Of `Task.Supervisor.async` and the word `Task.` the next part alone: `Task.Supervisor`.
  void offer_part(std::string_view name) {
    if (name.starts_with(word_)) offer(name.substr(0, name.find('.', word_.size())));
  }
  std::vector<std::string> take() {
    std::sort(found_.begin(), found_.end());
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    if (found_.size() > kCandidatesMax) found_.resize(kCandidatesMax);
    return std::move(found_);
  }

 private:
  std::string_view word_;
  std::vector<std::string> found_;
};

}  // namespace

Completion complete(std::string_view text, const Bindings& bindings) {
  std::size_t begin = text.size();
  while (begin > 0 && is_word_character(text[begin - 1])) --begin;
  std::string_view word = text.substr(begin);
  while (word.starts_with('-') || word.starts_with('.')) word.remove_prefix(1);
  Completion completion{.replaced = word.size()};
  if (word.empty()) return completion;

  Finder finder(word);
  const bool is_dotted = word.find('.') != std::string_view::npos;
  const bool names_something = is_upper(word[0]) || word[0] == ':';
  if (names_something) {
    for (const Function& function : ApplicationTable::of(runtime()).functions()) {
      finder.offer_part(module_of(function.name));
      if (is_dotted && module_of(word) == module_of(function.name)) finder.offer(function.name);
    }
    for (const auto& [module, functions] : defined_modules()) {
      const std::string name = Term(module).text();
      finder.offer_part(name);
      if (!is_dotted) continue;
      for (const Atom function : functions) finder.offer(name + "." + std::string(function.text()));
    }
    for (const Atom name : listed("Elixir.Process"_atom, "registered"_atom)) finder.offer(Term(name).text());
    for (const Atom node : listed("Elixir.Node"_atom, "list"_atom)) finder.offer(Term(node).text());
    finder.offer(Term(runtime().node_name()).text());
  } else {
    for (const auto& [name, value] : bindings) finder.offer(name.text());
    for (const std::string_view name : kernel_names()) finder.offer(name);
  }
  completion.candidates = finder.take();
  return completion;
}

}  // namespace pulpo::lang
