// SPDX-License-Identifier: Apache-2.0
#include "link/handshake.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "link_fixture.hpp"
#include "wire/messages.hpp"

namespace pulpo::links {
namespace {

using Step = Handshake::Step;

/// Two nodes and the messages between them; `meddle` sees, and may change, every message.
struct Pair {
  SeededRandom random{2026};
  FixedCookies a_cookies{"secret_token"}, b_cookies{"secret_token"};
  Identity a_self = identity("a@altair", 17), b_self = identity("b@altair", 23);
  std::string target = "b@altair";
  std::optional<Handshake> a, b;
  Step a_step = Step::more, b_step = Step::more;
  bool b_confirmed = false;
  std::string chosen;  ///< Whom a, who dialled nobody by name, was told to have reached.
  bool goes_on = true;
  std::function<void(int number, std::string& bytes)> meddle = [](int, std::string&) {};

  void begin() {
    a.emplace(Role::dial, a_self, target, a_cookies, random);
    b.emplace(Role::accept, b_self, "", b_cookies, random);
    a_step = a->start();
    b_step = b->start();
  }

  void feed(std::optional<Handshake>& to, Step& step, std::string bytes) {
    ByteView input(bytes);
    step = to->receive(input);
    if (step == Step::admit) {
      b_confirmed = true;
      step = to->accept();
    } else if (step == Step::choose) {
      chosen = to->claimed_name();
      step = goes_on ? to->go_on() : to->refuse(Cause::already_connected, "known already");
    }
  }

  void run() {
    begin();
    int number = 0;
    for (int turn = 0; turn < 6; ++turn) {
      auto from_a = a->take_output();
      if (!from_a.empty()) {
        meddle(number++, from_a);
        feed(b, b_step, from_a);
      }
      auto from_b = b->take_output();
      if (!from_b.empty()) {
        meddle(number++, from_b);
        feed(a, a_step, from_b);
      }
    }
  }
};

TEST(Handshake, WithTheSameCookieBothKnowEachOtherAndShareKeys) {
  Pair pair;
  pair.a_self.hidden = true;
  pair.a_self.tick_time = 60s;
  pair.run();
  ASSERT_EQ(pair.a_step, Step::established);
  ASSERT_EQ(pair.b_step, Step::established);
  EXPECT_EQ(pair.a->peer().name, "b@altair");
  EXPECT_EQ(pair.a->peer().creation, 23u);
  EXPECT_FALSE(pair.a->peer().hidden);
  EXPECT_EQ(pair.b->peer().name, "a@altair");
  EXPECT_EQ(pair.b->peer().creation, 17u);
  EXPECT_TRUE(pair.b->peer().hidden);
  EXPECT_EQ(pair.a->peer().tick_time, 60s) << "the larger of the two";
  EXPECT_EQ(pair.b->peer().tick_time, 60s);
  EXPECT_EQ(pair.a->send_key(), pair.b->receive_key());
  EXPECT_EQ(pair.a->receive_key(), pair.b->send_key());
  EXPECT_NE(pair.a->send_key(), pair.a->receive_key());
}

TEST(Handshake, CookiesForSinglePeersMustAgreeForEachOtherOnly) {  // NODE-15, NODE-16
  Pair pair;
  pair.a_cookies = FixedCookies("ca");
  pair.b_cookies = FixedCookies("cb");
  pair.a_cookies.others["b@altair"] = "cb";
  pair.run();
  EXPECT_EQ(pair.a_step, Step::established);
  EXPECT_EQ(pair.b_step, Step::established);
}

TEST(Handshake, AWrongCookieIsRefusedUnconfirmedWithTheSeedsLine) {  // NODE-17
  LogEar ear;
  Pair pair;
  pair.a_self.name = "c@altair";
  pair.a_cookies = FixedCookies("another");
  pair.run();
  EXPECT_EQ(pair.a_step, Step::failed);
  EXPECT_EQ(pair.b_step, Step::failed);
  EXPECT_FALSE(pair.b_confirmed);
  EXPECT_EQ(pair.a->ending().cause, Cause::cookie_refused);
  EXPECT_EQ(pair.b->ending().cause, Cause::cookie_refused);
  EXPECT_TRUE(pair.b->proof_refused());
  ASSERT_EQ(ear.lines.size(), 1u) << "the initiator logs nothing";
  EXPECT_EQ(ear.lines[0].level, log::Level::error);
  EXPECT_EQ(ear.lines[0].text, "** Connection attempt from node :c@altair rejected. Invalid challenge reply. **");
}

TEST(Handshake, AChangedBitAnywhereEndsIt) {
  // Goal:   nothing that an attacker changes on the wire goes unnoticed, least of all versions, names and flags.
  // Method: every bit of every message is flipped in a handshake of its own; afterwards both sides must not be
  //         established, but for flips in the last message, which only its receiver can notice.
  LogEar ear;
  std::vector<std::string> messages;
  {
    Pair pair;
    pair.meddle = [&](int, std::string& bytes) { messages.push_back(bytes); };
    pair.run();
    ASSERT_EQ(pair.a_step, Step::established);
  }
  ASSERT_EQ(messages.size(), 4u);
  for (int number = 0; number < 4; ++number) {
    for (std::size_t bit = 0; bit < messages[static_cast<std::size_t>(number)].size() * 8; bit += number == 3 ? 1 : 3) {
      Pair pair;
      pair.meddle = [&](int at, std::string& bytes) {
        if (at == number) bytes[bit / 8] ^= static_cast<char>(1u << (bit % 8));
      };
      pair.run();
      ASSERT_NE(pair.a_step, Step::established) << "message " << number << ", bit " << bit;
      ASSERT_TRUE(number == 3 || pair.b_step != Step::established) << "message " << number << ", bit " << bit;
    }
  }
}

TEST(Handshake, AMessageCutAtAnyByteLeavesBothWaiting) {
  LogEar ear;
  for (int number = 0; number < 4; ++number) {
    for (std::size_t cut = 0; cut < 60; cut += 7) {
      Pair pair;
      bool was_cut = false;
      pair.meddle = [&](int at, std::string& bytes) {
        if (at != number || cut >= bytes.size()) return;
        bytes.resize(cut);
        was_cut = true;
      };
      pair.run();
      ASSERT_TRUE(was_cut || cut > 30);
      ASSERT_TRUE(!was_cut || pair.a_step == Step::more) << number << " " << cut;
    }
  }
}

TEST(Handshake, ByteByByteItIsTheSame) {
  Pair pair;
  pair.begin();
  const auto drip = [&](Handshake& from, Handshake& to, Step& step) {
    std::string kept;
    for (const char byte : from.take_output()) {
      kept.push_back(byte);
      ByteView input(kept);
      step = to.receive(input);
      kept.erase(0, kept.size() - input.size());
    }
    EXPECT_TRUE(kept.empty());
  };
  drip(*pair.a, *pair.b, pair.b_step);
  drip(*pair.b, *pair.a, pair.a_step);
  drip(*pair.a, *pair.b, pair.b_step);
  ASSERT_EQ(pair.b_step, Step::admit);
  pair.b_step = pair.b->accept();
  drip(*pair.b, *pair.a, pair.a_step);
  EXPECT_EQ(pair.a_step, Step::established);
}

TEST(Handshake, WhatFollowsInTheStreamIsLeftForTheRecords) {
  Pair pair;
  pair.begin();
  std::string rest;
  pair.meddle = [](int, std::string&) {};
  auto hello = pair.a->take_output();
  pair.feed(pair.b, pair.b_step, hello);
  pair.feed(pair.a, pair.a_step, pair.b->take_output());
  pair.feed(pair.b, pair.b_step, pair.a->take_output());
  const auto last = pair.b->take_output() + "a record";
  ByteView input(last);
  EXPECT_EQ(pair.a->receive(input), Step::established);
  EXPECT_EQ(input, "a record");
}

TEST(Handshake, ARecordedInitiatorIsRefusedWhenReplayed) {
  LogEar ear;
  std::vector<std::string> recorded;
  Pair first;
  first.meddle = [&](int number, std::string& bytes) {
    if (number % 2 == 0) recorded.push_back(bytes);
  };
  first.run();
  ASSERT_EQ(first.b_step, Step::established);
  // The very same bytes against b, whose nonce and share are others now.
  Handshake b(Role::accept, first.b_self, "", first.b_cookies, first.random);
  b.start();
  for (const auto& bytes : recorded) {
    ByteView input(bytes);
    EXPECT_NE(b.receive(input), Step::admit);
  }
  EXPECT_TRUE(b.proof_refused());
}

TEST(Handshake, ARecordedResponderIsFoundOutWhenReplayed) {
  LogEar ear;
  std::vector<std::string> recorded;
  Pair first;
  first.meddle = [&](int number, std::string& bytes) {
    if (number % 2 == 1) recorded.push_back(bytes);
  };
  first.run();
  Handshake a(Role::dial, first.a_self, "b@altair", first.a_cookies, first.random);
  a.start();
  Step step = Step::more;
  for (const auto& bytes : recorded) {
    ByteView input(bytes);
    step = a.receive(input);
  }
  EXPECT_EQ(step, Step::failed);
  EXPECT_EQ(a.ending().cause, Cause::cookie_refused);
  EXPECT_TRUE(ear.heard("** Connection attempt to node :b@altair cancelled. Invalid challenge ack. **"));
}

TEST(Handshake, OwnMessagesSentBackAreNoAnswer) {
  Pair pair;
  pair.begin();
  const auto hello = pair.a->take_output();
  ByteView input(hello);
  EXPECT_EQ(pair.a->receive(input), Step::failed);
  EXPECT_EQ(pair.a->ending().cause, Cause::malformed);
}

TEST(Handshake, ANodeCannotBeMadeToAuthenticateAgainstItself) {
  LogEar ear;
  // a dials b; the attacker hands the messages to a's own acceptor, once as they are and once with the target changed.
  for (const bool change : {false, true}) {
    Pair pair;
    pair.b_self = pair.a_self;
    if (change) {
      pair.meddle = [](int number, std::string& bytes) {
        const auto at = bytes.find("b@altair");
        if (number == 0 && at != std::string::npos) bytes[at] = 'a';
      };
    }
    pair.run();
    EXPECT_EQ(pair.a_step, Step::failed);
    EXPECT_EQ(pair.b_step, Step::failed);
    EXPECT_EQ(pair.a->ending().cause, change ? Cause::not_allowed : Cause::wrong_name);
  }
}

TEST(Handshake, AnotherVersionIsRefusedInWords) {
  Pair pair;
  pair.begin();
  auto hello = wire::read_hello(std::string_view(pair.a->take_output()).substr(2)).value();
  hello.version = 2;
  std::string bytes;
  wire::append_part(bytes, wire::StreamField::hello, wire::write_hello(hello));
  pair.feed(pair.b, pair.b_step, bytes);
  EXPECT_EQ(pair.b_step, Step::failed);
  EXPECT_EQ(pair.b->ending().cause, Cause::version);
  pair.feed(pair.a, pair.a_step, pair.b->take_output());
  EXPECT_EQ(pair.a->ending().cause, Cause::version);
  EXPECT_NE(pair.a->ending().fault.detail.find("version 1"), std::string::npos) << pair.a->ending().fault.detail;
}

TEST(Handshake, TheWrongNodeAtAnAddressSaysWhoItIs) {
  Pair pair;
  pair.target = "z@altair";
  pair.run();
  EXPECT_EQ(pair.a->ending().cause, Cause::wrong_name);
  EXPECT_NE(pair.a->ending().fault.detail.find("this is b@altair, not z@altair"), std::string::npos) << pair.a->ending().fault.detail;
}

TEST(Handshake, WhoDialsAnAddressLearnsTheNameAndProvesItself) {
  Pair pair;
  pair.target = "";
  pair.run();
  EXPECT_EQ(pair.chosen, "b@altair");
  ASSERT_EQ(pair.a_step, Step::established);
  ASSERT_EQ(pair.b_step, Step::established);
  EXPECT_EQ(pair.a->peer().name, "b@altair");
  EXPECT_EQ(pair.b->peer().name, "a@altair");
  EXPECT_EQ(pair.a->send_key(), pair.b->receive_key());
}

TEST(Handshake, WhoDialsAnAddressMayLeaveOnceItHearsTheName) {
  Pair pair;
  pair.target = "";
  pair.goes_on = false;
  pair.run();
  EXPECT_EQ(pair.chosen, "b@altair");
  EXPECT_EQ(pair.a->ending().cause, Cause::already_connected);
  EXPECT_EQ(pair.b->ending().cause, Cause::already_connected);
  EXPECT_FALSE(pair.b_confirmed);
}

TEST(Handshake, WhoDialsAnAddressIsRefusedWithAnotherCookie) {  // NODE-17
  LogEar ear;
  Pair pair;
  pair.target = "";
  pair.a_cookies = FixedCookies("another");
  pair.run();
  EXPECT_EQ(pair.a->ending().cause, Cause::cookie_refused);
  EXPECT_FALSE(pair.b_confirmed);
}

TEST(Handshake, WhoDialsAnAddressTakesNoOtherNameThanTheOneThatWasProven) {
  LogEar ear;
  Pair pair;
  pair.target = "";
  pair.meddle = [](int number, std::string& bytes) {
    const auto at = bytes.find("b@altair");
    if (number == 1 && at != std::string::npos) bytes[at] = 'c';  // the challenge
  };
  pair.run();
  EXPECT_EQ(pair.chosen, "c@altair");
  EXPECT_EQ(pair.a_step, Step::failed);
  EXPECT_EQ(pair.b_step, Step::failed);
  EXPECT_FALSE(pair.b_confirmed);
}

TEST(Handshake, WhoDialsItsOwnAddressLearnsThatItIsItself) {  // NODE-33
  Pair pair;
  pair.target = "";
  pair.b_self = pair.a_self;
  pair.run();
  EXPECT_EQ(pair.a->ending().cause, Cause::not_allowed);
  EXPECT_EQ(pair.b->ending().cause, Cause::not_allowed);
}

TEST(Handshake, AResponderOfAnotherNameIsRefusedByTheInitiator) {
  Pair pair;
  pair.meddle = [&](int number, std::string& bytes) {
    if (number == 0) {  // b is told what it wants to hear
      const auto at = bytes.find("b@altair");
      bytes.replace(at, 8, "x@altair");
    }
  };
  pair.b_self.name = "x@altair";
  pair.run();
  EXPECT_EQ(pair.a->ending().cause, Cause::wrong_name);
  EXPECT_NE(pair.b_step, Step::established);
}

TEST(Handshake, WithoutARecordFormatInCommonItIsNotAllowed) {
  Pair pair;
  pair.a_self.features = 0;
  pair.run();
  EXPECT_EQ(pair.a->ending().cause, Cause::not_allowed);
}

TEST(Handshake, RecordsArePlainOnlyWhereBothAllowIt) {
  constexpr std::uint64_t kBoth = kSealedRecords | kPlainRecords;
  for (const auto& [a, b, plain] :
       {std::tuple(kBoth, kBoth, true), std::tuple(kBoth, std::uint64_t{kSealedRecords}, false),
        std::tuple(std::uint64_t{kSealedRecords}, kBoth, false), std::tuple(std::uint64_t{kPlainRecords}, kBoth, true)}) {
    Pair pair;
    pair.a_self.features = a;
    pair.b_self.features = b;
    pair.run();
    ASSERT_EQ(pair.a_step, Step::established);
    EXPECT_EQ(pair.a->peer().is_plain(), plain);
    EXPECT_EQ(pair.b->peer().is_plain(), plain);
  }
}

TEST(Handshake, NobodyOnTheWayTalksTwoNodesOutOfSealing) {
  // A allows plain links and B does not: whoever wants to read along would have to add B's bit, in A's eyes or in both.
  constexpr std::uint64_t kBoth = kSealedRecords | kPlainRecords;
  for (const bool allow_in_hello : {false, true}) {
    Pair pair;
    pair.a_self.features = kBoth;
    pair.meddle = [&](int number, std::string& bytes) {
      // features = 5, fixed64, little-endian: Challenge is message 1, Hello message 0.
      const auto at = bytes.find(std::string("\x29\x02\0\0\0\0\0\0\0", 9));
      if (number == 1 && at != std::string::npos) bytes[at + 1] = 3;
      const auto own = bytes.find(std::string("\x29\x03\0\0\0\0\0\0\0", 9));
      if (number == 0 && allow_in_hello && own != std::string::npos) bytes[own + 1] = 1;
    };
    pair.run();
    EXPECT_NE(pair.a_step, Step::established);
    EXPECT_NE(pair.b_step, Step::established);
  }
}

TEST(Handshake, AMalformedNameGetsNoAnswer) {  // NODE-34
  for (const auto* const name : {"a", "a@", "@b", "a@b@c", ""}) {
    Pair pair;
    pair.a_self.name = name;
    pair.begin();
    pair.feed(pair.b, pair.b_step, pair.a->take_output());
    EXPECT_EQ(pair.b_step, Step::failed);
    EXPECT_TRUE(pair.b->take_output().empty());
  }
}

TEST(Handshake, WhoeverIsNotAdmittedLearnsWhyInsteadOfAConfirmation) {  // NODE-33
  Pair pair;
  pair.begin();
  pair.feed(pair.b, pair.b_step, pair.a->take_output());
  pair.feed(pair.a, pair.a_step, pair.b->take_output());
  const auto proof = pair.a->take_output();
  ByteView input(proof);
  ASSERT_EQ(pair.b->receive(input), Step::admit);
  EXPECT_EQ(pair.b->refuse(Cause::simultaneous, "my own attempt goes on"), Step::failed);
  pair.feed(pair.a, pair.a_step, pair.b->take_output());
  EXPECT_EQ(pair.a_step, Step::failed);
  EXPECT_EQ(pair.a->ending().cause, Cause::simultaneous);
  EXPECT_NE(pair.a->ending().fault.detail.find("my own attempt goes on"), std::string::npos);
}

TEST(Handshake, ErlangsMessagesAreRecognisedOnBothSides) {
  Pair pair;
  pair.begin();
  const std::string name("\x00\x1aN\x00\x00\x00\x0d\x07\xdf\x7f\xbd", 11);
  pair.feed(pair.b, pair.b_step, name.substr(0, 1));
  EXPECT_EQ(pair.b_step, Step::more);
  pair.feed(pair.b, pair.b_step, name);
  EXPECT_EQ(pair.b->ending().cause, Cause::speaks_erlang);
  EXPECT_TRUE(pair.b->take_output().empty());
  pair.feed(pair.a, pair.a_step, std::string("\x00\x03sok", 5));
  EXPECT_EQ(pair.a->ending().cause, Cause::speaks_erlang);
}

TEST(Handshake, AClaimedLengthBeyondTheLimitIsRefusedAtOnce) {
  Pair pair;
  pair.begin();
  pair.feed(pair.b, pair.b_step, "\x0a\x81\x10");
  EXPECT_EQ(pair.b_step, Step::failed);
  EXPECT_EQ(pair.b->ending().cause, Cause::malformed);
}

TEST(Handshake, RandomBytesNeverDoMoreThanFail) {
  const std::uint64_t seed = 31;
  SCOPED_TRACE(fmt::format("seed {}", seed));
  SeededRandom random(seed);
  LogEar ear;
  for (int i = 0; i < 2000; ++i) {
    Pair pair;
    pair.begin();
    std::string noise(1 + random.u32() % 300, '\0');
    random.fill(noise.data(), noise.size());
    if (i % 2 == 0) noise[0] = '\x0a';
    pair.feed(pair.b, pair.b_step, noise);
    ASSERT_TRUE(pair.b_step == Step::failed || pair.b_step == Step::more);
    noise[0] = '\x12';
    pair.feed(pair.a, pair.a_step, noise);
    ASSERT_TRUE(pair.a_step == Step::failed || pair.a_step == Step::more);
  }
}

TEST(Handshake, WhatAPeerSaysIsMadePrintable) {
  Pair pair;
  pair.begin();
  std::string bytes;
  wire::append_part(bytes, wire::StreamField::refusal, wire::write_refusal({.code = 4, .detail = "no\n\x1b[31m" + std::string(500, 'x')}));
  pair.feed(pair.a, pair.a_step, bytes);
  EXPECT_EQ(pair.a->ending().cause, Cause::not_allowed);
  const auto& detail = pair.a->ending().fault.detail;
  EXPECT_EQ(detail.find('\n'), std::string::npos);
  EXPECT_EQ(detail.find('\x1b'), std::string::npos);
  EXPECT_LT(detail.size(), 250u);
}

}  // namespace
}  // namespace pulpo::links
