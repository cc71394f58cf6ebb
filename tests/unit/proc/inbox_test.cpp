// SPDX-License-Identifier: Apache-2.0
#include "proc/inbox.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace pulpo {
namespace {

void push_one(Inbox& inbox, Message& message) { (void)inbox.push(&message, true); }

TEST(Inbox, ChainsOfOneProducerComeInOrder) {
  Inbox inbox;
  Message messages[5];
  messages[0].next = &messages[1];
  (void)inbox.push(&messages[0], true);
  push_one(inbox, messages[2]);
  messages[3].next = &messages[4];
  (void)inbox.push(&messages[3], true);
  for (auto& message : messages) EXPECT_EQ(inbox.pop(), &message);
  EXPECT_EQ(inbox.pop(), nullptr);
  EXPECT_TRUE(inbox.empty());
}

TEST(Inbox, TheFirstPushThatFindsItsOwnerAsleepRingsTheBellAndNoOther) {
  Inbox inbox;
  Message one, two, three;
  EXPECT_FALSE(inbox.push(&one, true)) << "the owner is awake";
  EXPECT_EQ(inbox.pop(), &one);
  ASSERT_TRUE(inbox.prepare_to_sleep());
  EXPECT_TRUE(inbox.push(&two, true));
  EXPECT_FALSE(inbox.push(&three, true));
}

TEST(Inbox, AnOwnerWithSomethingToDoDoesNotSleep) {
  Inbox inbox;
  Message one;
  push_one(inbox, one);
  EXPECT_FALSE(inbox.prepare_to_sleep());
}

TEST(Inbox, AnOwnerThatWakesByItselfIsNotRungFor) {
  Inbox inbox;
  Message one;
  ASSERT_TRUE(inbox.prepare_to_sleep());
  inbox.awake();
  EXPECT_FALSE(inbox.push(&one, true));
  EXPECT_EQ(inbox.pop(), &one);
}

TEST(Inbox, WhatComesMeanwhileIsBehindWhatWasTaken) {
  Inbox inbox;
  Message messages[4];
  messages[0].next = &messages[1];
  (void)inbox.push(&messages[0], true);
  push_one(inbox, messages[2]);
  EXPECT_EQ(inbox.pop(), &messages[0]);
  push_one(inbox, messages[3]);
  EXPECT_FALSE(inbox.prepare_to_sleep());
  for (int i = 1; i < 4; ++i) EXPECT_EQ(inbox.pop(), &messages[i]);
  EXPECT_EQ(inbox.pop(), nullptr);
  EXPECT_TRUE(inbox.empty());
}

TEST(Inbox, EmptyBlocksOnTheirWayHomeWakeNobody) {
  Inbox inbox;
  Message block, signal;
  ASSERT_TRUE(inbox.prepare_to_sleep());
  EXPECT_FALSE(inbox.push(&block, false));
  EXPECT_TRUE(inbox.push(&signal, true)) << "the bell is still there for what matters";
}

TEST(Inbox, NothingIsLostBetweenManyProducers) {
  constexpr int kProducers = 4;
  constexpr int kEach = 20'000;
  Inbox inbox;
  std::vector<std::unique_ptr<Message[]>> messages;
  for (int p = 0; p < kProducers; ++p) messages.push_back(std::make_unique<Message[]>(kEach));
  std::vector<std::thread> producers;
  for (int p = 0; p < kProducers; ++p) {
    producers.emplace_back([&, p] {
      for (int i = 0; i < kEach; ++i) {
        messages[p][i].from.serial = static_cast<std::uint32_t>(i);
        messages[p][i].owner = static_cast<std::uint8_t>(p);
        push_one(inbox, messages[p][i]);
      }
    });
  }
  std::vector<std::uint32_t> next(kProducers, 0);
  for (int taken = 0; taken < kProducers * kEach;) {
    const Message* const message = inbox.pop();
    if (message == nullptr) continue;
    ASSERT_EQ(message->from.serial, next[message->owner]++) << "out of order";
    ++taken;
  }
  for (auto& producer : producers) producer.join();
  EXPECT_TRUE(inbox.empty());
}

}  // namespace
}  // namespace pulpo
