// SPDX-License-Identifier: Apache-2.0
#include "top_state.hpp"

#include <gtest/gtest.h>

#include "unit/cli/top_samples.hpp"

namespace pulpo::cli::top {
namespace {

constexpr std::size_t kPage = 19;

/// A view with its sample, and somebody who types.
struct Typist {
  State state;
  Sample sample = sample_of_two();
  Typist() {
    state.node = "a@h";
    settle(state, sample, kPage);
  }
  Action type(std::string_view bytes) {
    Action last;
    for (const Key& key : read_keys(bytes)) {
      last = press(state, sample, kPage, key);
      settle(state, sample, kPage);
    }
    return last;
  }
};

TEST(TopKeys, SequencesOfTerminalsAreKeys) {
  using Kind = Key::Kind;
  const auto kinds = [](std::string_view bytes) {
    std::vector<Kind> all;
    for (const Key& key : read_keys(bytes)) all.push_back(key.kind);
    return all;
  };
  EXPECT_EQ(kinds("\x1b[A\x1bOB\x1b[5~\x1b[6~\x1b[H\x1b[4~"),
            (std::vector{Kind::up, Kind::down, Kind::page_up, Kind::page_down, Kind::home, Kind::end}));
  EXPECT_EQ(kinds("\x1b"), std::vector{Kind::escape});
  EXPECT_EQ(kinds("\x1b\x1b[A"), (std::vector{Kind::escape, Kind::up}));
  EXPECT_EQ(kinds("\x1bq"), (std::vector{Kind::escape, Kind::character}));
  EXPECT_EQ(kinds("\t\x1b[Z\r\x7f"), (std::vector{Kind::tab, Kind::back_tab, Kind::enter, Kind::escape}));
  EXPECT_EQ(kinds("\x1b["), std::vector{Kind::other});
  EXPECT_EQ(kinds("\x1b[1;5A\x1b[200~x"), (std::vector{Kind::other, Kind::other, Kind::character}));
  EXPECT_EQ(kinds("\xc3\xbc"), (std::vector{Kind::other, Kind::other}));
  EXPECT_EQ(read_keys("\x03"), read_keys("q"));
}

TEST(TopKeys, NumbersAndTabSwitchScreens) {
  Typist typist;
  EXPECT_EQ(typist.type("1").kind, Action::Kind::ask);
  EXPECT_EQ(typist.state.screen, Screen::nodes);
  static_cast<void>(typist.type("4"));
  EXPECT_EQ(typist.state.screen, Screen::connections);
  static_cast<void>(typist.type("\t"));
  EXPECT_EQ(typist.state.screen, Screen::nodes);
  static_cast<void>(typist.type("\x1b[Z"));
  EXPECT_EQ(typist.state.screen, Screen::connections);
}

TEST(TopKeys, SortGoesRoundAndReverseTurnsTheRowsOver) {  // OBS-3
  Typist typist;
  EXPECT_EQ(typist.type("s").kind, Action::Kind::ask);
  EXPECT_EQ(typist.state.order, Order::reductions);
  static_cast<void>(typist.type("ss"));
  EXPECT_EQ(typist.state.order, Order::memory);
  EXPECT_EQ(table_of(typist.state, typist.sample).rows.front().cells[1], "Process0");
  EXPECT_EQ(typist.type("r").kind, Action::Kind::none);
  EXPECT_EQ(table_of(typist.state, typist.sample).rows.front().cells[1], "Process39");
  EXPECT_EQ(wants_of(typist.state, kPage).order, Order::memory);
}

TEST(TopKeys, TheCursorStaysWithItsProcessWhenRowsMove) {
  Typist typist;
  static_cast<void>(typist.type("\x1b[B\x1b[B"));
  EXPECT_EQ(typist.state.cursor_id, "<0.2.1>");
  std::rotate(typist.sample.processes->rows.begin(), typist.sample.processes->rows.begin() + 2, typist.sample.processes->rows.end());
  settle(typist.state, typist.sample, kPage);
  EXPECT_EQ(typist.state.cursor, 0u);
  // One that has ended gives its place to the next.
  typist.sample.processes->rows.erase(typist.sample.processes->rows.begin());
  settle(typist.state, typist.sample, kPage);
  EXPECT_EQ(typist.state.cursor, 0u);
  EXPECT_EQ(typist.state.cursor_id, "<0.3.1>");
}

TEST(TopKeys, TheViewFollowsTheCursor) {
  Typist typist;
  static_cast<void>(typist.type("\x1b[6~\x1b[6~"));
  EXPECT_EQ(typist.state.cursor, 2 * (kPage - 1));
  EXPECT_GT(typist.state.first, 0u);
  EXPECT_LT(typist.state.cursor, typist.state.first + kPage);
  static_cast<void>(typist.type("\x1b[F"));
  EXPECT_EQ(typist.state.cursor, 39u);
  EXPECT_EQ(typist.state.first, 40 - kPage);
  static_cast<void>(typist.type("\x1b[H\x1b[A"));
  EXPECT_EQ(typist.state.cursor, 0u);
  EXPECT_EQ(typist.state.first, 0u);
}

TEST(TopKeys, RowsAreAskedForAsFarAsSomebodyLooks) {
  Typist typist;
  EXPECT_EQ(wants_of(typist.state, kPage).rows, kRowsMin);
  typist.state.cursor = 500;
  EXPECT_EQ(wants_of(typist.state, kPage).rows, 500 + 2 * kPage);
  typist.state.cursor = 5'000;
  EXPECT_EQ(wants_of(typist.state, kPage).rows, kRowsMax);
}

TEST(TopKeys, EnterShowsAProcessAndEscapeGoesBack) {  // OBS-4
  Typist typist;
  EXPECT_EQ(typist.type("\x1b[B\r").kind, Action::Kind::ask);
  EXPECT_EQ(typist.state.detail, (Pid{.node = 3, .id = 1, .serial = 1}));
  EXPECT_EQ(typist.state.detail_name, "Process1");
  EXPECT_EQ(wants_of(typist.state, kPage).detail, typist.state.detail);
  static_cast<void>(typist.type("\x1b"));
  EXPECT_FALSE(typist.state.detail);
  EXPECT_EQ(typist.state.cursor, 1u);
}

TEST(TopKeys, AnApplicationOpensToItsTreeAndTheTreeToItsProcesses) {  // OBS-5
  Typist typist;
  static_cast<void>(typist.type("3\r"));
  EXPECT_EQ(typist.state.tree, "ping_pong");
  static_cast<void>(typist.type("\x1b[B\x1b[B\r"));
  EXPECT_EQ(typist.state.detail, (Pid{.id = 22, .serial = 1}));
  EXPECT_EQ(typist.state.detail_name, "PingPong");
  static_cast<void>(typist.type("\x1b"));
  EXPECT_EQ(typist.state.tree, "ping_pong");
  // A child without a process has nothing to show, and nothing to kill.
  static_cast<void>(typist.type("\x1b[F\r"));
  EXPECT_FALSE(typist.state.detail);
  EXPECT_EQ(typist.type("k").kind, Action::Kind::none);
  EXPECT_FALSE(typist.state.question);
  static_cast<void>(typist.type("\x1b"));
  EXPECT_FALSE(typist.state.tree);
}

TEST(TopKeys, KillAsksFirstAndOnlyYKills) {  // OBS-4
  Typist typist;
  static_cast<void>(typist.type("\x1b[B"));
  EXPECT_EQ(typist.type("k").kind, Action::Kind::none);
  ASSERT_TRUE(typist.state.question);
  EXPECT_EQ(typist.state.question->name, "Process1");
  EXPECT_EQ(typist.type("n").kind, Action::Kind::none);
  EXPECT_FALSE(typist.state.question);
  EXPECT_EQ(typist.state.node, "a@h");  // it was the answer, not the key for the next node
  EXPECT_EQ(typist.type("kq").kind, Action::Kind::none);
  // Whatever the rows do meanwhile: the one that was asked about.
  static_cast<void>(typist.type("k"));
  std::reverse(typist.sample.processes->rows.begin(), typist.sample.processes->rows.end());
  settle(typist.state, typist.sample, kPage);
  const Action action = typist.type("y");
  EXPECT_EQ(action.kind, Action::Kind::kill);
  EXPECT_EQ(action.pid, (Pid{.node = 3, .id = 1, .serial = 1}));
}

TEST(TopKeys, NextNodeIsOneThatIsThere) {
  Typist typist;
  EXPECT_EQ(typist.type("n").kind, Action::Kind::ask);
  EXPECT_EQ(typist.state.node, "b@h");
  // Of the other node nothing is known yet, and nothing of the first is shown as its.
  EXPECT_TRUE(table_of(typist.state, typist.sample).rows.empty());
  EXPECT_EQ(typist.type("k").kind, Action::Kind::none);
  EXPECT_FALSE(typist.state.question);
  static_cast<void>(typist.type("n"));
  EXPECT_EQ(typist.state.node, "a@h");
  static_cast<void>(typist.type("N"));
  EXPECT_EQ(typist.state.node, "b@h");
}

TEST(TopKeys, EnterOnANodeSelectsIt) {
  Typist typist;
  static_cast<void>(typist.type("1\x1b[B\r"));
  EXPECT_EQ(typist.state.node, "b@h");
  EXPECT_EQ(typist.state.screen, Screen::processes);
}

TEST(TopKeys, ANodeThatIsLostGivesWayToTheFirstThatIsThere) {  // OBS-1, OBS-9
  Typist typist;
  static_cast<void>(typist.type("nk"));
  typist.sample.nodes[1] = {.name = "b@h", .cause = "no connection"};
  settle(typist.state, typist.sample, kPage);
  EXPECT_EQ(typist.state.node, "a@h");
  EXPECT_EQ(typist.state.notice, "b@h is lost (no connection); this is a@h");
  EXPECT_FALSE(typist.state.question);
  // One that is on nobody's list any more, too; also when it is the first.
  typist.sample = sample_of_two();
  typist.sample.nodes.erase(typist.sample.nodes.begin());
  settle(typist.state, typist.sample, kPage);
  EXPECT_EQ(typist.state.node, "b@h");
  // And when nobody is left it says so.
  for (NodeFacts& each : typist.sample.nodes) each = {.name = each.name, .cause = "no answer"};
  settle(typist.state, typist.sample, kPage);
  EXPECT_EQ(typist.state.notice, "no node can be reached; b@h: no answer; trying again");
}

TEST(TopKeys, IntervalPauseAndQuit) {
  Typist typist;
  static_cast<void>(typist.type("+"));
  EXPECT_EQ(typist.state.interval, Duration(4s));
  static_cast<void>(typist.type("--------"));
  EXPECT_EQ(typist.state.interval, kIntervalMin);
  static_cast<void>(typist.type("++++++++++++"));
  EXPECT_EQ(typist.state.interval, kIntervalMax);
  EXPECT_EQ(typist.type("p").kind, Action::Kind::none);
  EXPECT_TRUE(typist.state.paused);
  EXPECT_EQ(typist.type("p").kind, Action::Kind::ask);
  EXPECT_EQ(typist.type("?q").kind, Action::Kind::quit);
  EXPECT_EQ(typist.type("q").kind, Action::Kind::quit);
}

TEST(TopKeys, NoKeysAtAnyTimeDoHarm) {
  // Everything that a terminal can send in one byte, and some sequences, in every order of two, on every screen.
  Typist typist;
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    if (byte != 'y' && byte != 'Y') all += static_cast<char>(byte);
  }
  for (const char* const screen : {"1", "2", "3", "3\r", "4", "2\r", "?"}) {
    static_cast<void>(typist.type(screen));
    for (const char first : all) {
      static_cast<void>(typist.type(std::string(1, first) + "\x1b[B\r\x1b[F"));
      EXPECT_FALSE(typist.state.node.empty());
      const Table table = table_of(typist.state, typist.sample);
      EXPECT_TRUE(table.rows.empty() || typist.state.cursor < table.rows.size());
    }
  }
  EXPECT_EQ(typist.type("").kind, Action::Kind::none);
}

}  // namespace
}  // namespace pulpo::cli::top
