// SPDX-License-Identifier: Apache-2.0
#include "histogram_text.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>

namespace pulpo::cli {
namespace {

constexpr double kNanoseconds = 1000;  // in a microsecond
constexpr double kLinesPerHalving = 5;

/// The per cent at which the line after `level` stands: every halving of the rest has as many lines as the one before. In per cent and
/// by these steps as HdrHistogram counts, so that rounding puts a line where it does there.
double next_level(double level) {
  const double halvings = std::floor(std::log2(100 / (100 - level))) + 1;
  return level + 100 / (kLinesPerHalving * std::exp2(halvings));
}

double deviation(const Histogram& histogram) {
  if (histogram.count() == 0) return 0;
  double squares = 0;
  histogram.for_each_bucket([&](std::uint64_t lowest, std::uint64_t highest, std::uint64_t count) {
    const double away = (static_cast<double>(lowest) + static_cast<double>(highest)) / 2 - histogram.mean();
    squares += away * away * static_cast<double>(count);
  });
  return std::sqrt(squares / static_cast<double>(histogram.count()));
}

}  // namespace

std::string histogram_text(const Histogram& histogram) {
  std::string text = fmt::format("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
  const auto total = static_cast<double>(histogram.count());
  std::uint64_t seen = 0;
  double level = 0;
  histogram.for_each_bucket([&](std::uint64_t, std::uint64_t highest, std::uint64_t count) {
    seen += count;
    const double value = static_cast<double>(highest) / kNanoseconds;
    for (; seen < histogram.count() && 100 * static_cast<double>(seen) / total >= level; level = next_level(level)) {
      text += fmt::format("{:12.3f} {:14.12f} {:10} {:14.2f}\n", value, level / 100, seen, 1 / (1 - level / 100));
    }
    if (seen == histogram.count()) text += fmt::format("{:12.3f} {:14.12f} {:10}\n", value, 1.0, seen);
  });
  text += fmt::format("#[Mean    = {:12.3f}, StdDeviation   = {:12.3f}]\n", histogram.mean() / kNanoseconds,
                      deviation(histogram) / kNanoseconds);
  text += fmt::format("#[Max     = {:12.3f}, Total count    = {:12}]\n", static_cast<double>(histogram.largest()) / kNanoseconds,
                      histogram.count());
  text += fmt::format("#[Buckets = {:12}, SubBuckets     = {:12}]\n", std::bit_width(Histogram::kValueMax) - Histogram::kPartBits,
                      std::uint64_t{2} << Histogram::kPartBits);
  return text;
}

}  // namespace pulpo::cli
