// SPDX-License-Identifier: Apache-2.0
//
// RecordPool: a loop's own records of the operations under way, at addresses that never change.
//
// A record has a number besides, so that what comes back from the kernel can be looked up, and told from a
// record that was since given to another operation: number and generation make one ticket.
//
//   Bounds     As many as there were ever operations pending at once: two per handle and one per poll, so
//              the limit on descriptors bounds it. Memory is kept until the loop goes.
//   Threads    The loop's only.
//   Cost       take(), give(), find(): a few loads and stores; one allocation per 64 new records.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace pulpo::io {

/// Record has std::uint32_t `number` and `generation`, which the pool sets, and a default constructor.
template <class Record>
class RecordPool {
 public:
  [[nodiscard]] Record& take() {
    if (free_.empty()) grow();
    Record& record = *free_.back();
    free_.pop_back();
    return record;
  }
  /// Ends the record: tickets made for it so far find nothing any more.
  void give(Record& record) noexcept {
    ++record.generation;
    free_.push_back(&record);
  }

  [[nodiscard]] static std::uint64_t ticket(const Record& record) noexcept {
    return std::uint64_t{record.generation} << 32 | record.number;
  }
  /// The record a ticket was made for; null when that has ended.
  [[nodiscard]] Record* find(std::uint64_t ticket) noexcept {
    const auto number = static_cast<std::uint32_t>(ticket);
    if (number / kChunk >= chunks_.size()) return nullptr;
    Record& record = (*chunks_[number / kChunk])[number % kChunk];
    return record.generation == static_cast<std::uint32_t>(ticket >> 32) ? &record : nullptr;
  }

 private:
  static constexpr std::uint32_t kChunk = 64;

  void grow() {
    auto& chunk = *chunks_.emplace_back(std::make_unique<std::array<Record, kChunk>>());
    free_.reserve(chunks_.size() * kChunk);  // So that give() never allocates.
    auto number = static_cast<std::uint32_t>(chunks_.size() * kChunk);
    for (std::uint32_t at = kChunk; at-- > 0;) {
      chunk[at].number = --number;
      free_.push_back(&chunk[at]);
    }
  }

  std::vector<std::unique_ptr<std::array<Record, kChunk>>> chunks_;
  std::vector<Record*> free_;
};

}  // namespace pulpo::io
