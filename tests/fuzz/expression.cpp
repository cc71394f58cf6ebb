// SPDX-License-Identifier: Apache-2.0
//
// Goal:   no line that is typed, and no function that another node sends, harms a node; whatever is wrong with one is told in a sentence.
// Method: libFuzzer; a text is read and evaluated without side effects, by a few steps. What begins with a zero byte is an Elixir term, and
//         is called as if it were a function's code and bindings.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "lang/parser.hpp"
#include "pulpo/assert.hpp"
#include "pulpo/lang.hpp"

namespace {

using namespace pulpo;

const lang::Limits kLimits{.steps_max = 20'000, .depth_max = 2'000, .pure = true};

void check(const lang::Failure& failure) {
  PULPO_ASSERT(failure.text.starts_with("** ("));
  if (failure.kind != lang::Failure::Kind::syntax) return;
  constexpr std::string_view kStart = "** (SyntaxError) ";
  PULPO_ASSERT(failure.text.starts_with(kStart) && failure.text[kStart.size()] >= '1' && failure.text[kStart.size()] <= '9');
}

void call_code(std::string_view text) {
  const auto term = read_elixir(text);
  if (!term || !term->is_tuple() || term->elements().size() > 8) return;
  std::vector<Term> bound{1};
  bound.insert(bound.end(), term->elements().begin(), term->elements().end());
  const Term function = Term::function("pulpo_lang"_atom, "eval"_atom, static_cast<std::uint8_t>(bound.size()), bound);
  const auto value = lang::call(function, {}, kLimits);
  if (!value) check(value.error());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (Atom::count() > Atom::kCountMax - 10'000) return 0;  // those that the code itself makes need room
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!text.empty() && text.front() == '\0') {
    call_code(text.substr(1));
    return 0;
  }
  lang::Session session(kLimits);
  for (int i = 0; i < 2; ++i) {
    const auto value = session.evaluate(text);
    if (!value) check(value.error());
    if (value && value->heap_bytes() < 100'000) static_cast<void>(lang::inspect(*value));
  }
  return 0;
}
