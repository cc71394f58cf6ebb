// SPDX-License-Identifier: Apache-2.0
//
// A histogram as text, in the form that HdrHistogram writes and its plotters read.
//
// Five lines for each halving of what is left above: 0, 10, 20 … 50, 55 … 75, 77.5 … and so on to the largest value.
//
//   Threads    Any; no state.
#pragma once

#include <string>

#include "base/histogram.hpp"

namespace pulpo::cli {

/// Nanoseconds in, microseconds out.
[[nodiscard]] std::string histogram_text(const Histogram& histogram);

}  // namespace pulpo::cli
