// SPDX-License-Identifier: Apache-2.0
//
// Goal:   no text harms a reader, and what one reads is printed as a text that reads back as the same term.
// Method: libFuzzer; the first byte chooses the reader, the rest is its text.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "pulpo/result.hpp"
#include "pulpo/term.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pulpo;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 3 == 0) {
    const auto read = read_elixir(text);
    if (read) PULPO_ASSERT(read_elixir(read.value().text()).value() == read.value());
  } else if (data[0] % 3 == 1) {
    const auto read = read_erlang(text);
    if (read) PULPO_ASSERT(read_erlang(read.value().erlang_text()).value() == read.value());
  } else {
    const auto read = read_erlang_file(text);
    if (!read) PULPO_ASSERT(read.error().line > 0 && read.error().column > 0 && !read.error().message.empty());
  }
  return 0;
}
