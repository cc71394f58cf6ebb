// SPDX-License-Identifier: Apache-2.0
#include "term/leaf_text.hpp"

#include "term/integers.hpp"
#include "term/names.hpp"
#include "term/utf8.hpp"

namespace pulpo::detail {
namespace {

/// The letter after the backslash for a control character that has one in both languages, else 0.
char escape_letter(char32_t c) noexcept {
  switch (c) {
    case '\b':
      return 'b';
    case '\t':
      return 't';
    case '\n':
      return 'n';
    case '\v':
      return 'v';
    case '\f':
      return 'f';
    case '\r':
      return 'r';
    case 0x1b:
      return 'e';
    case 0x7f:
      return 'd';
    default:
      return 0;
  }
}

void append_hex(std::string& out, char32_t c) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  int shift = 20;
  while (shift > 0 && (c >> shift) == 0) shift -= 4;
  for (; shift >= 0; shift -= 4) out += kDigits[(c >> shift) & 15];
}

void append_escaped(std::string& out, char32_t c, char quote, Language language) {
  if (c == static_cast<unsigned char>(quote) || c == '\\') {
    out += '\\';
    out += static_cast<char>(c);
  } else if (const char letter = escape_letter(c); letter != 0) {
    out += '\\';
    out += letter;
  } else if (c == 7 && language == Language::elixir) {
    out += "\\a";
  } else if (!names::is_printable(c) || c == 7) {
    out += "\\x{";
    append_hex(out, c);
    out += '}';
  } else {
    utf8::append(out, c);
  }
}

void append_quoted(std::string& out, std::string_view text, char quote, Language language) {
  out += quote;
  while (!text.empty()) {
    const char32_t c = utf8::take(text);
    if (c == '#' && language == Language::elixir && !text.empty() && text.front() == '{') out += '\\';  // no interpolation
    append_escaped(out, c, quote, language);
  }
  out += quote;
}

bool is_printable_text(std::string_view text) noexcept {
  while (!text.empty()) {
    if (!names::is_printable(utf8::take(text))) return false;  // kInvalid is not printable either
  }
  return true;
}

void append_bytes(std::string& out, ByteView bytes, std::string_view separator) {
  out += "<<";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) out += separator;
    out += std::to_string(static_cast<unsigned char>(bytes[i]));
  }
  out += ">>";
}

bool is_plain_elixir(std::string_view text) noexcept {
  return !text.empty() && (names::elixir_identifier(text) == text.size() || names::elixir_operator(text) == text.size());
}

/// The alias an atom is written as, empty if none: PingPong of Elixir.PingPong.
std::string_view alias_of(std::string_view text) noexcept {
  if (text == "Elixir") return text;
  if (text.substr(0, 7) != "Elixir.") return {};
  const std::string_view alias = text.substr(7);
  if (alias.empty() || names::elixir_alias(alias) != alias.size()) return {};
  return names::is_full_alias(alias) ? text : alias;
}

template <class Printable>
bool all_characters(const Term& list, Printable printable) {
  if (!list.is_proper_list()) return false;
  for (std::size_t i = 0; i < list.list_size(); ++i) {
    const Term element = list.list_at(i);
    if (!element.is_integer() || element.integer() < 0 || element.integer() > 0xff) return false;
    if (!printable(static_cast<char32_t>(element.integer()))) return false;
  }
  return true;
}

}  // namespace

void append_elixir_atom(std::string& out, Atom atom) {
  const std::string_view text = atom.text();
  if (atom == atoms::nil || atom == atoms::true_ || atom == atoms::false_) {
    out += text;
  } else if (const std::string_view alias = alias_of(text); !alias.empty()) {
    out += alias;
  } else {
    out += ':';
    if (is_plain_elixir(text)) {
      out += text;
    } else {
      append_quoted(out, text, '"', Language::elixir);
    }
  }
}

void append_elixir_key(std::string& out, Atom atom) {
  const std::string_view text = atom.text();
  if (names::elixir_identifier(text) == text.size() && !text.empty()) {
    out += text;
  } else {
    append_quoted(out, text, '"', Language::elixir);
  }
  out += ": ";
}

bool is_elixir_key(const Term& term) noexcept { return term.is_atom() && !names::is_full_alias(term.atom().text()); }

void append_elixir_function(std::string& out, Atom module, Atom name) {
  if (names::elixir_operator(module.text()) > 0) {  // its dots would run into the one that follows
    out += ':';
    append_quoted(out, module.text(), '"', Language::elixir);
  } else {
    append_elixir_atom(out, module);
  }
  out += '.';
  const std::string_view text = name.text();
  const bool is_capital = !text.empty() && names::is_upper(static_cast<unsigned char>(text.front()));  // a module's part
  if (!is_capital && is_plain_elixir(text) && text.find_first_of("@.") == std::string_view::npos) {
    out += text;
  } else {
    append_quoted(out, text, '"', Language::elixir);
  }
}

void append_elixir_binary(std::string& out, ByteView bytes) {
  if (is_printable_text(bytes)) {
    append_quoted(out, bytes, '"', Language::elixir);
  } else {
    append_bytes(out, bytes, ", ");
  }
}

void append_erlang_atom(std::string& out, Atom atom) {
  const std::string_view text = atom.text();
  if (!text.empty() && names::erlang_atom(text) == text.size() && !names::is_erlang_reserved(text)) {
    out += text;
  } else {
    append_quoted(out, text, '\'', Language::erlang);
  }
}

void append_erlang_binary(std::string& out, ByteView bytes) {
  if (bytes.empty() || !is_printable_text(bytes) || bytes.find_first_of("\a\x7f") != ByteView::npos) return append_bytes(out, bytes, ",");
  out += "<<";
  append_quoted(out, bytes, '"', Language::erlang);
  for (const char c : bytes) {
    if (static_cast<unsigned char>(c) < 0x80) continue;
    out += "/utf8";
    break;
  }
  out += ">>";
}

bool append_elixir_charlist(std::string& out, const Term& list) {
  // What List.ascii_printable?/1 takes.
  if (!all_characters(list, [](char32_t c) { return c < 0x7f && names::is_printable(c); })) return false;
  append_quoted(out, *list.charlist_text(), '\'', Language::elixir);
  return true;
}

bool append_erlang_charlist(std::string& out, const Term& list) {
  // What io_lib:printable_latin1_list/1 takes, the range of ~p unless erl is started with +pc unicode.
  if (!all_characters(list, [](char32_t c) { return c != 7 && c != 0x7f && names::is_printable(c); })) return false;
  append_quoted(out, *list.charlist_text(), '"', Language::erlang);
  return true;
}

}  // namespace pulpo::detail
