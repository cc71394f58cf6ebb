// SPDX-License-Identifier: Apache-2.0
#include "line_editor.hpp"

#include <gtest/gtest.h>

namespace pulpo::cli {
namespace {

using Event = LineEditor::Event;

class LineEditorTest : public ::testing::Test {
 protected:
  /// The line with its cursor as |.
  std::string after(std::string_view keys) {
    while (!keys.empty()) last = editor.feed(keys);
    std::string line = editor.line();
    line.insert(editor.cursor(), "|");
    return line;
  }
  LineEditor editor;
  Event last = Event::none;
};

TEST_F(LineEditorTest, TypesMovesAndErases) {
  EXPECT_EQ(after("Node.list"), "Node.list|");
  EXPECT_EQ(after("\x01"), "|Node.list");              // Ctrl-A
  EXPECT_EQ(after("\x1b[C\x1bOC\x06"), "Nod|e.list");  // arrows, Ctrl-F
  EXPECT_EQ(after("\x7f"), "No|e.list");               // backspace
  EXPECT_EQ(after("\x1b[3~"), "No|.list");             // delete
  EXPECT_EQ(after("\x1b[F!"), "No.list!|");            // end
  EXPECT_EQ(after("\x1b[H\x04"), "|o.list!");          // home, Ctrl-D
  EXPECT_EQ(after("\x1b[1;5C"), "o|.list!");           // Ctrl and an arrow
  EXPECT_EQ(after("\x1b"
                  "f\x1b"
                  "b"),
            "o.|list!");                          // Alt-F, Alt-B
  EXPECT_EQ(after("\x0b"), "o.|");                // Ctrl-K
  EXPECT_EQ(after("\x19\x19"), "o.list!list!|");  // Ctrl-Y
  EXPECT_EQ(after("\x15"), "|");                  // Ctrl-U
  EXPECT_EQ(after("one two\x17"), "one |");       // Ctrl-W
  EXPECT_EQ(after("ab\x14"), "one ba|");          // Ctrl-T
}

TEST_F(LineEditorTest, CharactersOfSeveralBytesAreOne) {
  EXPECT_EQ(after("a\xc3\xa9\xe6\x97\xa5"
                  "e\xcc\x81"),
            "a\xc3\xa9\xe6\x97\xa5"
            "e\xcc\x81|");  // é 日 e with an accent
  EXPECT_EQ(after("\x02"), "a\xc3\xa9\xe6\x97\xa5|e\xcc\x81");
  EXPECT_EQ(after("\x02\x02"),
            "a|\xc3\xa9\xe6\x97\xa5"
            "e\xcc\x81");
  EXPECT_EQ(after("\x1b[3~"),
            "a|\xe6\x97\xa5"
            "e\xcc\x81");
  EXPECT_EQ(after("\x05\x7f\x7f"), "a|");
}

TEST_F(LineEditorTest, SaysWhatIsToBeDone) {
  EXPECT_EQ(after("x\r"), "x|");
  EXPECT_EQ(last, Event::line);
  EXPECT_EQ(editor.take_line(), "x");
  EXPECT_EQ(editor.line(), "");
  after("\x04");
  EXPECT_EQ(last, Event::end);
  after("\x03");
  EXPECT_EQ(last, Event::interrupt);
  after("Nod\t");
  EXPECT_EQ(last, Event::complete);
  editor.replace(3, "Node.");
  EXPECT_EQ(editor.line(), "Node.");
  after("\x0c");
  EXPECT_EQ(last, Event::clear);
  std::string_view keys = "a\rb";
  EXPECT_EQ(editor.feed(keys), Event::line);
  EXPECT_EQ(keys, "b") << "what follows is the next line's";
}

TEST_F(LineEditorTest, RemembersLines) {
  for (const char* line : {"one", "two", "two", "  ", "three"}) editor.remember(line);
  EXPECT_EQ(editor.history().size(), 3u);
  EXPECT_EQ(after("fo\x1b[A"), "three|");
  EXPECT_EQ(after("\x10\x10\x10"), "one|") << "Ctrl-P, not beyond the first";
  EXPECT_EQ(after("\x1b[B\x0e\x0e\x0e"), "fo|") << "back to what was being typed";
  static_cast<void>(editor.take_line());
  EXPECT_EQ(after("\x1b[A"), "three|");
}

TEST_F(LineEditorTest, SearchesBackwards) {
  for (const char* line : {"Node.list", "Process.list", "x = 1"}) editor.remember(line);
  EXPECT_EQ(after("ab\x12lis"), "Process.|list");
  EXPECT_EQ(editor.search_prompt(), "(reverse-i-search)'lis': ");
  EXPECT_EQ(after("\x12"), "Node.|list");
  EXPECT_EQ(after("\x7f\x7f\x7fx"), "|x = 1");
  EXPECT_EQ(after("\x07"), "ab|") << "Ctrl-G gives up";
  EXPECT_EQ(after("\x12list\r"), "Process.|list");
  EXPECT_EQ(last, Event::line);
  EXPECT_EQ(editor.take_line(), "Process.list");
  EXPECT_EQ(editor.search_prompt(), "");
}

TEST_F(LineEditorTest, WhatIsPastedIsNoKeysButItsLines) {
  EXPECT_EQ(after("\x1b[200~a\tb\x01\x1b[201~c"),
            "a  b\x01"
            "c|");
  EXPECT_EQ(last, Event::none);
  static_cast<void>(editor.take_line());
  std::string_view keys = "\x1b[200~one\rtwo\x1b[201~";
  EXPECT_EQ(editor.feed(keys), Event::line);
  EXPECT_EQ(editor.take_line(), "one");
  EXPECT_EQ(editor.feed(keys), Event::none);
  EXPECT_EQ(editor.line(), "two");
}

TEST_F(LineEditorTest, APasteEndsWhateverStandsBeforeItsEnd) {
  EXPECT_EQ(after("\x1b[200~abc\x1b\x1b[201~d"),
            "abc\x1b"
            "d|");
  EXPECT_EQ(after("\x1b[200~x\x1b[20\x03"),
            "abc\x1b"
            "dx|")
      << "Ctrl-C ends one whose end was lost";
  EXPECT_EQ(last, Event::interrupt);
  after("\x1b\x03");
  EXPECT_EQ(last, Event::interrupt);
  after("\x1b[\x03");
  EXPECT_EQ(last, Event::interrupt);
}

TEST_F(LineEditorTest, WhateverBytesComeItStandsInItsLine) {
  std::uint32_t random = 12345;
  for (int i = 0; i < 200'000; ++i) {
    random = random * 1664525u + 1013904223u;
    const char byte = static_cast<char>(random >> 24);
    std::string_view keys(&byte, 1);
    if (editor.feed(keys) == Event::line) editor.remember(editor.take_line());
    ASSERT_LE(editor.cursor(), editor.line().size());
    ASSERT_LE(editor.line().size(), LineEditor::kLineBytesMax);
    ASSERT_LE(editor.history().size(), LineEditor::kHistoryMax);
  }
}

}  // namespace
}  // namespace pulpo::cli
