// SPDX-License-Identifier: Apache-2.0
#include "wire/frame.hpp"

#include <gtest/gtest.h>

#include "wire_fixture.hpp"

namespace pulpo::wire {
namespace {

Frame request(const Wire& wire, Term body = Term(Atom("ping"))) {
  (void)wire;
  return {.kind = FrameKind::request,
          .to_name = Atom("Elixir.PingPong"),
          .from = {.id = 1000, .serial = 3},
          .ref = {.first = 1, .second = 300, .third = 70'000},
          .body = std::move(body)};
}

Frame reply(const Wire& wire, Term body = Term(Atom("pong"))) {
  return {.kind = FrameKind::reply,
          .to = {.node = wire.b_at_a, .id = 1000, .serial = 3},
          .ref = {.node = wire.b_at_a, .first = 0, .second = 300, .third = 200},
          .body = std::move(body)};
}

TEST(Frame, TheFirstRequestDefinesItsAtomsAndTheNextNamesThemByIndex) {
  Wire wire;
  EXPECT_EQ(hex(wire.encode(request(wire))),
            "08 01 10 e8 07 18 03 "                                         // kind, from
            "92 01 0f 45 6c 69 78 69 72 2e 50 69 6e 67 50 6f 6e 67 30 00 "  // define "Elixir.PingPong", to_name 0
            "38 01 40 ac 02 48 f0 a2 04 "                                   // ref
            "92 01 04 70 69 6e 67 50 01");                                  // define "ping", atom 1
  EXPECT_EQ(hex(wire.encode(request(wire))), "08 01 10 e8 07 18 03 30 00 38 01 40 ac 02 48 f0 a2 04 50 01");
}

TEST(Frame, ASmallCallTakesTwentyFourBytesThereAndSixteenBack) {
  Wire wire;
  // Once the atoms are known; with the record's tag and length of the frame.
  wire.encode(request(wire));
  EXPECT_LE(wire.encode(request(wire)).size() + 2, 24u);
  wire.encode(reply(wire));
  EXPECT_LE(wire.encode(reply(wire)).size() + 2, 16u);
}

TEST(Frame, AReplyNamesOnlyItsReceiverAndItsReference) {
  Wire wire;
  wire.encode(reply(wire));
  EXPECT_EQ(hex(wire.encode(reply(wire))), "20 e8 07 28 03 40 ac 02 48 c8 01 50 00");
}

TEST(Frame, ASpawnOfAKnownFunctionTakesAFewBytes) {
  Wire wire;
  const Frame spawn{
      .kind = FrameKind::spawn_request,
      .from = {.id = 1000, .serial = 3},
      .ref = {.second = 300, .third = 200},
      .body = Term::tuple({kSpawnMonitor, Pid{.id = 9, .serial = 2}, Atom("Elixir.Kate"), Atom("say_name"), Term::list({-4})})};
  wire.encode(spawn);
  EXPECT_EQ(hex(wire.encode(spawn)),
            "08 0d 10 e8 07 18 03 40 ac 02 48 c8 01 "                     // kind, from, ref
            "68 05 58 04 aa 01 04 08 09 10 02 50 00 50 01 70 01 58 07");  // {2, #PID<0.9.2>, Kate, :say_name, [-4]}
}

TEST(Frame, EachEndSeesTheIdentifiersFromItsOwnSide) {
  Wire wire;
  const auto asked = wire.carry(request(wire));
  EXPECT_EQ(asked.from, (Pid{.node = wire.a_at_b, .id = 1000, .serial = 3}));
  EXPECT_EQ(asked.ref.node, wire.a_at_b);
  EXPECT_EQ(asked.to_name, Atom("Elixir.PingPong"));
  EXPECT_FALSE(asked.to);
  const auto answered = wire.carry(reply(wire));
  EXPECT_EQ(answered.to, (Pid{.node = kOwnNode, .id = 1000, .serial = 3}));
  EXPECT_EQ(answered.ref, (Ref{.node = kOwnNode, .first = 0, .second = 300, .third = 200}));
}

TEST(Frame, EveryKindArrivesWithAllItsParts) {
  Wire wire;
  const Pid from{.id = 5, .serial = 1};
  const Pid to{.node = wire.b_at_a, .id = 1u << 26, .serial = 4'000'000'000u};
  const Ref mine{.second = 9};
  const Ref theirs{.node = wire.b_at_a, .first = 262'143, .second = UINT32_MAX, .third = UINT32_MAX};
  const Atom name("logger");
  const Frame frames[] = {
      {.kind = FrameKind::reply, .to = to, .ref = theirs, .body = 1},
      {.kind = FrameKind::request, .from = from, .to = to, .ref = mine, .body = 2},
      {.kind = FrameKind::request, .lane = Lane::bulk, .to_name = name, .from = from, .ref = mine, .body = 2},
      {.kind = FrameKind::spawn_request, .from = from, .ref = mine, .body = Term::tuple({2, Term(), name, name, Term::list({1, 2})})},
      {.kind = FrameKind::spawn_reply, .from = from, .to = to, .ref = theirs, .body = kSpawnLink},
      {.kind = FrameKind::spawn_reply, .to = to, .ref = theirs, .body = Term(name)},
      {.kind = FrameKind::alias, .ref = theirs, .body = 3},
      {.kind = FrameKind::alias, .from = from, .ref = theirs, .body = 3},
      {.kind = FrameKind::send, .to = to, .body = 3},
      {.kind = FrameKind::send, .from = from, .to = to, .body = 3},
      {.kind = FrameKind::send_name, .to_name = name, .from = from, .body = 4},
      {.kind = FrameKind::cancel, .to_name = name, .from = from, .ref = mine},
      {.kind = FrameKind::cancel, .ref = mine},
      {.kind = FrameKind::link, .lane = Lane::control, .from = from, .to = to},
      {.kind = FrameKind::unlink, .from = from, .to = to, .unlink_id = UINT64_MAX},
      {.kind = FrameKind::unlink_ack, .from = from, .to = to, .unlink_id = 1},
      {.kind = FrameKind::exit, .from = from, .to = to, .body = Term(atoms::killed)},
      {.kind = FrameKind::exit2, .from = from, .to = to, .body = Term(atoms::kill)},
      {.kind = FrameKind::monitor, .from = from, .to = to, .ref = mine},
      {.kind = FrameKind::monitor, .to_name = name, .from = from, .ref = mine},
      {.kind = FrameKind::demonitor, .from = from, .to = to, .ref = mine},
      {.kind = FrameKind::down, .from = from, .to = to, .ref = theirs, .body = Term(atoms::noproc)},
      {.kind = FrameKind::down, .ref = theirs, .body = Term(atoms::noproc)},
  };
  for (const auto& frame : frames) {
    SCOPED_TRACE(to_string(frame.kind));
    const auto got = wire.carry(frame);
    const auto flip = [&](NodeIndex node) { return node == kOwnNode ? wire.a_at_b : kOwnNode; };
    EXPECT_EQ(got.kind, frame.kind);
    EXPECT_EQ(got.lane, frame.lane);
    EXPECT_EQ(got.to_name, frame.to_name);
    EXPECT_EQ(got.unlink_id, frame.unlink_id);
    EXPECT_TRUE(got.body == frame.body);
    if (frame.from) {
      EXPECT_EQ(got.from, (Pid{flip(frame.from.node), frame.from.id, frame.from.serial}));
    }
    if (frame.to) {
      EXPECT_EQ(got.to, (Pid{flip(frame.to.node), frame.to.id, frame.to.serial}));
    }
    if (frame.ref) {
      EXPECT_EQ(got.ref, (Ref{flip(frame.ref.node), frame.ref.first, frame.ref.second, frame.ref.third}));
    }
    EXPECT_EQ(static_cast<bool>(got.from), static_cast<bool>(frame.from));
    EXPECT_EQ(static_cast<bool>(got.to), static_cast<bool>(frame.to));
    EXPECT_EQ(static_cast<bool>(got.ref), static_cast<bool>(frame.ref));
  }
}

TEST(Frame, ATermIsAFlatRunInPreorder) {
  Wire wire;
  const auto body = Term::tuple({Term(Atom("cal")), Term(4), Term::list({Term(-1), Term("x")}), Term::tuple(std::span<const Term>{})});
  const Frame send{.kind = FrameKind::send, .to = {.node = wire.b_at_a, .id = 1, .serial = 1}, .body = body};
  wire.encode(send);
  EXPECT_EQ(hex(wire.encode(send)),
            "08 02 20 01 28 01 "            // kind, to
            "68 04 50 00 58 08 "            // tuple 4: atom 0, integer 4,
            "70 02 58 01 62 01 78 68 00");  // list 2: integer -1, binary "x"; tuple 0
}

TEST(Frame, APidOfAThirdNodeCarriesThatNodesNameAndCreation) {
  Wire wire;
  const auto c_at_a = *wire.a_nodes.index_of(Atom("c@altair"), 99);
  const auto got = wire.carry_term(Term(Pid{.node = c_at_a, .id = 4, .serial = 2}));
  ASSERT_TRUE(got.is_pid());
  const auto name = wire.b_nodes.name_of(got.pid().node);
  EXPECT_EQ(name.name, Atom("c@altair"));
  EXPECT_EQ(name.creation, 99u);
  EXPECT_EQ(got.pid().id, 4u);
}

TEST(Frame, APidOfTheReceiverInAnEarlierLifeIsNotItsOwn) {
  Wire wire;
  const auto earlier = *wire.a_nodes.index_of(Atom("b@altair"), 22);
  const auto got = wire.carry_term(Term(Pid{.node = earlier, .id = 4, .serial = 2}));
  EXPECT_NE(got.pid().node, kOwnNode);
}

TEST(Frame, AnyTermArrivesEqual) {
  const std::uint64_t seed = 20261120;
  RecordProperty("seed", std::to_string(seed));
  SCOPED_TRACE(fmt::format("seed {}", seed));
  SeededRandom random(seed);
  Wire wire;
  for (int i = 0; i < 3000; ++i) {
    const auto term = random_term(random, wire, 4);
    ASSERT_TRUE(wire.carry_term(term) == seen_by_b(term, wire)) << "term " << i;
  }
}

TEST(Frame, ABinaryOfAnySizeAroundTheLengthsBoundariesArrives) {
  Wire wire;
  for (const std::size_t size : {0u, 1u, 13u, 14u, 15u, 95u, 96u, 97u, 110u, 120u, 127u, 128u, 129u, 16'383u, 16'384u, 3'000'000u}) {
    const std::string bytes(size, 'x');
    EXPECT_TRUE(wire.carry_term(Term::binary(bytes)) == Term::binary(bytes)) << size;
    EXPECT_TRUE(wire.carry_term(Term::tuple({Term::binary(bytes)})) == Term::tuple({Term::binary(bytes)})) << size;
  }
}

TEST(Frame, AListOfSmallIntegersTravelsAsTextAndArrivesAsTheSameList) {
  Wire wire;
  const auto list = Term::list({Term(104), Term(105)});
  EXPECT_TRUE(wire.carry_term(list) == list);
  EXPECT_TRUE(wire.carry_term(list) == Term::charlist("hi"));
  const auto surrogate = Term::list({Term(104), Term(0xd800)});
  EXPECT_TRUE(wire.carry_term(surrogate) == surrogate);
}

TEST(Frame, NestingUpToTheLimitArrivesAndBeyondItIsRefusedAtBothEnds) {
  const auto nested = [](std::size_t levels) {
    Term term(1);
    for (std::size_t i = 0; i < levels; ++i) term = Term::tuple({term});
    return term;
  };
  Wire wire;
  EXPECT_TRUE(wire.carry_term(nested(Term::kDepthMax)) == nested(Term::kDepthMax));
  const Frame deep{.kind = FrameKind::send, .to = {.node = wire.b_at_a, .serial = 1}, .body = nested(Term::kDepthMax + 1)};
  const auto refused = wire.encoder.encode(wire.out, deep);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().detail.find("10000 levels"), std::string::npos) << refused.error().detail;

  std::string bytes = unhex("08 02 28 01");
  for (std::size_t i = 0; i <= Term::kDepthMax; ++i) bytes += unhex("68 01");
  bytes += unhex("58 02");
  const auto unread = wire.decode(bytes);
  ASSERT_FALSE(unread.has_value());
  EXPECT_NE(unread.error().detail.find("10000 levels"), std::string::npos) << unread.error().detail;
}

TEST(Frame, AnObjectCannotLeaveItsNodeAndTheErrorSaysWhatToSend) {
  Wire wire;
  const auto refused =
      wire.encoder.encode(wire.out, request(wire, Term::tuple({Term(Atom("take")), Term::object(std::make_shared<int>(1))})));
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().detail.find("C++ object"), std::string::npos) << refused.error().detail;
}

TEST(Frame, AFrameThatCannotBeEncodedLeavesBufferAndAtomsAsTheyWere) {
  Wire wire({.message_bytes_max = 100});
  wire.encode(request(wire));
  const auto size = wire.out.size();
  const auto atoms = wire.encoder.atoms().size();
  const auto refused =
      wire.encoder.encode(wire.out, request(wire, Term::tuple({Term(Atom("not_sent_before")), Term::binary(std::string(101, 'x'))})));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::bad_argument);
  EXPECT_NE(refused.error().detail.find("100 bytes"), std::string::npos) << refused.error().detail;
  EXPECT_EQ(wire.out.size(), size);
  EXPECT_EQ(wire.encoder.atoms().size(), atoms);
}

TEST(Frame, AtomsOfAFrameTakenBackAreDefinedAgain) {
  Wire wire({.message_bytes_max = 1000});
  const auto refused =
      wire.encoder.encode(wire.out, request(wire, Term::tuple({Term(Atom("taken_back")), Term::binary(std::string(1001, 'x'))})));
  ASSERT_FALSE(refused.has_value());
  EXPECT_TRUE(wire.carry(request(wire, Term(Atom("taken_back")))).body == Term(Atom("taken_back")));
}

TEST(Frame, AReceiverOfAnotherIncarnationIsRefusedWithAReason) {
  Wire wire;
  const auto earlier = *wire.a_nodes.index_of(Atom("b@altair"), 22);
  const auto refused = wire.encoder.encode(wire.out, {.kind = FrameKind::send, .to = {.node = earlier, .serial = 1}, .body = 1});
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().detail.find("incarnation"), std::string::npos) << refused.error().detail;
}

TEST(Frame, AFrameThatLacksAPartIsRefusedByTheEncoder) {
  Wire wire;
  const Pid from{.id = 5, .serial = 1};
  const Pid to{.node = wire.b_at_a, .id = 6, .serial = 1};
  const Frame frames[] = {
      {.kind = FrameKind::reply, .to = to, .body = 1},
      {.kind = FrameKind::request, .from = from, .ref = {.third = 1}, .body = 2},
      {.kind = FrameKind::request, .to_name = Atom("x"), .from = from, .to = to, .ref = {.third = 1}, .body = 2},
      {.kind = FrameKind::send, .from = from, .body = 3},
      {.kind = FrameKind::unlink, .from = from, .to = to},
      {.kind = FrameKind::link, .from = from, .to = to, .ref = {.third = 1}},
      {.kind = FrameKind::down, .from = from, .to = to, .body = 3},
  };
  for (const auto& frame : frames) {
    const auto refused = wire.encoder.encode(wire.out, frame);
    EXPECT_FALSE(refused.has_value()) << to_string(frame.kind);
  }
  EXPECT_TRUE(wire.out.empty());
}

}  // namespace
}  // namespace pulpo::wire
