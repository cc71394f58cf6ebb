// SPDX-License-Identifier: Apache-2.0
//
// LocalMeasures: what one node's inside costs on this board, a handful of figures in some seconds.
//
// For where only the program is. The project's benchmarks (tests/bench) ask finer questions of the same paths.
//
//   Threads    measure_locally(): the program's first; it starts and ends runtimes of its own.
//   Bounds     A round lasts as long as was asked for, or 100 steps; processes as asked for, of one core.
//   Errors     What the kernel refused a runtime, or the processes that there was no room for.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "pulpo/result.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo::cli {

struct LocalSettings {
  RuntimeOptions runtime = {};
  unsigned rounds = 5;
  Duration round = 100ms;
  std::uint64_t processes = 100'000;  ///< For the bytes of an idle one.
};

struct LocalMeasure {
  std::string_view key;   ///< "round_trip"
  std::string_view name;  ///< For a person.
  std::string_view unit;  ///< "ns", "us" or "bytes".
  std::vector<double> rounds;
  [[nodiscard]] double least() const;
  [[nodiscard]] double median() const;
  [[nodiscard]] double most() const;
};

[[nodiscard]] Outcome<std::vector<LocalMeasure>> measure_locally(const LocalSettings& settings);

}  // namespace pulpo::cli
