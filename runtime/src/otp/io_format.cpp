// SPDX-License-Identifier: Apache-2.0
#include "otp/io_format.hpp"

#include <fmt/format.h>

#include "otp/chardata.hpp"

namespace pulpo {
namespace {

/// A value as its directive prints it; false when it is none of that kind.
bool append_value(char directive, const Term& value, std::string& out) {
  switch (directive) {
    case 'p':
    case 'w':
      out += value.erlang_text();
      return true;
    case 's':
      if (value.is_atom()) {
        out += value.atom().text();
        return true;
      }
      return (value.is_binary() || value.is_list()) && append_chardata(value, Encoding::unicode, out);
    case 'a':
      if (value.is_atom()) out += value.atom().text();
      return value.is_atom();
    case 'c': {
      const Term one = Term::list({value});
      return value.is_integer() && append_chardata(one, Encoding::unicode, out);
    }
    case 'b':
      if (value.type() == Term::Type::integer || value.type() == Term::Type::big_integer) {
        out += value.erlang_text();
        return true;
      }
      return false;
    default:  // ~i
      return true;
  }
}

}  // namespace

Result<std::string, FormatError> erlang_format(std::string_view format, std::span<const Term> values) {
  std::string out;
  std::size_t next = 0;
  for (std::size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '~') {
      out += format[at];
      continue;
    }
    ++at;
    if (at < format.size() && format[at] == 't') ++at;
    const char directive = at < format.size() ? format[at] : '\0';
    if (directive == 'n' || directive == '~') {
      out += directive == 'n' ? '\n' : '~';
      continue;
    }
    if (directive == '\0' || std::string_view("pwsacbi").find(directive) == std::string_view::npos)
      return FormatError{fmt::format("the format knows ~p, ~w, ~s, ~ts, ~a, ~c, ~b, ~i, ~n and ~~, not ~{}",
                                     directive == '\0' ? std::string_view() : format.substr(at, 1))};
    if (next == values.size()) return FormatError{fmt::format("the format wants more than {} values", values.size())};
    if (!append_value(directive, values[next], out))
      return FormatError{fmt::format("~{} does not print {}", directive, values[next].text())};
    ++next;
  }
  if (next != values.size()) return FormatError{fmt::format("the format wants {} values, not {}", next, values.size())};
  return out;
}

}  // namespace pulpo
