// SPDX-License-Identifier: Apache-2.0
//
// Until when an application may serve.
#include "otp/lease.hpp"

#include <gtest/gtest.h>

namespace pulpo::lease_test {
namespace {

using Right = Lease::Right;

TEST(LeaseTest, OneThatWasNeverOpenGivesNoRight) {
  const Lease lease;
  for (const Duration present : {0ns, 1ns, Duration(24h)}) {
    EXPECT_EQ(lease.right(present), Right::none);
    EXPECT_LE(lease.left(present), 0ns);
  }
  EXPECT_EQ(lease.epoch(), 0u);
}

TEST(LeaseTest, ItLastsUntilItsTimeAndNotAtIt) {
  Lease lease;
  lease.open(3, 10s);
  EXPECT_EQ(lease.right(8s), Right::to_all);
  EXPECT_EQ(lease.left(8s), 2s);
  EXPECT_EQ(lease.right(10s - 1ns), Right::to_all);
  EXPECT_EQ(lease.left(10s - 1ns), 1ns);
  EXPECT_EQ(lease.right(10s), Right::none);
  EXPECT_EQ(lease.left(10s), 0ns);
  EXPECT_EQ(lease.right(1h), Right::none) << "by the clock alone: nobody has closed it";
  EXPECT_LT(lease.left(1h), 0ns);
  EXPECT_EQ(lease.epoch(), 3u);
}

TEST(LeaseTest, ItIsOpenedForLongerAndAsALaterInstance) {
  Lease lease;
  lease.open(3, 10s);
  lease.open(3, 12s);
  EXPECT_EQ(lease.right(11s), Right::to_all);
  EXPECT_EQ(lease.epoch(), 3u);
  lease.open(7, 20s);
  EXPECT_EQ(lease.left(12s), 8s);
  EXPECT_EQ(lease.epoch(), 7u);
}

TEST(LeaseTest, OnceClosedItServesNobodyAndIsStillKnownByItsEpoch) {
  Lease lease;
  lease.open(3, 10s);
  lease.close();
  EXPECT_EQ(lease.right(8s), Right::none);
  EXPECT_EQ(lease.left(8s), 0ns);
  EXPECT_EQ(lease.epoch(), 3u) << "of the last open()";
  lease.open(4, 10s);
  EXPECT_EQ(lease.right(8s), Right::to_all);
}

TEST(LeaseTest, WhoStartsBesideAnotherServesItselfAlone) {
  Lease lease;
  lease.open(3, 10s);
  lease.close();
  lease.begin();
  for (const Duration present : {0ns, Duration(8s), Duration(24h)}) {
    EXPECT_EQ(lease.right(present), Right::to_itself) << "for as long as it takes";
    EXPECT_EQ(lease.left(present), 0ns);
  }
  EXPECT_EQ(lease.epoch(), 0u) << "it is no instance yet that anybody may see";
  lease.open(4, 10s);
  EXPECT_EQ(lease.right(8s), Right::to_all);
  EXPECT_EQ(lease.epoch(), 4u);
}

TEST(LeaseTest, WhoStartsBesideAnotherAndIsNotLetServesNobody) {
  Lease lease;
  lease.begin();
  lease.close();
  EXPECT_EQ(lease.right(8s), Right::none);
}

TEST(LeaseTest, WhatWasHandedOnServesItsOwnProcessesUntilItEnds) {
  Lease lease;
  lease.open(3, 10s);
  lease.hand_on();
  for (const Duration present : {0ns, Duration(8s), Duration(24h)}) EXPECT_EQ(lease.right(present), Right::ending);
  EXPECT_EQ(lease.left(8s), 0ns) << "it is another's";
  EXPECT_EQ(lease.epoch(), 3u);
  lease.close();
  EXPECT_EQ(lease.right(8s), Right::none);
}

}  // namespace
}  // namespace pulpo::lease_test
