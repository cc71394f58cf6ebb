// SPDX-License-Identifier: Apache-2.0
#include "top_screen.hpp"

#include <gtest/gtest.h>

#include "unit/cli/top_samples.hpp"

namespace pulpo::cli::top {
namespace {

State state_on(Screen screen) {
  State state;
  state.node = "a@h";
  state.screen = screen;
  return state;
}

std::string text_of(const std::vector<Line>& lines) {
  std::string text;
  for (const Line& each : lines) text += each.text + "\n";
  return text;
}

/// Exactly as many lines and cells as the terminal has, and nothing in them that moves its cursor.
void expect_fits(const std::vector<Line>& lines, const Size& size) {
  EXPECT_EQ(lines.size(), size.rows);
  for (const Line& each : lines) {
    EXPECT_EQ(cells_of(each.text), size.columns) << each.text;
    EXPECT_EQ(printable(each.text), each.text);
  }
}

/// Every way the view can be, for a terminal of that size.
void expect_all_fit(const Sample& sample, const Size& size) {
  for (const Screen screen : {Screen::nodes, Screen::processes, Screen::applications, Screen::connections}) {
    State state = state_on(screen);
    settle(state, sample, page_of(size));
    expect_fits(render(state, sample, size), size);
    state.notice = std::string(300, 'x');
    expect_fits(render(state, sample, size), size);
    state.question = KillQuestion{{.id = 1, .serial = 1}, std::string(300, 'y')};
    expect_fits(render(state, sample, size), size);
    state.question.reset();
    state.help = true;
    expect_fits(render(state, sample, size), size);
    state.help = false;
    state.detail = Pid{.node = 3, .id = 1, .serial = 1};
    state.detail_name = std::string(300, 'z');
    expect_fits(render(state, sample, size), size);
  }
  State tree = state_on(Screen::applications);
  tree.tree = "ping_pong";
  expect_fits(render(tree, sample, size), size);
}

TEST(TopScreen, FitsWhateverTheSize) {
  Sample sample = sample_of_two();
  sample.detail =
      ProcessDetail{.pid = {.node = 3, .id = 1, .serial = 1}, .rows = {{"links", std::string(3000, 'l')}, {"state", "\x1b[2J\n"}}};
  for (const std::size_t columns : {1, 2, 10, 39, 40, 79, 80, 81, 100, 132, 200, 500}) {
    for (const std::size_t rows : {1, 2, 4, 5, 6, 24, 25, 50}) expect_all_fit(sample, {columns, rows});
  }
  expect_all_fit(Sample{}, {80, 24});
}

TEST(TopScreen, NamesThatAreWideOrWickedDoNotBreakTheTable) {
  Sample sample = sample_of_two();
  sample.nodes[1].name = "\x1b[31mb@h";
  sample.processes->rows = {process_row(1, "章魚章魚章魚章魚章魚章魚章魚章魚章魚章魚章魚章魚", 1), process_row(2, "\x1b[2J\r\n\x9b\xff", 1),
                            process_row(3, "", 1)};
  (*sample.applications)[0].name = "\t\t\t";
  (*sample.connections)[0].node = std::string(300, '\b');
  sample.trees[0].rows[0].name = "\xe2\x80\xae";
  expect_all_fit(sample, {80, 24});
  expect_all_fit(sample, {200, 50});
}

TEST(TopScreen, At80x24ProcessesShowTheColumnsOfTheProcessList) {  // OBS-3
  State state = state_on(Screen::processes);
  const Sample sample = sample_of_two();
  settle(state, sample, page_of({80, 24}));
  const auto lines = render(state, sample, {80, 24});
  EXPECT_EQ(lines[0].text, " pulpo top  a@h  (node 1 of 3)                              Processes by memory ");
  EXPECT_EQ(lines[1].text.substr(0, 64), " cpu -  mem 4.00 MiB  procs 17  runq 0  msgs/s -  up 1 min 1 s  ");
  EXPECT_EQ(lines[3].text, "  PID              NAME OR INITIAL FUNC  REDS/S  MEMORY*  MSGQ CURRENT FUNCTION ");
  EXPECT_EQ(lines[4].text, "> <0.0.1>          Process0                  42 9.77 KiB     7 reply of {:\"Elix~");
  EXPECT_EQ(lines[4].style, Style::selected);
  EXPECT_EQ(lines[22].text.substr(0, 28), "  <0.18.1>         Process18");
  EXPECT_NE(lines[23].text.find("2Procs"), std::string::npos);
  EXPECT_NE(lines[23].text.find("q quit"), std::string::npos) << lines[23].text;
  EXPECT_NE(lines[23].text.find("? help"), std::string::npos) << lines[23].text;
}

TEST(TopScreen, WiderTerminalsShowMoreColumnsAndTallerOnesMoreRows) {
  State state = state_on(Screen::connections);
  const Sample sample = sample_of_two();
  const std::string small = text_of(render(state, sample, {80, 24}));
  const std::string large = text_of(render(state, sample, {200, 50}));
  EXPECT_EQ(small.find("ADDRESS"), std::string::npos);
  EXPECT_NE(large.find("127.0.0.1:4711"), std::string::npos) << large;
  EXPECT_NE(small.find("4.77 MiB"), std::string::npos) << small;  // the queue, in both
  state = state_on(Screen::processes);
  EXPECT_EQ(text_of(render(state, sample, {80, 24})).find("Process30"), std::string::npos);
  EXPECT_NE(text_of(render(state, sample, {200, 50})).find("Process30"), std::string::npos);
}

TEST(TopScreen, ANodeThatIsNotThereSaysWhy) {
  State state = state_on(Screen::nodes);
  const std::string text = text_of(render(state, sample_of_two(), {80, 24}));
  EXPECT_NE(text.find("c@h: no connection"), std::string::npos) << text;
  EXPECT_NE(text.find("a@h *"), std::string::npos) << text;
}

TEST(TopScreen, ATreeIsDrawnByDepth) {  // OBS-5
  State state = state_on(Screen::applications);
  state.tree = "ping_pong";
  const std::string text = text_of(render(state, sample_of_two(), {80, 24}));
  EXPECT_NE(text.find("\n> master  "), std::string::npos) << text;
  EXPECT_NE(text.find("    PingPong.Supervisor"), std::string::npos) << text;
  EXPECT_NE(text.find("      PingPong  "), std::string::npos) << text;
}

TEST(TopScreen, OfAProcessAllIsShownAndLongTextGoesOn) {  // OBS-4
  State state = state_on(Screen::processes);
  state.detail = Pid{.node = 3, .id = 1, .serial = 1};
  state.detail_name = "PingPong";
  Sample sample = sample_of_two();
  EXPECT_NE(text_of(render(state, sample, {80, 24})).find("asking the node"), std::string::npos);
  sample.detail = ProcessDetail{.pid = *state.detail,
                                .rows = {{"status", "idle"}, {"links", std::string(100, 'l') + "end"}, {"state", "{:counted, 1}"}}};
  const std::string text = text_of(render(state, sample, {80, 24}));
  EXPECT_NE(text.find(" <0.1.1> PingPong"), std::string::npos) << text;
  EXPECT_NE(text.find(" status               idle"), std::string::npos) << text;
  EXPECT_NE(text.find("lend "), std::string::npos) << text;
  EXPECT_NE(text.find("{:counted, 1}"), std::string::npos) << text;
  sample.detail->gone = true;
  EXPECT_NE(text_of(render(state, sample, {80, 24})).find("It has ended."), std::string::npos);
}

TEST(TopScreen, WhatDoesNotFitScrollsToItsEndAndNotBeyond) {
  State state = state_on(Screen::processes);
  state.detail = Pid{.node = 3, .id = 1, .serial = 1};
  Sample sample = sample_of_two();
  sample.detail = ProcessDetail{.pid = *state.detail, .rows = {{"links", std::string(3000, 'l')}, {"state", "the end"}}};
  EXPECT_EQ(text_of(render(state, sample, {80, 24})).find("the end"), std::string::npos);
  static_cast<void>(press(state, sample, page_of({80, 24}), {.kind = Key::Kind::end}));
  EXPECT_NE(text_of(render(state, sample, {80, 24})).find("the end"), std::string::npos);
  static_cast<void>(press(state, sample, page_of({80, 24}), {.kind = Key::Kind::up}));
  EXPECT_EQ(text_of(render(state, sample, {80, 24})).find("the end"), std::string::npos);
}

}  // namespace
}  // namespace pulpo::cli::top
