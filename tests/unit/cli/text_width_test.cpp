// SPDX-License-Identifier: Apache-2.0
#include "text_width.hpp"

#include <gtest/gtest.h>

namespace pulpo::cli {
namespace {

TEST(TextWidth, CountsColumns) {
  EXPECT_EQ(text_width(""), 0u);
  EXPECT_EQ(text_width("abc"), 3u);
  EXPECT_EQ(text_width("\xc3\xa9"), 1u);                  // é
  EXPECT_EQ(text_width("e\xcc\x81"), 1u);                 // e and an accent
  EXPECT_EQ(text_width("\xe6\x97\xa5\xe6\x9c\xac"), 4u);  // 日本
  EXPECT_EQ(text_width("\xf0\x9f\x90\x99"), 2u);          // an octopus
  EXPECT_EQ(text_width("\x1b[1;31mred\x1b[0m"), 3u);
  EXPECT_EQ(text_width("\xff\xfe"), 2u) << "bytes that are no UTF-8";
  EXPECT_EQ(text_width("\x1b["), 0u) << "a sequence that is cut";
}

TEST(TextWidth, ACharacterTakesItsMarksAlong) {
  EXPECT_EQ(character_size(""), 0u);
  EXPECT_EQ(character_size("ab"), 1u);
  EXPECT_EQ(character_size("e\xcc\x81\xcc\x82z"), 5u);
  EXPECT_EQ(character_size("\xe6\x97\xa5\xe6\x9c\xac"), 3u);
  EXPECT_EQ(character_size("\xff"
                           "a"),
            1u);
}

}  // namespace
}  // namespace pulpo::cli
