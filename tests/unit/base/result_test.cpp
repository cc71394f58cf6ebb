// SPDX-License-Identifier: Apache-2.0
#include "pulpo/result.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

namespace pulpo {
namespace {

Outcome<int> half(int number) {
  if (number % 2 != 0) return Fault{.code = Errc::bad_argument, .where = "half", .detail = "odd"};
  return number / 2;
}

Outcome<int> quarter(int number) {
  PULPO_TRY(const int once, half(number));
  PULPO_TRY(const int twice, half(once));
  return twice;
}

TEST(Result, TryHandsOnTheValueOrTheFirstError) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().code, Errc::bad_argument);
}

TEST(Result, HoldsWhatCanOnlyBeMoved) {
  Outcome<std::unique_ptr<int>> result = std::make_unique<int>(5);
  const std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 5);
}

TEST(Result, AFaultSaysWhereWhatAndWhatTheKernelSaid) {
  const Fault fault{.code = Errc::io, .sys = EADDRINUSE, .where = "listen", .detail = "port 4369"};
  EXPECT_EQ(fault.text(), "listen: port 4369: Address already in use");
  EXPECT_EQ((Fault{.code = Errc::timeout, .where = "connect"}.text()), "connect: timeout");
}

TEST(ResultDeathTest, TheValueOfAnErrorStopsTheNode) { EXPECT_DEATH((void)half(3).value(), "assertion failed: has_value"); }

}  // namespace
}  // namespace pulpo
