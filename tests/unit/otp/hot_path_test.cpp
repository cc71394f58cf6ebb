// SPDX-License-Identifier: Apache-2.0
//
// What a call may not cost. Allocations of this whole binary are counted; a test looks at the difference.
#include <atomic>
#include <cstdlib>
#include <new>

#include "ping_pong/ping_pong.hpp"
#include "unit/otp/support.hpp"

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

namespace pulpo::hot_path_test {
namespace {

class HotPathTest : public testing::OnEachLoop {};
PULPO_ON_EACH_LOOP(HotPathTest);

TEST_P(HotPathTest, ACallOfAMessageWithoutFieldsAllocatesNothing) {
  run([] {
    (void)start_link<ping_pong::Server>({.name = ping_pong::kServer}).value();
    for (int i = 0; i < 1'000; ++i) (void)call(ping_pong::kServer, ping_pong::Ping{});  // pools and tables fill
    const std::uint64_t before = allocations.load();
    for (int i = 0; i < 10'000; ++i) (void)call(ping_pong::kServer, ping_pong::Ping{});
    EXPECT_EQ(allocations.load() - before, 0u);
    EXPECT_EQ(call(ping_pong::kServer, ping_pong::Count{}), 11'000u);
  });
}

TEST_P(HotPathTest, AMessageThatNoClauseTakesIsPassedOverWithoutAllocating) {
  run([] {
    std::vector<Ref> monitors;
    for (int i = 0; i < 100; ++i) monitors.push_back(spawn_monitor([] {}).monitor);
    for (int i = 0; i < 100; ++i) cast(self(), i);
    yield();  // each of them has its turn, and ends
    const auto look = [](const Ref& ref) {
      return receive<bool>(on<Down>([&](auto& down) { return down.ref == ref; }, [] { return true; }),
                           on<ping_pong::Ping>([] { return false; }), after(0s, [] { return false; }));
    };
    const std::uint64_t before = allocations.load();
    EXPECT_FALSE(look(make_ref()));
    EXPECT_EQ(allocations.load() - before, 0u);
    EXPECT_TRUE(look(monitors.back()));
  });
}

}  // namespace
}  // namespace pulpo::hot_path_test
