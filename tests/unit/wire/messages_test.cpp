// SPDX-License-Identifier: Apache-2.0
#include "wire/messages.hpp"

#include <gtest/gtest.h>

#include "wire_fixture.hpp"

namespace pulpo::wire {
namespace {

TEST(Messages, AHelloComesBackWithAllItsFields) {
  const Hello hello{.version = 1,
                    .name = "a@altair",
                    .creation = 0xfffffffe,
                    .hidden = true,
                    .features = 0x8000000000000001,
                    .nonce = std::string("\0\1\2", 3),
                    .target = "b@altair",
                    .tick_time_ms = 8000};
  const auto read = read_hello(write_hello(hello));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->version, 1u);
  EXPECT_EQ(read->name, hello.name);
  EXPECT_EQ(read->creation, hello.creation);
  EXPECT_TRUE(read->hidden);
  EXPECT_EQ(read->features, hello.features);
  EXPECT_EQ(read->nonce, hello.nonce);
  EXPECT_EQ(read->target, hello.target);
  EXPECT_EQ(read->tick_time_ms, 8000u);
}

TEST(Messages, AHelloHasTheseBytes) {
  EXPECT_EQ(
      hex(write_hello({.version = 1, .name = "a@b", .creation = 5, .features = 1, .nonce = "nn", .target = "b@b", .tick_time_ms = 8000})),
      "08 01 12 03 61 40 62 18 05 29 01 00 00 00 00 00 00 00 32 02 6e 6e 3a 03 62 40 62 40 c0 3e");
}

TEST(Messages, FieldsOfALaterVersionAreSkipped) {
  const auto read = read_hello(write_hello({.version = 1, .name = "a@b"}) + unhex("f2 06 03 6e 65 77 f8 06 05"));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->name, "a@b");
}

TEST(Messages, AMessageCutAnywhereIsRefusedOrShorter) {
  const auto bytes = write_challenge({.hello = "0123456789", .share = std::string(32, 's')});
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    const auto read = read_challenge(ByteView(bytes).substr(0, cut));
    EXPECT_TRUE(!read || read->share.empty()) << cut;
  }
  ASSERT_TRUE(read_challenge(bytes).has_value());
  EXPECT_EQ(read_challenge(bytes)->hello, "0123456789");
}

TEST(Messages, ProofConfirmationAndRefusalComeBack) {
  const auto proof = read_proof(write_proof({.share = "Y", .confirmation = "mac"}));
  ASSERT_TRUE(proof.has_value());
  EXPECT_EQ(proof->share, "Y");
  EXPECT_EQ(proof->confirmation, "mac");
  EXPECT_EQ(read_confirmation(write_confirmation("mac")).value(), "mac");
  const auto refusal = read_refusal(write_refusal({.code = 3, .detail = "I am c@altair"}));
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->code, 3u);
  EXPECT_EQ(refusal->detail, "I am c@altair");
}

TEST(Messages, GarbageIsAnErrorThatNamesTheMessage) {
  const auto read = read_proof(unhex("0a ff"));
  ASSERT_FALSE(read.has_value());
  EXPECT_STREQ(read.error().where, "handshake: proof");
  EXPECT_FALSE(read_hello(unhex("07")).has_value());
}

TEST(Messages, ALengthThatWouldWrapAPointerIsRefused) {
  // 32-bit boards: the address of the field and its length together pass 2^32.
  for (const char* const length : {"\xff\xff\xff\xff\x0f", "\xf0\xff\xff\xff\x0f", "\x80\x80\x80\x80\x08"}) {
    const std::string hello = std::string("\x12") + length + "a@b";
    EXPECT_FALSE(read_hello(hello));
    EXPECT_FALSE(read_challenge(hello));
    EXPECT_FALSE(read_proof(hello));
    EXPECT_FALSE(read_refusal(hello));
  }
}

}  // namespace
}  // namespace pulpo::wire
