// SPDX-License-Identifier: Apache-2.0
#include "otp/config_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "term/erlang_lexer.hpp"

namespace pulpo {
namespace {

using Kind = detail::Token::Kind;

Fault config_fault(std::string detail) { return Fault{.code = Errc::bad_argument, .where = "", .detail = std::move(detail)}; }

/// What stands between separators around the place where a text stopped being Erlang; empty when that is no part of a node's name. A
/// name with a dot or a dash that lacks its quotes is what beginners trip over, and the error is then found behind the name's first half.
std::string_view unquoted_node_name(std::string_view text, const SyntaxError& error) {
  std::size_t begin = 0;
  for (std::uint32_t line = 1; line < error.line; ++line) begin = std::min(text.find('\n', begin), text.size() - 1) + 1;
  const std::string_view line = text.substr(begin, text.substr(begin).find('\n'));
  std::size_t at = 0;
  for (std::uint32_t column = 1; column < error.column && at < line.size(); ++column) {
    do ++at;
    while (at < line.size() && (static_cast<unsigned char>(line[at]) & 0xc0) == 0x80);
  }
  constexpr std::string_view kSeparators = " \t\r,{}[]|\"'%";
  // The separator in front of the error belongs to no word, but the error itself may be the first character behind the word's dot.
  const std::size_t before = at == 0 ? std::string_view::npos : line.find_last_of(kSeparators, at - 1);
  const std::size_t first = before == std::string_view::npos ? 0 : before + 1;
  std::string_view word = line.substr(first, line.substr(first).find_first_of(kSeparators));
  while (word.ends_with('.')) word.remove_suffix(1);
  const std::size_t sign = word.find('@');
  return sign == std::string_view::npos || sign == 0 || sign + 1 == word.size() || word.size() > 255 ? std::string_view{} : word;
}

}  // namespace

// --- PlacedTerm -----------------------------------------------------------------------------------------------------

std::string PlacedTerm::place() const {
  const ConfigText::Place& place = text_->places_[at_];
  return fmt::format("{}:{}:{}", text_->file_, place.line, place.column);
}

std::vector<PlacedTerm> PlacedTerm::parts() const {
  std::vector<PlacedTerm> parts;
  const auto& places = text_->places_;
  std::uint32_t at = at_ + 1;
  const auto add = [&](Term term) {
    // A text in quotes has one place, and [1 | [2, 3]] one for all that is behind the bar.
    const bool has_own = at < places[at_].end;
    parts.push_back(PlacedTerm(*text_, has_own ? at : at_, std::move(term)));
    if (has_own) at = places[at].end;
  };
  if (term_.is_tuple()) {
    for (const Term& element : term_.elements()) add(element);
  } else if (term_.is_list()) {
    const std::size_t size = term_.list_size();
    parts.reserve(size);
    for (std::size_t i = 0; i < size; ++i) add(term_.list_at(i));
  }
  return parts;
}

std::string PlacedTerm::quoted() const {
  constexpr std::size_t kLongest = 60;
  std::string text = term_.erlang_text();
  if (text.size() <= kLongest) return text;
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // not in the middle of a character
  text.erase(end);
  return text + "…";
}

std::string PlacedTerm::line(std::string_view detail) const { return fmt::format("{}: {}", place(), detail); }

Fault PlacedTerm::wrong(std::string_view detail) const { return config_fault(line(detail)); }

Fault PlacedTerm::expected(std::string_view what) const { return wrong(fmt::format("found {}, expected {}", quoted(), what)); }

// --- ConfigText -----------------------------------------------------------------------------------------------------

Outcome<ConfigText> ConfigText::read(std::string_view text, std::string file) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  // All of them: read_erlang_file() passes over one, and the places are found without it.
  while (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const auto terms = read_erlang_file(text);
  if (!terms) {
    const SyntaxError& error = terms.error();
    std::string detail = fmt::format("{}:{}:{}: {}", file, error.line, error.column, error.message);
    if (const std::string_view name = unquoted_node_name(text, error); !name.empty())
      detail += fmt::format("; a node's name stands in single quotes: '{}'", name);
    return config_fault(std::move(detail));
  }
  if (terms->empty())
    return config_fault(fmt::format("{}:1:1: found the end of the text, expected [{{Application, [{{Key, Value}}]}}].", file));

  ConfigText result;
  result.file_ = std::move(file);
  result.root_ = terms.value().front();
  std::vector<std::uint32_t> open;
  detail::ErlangLexer lexer(text);
  for (;;) {
    auto token = lexer.next();
    PULPO_ASSERT(token.has_value());  // it was read once
    const auto at = static_cast<std::uint32_t>(result.places_.size());
    switch (token->kind) {
      case Kind::open_tuple:
      case Kind::open_list:
      case Kind::open_map:
        open.push_back(at);
        result.places_.push_back({token->at.line, token->at.column, at});
        break;
      case Kind::value:
        result.places_.push_back({token->at.line, token->at.column, at + 1});
        break;
      case Kind::close_brace:
      case Kind::close_bracket:
        result.places_[open.back()].end = at;
        open.pop_back();
        break;
      case Kind::dot: {
        if (terms->size() == 1) return result;
        const auto second = lexer.next();
        PULPO_ASSERT(second.has_value());
        return config_fault(fmt::format("{}:{}:{}: found a second term, expected the file to end after one list", result.file_,
                                        second->at.line, second->at.column));
      }
      default:
        break;
    }
  }
}

}  // namespace pulpo
