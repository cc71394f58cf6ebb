// SPDX-License-Identifier: Apache-2.0
//
// The hand-written reader and writer of frames against protozero's.
#include <gtest/gtest.h>

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "wire/cursor.hpp"
#include "wire_fixture.hpp"

namespace pulpo::wire {
namespace {

TEST(Protozero, ReadsEveryFrameWeWriteFieldByField) {
  const std::uint64_t seed = 99;
  SCOPED_TRACE(fmt::format("seed {}", seed));
  SeededRandom random(seed);
  Wire wire;
  for (int i = 0; i < 500; ++i) {
    const auto bytes =
        wire.encode({.kind = FrameKind::send, .to = {.node = wire.b_at_a, .id = 77, .serial = 1}, .body = random_term(random, wire, 4)});
    protozero::pbf_reader reader(bytes);
    int values = 0;
    ASSERT_NO_THROW({
      while (reader.next()) {
        values += reader.tag() >= 10 && reader.tag() != 16 && reader.tag() != 18 ? 1 : 0;
        reader.skip();
      }
    });
    ASSERT_GE(values, 1);
  }
}

TEST(Protozero, WhatItWritesWeRead) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  writer.add_enum(1, 1);
  writer.add_uint32(2, 1000);
  writer.add_uint32(3, 3);
  writer.add_string(18, "Elixir.PingPong");
  writer.add_uint32(6, 0);
  writer.add_uint32(9, 70'000);
  writer.add_uint64(13, 3);
  writer.add_sint64(11, INT64_MIN);
  writer.add_double(19, -2.5);
  writer.add_bytes(12, "bytes");
  Wire wire;
  const auto frame = wire.decode(bytes);
  ASSERT_TRUE(frame.has_value()) << frame.error().text();
  EXPECT_EQ(frame->kind, FrameKind::request);
  EXPECT_EQ(frame->to_name, Atom("Elixir.PingPong"));
  EXPECT_TRUE(frame->body == Term::tuple({Term(INT64_MIN), Term(-2.5), Term("bytes")}));
}

TEST(Protozero, AgreesOnEveryVarint) {
  SeededRandom random(7);
  for (int i = 0; i < 20'000; ++i) {
    const auto value = random.u64() >> (random.u32() % 64);
    char written[10];
    const auto size = static_cast<std::size_t>(protozero::add_varint_to_buffer(written, value));
    Cursor cursor(ByteView(written, size));
    ASSERT_EQ(cursor.varint(), value);
    ASSERT_TRUE(cursor.done() && !cursor.bad);
    Cursor cut(ByteView(written, size - 1));
    (void)cut.varint();
    ASSERT_TRUE(cut.bad);
  }
}

}  // namespace
}  // namespace pulpo::wire
