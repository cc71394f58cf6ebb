// SPDX-License-Identifier: Apache-2.0
#include "mapper/epmd_codec.hpp"

#include "unit/mapper/world.hpp"

namespace pulpo::mapper {
namespace {

// The dialogue with the reference daemon that erlang-interop.md captured: name `py`, mapper on port 14399.
const std::string kAlivePy = hex("00 0f 78 aa 2f 4d 00 00 06 00 06 00 02 70 79 00 00");
const NodeRecord kPy{.port = 43567, .type = kNormalNode, .protocol = 0, .highest = 6, .lowest = 6, .name = "py"};

Outcome<Request> decode_whole(const std::string& bytes) { return decode_request(ByteView(bytes).substr(2)); }

TEST(EpmdCodec, ARegistrationIsTheBytesOfErl) {  // EPMD-4
  EXPECT_EQ(encode_request({.kind = RequestKind::alive, .node = kPy}), kAlivePy);
  auto request = decode_whole(kAlivePy);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->kind, RequestKind::alive);
  EXPECT_EQ(request->node, kPy);
}

TEST(EpmdCodec, ALookUpIsTheBytesOfErl) {  // EPMD-8
  EXPECT_EQ(encode_request({.kind = RequestKind::port_please, .node = {.name = "py"}}), hex("00 03 7a 70 79"));
  const std::string found = hex("77 00 aa 2f 4d 00 00 06 00 06 00 02 70 79 00 00");
  EXPECT_EQ(encode_port_reply(&kPy), found);
  auto record = decode_port_reply(found);
  ASSERT_TRUE(record.has_value() && record->has_value());
  EXPECT_EQ(**record, kPy);
}

TEST(EpmdCodec, AnUnknownNameIsTwoBytes) {  // EPMD-8
  EXPECT_EQ(encode_port_reply(nullptr), hex("77 01"));
  auto record = decode_port_reply(hex("77 01"));
  ASSERT_FALSE(record.has_value());
  EXPECT_EQ(record.error().code, Errc::not_found);
}

TEST(EpmdCodec, TheAnswerToARegistrationDependsOnTheAskersVersion) {  // EPMD-5, EPMD-7
  EXPECT_EQ(encode_alive_reply(6, {.accepted = true, .creation = 0x6b0048c1}), hex("76 00 6b 00 48 c1"));
  EXPECT_EQ(encode_alive_reply(6, {}), hex("76 01 00 00 00 63"));
  EXPECT_EQ(encode_alive_reply(5, {.accepted = true, .creation = 9}), hex("79 00 00 01"));
  EXPECT_EQ(encode_alive_reply(5, {.accepted = true, .creation = 11}), hex("79 00 00 03"));
  EXPECT_EQ(encode_alive_reply(5, {}), hex("79 01 00 63"));
}

TEST(EpmdCodec, BothFormsOfThatAnswerAreRead) {
  auto accepted = decode_alive_reply(hex("76 00 6b 00 48 c1"));
  ASSERT_TRUE(accepted.has_value() && accepted->has_value());
  EXPECT_TRUE((*accepted)->accepted);
  EXPECT_EQ((*accepted)->creation, 0x6b0048c1u);
  auto old = decode_alive_reply(hex("79 00 00 01"));
  ASSERT_TRUE(old.has_value() && old->has_value());
  EXPECT_EQ((*old)->creation, 1u);
  auto refused = decode_alive_reply(hex("76 01 00 00 00 63"));
  ASSERT_TRUE(refused.has_value() && refused->has_value());
  EXPECT_FALSE((*refused)->accepted);
}

TEST(EpmdCodec, AnswersThatAreNotWholeYetAreNoErrors) {
  for (const std::string& whole : {hex("76 00 6b 00 48 c1"), hex("79 00 00 01")}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      auto reply = decode_alive_reply(ByteView(whole).substr(0, size));
      ASSERT_TRUE(reply.has_value()) << size;
      EXPECT_FALSE(reply->has_value()) << size;
    }
  }
  NodeRecord node = kPy;
  node.extra = kPulpoExtra;
  const std::string whole = encode_port_reply(&node);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    auto reply = decode_port_reply(ByteView(whole).substr(0, size));
    ASSERT_TRUE(reply.has_value()) << size;
    EXPECT_FALSE(reply->has_value()) << size;
  }
}

TEST(EpmdCodec, AnswersOfSomethingElseAreErrors) {
  EXPECT_EQ(decode_alive_reply("HTTP/1.1").error().code, Errc::bad_message);
  EXPECT_EQ(decode_port_reply("HTTP/1.1").error().code, Errc::bad_message);
  EXPECT_EQ(decode_text_reply("abc").error().code, Errc::bad_message);
}

TEST(EpmdCodec, NamesAndDumpAreOneByteAndTheirTextFollowsThePort) {  // EPMD-9, EPMD-10
  EXPECT_EQ(encode_request({.kind = RequestKind::names}), hex("00 01 6e"));
  EXPECT_EQ(encode_request({.kind = RequestKind::dump}), hex("00 01 64"));
  EXPECT_EQ(encode_request({.kind = RequestKind::kill}), hex("00 01 6b"));
  EXPECT_EQ(encode_port_word(14399), hex("00 00 38 3f"));
  auto reply = decode_text_reply(hex("00 00 38 3f") + "name ol at port 1\nname py at port 43567\n");
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->port, 14399u);
  EXPECT_EQ(reply->lines, "name ol at port 1\nname py at port 43567\n");
}

TEST(EpmdCodec, ATrailingZeroByteOfALookUpIsIgnored) {  // EPMD-8
  auto request = decode_whole(hex("00 04 7a 70 79 00"));
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->node.name, "py");
}

TEST(EpmdCodec, MalformedRequestsAreErrorsThatSayWhy) {  // EPMD-2, EPMD-4, EPMD-8
  const std::pair<std::string, const char*> cases[] = {
      {"", "an empty request"},
      {hex("01"), "unknown request 1"},
      {hex("7a"), "an empty name"},
      {hex("7a 00"), "an empty name"},
      {hex("7a 70 00 79"), "a zero byte in a name"},
      {hex("7a 70 79 00 00"), "a zero byte in a name"},
      {hex("73"), "an empty name"},
      {hex("78 aa 2f 4d 00 00 06 00 06 00 00 00 00"), "an empty name"},
      {hex("78 aa 2f 4d 00 00 06 00 06 00 02 70 00 00 00"), "a zero byte in a name"},
      {hex("78 aa 2f 4d 00 00 06 00 06 00 03 70 79 00 00"), "a registration whose lengths exceed the request"},
      {hex("78 aa 2f 4d 00 00 06 00 06 00 02 70 79 00 01"), "a registration whose lengths exceed the request"},
      {hex("78 aa 2f 4d 00 00 06 00 06 ff ff 70 79 00 00"), "a registration whose lengths exceed the request"},
  };
  for (const auto& [body, why] : cases) {
    auto request = decode_request(body);
    ASSERT_FALSE(request.has_value()) << why;
    EXPECT_EQ(request.error().code, Errc::bad_message);
    EXPECT_EQ(request.error().detail, why);
  }
}

TEST(EpmdCodec, EveryCutRegistrationIsAnError) {  // EPMD-4
  NodeRecord node = kPy;
  node.extra = kPulpoExtra;
  const std::string whole = encode_request({.kind = RequestKind::alive, .node = node});
  for (std::size_t size = 2; size < whole.size(); ++size) EXPECT_FALSE(decode_whole(whole.substr(0, size)).has_value()) << size;
  EXPECT_TRUE(decode_whole(whole + "more").has_value());  // as the reference daemon: bytes after the extra field are ignored
}

TEST(EpmdCodec, NamesAreRefusedBeyondTheirLimits) {  // EPMD-4, EPMD-5
  const auto named = [](std::string name) { return NodeRecord{.name = std::move(name)}; };
  std::string four_bytes_each;
  for (int i = 0; i < 255; ++i) four_bytes_each += "\xf0\x90\x8d\x88";
  EXPECT_EQ(refusal_of(named(std::string(255, 'x'))), nullptr);
  EXPECT_EQ(refusal_of(named(four_bytes_each)), nullptr);
  EXPECT_NE(refusal_of(named(std::string(256, 'x'))), nullptr);
  EXPECT_NE(refusal_of(named(four_bytes_each + "x")), nullptr);
  EXPECT_NE(refusal_of(named("\xff")), nullptr);
  EXPECT_NE(refusal_of(named("a\nname b at port 1")), nullptr);
  EXPECT_EQ(refusal_of({.name = "a", .extra = std::string(1020, 'x')}), nullptr);
  EXPECT_NE(refusal_of({.name = "a", .extra = std::string(1021, 'x')}), nullptr);
}

TEST(EpmdCodec, Utf8IsCountedStrictly) {
  EXPECT_EQ(utf8_length(""), 0u);
  EXPECT_EQ(utf8_length("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x99"), 4u);
  for (const char* bad : {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xf5\x80\x80\x80", "\xe2\x82"}) {
    EXPECT_FALSE(utf8_length(bad).has_value()) << printable(bad);
  }
}

TEST(EpmdCodec, WhatAStrangerSendsIsHarmlessInALogLine) {
  EXPECT_EQ(printable("a\n\x1b[31mb\\"), "a\\x0a\\x1b[31mb\\x5c");
  EXPECT_EQ(printable(std::string(65, 'x')), std::string(64, 'x') + "…");
}

}  // namespace
}  // namespace pulpo::mapper
