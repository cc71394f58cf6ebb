// SPDX-License-Identifier: Apache-2.0
#include "wire/record.hpp"

#include <gtest/gtest.h>

#include "wire/stream.hpp"
#include "wire_fixture.hpp"

namespace pulpo::wire {
namespace {

Frame send(const Wire& wire, Term body) {
  return {.kind = FrameKind::send, .to = {.node = wire.b_at_a, .id = 1, .serial = 1}, .body = std::move(body)};
}

TEST(Record, FramesLeaveTogetherAndArriveInTheirOrder) {
  Wire wire;
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(wire.encoder.encode(wire.out, send(wire, Term(i))).has_value());
  const auto bytes = wire.out.close({.seq = 300, .ack = 7});
  const auto part = next_part(bytes, 1 << 20);
  ASSERT_EQ(part.step, StreamStep::whole);
  EXPECT_EQ(part.field, StreamField::record);
  EXPECT_EQ(part.size, bytes.size());
  auto reader = RecordReader::open(part.body);
  ASSERT_TRUE(reader.has_value());
  EXPECT_EQ(reader->stamp().seq, 300u);
  EXPECT_EQ(reader->stamp().ack, 7u);
  Frame frame;
  for (int i = 0; i < 1000; ++i) {
    const auto some = reader->next(wire.decoder, frame);
    ASSERT_TRUE(some.has_value() && some.value());
    ASSERT_TRUE(frame.body == Term(i));
  }
  EXPECT_FALSE(reader->next(wire.decoder, frame).value());
}

TEST(Record, TheExampleOfTheProtocolPageIsWhatWeWrite) {
  Wire wire;
  const Frame call{.kind = FrameKind::request,
                   .to_name = Atom("Elixir.PingPong"),
                   .from = {.id = 1000, .serial = 3},
                   .ref = {.first = 1, .second = 300, .third = 70'000},
                   .body = Term(Atom("ping"))};
  ASSERT_TRUE(wire.encoder.encode(wire.out, call).has_value());
  EXPECT_EQ(hex(wire.out.close({.seq = 1})),
            "32 31 08 01 1a 2d 08 01 10 e8 07 18 03 92 01 0f 45 6c 69 78 69 72 2e 50 69 6e 67 50 6f 6e 67 30 00 "
            "38 01 40 ac 02 48 f0 a2 04 92 01 04 70 69 6e 67 50 01");
  wire.out.clear();
  ASSERT_TRUE(wire.encoder.encode(wire.out, call).has_value());
  EXPECT_EQ(hex(wire.out.close({.seq = 2, .ack = 1})),
            "32 1a 08 02 10 01 1a 14 08 01 10 e8 07 18 03 30 00 38 01 40 ac 02 48 f0 a2 04 50 01");
}

TEST(Record, WithoutFramesItIsATickOfFourBytes) {
  OutBuffer out;
  EXPECT_EQ(hex(out.close({.seq = 5})), "32 02 08 05");
  const auto reader = RecordReader::open(unhex("08 05"));
  ASSERT_TRUE(reader.has_value());
  EXPECT_EQ(reader->stamp().seq, 5u);
}

TEST(Record, TheGreatestNumbersFitInFrontOfTheFrames) {
  Wire wire;
  ASSERT_TRUE(wire.encoder.encode(wire.out, send(wire, Term::binary(std::string(3'000'000, 'x')))).has_value());
  const auto part = next_part(wire.out.close({.seq = UINT64_MAX, .ack = UINT64_MAX}), 1 << 28);
  ASSERT_EQ(part.step, StreamStep::whole);
  auto reader = RecordReader::open(part.body);
  ASSERT_TRUE(reader.has_value());
  EXPECT_EQ(reader->stamp().ack, UINT64_MAX);
  Frame frame;
  EXPECT_TRUE(reader->next(wire.decoder, frame).value());
}

TEST(Record, ABufferThatIsUsedAgainHoldsOnlyWhatIsNew) {
  Wire wire;
  ASSERT_TRUE(wire.encoder.encode(wire.out, send(wire, Term(1))).has_value());
  const std::string first(wire.out.close({.seq = 1}));
  wire.out.clear();
  EXPECT_TRUE(wire.out.empty());
  ASSERT_TRUE(wire.encoder.encode(wire.out, send(wire, Term(1))).has_value());
  const std::string second(wire.out.close({.seq = 1}));
  EXPECT_EQ(hex(first), hex(second));
}

TEST(Record, WithoutItsNumberOrWithOtherFieldsItIsRefused) {
  EXPECT_FALSE(RecordReader::open("").has_value());
  EXPECT_FALSE(RecordReader::open(unhex("1a 02 08 01 08 05")).has_value());
  EXPECT_FALSE(RecordReader::open(unhex("08")).has_value());
  Wire wire;
  Frame frame;
  const auto after = unhex("08 05 20 01");
  auto reader = RecordReader::open(after);
  ASSERT_TRUE(reader.has_value());
  EXPECT_FALSE(reader->next(wire.decoder, frame).has_value());
  const auto cut = unhex("08 05 1a 20 01");
  auto truncated = RecordReader::open(cut);
  ASSERT_TRUE(truncated.has_value());
  EXPECT_FALSE(truncated->next(wire.decoder, frame).has_value());
}

TEST(Stream, APartIsWholeOnlyWithItsLastByte) {
  std::string stream;
  append_part(stream, StreamField::hello, std::string(200, 'h'));
  append_part(stream, StreamField::record, "");
  EXPECT_EQ(hex(stream.substr(0, 3)), "0a c8 01");
  for (std::size_t size = 0; size < 203; ++size) EXPECT_EQ(next_part(ByteView(stream).substr(0, size), 4096).step, StreamStep::more);
  const auto hello = next_part(stream, 4096);
  ASSERT_EQ(hello.step, StreamStep::whole);
  EXPECT_EQ(hello.field, StreamField::hello);
  EXPECT_EQ(hello.body, std::string(200, 'h'));
  const auto record = next_part(ByteView(stream).substr(hello.size), 0);
  EXPECT_EQ(record.step, StreamStep::whole);
  EXPECT_EQ(record.field, StreamField::record);
}

TEST(Stream, ALengthBeyondTheLimitIsKnownBeforeItsBytes) {
  EXPECT_EQ(next_part(unhex("32 81 20"), 4096).step, StreamStep::bad);
  EXPECT_EQ(next_part(unhex("32 80 20"), 4096).step, StreamStep::more);
  EXPECT_EQ(next_part(unhex("32 ff ff ff ff ff 01"), SIZE_MAX).step, StreamStep::bad);
}

TEST(Stream, WhatIsNoFieldOfOursIsRefusedByItsFirstByte) {
  for (int tag = 0; tag < 256; ++tag) {
    const char byte = static_cast<char>(tag);
    const bool ours = tag == 0x0a || tag == 0x12 || tag == 0x1a || tag == 0x22 || tag == 0x2a || tag == 0x32 || tag == 0x3a;
    EXPECT_EQ(next_part(ByteView(&byte, 1), 4096).step, ours ? StreamStep::more : StreamStep::bad) << tag;
  }
}

TEST(Stream, AFieldsHeadIsItsTagAndLengthAsTheyCame) {
  for (const auto* const bytes : {"3a 02 68 69", "3a 82 00 68 69", "3a 82 80 00 68 69"}) {
    const auto field = unhex(bytes);
    const auto part = next_part(field, 100);
    ASSERT_EQ(part.step, StreamStep::whole);
    EXPECT_EQ(part.field, StreamField::sealed);
    EXPECT_EQ(std::string(part.head()) + std::string(part.body), field);
    EXPECT_EQ(part.body, "hi");
  }
}

TEST(Stream, TheHeadOfASealedRecordIsThreeBytesAtMost) {
  for (const auto& [size, expected] :
       {std::pair(16u, "3a 10"), std::pair(127u, "3a 7f"), std::pair(128u, "3a 80 01"), std::pair(16'383u, "3a ff 7f")}) {
    char head[3];
    EXPECT_EQ(std::string(head, write_sealed_head(size, head)), unhex(expected));
  }
}

TEST(Stream, ErlangsHandshakeIsRecognisedByItsThirdByte) {
  const auto name = unhex("00 1a 4e 00 00 00 0d");
  EXPECT_TRUE(is_erlang(name));
  EXPECT_TRUE(may_be_erlang(ByteView(name).substr(0, 1)));
  EXPECT_FALSE(is_erlang(ByteView(name).substr(0, 2)));
  EXPECT_TRUE(is_erlang(unhex("00 03 73 6f 6b")));
  EXPECT_FALSE(may_be_erlang(unhex("00 00 00")));
  EXPECT_FALSE(may_be_erlang(unhex("0a")));
  EXPECT_FALSE(may_be_erlang(""));
}

}  // namespace
}  // namespace pulpo::wire
