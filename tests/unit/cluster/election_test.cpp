// SPDX-License-Identifier: Apache-2.0
//
// Where an application is to run, by what is known.
#include "cluster/election.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace pulpo::cluster {
namespace {

/// distro on one, or on two or three, which are equal.
class Election : public ::testing::Test {
 protected:
  struct Given {
    bool wanted = true, permitted = true, expected = false;
    std::uint64_t weight = 0, failed = 0;
  };
  void add(const char* name, std::size_t rank, const Given& given) {
    ApplicationStatus& status = statuses_.emplace_back();
    status.name = "distro"_atom;
    status.wanted = given.wanted;
    status.permitted = given.permitted;
    status.expected = given.expected;
    status.failed = given.failed;
    candidates_.push_back({.node = Atom(name), .rank = rank, .weight = given.weight, .status = &status});
  }
  [[nodiscard]] std::string chosen(std::uint64_t epoch = 1) const {
    const Choice choice = elect(candidates_, epoch);
    return (choice.node ? std::string(choice.node->text()) : "nobody") + (choice.is_open ? ", open" : "");
  }
  std::deque<ApplicationStatus> statuses_;
  std::vector<Candidate> candidates_;
};

TEST_F(Election, NobodyIsChosenOfNobody) { EXPECT_EQ(chosen(), "nobody"); }

TEST_F(Election, ThePriorityComesFirst) {  // AC-21
  add("two", 1, {});
  add("one", 0, {.weight = 7});
  EXPECT_EQ(chosen(), "one");
}

TEST_F(Election, EqualsAreWeighedAndTheSmallerNameBreaksTheTie) {  // AC-22
  add("two", 1, {.weight = 2});
  add("three", 1, {.weight = 2});
  EXPECT_EQ(chosen(), "three");
  candidates_[0].weight = 1;
  EXPECT_EQ(chosen(), "two");
}

TEST_F(Election, WhoMayNotOrWasNotAskedIsNoCandidate) {  // AC-8, AC-24
  add("one", 0, {.permitted = false});
  add("two", 1, {.wanted = false});
  add("three", 1, {});
  EXPECT_EQ(chosen(), "three");
}

TEST_F(Election, ABetterNodeThatBootsIsWaitedFor) {  // AC-23
  add("three", 1, {});
  EXPECT_EQ(chosen(), "three");
  add("two", 1, {.wanted = false, .expected = true});
  EXPECT_EQ(chosen(), "three, open");
  candidates_.pop_back();
  candidates_.push_back({.node = "one"_atom, .rank = 0, .is_known = false});
  EXPECT_EQ(chosen(), "three, open");
  candidates_.back() = {.node = "four"_atom, .rank = 2, .is_known = false};
  EXPECT_EQ(chosen(), "three") << "a worse one is not";
}

TEST_F(Election, WhoHasJustFailedComesLastAndOfThoseTheFirstToFail) {  // WK-2
  add("one", 0, {.failed = 5});
  add("two", 1, {});
  EXPECT_EQ(chosen(5), "two");
  statuses_[1].failed = 6;
  EXPECT_EQ(chosen(6), "one") << "its failure is not the latest any more";
  EXPECT_EQ(chosen(5), "one") << "all have failed: who did so first has its turn";
}

}  // namespace
}  // namespace pulpo::cluster
