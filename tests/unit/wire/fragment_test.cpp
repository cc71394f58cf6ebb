// SPDX-License-Identifier: Apache-2.0
#include "wire/fragment.hpp"

#include <gtest/gtest.h>

#include "wire_fixture.hpp"

namespace pulpo::wire {
namespace {

Frame send_of(const Wire& wire, Term body) {
  return {.kind = FrameKind::send, .lane = Lane::bulk, .to = {.node = wire.b_at_a, .id = 1, .serial = 1}, .body = std::move(body)};
}

/// A frame's bytes without tag and length.
std::string content(const OutBuffer& out, std::size_t start) {
  auto& bytes = const_cast<OutBuffer&>(out);
  const ByteView all{bytes.at(start), out.size() - start};
  std::size_t at = 1;
  while ((static_cast<unsigned char>(all[at]) & 0x80) != 0) ++at;
  return std::string(all.substr(at + 1));
}

/// The next fragment, and whether it is the last.
std::pair<std::string, bool> next_fragment(Wire& wire, OutgoingStream& stream) {
  wire.out.clear();
  const auto last = wire.encoder.encode_fragment(wire.out, stream);
  EXPECT_TRUE(last.has_value()) << (last ? "" : last.error().text());
  if (!last) return {{}, true};
  EXPECT_LE(wire.out.size(), FragmentLimits::kBytesMax);
  return {content(wire.out, 0), *last};
}

std::vector<std::string> all_fragments(Wire& wire, const Frame& frame, std::uint32_t number = 0) {
  OutgoingStream stream{.number = number, .frame = frame};
  std::vector<std::string> fragments;
  for (bool last = false; !last;) {
    auto [bytes, is_last] = next_fragment(wire, stream);
    fragments.push_back(std::move(bytes));
    last = is_last;
  }
  return fragments;
}

std::string random_bytes(SeededRandom& random, std::size_t size) {
  std::string bytes(size, '\0');
  random.fill(bytes.data(), bytes.size());
  return bytes;
}

std::string refusal_of(Wire& wire, std::string_view bytes_in_hex) {
  Frame frame;
  const auto decoded = wire.decoder.decode(unhex(bytes_in_hex), frame);
  return decoded ? "" : decoded.error().detail;
}

TEST(Fragment, ABinaryOfEverySizeAroundTheCutsArrivesAsItWas) {  // WK-8
  SeededRandom random(1);
  for (const std::size_t cut : {std::size_t{1}, std::size_t{511}, std::size_t{16'384}, std::size_t{2 * 16'384}}) {
    for (std::size_t size = cut > 200 ? cut - 200 : 0; size < cut + 40; ++size) {
      Wire wire;
      const auto body = Term::binary(random_bytes(random, size));
      const auto fragments = all_fragments(wire, send_of(wire, body));
      Frame frame;
      for (std::size_t i = 0; i < fragments.size(); ++i) {
        ASSERT_TRUE(wire.decoder.decode(fragments[i], frame).has_value());
        ASSERT_EQ(wire.decoder.is_whole(), i + 1 == fragments.size()) << size;
      }
      ASSERT_TRUE(frame.body == body) << size;
      ASSERT_EQ(frame.kind, FrameKind::send);
      ASSERT_EQ(wire.decoder.unfinished_weight(), 0u);
    }
  }
}

TEST(Fragment, AnyTermsInManyStreamsWithOtherFramesBetweenArriveAsTheyWere) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Wire wire;
    SeededRandom random(seed);
    struct Sent {
      OutgoingStream stream;
      Term body;
    };
    std::vector<Sent> sent;
    for (std::uint32_t number = 0; number < 8; ++number) {
      std::vector<Term> parts;
      while (parts.size() < 200 + random.u32() % 1000) parts.push_back(random_term(random, wire, 3));
      parts.push_back(Term::binary(random_bytes(random, random.u32() % 60'000)));
      parts.push_back(Term::charlist(std::string(random.u32() % 40'000 + 1, 'k')));
      parts.push_back(Term::big_integer(true, random_bytes(random, random.u32() % 30'000 + 9) + "\1"));
      for (int i = 0; i < 30; ++i) parts.push_back(Term(Atom(fmt::format("{}_of_{}", i, number) + std::string(200, 'a'))));
      Term body = random.u32() % 2 == 0 ? Term::tuple(parts) : Term::list(parts);
      sent.push_back({{.number = number, .frame = send_of(wire, body)}, body});
    }
    const Pid to{.node = wire.b_at_a, .id = 1, .serial = 1};
    while (!sent.empty()) {
      const auto which = static_cast<std::ptrdiff_t>(random.u32() % sent.size());
      const auto [bytes, last] = next_fragment(wire, sent[static_cast<std::size_t>(which)].stream);
      Frame frame;
      const auto decoded = wire.decoder.decode(bytes, frame);
      ASSERT_TRUE(decoded.has_value()) << decoded.error().text();
      ASSERT_EQ(wire.decoder.is_whole(), last) << seed;
      if (last) {
        ASSERT_TRUE(frame.body == seen_by_b(sent[static_cast<std::size_t>(which)].body, wire)) << seed;
        sent.erase(sent.begin() + which);
      }
      // What overtakes uses atoms that were defined in the middle of others.
      const Term small = random_term(random, wire, 2);
      const auto whole = wire.carry({.kind = FrameKind::send, .to = to, .body = small});
      ASSERT_TRUE(wire.decoder.is_whole());
      ASSERT_TRUE(whole.body == seen_by_b(small, wire)) << seed;
    }
    EXPECT_EQ(wire.decoder.unfinished_weight(), 0u);
  }
}

TEST(Fragment, TheExampleOfTheProtocolPageIsWhatWeWrite) {
  Wire wire;
  OutgoingStream stream{.number = 2, .frame = send_of(wire, Term::tuple({Term(Atom("a")), Term::binary(std::string(16'384, 'x'))}))};
  const auto [first, last] = next_fragment(wire, stream);
  EXPECT_FALSE(last);
  EXPECT_EQ(hex(ByteView(first).substr(0, 33)),
            "e0 01 02 08 02 80 01 02 20 01 28 01 68 02 92 01 01 61 50 00 e8 01 80 80 01 f2 01 84 7f 78 78 78 78");
  const auto [second, is_last] = next_fragment(wire, stream);
  EXPECT_TRUE(is_last);
  EXPECT_EQ(hex(ByteView(second).substr(0, 7)), "e0 01 02 62 7c 78 78");
}

TEST(Fragment, WhatCannotBeSentIsTakenBackAndTheStreamsNumberIsFreeAgain) {
  Wire wire;
  Term deep(1);
  for (std::size_t i = 0; i <= Term::kDepthMax; ++i) deep = Term::tuple({deep});
  OutgoingStream stream{.number = 5, .frame = send_of(wire, Term::tuple({Term::binary(std::string(100'000, 'x')), deep}))};
  Outcome<bool> last = false;
  Frame frame;
  while (last && !*last) {
    wire.out.clear();
    last = wire.encoder.encode_fragment(wire.out, stream);
    if (!last) break;
    ASSERT_TRUE(wire.decoder.decode(content(wire.out, 0), frame).has_value());
  }
  ASSERT_FALSE(last.has_value());
  EXPECT_TRUE(stream.begun);
  EXPECT_TRUE(wire.out.empty());
  EXPECT_GT(wire.decoder.unfinished_weight(), 100'000u);
  Encoder::encode_dropped(wire.out, stream);
  ASSERT_TRUE(wire.decoder.decode(content(wire.out, 0), frame).has_value());
  EXPECT_FALSE(wire.decoder.is_whole());
  EXPECT_EQ(wire.decoder.unfinished_weight(), 0u);
  const auto body = Term::binary(std::string(20'000, 'y'));
  for (const auto& bytes : all_fragments(wire, send_of(wire, body), 5)) ASSERT_TRUE(wire.decoder.decode(bytes, frame).has_value());
  EXPECT_TRUE(frame.body == body);
}

TEST(Fragment, AMessageBeyondTheLimitIsRefusedAtBothEnds) {
  Wire small({.message_bytes_max = 40'000});
  OutgoingStream stream{.number = 0, .frame = send_of(small, Term::list(std::vector<Term>(5, Term::binary(std::string(15'000, 'x')))))};
  Outcome<bool> last = false;
  while (last && !*last) last = small.encoder.encode_fragment(small.out, stream);
  EXPECT_FALSE(last.has_value());

  Wire wire;
  Wire receiver({.message_bytes_max = 40'000});
  Outcome<void> decoded;
  Frame frame;
  for (const auto& bytes : all_fragments(wire, send_of(wire, Term::list(std::vector<Term>(5, Term::binary(std::string(15'000, 'x')))))))
    if (decoded) decoded = receiver.decoder.decode(bytes, frame);
  ASSERT_FALSE(decoded.has_value());
  EXPECT_NE(decoded.error().detail.find("more than 40000 bytes"), std::string::npos) << decoded.error().detail;
}

TEST(Fragment, AMessageThatGoesBeyondTheLimitInTheMiddleIsTakenBackBeforeItsReceiverEndsTheLink) {
  // Goal:   its sender alone learns that it is too large. A receiver that is told of more than can still come ends the connection.
  const Term part = Term::binary(std::string(15'000, 'x'));
  for (const Term& last : {Term::binary(std::string(30'000, 'y')), Term::tuple(std::vector<Term>(8'000, Term(1))),
                           Term::list(std::vector<Term>(8'000, Term(-1))), Term::charlist(std::string(30'000, 'k'))}) {
    Wire wire({.message_bytes_max = 60'000});
    OutgoingStream stream{.number = 0, .frame = send_of(wire, Term::list({part, part, part, last}))};
    Frame frame;
    Outcome<bool> encoded = false;
    while (encoded && !*encoded) {
      wire.out.clear();
      encoded = wire.encoder.encode_fragment(wire.out, stream);
      if (!encoded) break;
      const auto decoded = wire.decoder.decode(content(wire.out, 0), frame);
      ASSERT_TRUE(decoded.has_value()) << decoded.error().text();
    }
    ASSERT_FALSE(encoded.has_value());
    EXPECT_NE(encoded.error().detail.find("more than 60000 bytes"), std::string::npos) << encoded.error().detail;
  }
}

TEST(Fragment, WhatIsMalformedIsRefusedWithItsReason) {
  const std::string head = "e0 01 00 08 02 20 01 28 01 ";
  const auto refused = [](std::string_view bytes) {
    Wire wire;
    return refusal_of(wire, bytes);
  };
  EXPECT_EQ(refused("e0 01"), "truncated");
  EXPECT_EQ(refused("e0 01 40"), "stream 64, but there are 64");
  EXPECT_EQ(refused("e0 01 00 08 05 10 01 20 01"), "a frame without a body comes in fragments");
  EXPECT_EQ(refused("e0 01 00 f8 01 01"), "field 31 of wire type 0 is not known") << "there is nothing to take back";
  EXPECT_EQ(refused(head + "f2 01 01 78"), "a part of a run of bytes that did not begin");
  EXPECT_EQ(refused(head + "e8 01 03 f2 01 04 78 78 78 78"), "a run of bytes is longer than it claimed");
  EXPECT_EQ(refused(head + "e8 01 03 62 02 78 78"), "a run of bytes is shorter than it claimed");
  EXPECT_EQ(refused(head + "e8 01 03 50 00"), "another field stands between the parts of a run of bytes");
  EXPECT_EQ(refused(head + "e8 01 03 e8 01 03"), "a run of bytes begins within another");
  EXPECT_EQ(refused(head + "58 02 58 04"), "a second term follows the body");
  EXPECT_EQ(refused(head + "58 02 e8 01 03"), "a second term follows the body");
  EXPECT_EQ(refused("08 02 20 01 28 01 e8 01 03"), "a run of bytes in parts, outside a fragment");
  EXPECT_NE(refused(head + "e8 01 ff ff ff ff 0f").find("a run claims 4294967295 bytes"), std::string::npos);
  EXPECT_NE(refused(head + "68 ff ff ff ff 0f").find("a container claims 4294967295 elements"), std::string::npos);
  Wire wire;
  EXPECT_EQ(refusal_of(wire, head + "68 02 58 02"), "");
  EXPECT_NE(refusal_of(wire, head), "") << "a head in the middle of a stream";
  Wire large;
  Frame frame;
  EXPECT_FALSE(large.decoder.decode(unhex(head) + unhex("62 80 80 01") + std::string(16'384, 'x'), frame).has_value());
}

TEST(Fragment, ATermOfTheRunIsNoMoreThanWhatHasCome) {
  Wire wire;
  // 255 MiB are claimed in 64 streams; nothing but what came may be held.
  for (unsigned number = 0; number < FragmentLimits::kStreamsMax; ++number) {
    ASSERT_EQ(refusal_of(wire, fmt::format("e0 01 {:02x} 08 02 20 01 28 01 e8 01 80 80 80 78 f2 01 01 78", number)), "");
  }
  EXPECT_LT(wire.decoder.unfinished_weight(), 4096u);
}

TEST(Fragment, UnfinishedMessagesTogetherHaveALimit) {
  Wire wire({.unfinished_weight_max = 1u << 20});
  std::vector<OutgoingStream> streams;
  for (std::uint32_t number = 0; number < 4; ++number) {
    streams.push_back({.number = number, .frame = send_of(wire, Term::binary(std::string(1u << 20, 'x')))});
  }
  std::string why;
  std::size_t fragments = 0;
  for (; why.empty() && fragments < 1000; ++fragments) {
    Frame frame;
    const auto decoded = wire.decoder.decode(next_fragment(wire, streams[fragments % 4]).first, frame);
    if (!decoded) why = decoded.error().detail;
  }
  EXPECT_EQ(fragments, 65u);
  EXPECT_NE(why.find("unfinished messages of more than"), std::string::npos) << why;
}

}  // namespace
}  // namespace pulpo::wire
