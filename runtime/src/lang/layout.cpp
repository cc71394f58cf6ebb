// SPDX-License-Identifier: Apache-2.0
#include "lang/layout.hpp"

#include <algorithm>
#include <vector>

#include "term/utf8.hpp"

namespace pulpo::lang {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

bool is_open(char c) { return c == '[' || c == '{'; }
bool is_close(char c) { return c == ']' || c == '}'; }

/// Past the quoted text that begins at `at`; the end where it is cut.
std::size_t behind_quotes(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      return at + 1;
    }
  }
  return text.size();
}

/// The first opening bracket outside of quotes.
std::size_t find_open(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (is_open(text[at])) return at;
    at = text[at] == '"' || text[at] == '\'' ? behind_quotes(text, at) : at + 1;
  }
  return kNone;
}

struct Inside {
  std::size_t close = kNone;  ///< Where the bracket closes; none where the text is cut.
  std::vector<std::string_view> elements = {};
};
/// What is in the bracket that opens at `open`.
Inside look_inside(std::string_view text, std::size_t open) {
  Inside inside;
  std::size_t depth = 1;
  std::size_t begin = open + 1;
  for (std::size_t at = begin; at < text.size();) {
    if (text[at] == '"' || text[at] == '\'') {
      at = behind_quotes(text, at);
      continue;
    }
    depth += is_open(text[at]) ? 1 : 0;
    depth -= is_close(text[at]) ? 1 : 0;
    if (depth == 0) {
      if (at > begin) inside.elements.push_back(text.substr(begin, at - begin));
      inside.close = at;
      return inside;
    }
    // `<<1, 2>>` is one element: its commas are passed over with it.
    if (text.substr(at).starts_with("<<")) {
      const std::size_t end = text.find(">>", at);
      at = end == kNone ? text.size() : end + 2;
      continue;
    }
    if (depth == 1 && text.substr(at).starts_with(", ")) {
      inside.elements.push_back(text.substr(begin, at - begin));
      begin = at + 2;
    }
    ++at;
  }
  return inside;
}

std::size_t width_of(std::string_view text) { return utf8::count(text).value_or(text.size()); }

bool is_plain(std::string_view element) {
  return find_open(element) == kNone && element.find_first_of("\"'") == kNone && element.find(": ") == kNone;
}

class Layout {
 public:
  explicit Layout(std::size_t width) : width_(width) {}

  /// Appends `text` in lines that begin at `indent`; `behind` columns are needed after it.
  void append(std::string_view text, std::size_t indent, std::size_t behind, std::size_t depth) {
    while (!text.empty()) {
      const std::size_t open = column() + width_of(text) + behind <= width_ || depth > kDepthMax ? kNone : find_open(text);
      const Inside inside = open == kNone ? Inside{} : look_inside(text, open);
      if (inside.close == kNone || inside.elements.empty()) {
        out_ += text;
        return;
      }
      out_ += text.substr(0, open + 1);
      const bool is_list = text[open] == '[';
      const bool is_map = !is_list && open > 0 && text.substr(0, open).rfind('%') != kNone && text[open - 1] != ' ';
      const bool fills = is_list ? std::all_of(inside.elements.begin(), inside.elements.end(), is_plain) : !is_map;
      const bool is_last = inside.close + 1 == text.size();
      if (fills) {
        fill(inside.elements, indent + 1, is_last ? behind + 1 : 1, depth);
      } else {
        stack(inside.elements, indent + 2, depth);
        out_.append(1, '\n').append(indent, ' ');
      }
      out_ += text[inside.close];
      text.remove_prefix(inside.close + 1);
    }
  }
  std::string take() { return std::move(out_); }

 private:
  using Elements = std::vector<std::string_view>;

  [[nodiscard]] std::size_t column() const {
    const std::size_t line = out_.rfind('\n');
    return width_of(std::string_view(out_).substr(line == std::string::npos ? 0 : line + 1));
  }
  void fill(const Elements& elements, std::size_t indent, std::size_t behind, std::size_t depth) {
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const bool is_cut = i == kItemsMax;
      const std::string_view element = is_cut ? "..." : elements[i];
      const std::size_t after = i + 1 == elements.size() ? behind : 1;
      if (i > 0) {
        out_ += ',';
        if (column() + 1 + width_of(element) + after <= width_) {
          out_ += ' ';
        } else {
          out_.append(1, '\n').append(indent, ' ');
        }
      }
      append(element, indent, after, depth + 1);
      if (is_cut) return;
    }
  }
  void stack(const Elements& elements, std::size_t indent, std::size_t depth) {
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const bool is_cut = i == kItemsMax;
      if (i > 0) out_ += ',';
      out_.append(1, '\n').append(indent, ' ');
      append(is_cut ? "..." : elements[i], indent, i + 1 == elements.size() ? 0 : 1, depth + 1);
      if (is_cut) return;
    }
  }

  const std::size_t width_;
  std::string out_;
};

}  // namespace

std::string laid_out(std::string_view text, std::size_t width) {
  Layout layout(width);
  layout.append(text, 0, 0, 0);
  return layout.take();
}

}  // namespace pulpo::lang
