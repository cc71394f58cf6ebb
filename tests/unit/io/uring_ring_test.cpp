// SPDX-License-Identifier: Apache-2.0
#include "io/uring_ring.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "io/loop.hpp"

namespace pulpo::io {
namespace {

/// The flags that the kernel shares with the owner of a ring, where somebody else may set one as the kernel does.
class SharedFlags {
 public:
  explicit SharedFlags(int ring) {
    io_uring other = {};
    io_uring_params params = {};
    if (io_uring_queue_init_params(1, &other, &params) != 0) return;
    io_uring_queue_exit(&other);
    memory_ = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
    if (memory_ != MAP_FAILED) flags_ = reinterpret_cast<unsigned*>(static_cast<char*>(memory_) + params.sq_off.flags);
  }
  ~SharedFlags() {
    if (memory_ != MAP_FAILED) ::munmap(memory_, kPage);
  }
  SharedFlags(const SharedFlags&) = delete;
  SharedFlags& operator=(const SharedFlags&) = delete;
  [[nodiscard]] bool are_here() const { return flags_ != nullptr; }
  void set(unsigned flag) { __atomic_fetch_or(flags_, flag, __ATOMIC_SEQ_CST); }

 private:
  static constexpr std::size_t kPage = 4096;
  void* memory_ = MAP_FAILED;
  unsigned* flags_ = nullptr;
};

TEST(UringRing, AFlagThatStaysAfterALookKeepsNobodyAwake) {
  // A core that believed it turned for ever: it neither slept nor sent others' empty blocks home.
  if (!probe_uring().available) GTEST_SKIP() << probe_uring().missing;
  const auto ring = UringRing::make({});
  ASSERT_TRUE(ring);
  SharedFlags flags((*ring)->descriptor());
  ASSERT_TRUE(flags.are_here());
  EXPECT_FALSE((*ring)->is_worth_entering());
  flags.set(IORING_SQ_TASKRUN);
  EXPECT_TRUE((*ring)->is_worth_entering());
  ASSERT_EQ((*ring)->enter(false, Duration::zero()), 0);
  EXPECT_FALSE((*ring)->is_worth_entering()) << "there was nothing";
  // What comes later is found by a sleep.
  io_uring_prep_nop(&(*ring)->prepare());
  ASSERT_EQ((*ring)->enter(true, UringRing::kForEver), 0);
  EXPECT_TRUE((*ring)->has_completions());
}

}  // namespace
}  // namespace pulpo::io
