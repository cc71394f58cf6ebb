// SPDX-License-Identifier: Apache-2.0
#include "top_state.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pulpo::cli::top {
namespace {

constexpr Action kNone{};
constexpr Action kAsk{.kind = Action::Kind::ask};

/// Of an escape sequence behind ESC [ or ESC O: "A", "5~".
Key::Kind kind_of_sequence(std::string_view sequence) {
  struct Known {
    std::string_view text;
    Key::Kind kind;
  };
  static constexpr Known kKnown[] = {{"A", Key::Kind::up},         {"B", Key::Kind::down},     {"5~", Key::Kind::page_up},
                                     {"6~", Key::Kind::page_down}, {"H", Key::Kind::home},     {"1~", Key::Kind::home},
                                     {"7~", Key::Kind::home},      {"F", Key::Kind::end},      {"4~", Key::Kind::end},
                                     {"8~", Key::Kind::end},       {"Z", Key::Kind::back_tab}, {"D", Key::Kind::escape},
                                     {"C", Key::Kind::enter}};
  for (const Known& each : kKnown) {
    if (each.text == sequence) return each.kind;
  }
  return Key::Kind::other;
}

/// Takes an escape sequence off `bytes`, which begins with ESC [ or ESC O.
Key take_sequence(std::string_view& bytes) {
  std::size_t end = 2;
  while (end < bytes.size() && (bytes[end] < '@' || bytes[end] > '~')) ++end;
  const std::string_view sequence = bytes.substr(2, end - 1);
  bytes.remove_prefix(std::min(end + 1, bytes.size()));
  return {.kind = kind_of_sequence(sequence)};
}

void show(State& state, Screen screen) {
  state.screen = screen;
  state.tree.reset();
  state.detail.reset();
  state.cursor = state.first = 0;
  state.cursor_id.clear();
}

void open_process(State& state, const Pid& pid, std::string name) {
  state.detail = pid;
  state.detail_name = std::move(name);
  state.first = 0;
}

/// `by` steps on among the nodes that are there.
Action select_next_node(State& state, const Sample& sample, int by) {
  const auto size = static_cast<int>(sample.nodes.size());
  int at = 0;
  while (at < size && sample.nodes[static_cast<std::size_t>(at)].name != state.node) ++at;
  for (int i = 1; i <= size; ++i) {
    const NodeFacts& next = sample.nodes[static_cast<std::size_t>(((at + by * i) % size + size) % size)];
    if (!next.up) continue;
    if (next.name == state.node) break;
    state.node = next.name;
    show(state, state.screen);
    return kAsk;
  }
  state.notice = "no other node can be seen";
  return kNone;
}

/// By name in the tables; the pid where there is none.
std::string name_of_row(const State& state, const Row& row) {
  const std::size_t at = state.screen == Screen::processes ? 1 : 0;
  std::string name = row.cells.size() > at ? row.cells[at] : "";
  name.erase(0, name.find_first_not_of(' '));
  return name;
}

Action enter(State& state, const Table& table) {
  if (state.detail || state.cursor >= table.rows.size()) return kNone;
  const Row& row = table.rows[state.cursor];
  if (state.screen == Screen::nodes) {
    state.node = row.id;
    show(state, Screen::processes);
    return kAsk;
  }
  if (state.screen == Screen::applications && !state.tree) {
    const std::string application = row.id;
    show(state, Screen::applications);
    state.tree = application;
    return kAsk;
  }
  if (!row.pid) return kNone;
  open_process(state, row.pid, name_of_row(state, row));
  return kAsk;
}

Action back(State& state) {
  if (state.help) {
    state.help = false;
  } else if (state.detail) {
    state.detail.reset();
    state.first = 0;
  } else if (state.tree) {
    const std::string application = *state.tree;
    show(state, Screen::applications);
    state.cursor_id = application;
  } else {
    return kNone;
  }
  return kAsk;
}

void ask_to_kill(State& state, const Table& table) {
  if (state.detail) {
    state.question = KillQuestion{*state.detail, state.detail_name};
    return;
  }
  const bool has_row = state.cursor < table.rows.size() && table.rows[state.cursor].pid;
  if (!has_row) {
    state.notice = "k kills a process: choose one in 2 Processes or in an application's tree";
    return;
  }
  const Row& row = table.rows[state.cursor];
  state.question = KillQuestion{row.pid, name_of_row(state, row)};
}

void move(State& state, const Table& table, std::size_t page, Key::Kind kind) {
  const bool scrolls = state.detail || state.help;
  std::size_t& at = scrolls ? state.first : state.cursor;
  const std::size_t last = scrolls ? SIZE_MAX / 2 : table.rows.size() - std::min<std::size_t>(table.rows.size(), 1);
  const std::size_t step = kind == Key::Kind::page_up || kind == Key::Kind::page_down ? std::max<std::size_t>(page, 2) - 1 : 1;
  if (kind == Key::Kind::up || kind == Key::Kind::page_up) at -= std::min(at, step);
  if (kind == Key::Kind::down || kind == Key::Kind::page_down) at = std::min(at + step, last);
  if (kind == Key::Kind::home) at = 0;
  if (kind == Key::Kind::end) at = last;
  if (!scrolls && state.cursor < table.rows.size()) state.cursor_id = table.rows[state.cursor].id;
}

Action press_character(State& state, const Sample& sample, const Table& table, char character) {
  switch (character) {
    case 'q':
      return {.kind = Action::Kind::quit};
    case '?':
    case 'h':
      state.help = true;
      state.first = 0;
      return kNone;
    case '1':
    case '2':
    case '3':
    case '4':
      show(state, static_cast<Screen>(character - '1'));
      return kAsk;
    case 's':
      if (state.screen != Screen::processes || state.detail) {
        state.notice = "s sorts the processes: 2 shows them";
        return kNone;
      }
      state.order = static_cast<Order>((static_cast<std::size_t>(state.order) + 1) % kOrders);
      state.reversed = false;
      state.cursor = state.first = 0;
      state.cursor_id.clear();
      return kAsk;
    case 'r':
      state.reversed = !state.reversed;
      return kNone;
    case 'p':
      state.paused = !state.paused;
      return state.paused ? kNone : kAsk;
    case '+':
    case '=':
      state.interval = std::min(state.interval * 2, kIntervalMax);
      state.notice = fmt::format("every {:g} s", std::chrono::duration<double>(state.interval).count());
      return kNone;
    case '-':
      state.interval = std::max(state.interval / 2, kIntervalMin);
      state.notice = fmt::format("every {:g} s", std::chrono::duration<double>(state.interval).count());
      return kNone;
    case 'n':
      return select_next_node(state, sample, 1);
    case 'N':
      return select_next_node(state, sample, -1);
    case 'k':
      ask_to_kill(state, table);
      return kNone;
    case ' ':
      return kAsk;
    default:
      return kNone;
  }
}

}  // namespace

std::vector<Key> read_keys(std::string_view bytes) {
  std::vector<Key> keys;
  while (!bytes.empty()) {
    const char first = bytes.front();
    // Of Escape and another key, typed faster than they are read, each counts.
    if (first == '\x1b' && bytes.size() > 1 && (bytes[1] == '[' || bytes[1] == 'O')) {
      keys.push_back(take_sequence(bytes));
      continue;
    }
    bytes.remove_prefix(1);
    switch (first) {
      case '\x1b':
      case '\x7f':
      case '\b':
        keys.push_back({.kind = Key::Kind::escape});
        break;
      case '\r':
      case '\n':
        keys.push_back({.kind = Key::Kind::enter});
        break;
      case '\t':
        keys.push_back({.kind = Key::Kind::tab});
        break;
      case '\x03':
        keys.push_back({.kind = Key::Kind::character, .character = 'q'});
        break;
      default:
        keys.push_back(first >= ' ' && first <= '~' ? Key{.kind = Key::Kind::character, .character = first} : Key{});
    }
  }
  return keys;
}

Wants wants_of(const State& state, std::size_t page) {
  // A page more than there is to see, so that scrolling finds rows.
  return {.node = state.node,
          .screen = state.screen,
          .order = state.order,
          .rows = std::clamp(state.cursor + 2 * page, kRowsMin, kRowsMax),
          .tree = state.tree,
          .detail = state.detail};
}

Table table_of(const State& state, const Sample& sample) {
  if (state.screen == Screen::nodes) return nodes_table(sample, state.node);
  // Of another node nothing is shown under this one's name.
  static const Sample kNothing;
  const Sample& its = sample.selected == state.node ? sample : kNothing;
  switch (state.screen) {
    case Screen::nodes:
    case Screen::processes:
      return processes_table(its, state.reversed);
    case Screen::applications:
      return state.tree ? tree_table(its, *state.tree) : applications_table_of(its);
    case Screen::connections:
      break;
  }
  return connections_table(its);
}

void settle(State& state, const Sample& sample, std::size_t page) {
  const NodeFacts* const selected = sample.find(state.node);
  if (!sample.nodes.empty() && (selected == nullptr || !selected->up)) {
    const auto there = std::find_if(sample.nodes.begin(), sample.nodes.end(), [](const NodeFacts& each) { return each.up; });
    const std::string cause = selected != nullptr ? selected->cause : "it is not connected any more";
    if (there != sample.nodes.end()) {
      const std::string lost = state.node;
      state.node = there->name;
      show(state, state.screen);
      state.question.reset();
      state.notice = fmt::format("{} is lost ({}); this is {}", lost, cause, there->name);
    } else {
      state.notice = fmt::format("no node can be reached; {}: {}; trying again", state.node, cause);
    }
  }
  if (state.detail || state.help) return;  // the renderer knows how long these are
  const Table table = table_of(state, sample);
  const auto mine = std::find_if(table.rows.begin(), table.rows.end(), [&](const Row& row) { return row.id == state.cursor_id; });
  if (!state.cursor_id.empty() && mine != table.rows.end()) state.cursor = static_cast<std::size_t>(mine - table.rows.begin());
  if (table.rows.empty()) {
    // What was not told yet may come: the cursor's row is remembered.
    state.cursor = state.first = 0;
    return;
  }
  state.cursor = std::min(state.cursor, table.rows.size() - 1);
  if (!state.cursor_id.empty()) state.cursor_id = table.rows[state.cursor].id;
  if (page == 0) return;
  state.first = std::min(state.first, state.cursor);
  if (state.cursor >= state.first + page) state.first = state.cursor - page + 1;
  if (table.rows.size() <= page) state.first = 0;
}

Action press(State& state, const Sample& sample, std::size_t page, const Key& key) {
  state.notice.clear();
  if (state.question) {
    const KillQuestion question = *state.question;
    state.question.reset();
    const bool yes = key.kind == Key::Kind::character && (key.character == 'y' || key.character == 'Y');
    if (!yes) {
      state.notice = "not killed";
      return kNone;
    }
    state.notice = fmt::format("killed {} {}", short_pid(question.pid), question.name);
    return {.kind = Action::Kind::kill, .pid = question.pid};
  }
  if (state.help) {
    const bool scrolls = key.kind >= Key::Kind::up && key.kind <= Key::Kind::end;
    if (key == Key{.kind = Key::Kind::character, .character = 'q'}) return {.kind = Action::Kind::quit};
    if (!scrolls) {
      state.help = false;
      state.first = 0;
      return kNone;
    }
  }
  const Table table = table_of(state, sample);
  switch (key.kind) {
    case Key::Kind::character:
      return press_character(state, sample, table, key.character);
    case Key::Kind::enter:
      return enter(state, table);
    case Key::Kind::escape:
      return back(state);
    case Key::Kind::tab:
    case Key::Kind::back_tab: {
      const std::size_t by = key.kind == Key::Kind::tab ? 1 : kScreens - 1;
      show(state, static_cast<Screen>((static_cast<std::size_t>(state.screen) + by) % kScreens));
      return kAsk;
    }
    case Key::Kind::other:
      return kNone;
    default:
      move(state, table, page, key.kind);
      return kNone;
  }
}

}  // namespace pulpo::cli::top
