// SPDX-License-Identifier: Apache-2.0
//
// Erlang's format strings, as io:format/2 has them: ~p, ~w, ~s, ~ts, ~tp, ~c, ~b, ~a, ~n, ~~ and ~i. Widths and paddings are not taken,
// and ~w prints as ~p does: a list of code points is text.
//
//   Threads    Any.
//   Errors     What is wrong with the format or its values, for a person.
//   Cost       One walk over the text.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "pulpo/result.hpp"
#include "pulpo/term.hpp"

namespace pulpo {

struct FormatError {
  std::string text;
};
[[nodiscard]] Result<std::string, FormatError> erlang_format(std::string_view format, std::span<const Term> values);

}  // namespace pulpo
