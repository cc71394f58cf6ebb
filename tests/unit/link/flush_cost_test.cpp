// SPDX-License-Identifier: Apache-2.0
//
// What a flush may not cost. Allocations of this whole binary are counted; a test looks at the difference.
#include <atomic>
#include <cstdlib>
#include <new>

#include "connection_fixture.hpp"

namespace {
std::atomic<std::uint64_t> allocations{0};
}  // namespace

// Not inlined: gcc 12 takes the malloc of one and the free of the other for a mismatch when it sees both.
[[gnu::noinline]] void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace pulpo::links {
namespace {

class FlushCostTest : public ConnectionTest {};

TEST_P(FlushCostTest, WhatAThousandCallersGatherIsSentAndReadWithoutAnAllocation) {
  ASSERT_TRUE(connect());
  accepting_.keep_records = dialling_.keep_records = false;
  const std::string frames(60'000, 'f');
  std::size_t flushed = 0;
  const auto flush_both = [&] {
    for (auto* const end : {&dialling_, &accepting_}) {
      end->gather(frames);
      end->connection->flush();
    }
    flushed += frames.size();
    return until([&] { return accepting_.record_bytes >= flushed && dialling_.record_bytes >= flushed; }) &&
           until([&] { return !accepting_.connection->is_sending() && !dialling_.connection->is_sending(); });
  };
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(flush_both());  // buffers grow
  const auto before = allocations.load();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(flush_both());
  EXPECT_EQ(allocations.load() - before, 0u);
}

INSTANTIATE_TEST_SUITE_P(PlainOnLoops, FlushCostTest, testing::ValuesIn(ways(kPlainRecords)), way_name);
INSTANTIATE_TEST_SUITE_P(SealedOnLoops, FlushCostTest, testing::ValuesIn(ways(kSealedRecords)), way_name);

}  // namespace
}  // namespace pulpo::links
