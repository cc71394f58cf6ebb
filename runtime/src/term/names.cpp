// SPDX-License-Identifier: Apache-2.0
#include "term/names.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "pulpo/atom.hpp"
#include "pulpo/result.hpp"
#include "pulpo/term.hpp"
#include "term/utf8.hpp"

namespace pulpo {
namespace names {
namespace {

struct Range {
  char32_t first, last;
};
// Latin, Greek, Cyrillic, Hebrew and Arabic letters, Hiragana, Katakana, CJK, Hangul.
constexpr Range kLetters[] = {{0xc0, 0xd6},     {0xd8, 0xf6},     {0xf8, 0x24f},   {0x391, 0x3a1}, {0x3a3, 0x3ce},
                              {0x400, 0x481},   {0x48a, 0x52f},   {0x5d0, 0x5ea},  {0x620, 0x64a}, {0x3041, 0x3096},
                              {0x30a1, 0x30fa}, {0x4e00, 0x9fff}, {0xac00, 0xd7a3}};

constexpr std::string_view kOperators[] = {
    "<<>>", "..//", "%{}", "...", "+++", "---", "===", "!==", "&&&", "|||", "~~~", "<<<", ">>>", "<<~", "~>>", "<~>", "^^^",
    "{}",   "++",   "--",  "**",  "<>",  "..",  "==",  "!=",  "<=",  ">=",  "&&",  "||",  "|>",  "<~",  "~>",  "<|>", "=~",
    "->",   "<-",   "::",  "+",   "-",   "*",   "/",   "<",   ">",   "!",   "^",   "&",   "|",   "=",   "@",   ".",   "%"};

constexpr std::string_view kErlangReserved[] = {"after", "and",   "andalso", "band",   "begin",   "bnot", "bor", "bsl",  "bsr", "bxor",
                                                "case",  "catch", "cond",    "div",    "else",    "end",  "fun", "if",   "let", "maybe",
                                                "not",   "of",    "or",      "orelse", "receive", "rem",  "try", "when", "xor"};

/// Takes ASCII letters, digits and what `extra` allows off `rest`, and other letters too.
template <class Extra>
void take_word(std::string_view& rest, Extra extra) noexcept {
  while (!rest.empty()) {
    std::string_view next = rest;
    const char32_t c = utf8::take(next);
    if (!is_lower(c) && !is_upper(c) && !is_digit(c) && !extra(c) && !is_other_letter(c)) return;
    rest = next;
  }
}

}  // namespace

bool is_other_letter(char32_t c) noexcept {
  return std::any_of(std::begin(kLetters), std::end(kLetters), [c](const Range& range) { return c >= range.first && c <= range.last; });
}

std::size_t elixir_identifier(std::string_view text) noexcept {
  std::string_view rest = text;
  const char32_t first = utf8::take(rest);
  if (!is_lower(first) && !is_upper(first) && first != '_' && !is_other_letter(first)) return 0;
  take_word(rest, [](char32_t c) { return c == '_' || c == '@'; });
  if (!rest.empty() && (rest.front() == '?' || rest.front() == '!')) rest.remove_prefix(1);
  return text.size() - rest.size();
}

std::size_t elixir_alias(std::string_view text) noexcept {
  std::size_t length = 0;
  for (;;) {
    const std::size_t begin = length == 0 ? 0 : length + 1;
    if (begin > text.size() || (length != 0 && text[length] != '.')) return length;
    std::size_t end = begin;
    while (end < text.size() && (is_lower(static_cast<unsigned char>(text[end])) || is_upper(static_cast<unsigned char>(text[end])) ||
                                 text[end] == '_' || is_digit(static_cast<unsigned char>(text[end])))) {
      ++end;
    }
    if (end == begin || !is_upper(static_cast<unsigned char>(text[begin]))) return length;
    length = end;
    if (length == text.size()) return length;
  }
}

std::size_t elixir_operator(std::string_view text) noexcept {
  std::size_t longest = 0;
  for (const std::string_view op : kOperators) {
    if (op.size() > longest && text.substr(0, op.size()) == op) longest = op.size();
  }
  return longest;
}

std::size_t erlang_atom(std::string_view text) noexcept {
  std::string_view rest = text;
  const char32_t first = utf8::take(rest);
  // Latin-1's small letters, as erl_scan has it; atoms in other scripts are quoted.
  const auto is_latin1 = [](char32_t c) { return c >= 0xc0 && c <= 0xff && c != 0xd7 && c != 0xf7; };
  if (!is_lower(first) && !(is_latin1(first) && first >= 0xdf)) return 0;
  for (std::string_view next = rest; !next.empty(); rest = next) {
    const char32_t c = utf8::take(next);
    if (!is_lower(c) && !is_upper(c) && !is_digit(c) && c != '_' && c != '@' && !is_latin1(c)) break;
  }
  return text.size() - rest.size();
}

bool is_erlang_reserved(std::string_view word) noexcept {
  return std::find(std::begin(kErlangReserved), std::end(kErlangReserved), word) != std::end(kErlangReserved);
}

bool is_full_alias(std::string_view alias) noexcept { return alias == "Elixir" || alias.substr(0, 7) == "Elixir."; }

bool is_printable(char32_t c) noexcept {
  return (c >= 0x20 && c <= 0x7f) || (c >= 0x07 && c <= 0x0d) || c == 0x1b || (c >= 0xa0 && c <= 0xd7ff) || (c >= 0xe000 && c <= 0xfffd) ||
         (c >= 0x10000 && c <= 0x10ffff);
}

}  // namespace names

std::optional<Atom> atom_of_name(std::string_view name) {
  if (name.empty()) return std::nullopt;
  if (name.front() == ':') {
    const std::string_view plain = name.substr(1);
    if (plain.empty()) return std::nullopt;
    if (plain.front() == '"') {
      const auto read = read_elixir(name);
      return read ? read.value().as_atom() : std::nullopt;
    }
    if (names::elixir_operator(plain) == plain.size()) return Atom::make(plain);
    name = plain;
  } else if (names::elixir_alias(name) == name.size()) {
    return Atom::make(names::is_full_alias(name) ? std::string(name) : "Elixir." + std::string(name));
  } else if (names::is_upper(static_cast<unsigned char>(name.front())) && name.find('@') == std::string_view::npos) {
    return std::nullopt;  // an alias with a slip in it; a node's name may begin with a capital
  }
  // Beyond identifiers: what stands in names of nodes (ping-pong@192.168.8.104), which nobody quotes on a command line.
  for (std::string_view rest = name; !rest.empty();) {
    const char32_t c = utf8::take(rest);
    const bool is_letter = names::is_lower(c) || names::is_upper(c) || names::is_digit(c) || names::is_other_letter(c);
    const bool ends = rest.empty() && (c == '?' || c == '!');
    if (!is_letter && !ends && c != '_' && c != '@' && c != '.' && c != '-' && c != '$') return std::nullopt;
  }
  if (names::is_digit(static_cast<unsigned char>(name.front())) && name.find('@') == std::string_view::npos) return std::nullopt;
  return Atom::make(name);
}

}  // namespace pulpo
