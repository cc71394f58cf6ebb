// SPDX-License-Identifier: Apache-2.0
//
// TopState: what a person looks at in `pulpo top`, and what their keys make of it.
//
//   Threads    Any; values.
//   Bounds     kRowsMax rows are asked for, however far somebody scrolls.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "top_model.hpp"
#include "top_table.hpp"

namespace pulpo::cli::top {

enum class Screen : std::uint8_t { nodes, processes, applications, connections };
inline constexpr std::size_t kScreens = 4;

struct Key {
  enum class Kind : std::uint8_t { character, up, down, page_up, page_down, home, end, enter, escape, tab, back_tab, other };
  Kind kind = Kind::other;
  char character = 0;
  friend bool operator==(const Key&, const Key&) noexcept = default;
};
/// The keys in what a terminal sent at once. A lone escape is the key; Ctrl-C is q.
[[nodiscard]] std::vector<Key> read_keys(std::string_view bytes);

struct KillQuestion {
  Pid pid{};
  std::string name;
};

struct State {
  // --- What is shown -------------------------------------------------------------------------------------------------
  Screen screen = Screen::processes;
  std::string node;                 ///< The selected one.
  std::optional<std::string> tree;  ///< The application whose tree is open, on Screen::applications.
  std::optional<Pid> detail;        ///< The process that is shown instead of the screen.
  std::string detail_name;
  bool help = false;
  std::optional<KillQuestion> question;
  std::string notice;  ///< Until the next key.

  // --- How -----------------------------------------------------------------------------------------------------------
  Order order = Order::memory;
  bool reversed = false;
  bool paused = false;
  Duration interval = 2s;
  std::size_t cursor = 0;  ///< The row …
  std::string cursor_id;   ///< … and whose it is.
  std::size_t first = 0;   ///< Of the rows that are in view.
};

/// What is to be asked next, and of whom.
struct Wants {
  std::string node;
  Screen screen = Screen::processes;
  Order order = Order::memory;
  std::size_t rows = 0;
  std::optional<std::string> tree = {};
  std::optional<Pid> detail = {};
};
inline constexpr std::size_t kRowsMin = 60;
inline constexpr std::size_t kRowsMax = 1000;
inline constexpr Duration kIntervalMin = 500ms;
inline constexpr Duration kIntervalMax = 60s;
[[nodiscard]] Wants wants_of(const State& state, std::size_t page);

/// What the screen lists; nothing on the help and on a process.
[[nodiscard]] Table table_of(const State& state, const Sample& sample);

/// After each sample, and after each key: the cursor stays with its row, in a page of `page` rows; a selected node that was lost gives way
/// to the first that is there (OBS-1), and a notice says so.
void settle(State& state, const Sample& sample, std::size_t page);

struct Action {
  enum class Kind : std::uint8_t {
    none,
    quit,
    ask,  ///< What is shown was not asked for yet.
    kill,
  };
  Kind kind = Kind::none;
  Pid pid{};
};
/// What `key` does. settle() comes after.
[[nodiscard]] Action press(State& state, const Sample& sample, std::size_t page, const Key& key);

}  // namespace pulpo::cli::top
