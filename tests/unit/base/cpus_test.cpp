// SPDX-License-Identifier: Apache-2.0
#include "base/cpus.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

namespace pulpo {
namespace {

TEST(Cpus, AQuotaIsTimePerPeriod) {
  EXPECT_EQ(parse_cpu_max("200000 100000\n"), 2.0);
  EXPECT_EQ(parse_cpu_max("50000 100000"), 0.5);
}

TEST(Cpus, WhatIsNoQuotaIsNoLimit) {
  for (const char* const text : {"max 100000\n", "", "200000", "x y", "200000 0", "-1 100000", "200000 "}) {
    EXPECT_EQ(parse_cpu_max(text), std::nullopt) << text;
  }
}

TEST(Cpus, TheGroupIsFoundInBothVersionsOfTheFile) {
  constexpr std::string_view kBoth = "5:cpu,cpuacct:/system.slice/pulpo\n1:name=systemd:/x\n0::/user.slice\n";
  EXPECT_EQ(parse_cgroup_path(kBoth, ""), "/user.slice");
  EXPECT_EQ(parse_cgroup_path(kBoth, "cpu"), "/system.slice/pulpo");
  EXPECT_EQ(parse_cgroup_path(kBoth, "cpuacct"), "/system.slice/pulpo");
  EXPECT_EQ(parse_cgroup_path(kBoth, "memory"), std::nullopt);
  EXPECT_EQ(parse_cgroup_path("0::/\n", ""), "");
  EXPECT_EQ(parse_cgroup_path("nonsense\n::\n", "cpu"), std::nullopt);
}

TEST(Cpus, AFractionCountsAsOneAndAffinityLimitsTheQuota) {
  EXPECT_EQ((CpuCounts{.online = 8, .allowed = 8, .quota = 1.5}).usable(), 2u);
  EXPECT_EQ((CpuCounts{.online = 8, .allowed = 8, .quota = 0.1}).usable(), 1u);
  EXPECT_EQ((CpuCounts{.online = 8, .allowed = 2, .quota = 4.0}).usable(), 2u);
  EXPECT_EQ((CpuCounts{.online = 8, .allowed = 3, .quota = {}}).usable(), 3u);
  EXPECT_EQ((CpuCounts{.online = 8, .allowed = 0, .quota = {}}).usable(), 1u);
}

TEST(Cpus, AThreadThatIsPinnedToOneMayUseOne) {
  std::thread([] {
    cpu_set_t set;
    ASSERT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
    int first = 0;
    while (!CPU_ISSET(first, &set)) ++first;
    CPU_ZERO(&set);
    CPU_SET(first, &set);
    ASSERT_EQ(sched_setaffinity(0, sizeof set, &set), 0);
    EXPECT_EQ(count_cpus().allowed, 1u);
    EXPECT_EQ(count_cpus().usable(), 1u);
  }).join();
}

}  // namespace
}  // namespace pulpo
