// SPDX-License-Identifier: Apache-2.0
#include "text_cells.hpp"

#include <gtest/gtest.h>

namespace pulpo::cli {
namespace {

TEST(TextCells, WhatMovesACursorOrTurnsTextAroundIsAQuestionMark) {
  EXPECT_EQ(printable("a\x1b[2Jb\r\n\tc"), "a?[2Jb???c");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "?31m");  // C1: the escape sequence in one character
  EXPECT_EQ(printable("a\xe2\x80\xae"
                      "b"),
            "a?b");  // right to left from here on
  EXPECT_EQ(printable(std::string_view("\0x", 2)), "?x");
  EXPECT_EQ(printable("\xff\xfe ok \xc3"), "?? ok ?");  // no UTF-8
  EXPECT_EQ(printable("pingüino 章魚"), "pingüino 章魚");
}

TEST(TextCells, AreCountedAsATerminalDoes) {
  EXPECT_EQ(cells_of("abc"), 3u);
  EXPECT_EQ(cells_of("pingüino"), 8u);
  EXPECT_EQ(cells_of("章魚"), 4u);
  EXPECT_EQ(cells_of("\xf0\x9f\x90\x99"), 2u);  // an octopus
  EXPECT_EQ(cells_of("e\u0301"), 1u);           // an accent of its own
}

TEST(TextCells, AFieldIsAlwaysAsWideAsItShallBe) {
  for (const std::string_view text : {"", "a", "abcdef", "章魚章魚", "a章魚", "e\u0301e\u0301e\u0301", "\xff\xff\xff\xff\xff\xff"}) {
    for (std::size_t width = 0; width < 9; ++width) {
      EXPECT_EQ(cells_of(fitted(text, width)), width) << text;
      EXPECT_EQ(cells_of(fitted(text, width, Align::right)), width) << text;
      EXPECT_LE(cells_of(shortened(text, width)), width) << text;
    }
  }
  EXPECT_EQ(fitted("abc", 5), "abc  ");
  EXPECT_EQ(fitted("abc", 5, Align::right), "  abc");
  EXPECT_EQ(fitted("abcdef", 5), "abcd~");
  EXPECT_EQ(fitted("章魚章", 4), "章~ ");  // half a letter is none
}

TEST(TextCells, NumbersKeepThreeDigitsAndFit) {
  EXPECT_EQ(short_count(0), "0");
  EXPECT_EQ(short_count(99'999), "99999");
  EXPECT_EQ(short_count(100'000), "100k");
  EXPECT_EQ(short_count(1'048'576), "1.05M");
  EXPECT_EQ(short_count(999'600), "1.00M");
  EXPECT_EQ(short_bytes(0), "0 B");
  EXPECT_EQ(short_bytes(1'023), "1023 B");
  EXPECT_EQ(short_bytes(1'024), "1.00 KiB");
  EXPECT_EQ(short_bytes(5'242'880), "5.00 MiB");
  for (double value = 1; value < 1e15; value *= 1.7) {
    EXPECT_LE(short_count(value).size(), 5u) << value;
    EXPECT_LE(short_bytes(value).size(), 8u) << value;
  }
}

}  // namespace
}  // namespace pulpo::cli
