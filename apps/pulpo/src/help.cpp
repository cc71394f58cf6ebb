// SPDX-License-Identifier: Apache-2.0
#include "help.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pulpo::cli {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kHelpColumn = 29;  // "  --relaxed-command-check" and two spaces

std::string option_help(std::string_view head, std::string_view help) {
  std::string text = fmt::format("  {}", head);
  if (text.size() + 2 > kHelpColumn) {
    text += '\n';
    text.append(kHelpColumn, ' ');
  } else {
    text.append(kHelpColumn - text.size(), ' ');
  }
  text += wrapped(help, kHelpColumn, kHelpColumn);
  text += '\n';
  return text;
}

}  // namespace

std::string wrapped(std::string_view text, std::size_t column, std::size_t indent) {
  std::string out;
  bool line_is_empty = true;
  while (!text.empty()) {
    if (text.front() == '\n') {
      out += '\n';
      out.append(indent, ' ');
      column = indent;
      line_is_empty = true;
      text.remove_prefix(1);
      continue;
    }
    const std::string_view word = text.substr(0, text.find_first_of(" \n"));
    text.remove_prefix(std::min(word.size() + (word.size() < text.size() && text[word.size()] == ' ' ? 1 : 0), text.size()));
    if (word.empty()) continue;
    if (!line_is_empty && column + 1 + word.size() > kWidth) {
      out += '\n';
      out.append(indent, ' ');
      column = indent;
      line_is_empty = true;
    }
    if (!line_is_empty) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    line_is_empty = false;
  }
  return out;
}

std::string program_help(std::span<const Verb> verbs, std::string_view program) {
  std::string text = fmt::format("usage: {} VERB [ARGUMENT...] [--OPTION...]\n\n", program);
  for (const Verb& verb : verbs) text += fmt::format("  {:<15}{}\n", verb.name, wrapped(verb.summary, 17, 17));
  text += fmt::format(
      "\n"
      "  {0} help VERB   its options and examples\n"
      "  {0} --version   the version\n"
      "\n"
      "{0} --sname a ... means {0} node --sname a ...\n"
      "\n"
      "Results go to stdout, everything else to stderr. Exit status: 0 success; 1 the\n"
      "operation failed (pang, no process, timeout, name taken); 2 wrong usage or\n"
      "configuration, nothing was tried. Every option can come from the environment:\n"
      "--cookie-file from PULPO_COOKIE_FILE. ERL_EPMD_PORT names the mapper's port.\n",
      program);
  return text;
}

std::string verb_help(const Verb& verb, std::string_view program) {
  std::string text =
      fmt::format("usage: {} {}{}{} [--OPTION...]\n\n", program, verb.name, verb.arguments.empty() ? "" : " ", verb.arguments);
  text += wrapped(verb.details.empty() ? verb.summary : verb.details, 0, 0);
  text += "\n\n";
  for (const Option& option : verb.options) {
    std::string head = option.also.size() == 1 ? fmt::format("-{}, --{}", option.also, option.name) : fmt::format("--{}", option.name);
    if (!option.value.empty()) head += fmt::format(" {}", option.value);
    text += option_help(head, option.help);
  }
  text += option_help("--help", "This text.");
  if (!verb.examples.empty()) {
    text += "\nExamples:\n";
    std::string_view rest = verb.examples;
    while (!rest.empty()) {
      const auto end = rest.find('\n');
      text += fmt::format("  {} {}\n", program, rest.substr(0, end));
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    }
  }
  return text;
}

}  // namespace pulpo::cli
