// SPDX-License-Identifier: Apache-2.0
#include "lang/help.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.hpp"
#include "lang/modules.hpp"
#include "otp/application_table.hpp"
#include "pulpo/function.hpp"
#include "pulpo/process.hpp"

namespace pulpo::lang {
namespace {

struct KernelHelp {
  std::string_view name;
  std::string_view call;
  std::string_view text;
};

constexpr KernelHelp kKernel[] = {
    {"abs", "abs(number)", "Its absolute value."},
    {"apply", "apply(function, arguments)\napply(module, name, arguments)", "Calls a function with a list of arguments."},
    {"byte_size", "byte_size(binary)", "How many bytes it has."},
    {"ceil", "ceil(number)", "The smallest integer that is not below it."},
    {"div", "div(a, b)", "The quotient of two integers, towards zero."},
    {"elem", "elem(tuple, index)", "An element, counted from 0."},
    {"exit", "exit(reason)", "Ends what is being evaluated with that reason."},
    {"floor", "floor(number)", "The largest integer that is not above it."},
    {"flush", "flush()", "Prints the messages that have come to this process, and takes them."},
    {"h", "h\nh Module\nh Module.function", "What this console and the functions of this node are for."},
    {"hd", "hd(list)", "The first element."},
    {"inspect", "inspect(term)", "The text that the console shows for a term."},
    {"is_atom", "is_atom(term)", "Whether it is an atom."},
    {"is_binary", "is_binary(term)", "Whether it is a binary, as texts are."},
    {"is_boolean", "is_boolean(term)", "Whether it is true or false."},
    {"is_float", "is_float(term)", "Whether it is a float."},
    {"is_function", "is_function(term)\nis_function(term, arity)", "Whether it is a function, of so many arguments."},
    {"is_integer", "is_integer(term)", "Whether it is an integer."},
    {"is_list", "is_list(term)", "Whether it is a list."},
    {"is_map", "is_map(term)", "Whether it is a map."},
    {"is_map_key", "is_map_key(map, key)", "Whether the map has that key."},
    {"is_nil", "is_nil(term)", "Whether it is nil."},
    {"is_number", "is_number(term)", "Whether it is an integer or a float."},
    {"is_pid", "is_pid(term)", "Whether it is a pid."},
    {"is_reference", "is_reference(term)", "Whether it is a reference."},
    {"is_tuple", "is_tuple(term)", "Whether it is a tuple."},
    {"length", "length(list)", "How many elements it has."},
    {"make_ref", "make_ref()", "A reference that nothing else is equal to."},
    {"map_size", "map_size(map)", "How many keys it has."},
    {"max", "max(a, b)", "The larger of two terms."},
    {"min", "min(a, b)", "The smaller of two terms."},
    {"node", "node()\nnode(pid)", "This node's name, or the node that a pid or reference is from."},
    {"put_elem", "put_elem(tuple, index, value)", "The tuple with another element at that place, counted from 0."},
    {"raise", "raise(message)\nraise(error, message)", "Ends what is being evaluated with a RuntimeError, or with the one that is named."},
    {"rem", "rem(a, b)", "The rest of the division of two integers."},
    {"round", "round(number)", "The nearest integer."},
    {"self", "self()", "The pid of this process."},
    {"send", "send(to, message)", "Sends a message to a pid, a name or {name, node}, and returns it."},
    {"spawn", "spawn(function)\nspawn(module, name, arguments)", "Starts a process that calls a function: its pid."},
    {"spawn_link", "spawn_link(function)\nspawn_link(module, name, arguments)", "The same, linked to this process."},
    {"spawn_monitor", "spawn_monitor(function)\nspawn_monitor(module, name, arguments)", "The same, monitored: {pid, reference}."},
    {"throw", "throw(value)", "Ends what is being evaluated with a value."},
    {"tl", "tl(list)", "The list without its first element."},
    {"to_charlist", "to_charlist(term)", "As a list of characters."},
    {"to_string", "to_string(term)", "As text, as in \"#{term}\"."},
    {"trunc", "trunc(number)", "The integer towards zero."},
    {"tuple_size", "tuple_size(tuple)", "How many elements it has."},
};

constexpr std::string_view kOverview =
    "This console takes Elixir's expressions and calls the functions of this node:\n"
    "  h Module             the functions of a module\n"
    "  h Module.function    what one is for, with its arguments; h length for those without a module\n"
    "  Tab                  completes modules, functions, variables, nodes and registered names\n"
    "  Ctrl+C               interrupts what runs, or drops what was typed; twice ends it all\n"
    "  Ctrl+D               ends the console\n"
    "  Ctrl+R               searches what was typed before\n"
    "\n"
    "Modules: ";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

/// What stands behind `h`; nothing when the text is something else.
std::optional<std::string_view> subject_of(std::string_view text) {
  text = trimmed(text);
  if (text == "h") return "";
  if (!text.starts_with("h ") && !text.starts_with("h(")) return std::nullopt;
  text = trimmed(text.substr(1));
  if (text.starts_with('(')) {
    if (!text.ends_with(')')) return std::nullopt;
    text = trimmed(text.substr(1, text.size() - 2));
  }
  // A variable of that name may be calculated with.
  const bool is_name = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_?!.:/@").find(c) != std::string_view::npos;
  });
  return is_name ? std::optional(text) : std::nullopt;
}

std::string call_text(const Function& function) {
  return fmt::format("{}{}", function.name, function.takes.empty() ? fmt::format("/{}", function.arity) : std::string(function.takes));
}

void add_entry(std::string& text, std::string_view call, std::string_view what) {
  text += fmt::format("{}{}\n  {}\n", text.empty() ? "" : "\n", call, what);
}

std::string overview(const std::vector<Function>& functions) {
  std::vector<std::string> modules;
  for (const Function& each : functions) modules.emplace_back(each.name, std::string_view(each.name).rfind('.'));
  for (const auto& [module, names] : defined_modules()) modules.push_back(Term(module).text());
  std::sort(modules.begin(), modules.end());
  modules.erase(std::unique(modules.begin(), modules.end()), modules.end());
  std::string text(kOverview);
  std::size_t column = text.size() - text.rfind('\n') - 1;
  for (const std::string& module : modules) {
    if (column + module.size() > 78) {
      text += "\n  ";
      column = 2;
    }
    text += module + (&module == &modules.back() ? "" : ", ");
    column += module.size() + 2;
  }
  return text;
}

std::string unknown(std::string_view subject, const std::vector<Function>& functions) {
  std::vector<std::string_view> names = kernel_names();
  for (const Function& each : functions) names.emplace_back(each.name);
  const std::string_view meant = nearest(subject, names);
  return fmt::format("No documentation for {} was found{}", subject,
                     meant.empty() ? ": h lists the modules of this node" : fmt::format("; did you mean {}?", meant));
}

}  // namespace

std::vector<std::string_view> kernel_names() {
  std::vector<std::string_view> names;
  for (const KernelHelp& each : kKernel) names.push_back(each.name);
  return names;
}

std::optional<Help> help(std::string_view text) {
  const auto asked = subject_of(text);
  if (!asked) return std::nullopt;
  const std::vector<Function> functions = ApplicationTable::of(runtime()).functions();
  if (asked->empty()) return Help{true, overview(functions)};

  // Without the number of arguments: each of them is shown.
  std::string_view subject = asked->substr(0, asked->find('/'));
  if (subject.starts_with("Kernel.")) subject.remove_prefix(7);
  std::string found;
  for (const KernelHelp& each : kKernel) {
    if (each.name == subject) add_entry(found, each.call, each.text);
  }
  for (const Function& each : functions) {
    const std::string_view name = each.name;
    if (name == subject || name.substr(0, name.rfind('.')) == subject) add_entry(found, call_text(each), each.documentation);
  }
  for (const auto& [module, names] : defined_modules()) {
    const std::string name = Term(module).text();
    for (const Atom each : names) {
      const std::string full = name + "." + std::string(each.text());
      if (full == subject || name == subject) add_entry(found, full, "Defined at a console.");
    }
  }
  if (found.empty()) return Help{false, unknown(subject, functions)};
  found.pop_back();
  return Help{true, std::move(found)};
}

}  // namespace pulpo::lang
