// SPDX-License-Identifier: Apache-2.0
//
// Two ends, or one end and a bare socket, on every loop that this kernel has.
#include "link/connection.hpp"

#include "connection_fixture.hpp"
#include "wire/record.hpp"

namespace pulpo::links {
namespace {

TEST_P(ConnectionTest, BothEndsLearnWhoTheOtherIsAndNoSlotIsHeld) {
  ASSERT_TRUE(connect());
  EXPECT_EQ(dialling_.peer->name, "b@127.0.0.1");
  EXPECT_EQ(dialling_.peer->creation, 8u);
  EXPECT_EQ(accepting_.peer->name, "a@127.0.0.1");
  EXPECT_EQ(admission_.half_open(), 0u);
  EXPECT_TRUE(ear_.lines.empty());
}

TEST_P(ConnectionTest, RecordsArriveInOrderAndWhatGathersMeanwhileLeavesTogether) {
  ASSERT_TRUE(connect());
  dialling_.gather("one");
  dialling_.connection->flush();
  EXPECT_TRUE(dialling_.connection->is_sending());
  for (int i = 0; i < 100; ++i) {
    dialling_.gather("x");
    dialling_.connection->flush();
  }
  EXPECT_GT(dialling_.connection->queued_bytes(), 100u);
  ASSERT_TRUE(until([&] { return accepting_.records.size() == 2; }));
  EXPECT_EQ(accepting_.records[0], "\x08\x01one");
  EXPECT_EQ(accepting_.records[1], "\x08\x02" + std::string(100, 'x'));
  ASSERT_TRUE(until([&] { return dialling_.sends == 2; }));
  EXPECT_EQ(dialling_.connection->queued_bytes(), 0u);
}

TEST_P(ConnectionTest, NothingGatheredIsNothingSentButATickIs) {
  ASSERT_TRUE(connect());
  dialling_.connection->flush();
  EXPECT_FALSE(dialling_.connection->is_sending());
  dialling_.connection->flush_even_empty();
  ASSERT_TRUE(until([&] { return accepting_.records.size() == 1; }));
  EXPECT_EQ(accepting_.records[0], "\x08\x01");
}

TEST_P(ConnectionTest, RecordsOfTenMegabytesCrossBothWaysAtOnce) {
  ASSERT_TRUE(connect());
  accepting_.keep_records = dialling_.keep_records = false;
  const std::string big(10'000'000, 'b');
  for (int i = 0; i < 3; ++i) {
    for (auto* const end : {&dialling_, &accepting_}) {
      end->gather(big);
      end->connection->flush();
    }
    ASSERT_TRUE(until([&] { return accepting_.record_bytes >= big.size() * static_cast<std::size_t>(i + 1); }));
  }
  ASSERT_TRUE(until([&] { return dialling_.record_bytes >= 3 * big.size() && dialling_.sends == accepting_.sends; }));
  EXPECT_EQ(accepting_.record_bytes, dialling_.record_bytes);
}

TEST_P(ConnectionTest, RecordsOfEverySizeAroundTheReceiveBuffersBoundariesAreWhole) {
  const std::uint64_t seed = 5;
  SCOPED_TRACE(fmt::format("seed {}", seed));
  SeededRandom random(seed);
  ASSERT_TRUE(connect());
  std::size_t count = 0, wrong = 0;
  std::vector<std::size_t> sizes;
  accepting_.keep_records = false;
  accepting_.on_record = [&](ByteView body) {
    auto reader = wire::RecordReader::open(body);
    const auto numbers = reader ? (reader->stamp().seq < 128 ? 2u : reader->stamp().seq < 16384 ? 3u : 4u) : 0u;
    wrong += body.size() != sizes[count++] + numbers ? 1 : 0;
  };
  for (int i = 0; i < 400; ++i) {
    const auto size = i % 4 == 0 ? 16'370 + random.u32() % 32 : 1 + random.u32() % 3000;
    sizes.push_back(size);
    dialling_.gather(std::string(size, 'r'));
    dialling_.connection->flush();
    ASSERT_TRUE(until([&] { return !dialling_.connection->is_sending(); }));
  }
  ASSERT_TRUE(until([&] { return count == sizes.size(); }));
  EXPECT_EQ(wrong, 0u);
}

TEST_P(ConnectionTest, AWrongCookieEndsBothEndsWithTheSameCause) {
  a_cookies_ = FixedCookies("other");
  dial();
  ASSERT_TRUE(until([&] { return dialling_.ending && accepting_.ending; }));
  EXPECT_EQ(dialling_.ending->cause, Cause::cookie_refused);
  EXPECT_EQ(accepting_.ending->cause, Cause::cookie_refused);
  ASSERT_EQ(ear_.lines.size(), 1u);
  EXPECT_EQ(ear_.lines[0].text, "** Connection attempt from node :\"a@127.0.0.1\" rejected. Invalid challenge reply. **");
}

TEST_P(ConnectionTest, WhoeverTheOwnerDoesNotAdmitLearnsTheCause) {
  accepting_.verdict = {.accepted = false, .cause = Cause::already_connected, .detail = "since Tuesday"};
  dial();
  ASSERT_TRUE(until([&] { return dialling_.ending && accepting_.ending; }));
  EXPECT_EQ(dialling_.ending->cause, Cause::already_connected);
  EXPECT_NE(dialling_.ending->fault.detail.find("since Tuesday"), std::string::npos);
  EXPECT_FALSE(accepting_.peer.has_value());
}

TEST_P(ConnectionTest, TheWrongNodeAtAnAddressIsNamed) {
  dial("z@127.0.0.1");
  ASSERT_TRUE(until([&] { return dialling_.ending && accepting_.ending; }));
  EXPECT_EQ(dialling_.ending->cause, Cause::wrong_name);
}

TEST_P(ConnectionTest, WhoeverListensIsMetWhenNobodyWasDialledByName) {
  dial("");
  ASSERT_TRUE(until([&] { return dialling_.peer && accepting_.peer; }));
  EXPECT_EQ(dialling_.challenger, dialling_.peer->name);
  EXPECT_EQ(accepting_.peer->name, "a@127.0.0.1");
}

TEST_P(ConnectionTest, WhoeverListensIsLeftWhenItIsNotWanted) {
  dialling_.choice = {.accepted = false, .cause = Cause::already_connected, .detail = "known already"};
  dial("");
  ASSERT_TRUE(until([&] { return dialling_.ending && accepting_.ending; }));
  EXPECT_EQ(dialling_.ending->cause, Cause::already_connected);
  EXPECT_EQ(accepting_.ending->cause, Cause::already_connected);
  EXPECT_FALSE(dialling_.peer || accepting_.peer);
}

TEST_P(ConnectionTest, APortWhereNobodyListensIsUnreachableAtOnce) {
  const auto port = loop_->listen(io::Address::loopback_v4(0), {}).value();
  address_ = loop_->local_address(port).value();
  loop_->close(port);
  dial();
  ASSERT_TRUE(until([&] { return dialling_.ending.has_value(); }));
  EXPECT_EQ(dialling_.ending->cause, Cause::unreachable);
  EXPECT_EQ(dialling_.ending->fault.sys, ECONNREFUSED);
}

TEST_P(ConnectionTest, GarbageIsRefusedByItsFirstByteWithALineThatNamesThePeer) {
  raw("GET / HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(until([&] { return accepting_.ending && raw_.ended; }));
  EXPECT_EQ(accepting_.ending->cause, Cause::malformed);
  EXPECT_TRUE(raw_.bytes.empty());
  EXPECT_TRUE(ear_.heard("Connection from 127.0.0.1:")) << "the peer is named";
}

TEST_P(ConnectionTest, AnErlangNodeIsToldApartAtOnce) {
  raw(
      std::string("\x00\x1aN\x00\x00\x00\x0d\x07\xdf\x7f\xbd\x6b\x00\x3f\x4e\x00\x0b"
                  "a@127.0.0.1",
                  28));
  ASSERT_TRUE(until([&] { return accepting_.ending && raw_.ended; }));
  EXPECT_EQ(accepting_.ending->cause, Cause::speaks_erlang);
  EXPECT_TRUE(ear_.heard("Erlang's distribution protocol"));
}

TEST_P(ConnectionTest, ASilentPeerIsClosedAtTheDeadline) {  // NODE-20
  settings_.handshake_time = 30ms;
  raw("");
  ASSERT_TRUE(until([&] { return accepting_.ending && raw_.ended; }));
  EXPECT_EQ(accepting_.ending->cause, Cause::timeout);
}

TEST_P(ConnectionTest, HalfAHandshakeThenSilenceIsClosedAtTheDeadline) {
  settings_.handshake_time = 30ms;
  Handshake handshake(Role::dial, a_self_, "b@127.0.0.1", a_cookies_, random_);
  handshake.start();
  raw(handshake.take_output());
  ASSERT_TRUE(until([&] { return accepting_.ending && raw_.ended; }));
  EXPECT_EQ(accepting_.ending->cause, Cause::timeout);
  EXPECT_FALSE(raw_.bytes.empty()) << "it was challenged";
  EXPECT_TRUE(ear_.heard(":\"a@127.0.0.1\" at 127.0.0.1:"));
}

TEST_P(ConnectionTest, APeerThatLeavesInTheHandshakeEndsIt) {
  raw("\x0a");
  loop_->close(std::exchange(raw_handle_, -1));
  ASSERT_TRUE(until([&] { return accepting_.ending.has_value(); }));
  EXPECT_TRUE(accepting_.ending->cause == Cause::closed || accepting_.ending->cause == Cause::io);
}

TEST_P(ConnectionTest, MessagesBeyondTheBytesOfAHandshakeAreRefused) {
  settings_.handshake_bytes_max = 100;
  Handshake handshake(Role::dial, a_self_, "b@127.0.0.1", a_cookies_, random_);
  handshake.start();
  raw(handshake.take_output() + std::string("\x1a\x80\x01") + std::string(50, 'p'));
  ASSERT_TRUE(until([&] { return accepting_.ending && raw_.ended; }));
  EXPECT_EQ(accepting_.ending->cause, Cause::malformed);
  EXPECT_NE(accepting_.ending->fault.detail.find("100 bytes"), std::string::npos) << accepting_.ending->fault.detail;
}

TEST_P(AuthenticatedPeer, RecordsByteByByteArriveWhole) {
  authenticate();
  std::string stream;
  for (const std::size_t size : {2u, 3u, 127u, 128u, 200u}) {
    wire::append_part(stream, wire::StreamField::record, "\x08\x01" + std::string(size - 2, 'y'));
  }
  for (const char byte : stream) say(ByteView(&byte, 1));
  ASSERT_TRUE(until([&] { return accepting_.records.size() == 5; }));
  EXPECT_EQ(accepting_.records[4].size(), 200u);
}

TEST_P(AuthenticatedPeer, AnOversizedRecordIsRefusedByItsLengthAlone) {
  authenticate();
  say("\x32\xff\xff\xff\xff\x0f");
  ASSERT_TRUE(until([&] { return accepting_.ending && raw_.ended; }));
  EXPECT_EQ(accepting_.ending->cause, Cause::malformed);
  EXPECT_NE(accepting_.ending->fault.detail.find("a@127.0.0.1 sent what is no record"), std::string::npos);
}

TEST_P(AuthenticatedPeer, AClaimedLengthWithoutItsBytesIsWaitedFor) {
  authenticate();
  say("\x32\x80\x80\x80\x40" + std::string(1000, 'z'));  // 128 MiB are announced
  say("z");
  EXPECT_FALSE(accepting_.ending.has_value());
  EXPECT_TRUE(accepting_.records.empty());
}

TEST_P(AuthenticatedPeer, GarbageOrAHandshakeMessageInsteadOfARecordEndsIt) {
  authenticate();
  say(ByteView("\x0a\x00garbage", 9));
  ASSERT_TRUE(until([&] { return accepting_.ending.has_value(); }));
  EXPECT_EQ(accepting_.ending->cause, Cause::malformed);
}

TEST_P(AuthenticatedPeer, ARecordThatIsCutByTheEndOfTheStreamIsNotDelivered) {
  authenticate();
  say("\x32\x10\x08\x01half");
  loop_->close(std::exchange(raw_handle_, -1));
  ASSERT_TRUE(until([&] { return accepting_.ending.has_value(); }));
  EXPECT_TRUE(accepting_.records.empty());
}

TEST_P(ConnectionTest, CloseLetsWhatIsQueuedLeaveFirst) {
  ASSERT_TRUE(connect());
  accepting_.keep_records = false;
  dialling_.gather(std::string(5'000'000, 'q'));
  dialling_.connection->flush();
  dialling_.gather("last");
  dialling_.connection->close();
  ASSERT_TRUE(until([&] { return dialling_.ending && accepting_.ending; }));
  EXPECT_EQ(accepting_.record_bytes, 5'000'000u + 2 + 4 + 2);
  EXPECT_EQ(dialling_.ending->cause, Cause::closed_here);
  EXPECT_EQ(accepting_.ending->cause, Cause::closed);
}

TEST_P(ConnectionTest, AbortDuringASendEndsAtOnceAndOnce) {
  ASSERT_TRUE(connect());
  accepting_.keep_records = false;
  dialling_.gather(std::string(50'000'000, 'q'));
  dialling_.connection->flush();
  dialling_.connection->abort(Cause::timeout, {.code = Errc::timeout, .where = "tick"});
  dialling_.connection->abort(Cause::io, {});
  EXPECT_FALSE(dialling_.ending.has_value()) << "never inside the call";
  ASSERT_TRUE(until([&] { return dialling_.ending && accepting_.ending; }));
  EXPECT_EQ(dialling_.ending->cause, Cause::timeout);
  EXPECT_STREQ(dialling_.ending->fault.where, "tick");
}

TEST_P(ConnectionTest, TheOwnerMayAbortInsideARecord) {
  ASSERT_TRUE(connect());
  accepting_.on_record = [&](ByteView) { accepting_.connection->abort(Cause::malformed, {.code = Errc::bad_message}); };
  for (int i = 0; i < 3; ++i) {
    dialling_.gather("frame");
    dialling_.connection->flush();
  }
  ASSERT_TRUE(until([&] { return dialling_.ending && accepting_.ending; }));
  EXPECT_EQ(accepting_.records.size(), 1u);
  EXPECT_EQ(accepting_.ending->cause, Cause::malformed);
}

TEST_P(ConnectionTest, AbortWhileDiallingEndsWithItsCause) {
  dial();
  dialling_.connection->abort(Cause::closed_here, {});
  ASSERT_TRUE(until([&] { return dialling_.ending.has_value(); }));
  EXPECT_EQ(dialling_.ending->cause, Cause::closed_here);
}

INSTANTIATE_TEST_SUITE_P(PlainOnLoops, ConnectionTest, testing::ValuesIn(ways(kPlainRecords)), way_name);
INSTANTIATE_TEST_SUITE_P(SealedOnLoops, ConnectionTest, testing::ValuesIn(ways(kSealedRecords)), way_name);
INSTANTIATE_TEST_SUITE_P(Loops, AuthenticatedPeer, testing::ValuesIn(ways(kPlainRecords)), way_name);

}  // namespace
}  // namespace pulpo::links
