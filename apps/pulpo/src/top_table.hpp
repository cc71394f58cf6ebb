// SPDX-License-Identifier: Apache-2.0
//
// TopTable: the tables of `pulpo top` and how they are laid out in a line: which columns there is room for, and who gets what is left.
//
//   Threads    Any; values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text_cells.hpp"
#include "top_model.hpp"

namespace pulpo::cli::top {

struct Column {
  std::string_view title;
  unsigned width;  ///< Of one that stretches: its least.
  Align align = Align::left;
  unsigned stretch = 0;     ///< Its share of the room that is left.
  unsigned from_width = 0;  ///< Shown where a line has so many cells.
};

struct Row {
  std::string id = {};  ///< What a selection holds on to while rows come, go and move.
  Pid pid{};            ///< Whom k kills and Enter shows; nobody: neither.
  std::vector<std::string> cells = {};
};

struct Table {
  std::vector<Column> columns;
  std::vector<Row> rows;
  std::string_view nothing;  ///< Instead of rows.
};

/// The titles, and a row, in lines of exactly `width` cells.
[[nodiscard]] std::string header_line(const Table& table, std::size_t width);
[[nodiscard]] std::string row_line(const Table& table, const Row& row, std::size_t width, bool selected);

[[nodiscard]] Table nodes_table(const Sample& sample, std::string_view selected);
/// `reversed`: the least first.
[[nodiscard]] Table processes_table(const Sample& sample, bool reversed);
[[nodiscard]] Table applications_table_of(const Sample& sample);
[[nodiscard]] Table tree_table(const Sample& sample, std::string_view application);
[[nodiscard]] Table connections_table(const Sample& sample);

}  // namespace pulpo::cli::top
