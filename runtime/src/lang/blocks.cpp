// SPDX-License-Identifier: Apache-2.0
#include "lang/blocks.hpp"

#include <algorithm>
#include <cstddef>

namespace pulpo::lang {
namespace {

bool is_block_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '?' || c == '!' || c == '@';
}

}  // namespace

bool has_open_block(std::string_view text) {
  std::ptrdiff_t depth = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (text.substr(at).starts_with("\"\"\"")) {  // a heredoc
      const std::size_t end = text.find("\"\"\"", at + 3);
      if (end == std::string_view::npos) return true;
      at = end + 3;
    } else if (text[at] == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at) at += text[at] == '\\' ? 1 : 0;
      ++at;
    } else if (text[at] == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else if (is_block_word(text[at])) {
      const std::size_t begin = at;
      while (at < text.size() && is_block_word(text[at])) ++at;
      const std::string_view word = text.substr(begin, at - begin);
      const bool is_name = begin > 0 && (text[begin - 1] == ':' || text[begin - 1] == '.');
      const bool is_key = at < text.size() && text[at] == ':';
      if (is_name || is_key) continue;
      depth += word == "do" || word == "fn" ? 1 : 0;
      depth -= word == "end" ? 1 : 0;
    } else {
      ++at;
    }
  }
  return depth > 0;
}

}  // namespace pulpo::lang
