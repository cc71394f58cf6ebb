// SPDX-License-Identifier: Apache-2.0
#include "top_screen.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "apps_text.hpp"

namespace pulpo::cli::top {
namespace {

// Title, summary, notice and header above; keys below.
constexpr std::size_t kLinesAround = 5;

/// `left` and `right` at the ends of a line; the right one goes first when there is no room for both.
std::string both_ends(std::string_view left, std::string_view right, std::size_t width) {
  const std::size_t room = cells_of(right) + 2 <= width ? cells_of(right) : 0;
  if (room == 0 || cells_of(left) + room + 1 > width) return fitted(left, width);
  return fitted(left, width - room) + fitted(right, room);
}

std::string screen_name(const State& state) {
  if (state.help) return "Help";
  if (state.detail) return "Process";
  switch (state.screen) {
    case Screen::nodes:
      return "Nodes";
    case Screen::processes:
      return fmt::format("Processes by {}{}", order_word(state.order), state.reversed ? ", the least first" : "");
    case Screen::applications:
      return state.tree ? "Application " + *state.tree : "Applications";
    case Screen::connections:
      break;
  }
  return "Connections";
}

std::string title_line(const State& state, const Sample& sample, std::size_t width) {
  std::string left = fmt::format(" pulpo top  {}", state.node);
  if (sample.nodes.size() > 1) {
    std::size_t at = 0;
    while (at < sample.nodes.size() && sample.nodes[at].name != state.node) ++at;
    left += fmt::format("  (node {} of {})", at + 1, sample.nodes.size());
  }
  std::string right = screen_name(state);
  if (state.paused) right += "  PAUSED";
  return both_ends(left, right + " ", width);
}

std::string summary_line(const State& state, const Sample& sample, std::size_t width) {
  const NodeFacts* const facts = sample.find(state.node);
  if (facts == nullptr || !facts->up) return fitted(sample.nodes.empty() ? " asking the node..." : " no answer", width);
  std::string text;
  // By importance: what does not fit is left out from the end, not cut in its middle.
  const auto part = [&](const std::string& more) {
    const std::string with = text.empty() ? " " + more : text + "  " + more;
    if (cells_of(with) <= width) text = with;
  };
  part(facts->cpu_percent ? fmt::format("cpu {:.1f} %", *facts->cpu_percent) : "cpu -");
  part("mem " + short_bytes(static_cast<double>(facts->memory)));
  part(fmt::format("procs {}", short_count(static_cast<double>(facts->processes))));
  part(fmt::format("runq {}", short_count(static_cast<double>(facts->run_queue))));
  part(fmt::format("msgs/s {}", facts->messages_per_second ? short_count(*facts->messages_per_second) : "-"));
  part("up " + age_text(std::chrono::milliseconds(facts->uptime_ms)));
  // Known as of now only where it is asked for.
  if (sample.processes && sample.selected == state.node && state.screen == Screen::processes && !state.detail) {
    part("reds/s " + short_count(sample.processes->reductions_per_second));
    part("waiting msgs " + short_count(static_cast<double>(sample.processes->messages_waiting)));
  }
  part(fmt::format("atoms {}/{}", short_count(static_cast<double>(facts->atoms)), short_count(static_cast<double>(facts->atoms_max))));
  part(fmt::format("{} {} on {}", facts->cores, facts->cores == 1 ? "core" : "cores", facts->loop));
  part("pulpo " + facts->version);
  part(facts->machine);
  part(facts->architecture);
  return fitted(text, width);
}

Line notice_line(const State& state, std::size_t width) {
  if (state.question) {
    return {fitted(fmt::format(" Kill {} {} on {}? y kills, any other key does not", short_pid(state.question->pid), state.question->name,
                               state.node),
                   width),
            Style::notice};
  }
  return {fitted(state.notice.empty() ? "" : " " + state.notice, width), state.notice.empty() ? Style::plain : Style::notice};
}

std::string keys_line(const State& state, std::size_t width) {
  if (state.question) return fitted(" y kill  any other key: do not", width);
  std::string text;
  const auto part = [&](std::string_view more) {
    const std::string with = fmt::format("{} {}", text, more);
    if (cells_of(with) <= width) text = with;
  };
  if (state.help) {
    part("any key: back");
    part(" q quit");
    return fitted(text, width);
  }
  // What does not fit is left out, and q and ? come before what the help says as well.
  part("1Nodes 2Procs 3Apps 4Conns");
  const bool has_processes = state.detail || state.screen == Screen::processes || state.tree;
  if (state.detail) {
    part("Esc back");
  } else if (state.tree) {
    part("Enter show Esc back");
  } else {
    part("Enter open");
  }
  if (has_processes) part("k kill");
  if (state.screen == Screen::processes && !state.detail) part("s sort");
  part("q quit");
  part("? help");
  part("n node");
  part("p pause");
  if (state.screen == Screen::processes && !state.detail) part("r reverse");
  part(fmt::format("+- every {:g} s", std::chrono::duration<double>(state.interval).count()));
  return fitted(text, width);
}

/// `key` and text behind it, in as many lines as it takes.
void wrap(std::vector<std::string>& lines, std::string_view key, std::string_view text, std::size_t key_width, std::size_t width) {
  std::string rest = printable(text);
  bool is_first = true;
  const std::size_t room = width > key_width + 12 ? width - key_width - 3 : 0;
  if (room == 0) {
    lines.push_back(fmt::format(" {} {}", key, rest));
    return;
  }
  do {
    std::string part = shortened(rest, room);
    if (part.size() != rest.size()) {
      part.pop_back();  // the mark of the cut: what is cut comes in the next line
      if (part.empty()) part = rest;
    }
    lines.push_back(fmt::format(" {:<{}}  {}", is_first ? key : "", key_width, part));
    rest.erase(0, part.size());
    is_first = false;
  } while (!rest.empty());
}

std::vector<std::string> detail_lines(const State& state, const Sample& sample, std::size_t width) {
  std::vector<std::string> lines{fmt::format(" {} {}", short_pid(*state.detail), state.detail_name), ""};
  const bool known = sample.detail && sample.detail->pid == *state.detail;
  if (!known) {
    lines.emplace_back(" asking the node...");
  } else if (sample.detail->gone) {
    lines.emplace_back(" It has ended.");
  } else {
    constexpr std::size_t kKeyWidth = 19;  // message_queue_bytes
    for (const auto& [key, text] : sample.detail->rows) wrap(lines, key, text, kKeyWidth, width);
  }
  return lines;
}

std::vector<std::string> help_lines() {
  return {" 1 2 3 4, Tab   Nodes, Processes, Applications, Connections",
          " n N            next, previous node",
          " Enter          Nodes: select it. Processes: all about one.",
          "                Applications: its supervision tree; there: all about a process",
          " Esc, Left      back",
          " Up Down PgUp PgDn Home End",
          " s              sort processes by memory, reductions in the last moment, mailbox",
          " r              the least first, and back",
          " k              kill the process (asks first)",
          " p              pause     Space  look now     + -  less, more often",
          " q, Ctrl-C      quit",
          "",
          " CPU % of one processor. MEMORY of a node: resident; of a process: control",
          " block, mailbox and resident stack, not what its own objects hold.",
          " MSGS/S: what comes into mailboxes; replies to calls do not. RUNQ: processes",
          " that wait for their turn. REDS: work done, in the last moment when per second.",
          " QUEUE: bytes of a link that wait to be sent; at 4 MiB senders are suspended.",
          " CURRENT FUNCTION: what a process waits for; idle: a server without work.",
          " * marks the order, and on 1 Nodes the node that the others show."};
}

void add_text(std::vector<Line>& lines, State& state, const std::vector<std::string>& text, const Size& size, std::size_t room) {
  state.first = std::min(state.first, text.size() - std::min(text.size(), room));
  for (std::size_t i = state.first; i < text.size() && i < state.first + room; ++i) lines.push_back({fitted(text[i], size.columns)});
}

}  // namespace

std::size_t page_of(const Size& size) noexcept { return size.rows - std::min(size.rows, kLinesAround); }

std::vector<Line> render(State& state, const Sample& sample, const Size& size) {
  std::vector<Line> lines;
  const std::size_t width = size.columns;
  lines.push_back({title_line(state, sample, width), Style::title});
  lines.push_back({summary_line(state, sample, width)});
  lines.push_back(notice_line(state, width));
  const std::size_t page = page_of(size);
  if (state.help) {
    add_text(lines, state, help_lines(), size, page + 1);
  } else if (state.detail) {
    add_text(lines, state, detail_lines(state, sample, width), size, page + 1);
  } else {
    const Table table = table_of(state, sample);
    lines.push_back({header_line(table, width), Style::header});
    if (table.rows.empty()) lines.push_back({fitted(fmt::format("  {}", table.nothing), width), Style::dim});
    for (std::size_t i = state.first; i < table.rows.size() && i < state.first + page; ++i) {
      const bool selected = i == state.cursor;
      lines.push_back({row_line(table, table.rows[i], width, selected), selected ? Style::selected : Style::plain});
    }
  }
  const std::size_t above_keys = size.rows - std::min<std::size_t>(size.rows, 1);
  lines.resize(std::min(lines.size(), above_keys));
  while (lines.size() < above_keys) lines.push_back({std::string(width, ' ')});
  if (size.rows > 0) lines.push_back({keys_line(state, width), Style::title});
  return lines;
}

}  // namespace pulpo::cli::top
