// SPDX-License-Identifier: Apache-2.0
#include "erl_flags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace pulpo::cli {
namespace {

Outcome<std::vector<std::string>> erl_words(std::string_view text) {
  std::vector<std::string> words;
  constexpr std::string_view kBlanks = " \t\r\n";
  for (std::size_t at = 0; (at = text.find_first_not_of(kBlanks, at)) != std::string_view::npos;) {
    std::string word;
    while (at < text.size() && kBlanks.find(text[at]) == std::string_view::npos) {
      if (text[at] != '"' && text[at] != '\'') {
        word += text[at++];
        continue;
      }
      const std::size_t end = text.find(text[at], at + 1);
      if (end == std::string_view::npos) return wrong_usage(fmt::format("--erl: a quote is open in '{}'", text));
      word += text.substr(at + 1, end - at - 1);
      at = end + 1;
    }
    words.push_back(std::move(word));
  }
  return words;
}

/// Flags of the virtual machine and of its code path; there is neither.
bool is_meaningless_flag(std::string_view flag) {
  constexpr std::string_view kFlags[] = {"-pa", "-pz", "-noshell", "-noinput", "-smp", "-boot", "-mode", "-elixir_root"};
  return flag.starts_with('+') || std::find(std::begin(kFlags), std::end(kFlags), flag) != std::end(kFlags);
}

Fault refused_flag(std::string_view flag) {
  struct Instead {
    std::string_view flag, text;
  };
  constexpr Instead kInstead[] = {{"-name", "--name N@HOST"},          {"-sname", "--sname N"},
                                  {"-setcookie", "--cookie C"},        {"-hidden", "--hidden"},
                                  {"-kernel", "a file with --config"}, {"-s", "--app A"}};
  for (const Instead& each : kInstead) {
    if (each.flag == flag) return wrong_usage(fmt::format("--erl: {} is not read here; give {} outside of --erl", flag, each.text));
  }
  return wrong_usage(fmt::format("--erl: {} is not read here; -config FILE is", flag));
}

bool begins_a_flag(std::string_view word) { return word.starts_with('-') || word.starts_with('+'); }

}  // namespace

Outcome<ErlFlags> read_erl_flags(std::string_view text) {
  PULPO_TRY(const auto words, erl_words(text));
  ErlFlags flags;
  for (std::size_t at = 0; at < words.size();) {
    const std::string& flag = words[at++];
    if (!begins_a_flag(flag))
      return wrong_usage(fmt::format("--erl: found '{}', expected a flag, as in --erl \"-config configs/a\"", flag));
    if (flag == "-config") {
      if (at == words.size() || begins_a_flag(words[at])) return wrong_usage("--erl: -config needs a file: -config configs/a");
      flags.configs.push_back(words[at++]);
      continue;
    }
    if (!is_meaningless_flag(flag)) return refused_flag(flag);
    std::string written = flag;
    while (at < words.size() && !begins_a_flag(words[at])) written += " " + words[at++];
    flags.meaningless.push_back(std::move(written));
  }
  return flags;
}

}  // namespace pulpo::cli
