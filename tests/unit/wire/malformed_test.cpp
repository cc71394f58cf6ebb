// SPDX-License-Identifier: Apache-2.0
//
// What a peer may send that it should not: every answer is an error value that says what was wrong.
#include <gtest/gtest.h>

#include "wire_fixture.hpp"

namespace pulpo::wire {
namespace {

std::string refusal(Wire& wire, ByteView bytes) {
  const auto decoded = wire.decode(bytes);
  if (decoded.has_value()) return "accepted";
  EXPECT_EQ(decoded.error().code, Errc::bad_message);
  return decoded.error().detail;
}
std::string refusal(std::string_view hex_bytes) {
  Wire wire;
  return refusal(wire, unhex(hex_bytes));
}

TEST(Malformed, AFrameCutAtAnyByteIsRefusedOrStillAFrame) {
  const std::uint64_t seed = 4711;
  SCOPED_TRACE(fmt::format("seed {}", seed));
  SeededRandom random(seed);
  int refused = 0;
  for (int i = 0; i < 40; ++i) {
    Wire wire;
    const auto bytes =
        wire.encode({.kind = FrameKind::send, .to = {.node = wire.b_at_a, .id = 77, .serial = 1}, .body = random_term(random, wire, 3)});
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      Wire fresh;
      // A copy on the heap of exactly this size: a read past the end is seen by the sanitizer.
      const std::vector<char> exact(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(cut));
      refused += refusal(fresh, ByteView(exact.data(), exact.size())) != "accepted" ? 1 : 0;
    }
    // Without its last byte no frame is whole: the last field always belongs to the body.
    Wire fresh;
    EXPECT_NE(refusal(fresh, ByteView(bytes).substr(0, bytes.size() - 1)), "accepted");
  }
  EXPECT_GT(refused, 1000);
}

TEST(Malformed, RandomBytesAndFlippedBitsNeverDoMoreThanFail) {
  const std::uint64_t seed = 815;
  SCOPED_TRACE(fmt::format("seed {}", seed));
  SeededRandom random(seed);
  int accepted = 0;
  for (int i = 0; i < 3000; ++i) {
    Wire wire;
    auto bytes =
        wire.encode({.kind = FrameKind::send, .to = {.node = wire.b_at_a, .id = 77, .serial = 1}, .body = random_term(random, wire, 3)});
    for (std::uint32_t flips = 1 + random.u32() % 4; flips > 0; --flips) {
      bytes[random.u32() % bytes.size()] ^= static_cast<char>(1u << (random.u32() % 8));
    }
    Wire fresh;
    accepted += fresh.decode(bytes).has_value() ? 1 : 0;
    std::string noise(random.u32() % 200, '\0');
    random.fill(noise.data(), noise.size());
    Wire other;
    (void)other.decode(noise);
  }
  EXPECT_LT(accepted, 3000);
}

TEST(Malformed, AClaimedCountReservesNothing) {
  EXPECT_NE(refusal("08 02 28 01 68 ff ff ff ff ff ff ff ff ff 01").find("claims 18446744073709551615 elements"), std::string::npos);
  EXPECT_NE(refusal("08 02 28 01 78 ff ff ff ff ff ff ff ff 7f").find("pairs"), std::string::npos);
  EXPECT_NE(refusal("08 02 28 01 70 05 58 02 58 02").find("claims 5 elements"), std::string::npos);
  EXPECT_NE(refusal("08 02 28 01 b8 01 ff ff ff ff 0f").find("improper"), std::string::npos);
}

TEST(Malformed, ALengthBeyondTheFrameIsTruncation) {
  EXPECT_EQ(refusal("08 02 28 01 62 ff ff ff ff 0f 00"), "truncated");
  EXPECT_EQ(refusal("08 02 28 01 62 05 00 00 00 00"), "truncated");
  EXPECT_EQ(refusal("08 02 28 01 99 01 00 00 00 00 00 00 f0"), "truncated");
  EXPECT_EQ(refusal("08"), "truncated");
}

TEST(Malformed, AVarintOfMoreThan64BitsIsRefused) {
  EXPECT_NE(refusal("08 02 28 01 58 ff ff ff ff ff ff ff ff ff 02"), "accepted");
  EXPECT_NE(refusal("08 02 28 01 58 80 80 80 80 80 80 80 80 80 80 00"), "accepted");
}

TEST(Malformed, PaddedVarintsAreRead) {
  // Rule 2 of pulpo.proto: a writer may reserve room for a length or a count.
  EXPECT_EQ(refusal("08 02 28 81 80 80 00 62 81 80 80 80 00 78"), "accepted");
}

TEST(Malformed, NumbersBeyondTheirRangeAreRefused) {
  EXPECT_NE(refusal("08 10 28 01 58 02").find("16 is no kind"), std::string::npos);
  EXPECT_NE(refusal("08 02 80 01 03 28 01 58 02").find("3 is no lane"), std::string::npos);
  EXPECT_NE(refusal("08 02 28 80 80 80 80 10 58 02").find("beyond 32 bits"), std::string::npos);
  EXPECT_NE(refusal("28 01 38 80 80 10 58 02").find("18 bits"), std::string::npos);
}

TEST(Malformed, AnAtomThatWasNeverDefinedIsNamedByItsIndex) {
  EXPECT_EQ(refusal("08 02 28 01 50 07"), "atom 7 was never defined");
  EXPECT_EQ(refusal("08 03 30 00 58 02"), "atom 0 was never defined");
  EXPECT_EQ(refusal("08 02 28 01 50 ff ff ff ff ff ff ff ff ff 01"), "atom 18446744073709551615 was never defined");
}

TEST(Malformed, UnknownFieldsAndWireTypesAreRefused) {
  EXPECT_NE(refusal("08 02 28 01 58 02 f8 01 00").find("field 31 of wire type 0"), std::string::npos);
  EXPECT_NE(refusal("08 02 28 01 5d 00 00 00 00").find("field 11 of wire type 5"), std::string::npos);
  EXPECT_NE(refusal("08 02 28 01 00 00").find("field 0"), std::string::npos);
}

TEST(Malformed, TheHeadEndsWhereTheBodyBegins) { EXPECT_NE(refusal("08 02 58 02 28 01").find("field 5"), std::string::npos); }

TEST(Malformed, ABodyIsOneTermAndAllOfIt) {
  EXPECT_NE(refusal("08 02 28 01 58 02 58 02").find("second term"), std::string::npos);
  EXPECT_NE(refusal("08 02 28 01 68 02 62 04 00 00 00 00").find("lacks elements"), std::string::npos);
  EXPECT_NE(refusal("08 02 28 01").find("a send carries to and a body"), std::string::npos);
  EXPECT_NE(refusal("08 05 10 01 28 01 58 02").find("a link carries"), std::string::npos);
  EXPECT_NE(refusal("").find("a reply carries"), std::string::npos);
}

TEST(Malformed, ASpawnRequestHasEveryPartOfItsShape) {
  Wire wire;
  const Term good[] = {2, Pid{.id = 9, .serial = 8}, Atom("Elixir.Kate"), Atom("say_name"), Term::empty_list()};
  const auto told = [&](std::size_t at, const Term& instead) {
    std::vector<Term> parts(std::begin(good), std::end(good));
    parts[at] = instead;
    return refusal(wire, wire.encode({.kind = FrameKind::spawn_request,
                                      .from = {.id = 1000, .serial = 3},
                                      .ref = {.third = 7},
                                      .body = Term::tuple(std::span<const Term>(parts))}));
  };
  EXPECT_EQ(told(0, 15), "accepted");
  EXPECT_EQ(told(1, Term()), "accepted") << "no leader";
  EXPECT_EQ(told(4, Term::charlist("hi")), "accepted");
  const std::pair<std::size_t, Term> wrong[] = {{0, 16},
                                                {0, -1},
                                                {0, "2"},
                                                {1, 5},
                                                {2, "Kate"},
                                                {3, 1},
                                                {4, Term::tuple({})},
                                                {4, Term::list(std::vector<Term>{1}, 2)},
                                                {4, Term::list(std::vector<Term>(256, Term(300)))}};
  for (const auto& [at, instead] : wrong) {
    const std::string text = told(at, instead);
    EXPECT_TRUE(text.find("the body of a spawn_request is") == 0 || text.find("255 arguments") != std::string::npos) << text;
  }
  // Without from, without ref, with somebody it is for, and with no tuple at all.
  EXPECT_NE(refusal("08 0d 40 01 58 02").find("a spawn_request carries"), std::string::npos);
  EXPECT_NE(refusal("08 0d 10 01 58 02").find("a spawn_request carries"), std::string::npos);
  EXPECT_NE(refusal("08 0d 10 01 20 01 40 01 58 02").find("a spawn_request carries"), std::string::npos);
  EXPECT_NE(refusal("08 0d 10 01 40 01 58 02").find("the body of a spawn_request is"), std::string::npos);
}

TEST(Malformed, ASpawnReplyOfAProcessSaysWhatItHasSet) {
  EXPECT_EQ(refusal("08 0e 10 01 20 01 40 01 58 06"), "accepted");
  EXPECT_NE(refusal("08 0e 10 01 20 01 40 01 58 08").find("its links and monitors"), std::string::npos);
  EXPECT_NE(refusal("08 0e 10 01 20 01 40 01 68 00").find("its links and monitors"), std::string::npos);
  EXPECT_EQ(refusal("08 0e 20 01 40 01 68 00"), "accepted") << "why there is none may be any term";
  EXPECT_NE(refusal("08 0e 20 01 58 06").find("a spawn_reply carries"), std::string::npos);
}

TEST(Malformed, FloatsThatAreNoTermsAreRefused) {
  EXPECT_NE(refusal("08 02 28 01 99 01 00 00 00 00 00 00 f0 7f").find("float"), std::string::npos);
  EXPECT_NE(refusal("08 02 28 01 99 01 00 00 00 00 00 00 f8 7f").find("float"), std::string::npos);
}

TEST(Malformed, ACharlistMustBeUtf8) {
  EXPECT_NE(refusal("08 02 28 01 a2 01 02 c3 28").find("UTF-8"), std::string::npos);
  EXPECT_NE(refusal("08 02 28 01 a2 01 03 ed a0 80").find("UTF-8"), std::string::npos);
  EXPECT_EQ(refusal("08 02 28 01 a2 01 00"), "accepted");
}

TEST(Malformed, AnIdentifierOfAThirdNodeNeedsItsName) {
  EXPECT_NE(refusal("08 02 28 01 aa 01 06 08 01 10 01 18 02").find("lacks its name"), std::string::npos);
  EXPECT_NE(refusal("08 02 28 01 aa 01 06 08 01 10 01 18 03").find("no origin"), std::string::npos);
  EXPECT_NE(refusal("08 02 28 01 aa 01 01 08").find("a pid that cannot be read"), std::string::npos);
  EXPECT_NE(refusal("08 02 28 01 b2 01 04 08 80 80 10").find("a reference that cannot be read"), std::string::npos);
}

TEST(Malformed, AFullTableOfNodesIsAnError) {
  Wire wire;
  wire.b_nodes.entries_max = 2;
  const auto c_at_a = *wire.a_nodes.index_of(Atom("c@altair"), 99);
  const auto bytes = wire.encode(
      {.kind = FrameKind::send, .to = {.node = wire.b_at_a, .serial = 1}, .body = Term(Pid{.node = c_at_a, .id = 4, .serial = 2})});
  EXPECT_NE(refusal(wire, bytes).find("table of nodes is full"), std::string::npos);
}

TEST(Malformed, AFunctionBindsNoMoreThanItTakes) {
  EXPECT_NE(refusal("08 02 28 01 92 01 01 6d d2 01 08 08 00 10 00 18 01 20 02 58 02 58 02").find("more arguments bound"),
            std::string::npos);
  EXPECT_NE(refusal("08 02 28 01 d2 01 04 08 00 10 00").find("never defined"), std::string::npos);
}

TEST(Malformed, AFloodOfAtomsEndsAtThePeersQuotaWhichOutlivesTheConnection) {
  Wire wire;
  wire.quota.limit = 100;
  const auto define = [](int number) {
    const auto text = fmt::format("flood_{}", number);
    return unhex("92 01") + static_cast<char>(text.size()) + text;
  };
  std::string bytes = unhex("08 02 28 01");
  for (int i = 0; i < 100; ++i) bytes += define(i);
  // Atoms that exist here already do not count.
  bytes += unhex("92 01 02 6f 6b");
  bytes += unhex("50 00");
  EXPECT_EQ(refusal(wire, bytes), "accepted");
  EXPECT_EQ(wire.quota.made, 100u);
  Decoder second(wire.b_nodes, wire.a_at_b, wire.quota);
  Frame frame;
  const auto refused = second.decode(unhex("08 02 28 01") + define(100) + unhex("50 00"), frame);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().detail.find("100 atoms"), std::string::npos) << refused.error().detail;
  // What it defined before still exists, so defining it again is free.
  Decoder third(wire.b_nodes, wire.a_at_b, wire.quota);
  EXPECT_TRUE(third.decode(unhex("08 02 28 01") + define(5) + unhex("50 00"), frame).has_value());
}

TEST(Malformed, AnAtomThatIsNoTextIsRefused) {
  EXPECT_NE(refusal("08 02 28 01 92 01 02 c3 28 50 00").find("not UTF-8"), std::string::npos);
  Wire wire;
  EXPECT_NE(refusal(wire, unhex("08 02 28 01 92 01 80 02") + std::string(256, 'x') + unhex("50 00")).find("too long"), std::string::npos);
}

TEST(Malformed, AMessageBeyondTheLimitIsRefusedByItsSize) {
  Wire wire({.message_bytes_max = 50});
  EXPECT_NE(refusal(wire, std::string(51, 'x')).find("51 bytes, but a message may have 50"), std::string::npos);
}

TEST(Malformed, MoreTermsThanTheLimitAreRefusedAtBothEnds) {
  Wire wire({.terms_max = 10});
  std::vector<Term> eleven(10, Term(0));
  const auto refused =
      wire.encoder.encode(wire.out, {.kind = FrameKind::send, .to = {.node = wire.b_at_a, .serial = 1}, .body = Term::tuple(eleven)});
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().detail.find("10 terms"), std::string::npos);
  std::string bytes = unhex("08 02 28 01 68 0b");
  for (int i = 0; i < 11; ++i) bytes += unhex("58 00");
  EXPECT_NE(refusal(wire, bytes).find("10 terms"), std::string::npos);
}

}  // namespace
}  // namespace pulpo::wire
