// SPDX-License-Identifier: Apache-2.0
//
// Histogram: how often each latency occurred, exact to three significant digits, in fixed memory.
//
// Log-linear: values below 2,048 have a bucket each, every octave above is cut into 1,024. A bucket is
// never wider than 1/1,024 of what it holds. Values are nanoseconds, or whatever the caller counts.
//
//   Bounds     kValueMax (2^40 ns: 18 minutes); what is larger is counted as kValueMax. 250 KiB.
//   Threads    One at a time. Each core fills its own; merge() adds them up afterwards.
//   Cost       record(): a shift, an increment; no branch but the one for small values.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace pulpo {

class Histogram {
 public:
  static constexpr unsigned kPartBits = 10;  ///< 1,024 parts an octave: an error below 0.1 %.
  static constexpr std::uint64_t kValueMax = (std::uint64_t{1} << 40) - 1;

  Histogram() : counts_(index_of(kValueMax) + 1) {}

  void record(std::uint64_t value) noexcept {
    if (value > kValueMax) value = kValueMax;
    ++counts_[index_of(value)];
    ++count_;
    sum_ += value;
    if (value > largest_) largest_ = value;
  }
  void merge(const Histogram& other) noexcept {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    sum_ += other.sum_;
    if (other.largest_ > largest_) largest_ = other.largest_;
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint64_t largest() const noexcept { return largest_; }  ///< Exact; 0 when empty.
  [[nodiscard]] double mean() const noexcept { return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_); }

  /// The smallest recorded value (as exact as a bucket) that at least `share` (0 to 1) of all values do not exceed. 0 when empty.
  [[nodiscard]] std::uint64_t percentile(double share) const noexcept {
    if (count_ == 0) return 0;
    const double wanted_exactly = share * static_cast<double>(count_);
    auto wanted = static_cast<std::uint64_t>(wanted_exactly);
    if (static_cast<double>(wanted) < wanted_exactly || wanted == 0) ++wanted;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen >= wanted) return highest_of(i) < largest_ ? highest_of(i) : largest_;
    }
    return largest_;
  }

  /// `visit(lowest, highest, count)` for each bucket that is not empty, from the smallest values up; none reaches above largest().
  template <class Visit>
  void for_each_bucket(const Visit& visit) const {
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] == 0) continue;
      visit(i == 0 ? 0 : highest_of(i - 1) + 1, highest_of(i) < largest_ ? highest_of(i) : largest_, counts_[i]);
    }
  }

  [[nodiscard]] static constexpr std::size_t index_of(std::uint64_t value) noexcept {
    const unsigned width = static_cast<unsigned>(std::bit_width(value));
    if (width <= kPartBits + 1) return static_cast<std::size_t>(value);
    const unsigned shift = width - (kPartBits + 1);
    return (static_cast<std::size_t>(shift) << kPartBits) + static_cast<std::size_t>(value >> shift);
  }
  /// The largest value that falls into this bucket.
  [[nodiscard]] static constexpr std::uint64_t highest_of(std::size_t index) noexcept {
    if (index < (std::size_t{2} << kPartBits)) return index;
    const std::size_t shift = (index >> kPartBits) - 1;
    const std::uint64_t part = index - (shift << kPartBits);
    return ((part + 1) << shift) - 1;
  }

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t largest_ = 0;
};

}  // namespace pulpo
