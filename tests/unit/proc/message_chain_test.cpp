// SPDX-License-Identifier: Apache-2.0
#include "proc/message_chain.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "proc/message_pool.hpp"

namespace pulpo {
namespace {

TEST(MessageChain, GivesOutInTheOrderOfTakingIn) {
  MessageChain chain;
  EXPECT_TRUE(chain.empty());
  EXPECT_EQ(chain.pop_front(), nullptr);
  Message messages[3];
  for (Message& message : messages) chain.push_back(&message);
  EXPECT_EQ(chain.size(), 3u);
  for (Message& message : messages) EXPECT_EQ(chain.pop_front(), &message);
  EXPECT_TRUE(chain.empty());
  chain.push_back(&messages[1]);
  EXPECT_EQ(chain.pop_front(), &messages[1]);
  chain.push_back(&messages[2]);
  chain.push_back(&messages[0]);
  EXPECT_EQ(chain.take_all(), &messages[2]);
  EXPECT_EQ(messages[2].next, &messages[0]);
  EXPECT_TRUE(chain.empty());
  EXPECT_EQ(chain.size(), 0u);
}

class ComesHome : public ::testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Blocks, ComesHome, ::testing::Values(1u, 2u, 257u));

TEST_P(ComesHome, AsOneMessageAndIsUsedAgain) {
  MessagePool pool(0);
  const std::size_t before = pool.in_use();
  MessageChain chain;
  std::vector<Message*> taken;
  for (unsigned i = 0; i < GetParam(); ++i) {
    taken.push_back(pool.take(Signal::message));
    chain.push_back(taken.back());
  }
  EXPECT_EQ(pool.in_use(), before + GetParam());
  Message* const one = chain.take_as_recycle();
  EXPECT_TRUE(chain.empty());
  EXPECT_EQ(one->kind, Signal::recycle);
  pool.give_all(one);
  EXPECT_EQ(pool.in_use(), before);
  for (unsigned i = 0; i < GetParam(); ++i) {
    const Message* const again = pool.take(Signal::message);
    EXPECT_EQ(again->kind, Signal::message);
    EXPECT_NE(std::find(taken.begin(), taken.end(), again), taken.end()) << "no new memory for what is at home";
  }
}

}  // namespace
}  // namespace pulpo
