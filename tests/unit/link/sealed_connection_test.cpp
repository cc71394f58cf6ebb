// SPDX-License-Identifier: Apache-2.0
//
// A sealed link under attack: by somebody on the way, who has its bytes but not its keys, and by a peer that has the keys.
#include "connection_fixture.hpp"
#include "wire/record.hpp"

namespace pulpo::links {
namespace {

/// What a piece of full length takes on the wire.
constexpr std::size_t kWholeField = Sealer::kPieceBytesMax + Sealer::kOverheadMax;

/// a's end of a sealed link, by hand: it says to b what a test makes of the sealed bytes.
class SealedPeer : public AuthenticatedPeer {
 protected:
  void begin() {
    if (accepting_.connection) accepting_.connection->abort(Cause::closed_here, {});
    ASSERT_TRUE(until([&] { return !accepting_.connection; }));
    accepting_.peer.reset();
    accepting_.ending.reset();
    accepting_.records.clear();
    ear_.lines.clear();
    if (raw_handle_ >= 0) loop_->close(std::exchange(raw_handle_, -1));
    ASSERT_TRUE(until([&] { return !raw_.is_pending(); }));
    raw_.bytes.clear();
    raw_.ended = false;
    authenticate();
    sealer_.emplace(handshake_->send_key(), settings_.seal);
    opener_.emplace(handshake_->receive_key(), settings_.seal);
  }
  /// A record with number `seq` whose frames are `frames`, as on a plain link.
  static std::string record(char seq, ByteView frames) {
    std::string stream;
    wire::append_part(stream, wire::StreamField::record, std::string("\x08") + seq + std::string(frames));
    return stream;
  }
  std::string sealed(ByteView text) {
    std::string out(Sealer::room_for(text.size()), '\0');
    out.resize(static_cast<std::size_t>(sealer_->seal(text, out.data()) - out.data()));
    return out;
  }
  std::string goodbye() {
    std::string out(Sealer::kOverheadMax, '\0');
    out.resize(static_cast<std::size_t>(sealer_->seal_goodbye(out.data()) - out.data()));
    return out;
  }
  /// Opens what b has sent, all of it.
  std::string opened() {
    std::string text;
    for (ByteView rest(raw_.bytes); !rest.empty();) {
      const auto part = wire::next_part(rest, Opener::kBodyBytesMax);
      EXPECT_EQ(part.step, wire::StreamStep::whole);
      std::string out(part.body.size(), '\0');
      const auto piece = opener_->open(part.head(), part.body, out.data());
      EXPECT_TRUE(piece.verified);
      if (part.step != wire::StreamStep::whole || !piece.verified) break;
      text += out.substr(0, piece.size);
      rest.remove_prefix(part.size);
    }
    return text;
  }
  /// Sends nothing more; b reads the end of the stream.
  void hang_up() { loop_->shutdown_send(raw_handle_); }
  /// b ends for that cause, having delivered so many records, and says so in one line that names the peer and what was wrong.
  void expect_ending(Cause cause, std::size_t records, std::string_view what) {
    ASSERT_TRUE(until([&] { return accepting_.ending.has_value(); }));
    EXPECT_EQ(to_string(accepting_.ending->cause), std::string(to_string(cause))) << accepting_.ending->fault.text();
    EXPECT_EQ(accepting_.records.size(), records);
    ASSERT_EQ(ear_.lines.size(), 1u);
    EXPECT_NE(ear_.lines[0].text.find("Connection with node a@127.0.0.1"), std::string::npos) << ear_.lines[0].text;
    EXPECT_NE(ear_.lines[0].text.find(what), std::string::npos) << ear_.lines[0].text;
  }
  void expect_altered(std::size_t records = 0) {
    expect_ending(Cause::altered, records, "a record of a@127.0.0.1 does not verify");
    EXPECT_NE(ear_.lines[0].text.find("altered, replayed or out of order"), std::string::npos);
  }
  void expect_cut(std::size_t records = 0) { expect_ending(Cause::cut, records, "was cut, not closed: it ended without a goodbye"); }

  std::optional<Sealer> sealer_;
  std::optional<Opener> opener_;
};

TEST_P(SealedPeer, SealedIsTheDefaultAndTheWireShowsNothingOfWhatIsSaid) {
  EXPECT_EQ(Identity{}.features, kSealedRecords);
  begin();
  EXPECT_TRUE(accepting_.connection->is_sealed());
  accepting_.gather("Elixir.PingPong");
  accepting_.connection->flush();
  ASSERT_TRUE(until([&] { return raw_.bytes.size() >= 15 + 4 + Sealer::kOverheadMax - 1; }));
  EXPECT_EQ(raw_.bytes.find("PingPong"), std::string::npos);
  EXPECT_EQ(raw_.bytes[0], '\x3a');
  EXPECT_EQ(opened(), record(1, "Elixir.PingPong"));
}

TEST_P(SealedPeer, SealedRecordsByteByByteArriveWhole) {
  begin();
  auto stream = sealed(record(1, "one"));
  stream += sealed(record(2, std::string(300, '2')));
  stream += sealed(record(3, ""));
  for (const char byte : stream) say(ByteView(&byte, 1));
  ASSERT_TRUE(until([&] { return accepting_.records.size() == 3; }));
  EXPECT_EQ(accepting_.records[0], "\x08\x01one");
  EXPECT_EQ(accepting_.records[2], "\x08\x03");
}

TEST_P(SealedPeer, ALongRecordIsDeliveredOnceItsLastPieceHasVerified) {
  begin();
  const std::string frames(100'000, 'l');
  const auto stream = sealed(record(1, frames));
  say(ByteView(stream).substr(0, stream.size() - 1));
  say(ByteView(stream).substr(stream.size() - 1));
  ASSERT_TRUE(until([&] { return accepting_.records.size() == 1; }));
  EXPECT_EQ(accepting_.records[0], "\x08\x01" + frames);
}

TEST_P(SealedPeer, AFlippedBitAtAnyByteOfARecordEndsTheLink) {
  for (std::size_t at = 0;; ++at) {
    begin();
    auto stream = sealed(record(1, "frame"));
    if (at == stream.size()) break;
    stream[at] = static_cast<char>(stream[at] ^ 4);
    // Behind it another record, which a length that grew would eat.
    say(stream + sealed(record(2, std::string(200, 'n'))));
    SCOPED_TRACE(fmt::format("byte {}", at));
    expect_altered();
  }
}

TEST_P(SealedPeer, FlippedBitsOfALongRecordEndTheLinkBeforeAnythingOfItIsDelivered) {
  for (const std::size_t at :
       {std::size_t{100}, kWholeField - 1, kWholeField, kWholeField + 1, kWholeField + 100, std::size_t{32'767}, std::size_t{40'000}}) {
    begin();
    auto stream = sealed(record(1, std::string(50'000, 'l')));
    ASSERT_LT(at, stream.size());
    stream[at] = static_cast<char>(stream[at] ^ 1);
    say(stream + sealed(record(2, std::string(20'000, 'n'))));
    SCOPED_TRACE(fmt::format("byte {}", at));
    expect_altered();
  }
}

TEST_P(SealedPeer, AReplayedRecordEndsTheLink) {
  begin();
  const auto first = sealed(record(1, "once"));
  say(first + first);
  expect_altered(1);
}

TEST_P(SealedPeer, SwappedRecordsEndTheLink) {
  begin();
  const auto first = sealed(record(1, "first")), second = sealed(record(2, "second"));
  say(second + first);
  expect_altered();
}

TEST_P(SealedPeer, ARecordLeftOutEndsTheLink) {
  begin();
  const auto first = sealed(record(1, "first"));
  (void)sealed(record(2, "never arrives"));
  say(first + sealed(record(3, "third")));
  expect_altered(1);
}

TEST_P(SealedPeer, APieceOfALongRecordLeftOutEndsTheLink) {
  begin();
  const auto stream = sealed(record(1, std::string(50'000, 'l')));
  say(stream.substr(0, kWholeField) + stream.substr(2 * kWholeField));
  expect_altered();
}

TEST_P(SealedPeer, BsOwnRecordReflectedEndsTheLink) {
  begin();
  accepting_.gather("of b");
  accepting_.connection->flush();
  ASSERT_TRUE(until([&] { return raw_.bytes.size() >= 4 + 4 + 18; }));
  say(raw_.bytes);
  expect_altered();
}

TEST_P(SealedPeer, ARecordOfAnotherConnectionOfTheSameTwoNodesEndsTheLink) {
  begin();
  const auto earlier = sealed(record(1, "earlier"));
  begin();
  say(earlier);
  expect_altered();
}

TEST_P(SealedPeer, APlainRecordOnASealedLinkEndsIt) {
  begin();
  say(record(1, "plain"));
  expect_altered();
}

TEST_P(SealedPeer, LengthsThatNoSealedRecordHasAreRefusedByThemselves) {
  for (const auto* const head : {"\x3a\xff\xff\xff\xff\x0f", "\x3a\xfe\x7f", "\x3a\xff\xff\xff\xff\xff\x0f"}) {
    begin();
    say(head);
    expect_altered();
  }
}

TEST_P(SealedPeer, ABodyShorterThanASealEndsTheLink) {
  begin();
  say(ByteView("\x3a\x00", 2));
  expect_altered();
  begin();
  say("\x3a\x0f" + std::string(15, 's'));
  expect_altered();
}

TEST_P(SealedPeer, TheEndOfTheStreamWithoutAGoodbyeIsACutAndSaysSo) {
  begin();
  say(sealed(record(1, "all of it")));
  hang_up();
  expect_cut(1);
}

TEST_P(SealedPeer, TheEndOfTheStreamInsideARecordIsACut) {
  begin();
  const auto stream = sealed(record(1, "cut"));
  say(ByteView(stream).substr(0, stream.size() - 1));
  hang_up();
  expect_cut();
}

TEST_P(SealedPeer, TheEndOfTheStreamBetweenThePiecesOfARecordIsACut) {
  begin();
  say(ByteView(sealed(record(1, std::string(50'000, 'l')))).substr(0, 2 * kWholeField));
  hang_up();
  expect_cut();
}

TEST_P(SealedPeer, AResetUnderASendIsACutTooWhicheverEndsFirst) {
  begin();
  loop_->cancel(raw_);
  ASSERT_TRUE(until([&] { return !raw_.is_pending(); }));
  accepting_.gather(std::string(32u << 20, 'w'));  // beyond any buffer of the kernel: the send waits
  accepting_.connection->flush();
  ASSERT_TRUE(accepting_.connection->is_sending());
  for (int i = 0; i < 100; ++i) loop_->turn(io::Loop::Wait::no);
  loop_->close(std::exchange(raw_handle_, -1));  // with bytes unread: the peer's kernel resets the connection
  expect_cut();
}

TEST_P(SealedPeer, AGoodbyeUnderSealIsAnEndAndNotWorthALine) {
  begin();
  const auto words = sealed(record(1, "last words"));
  say(words + goodbye());
  ASSERT_TRUE(until([&] { return accepting_.ending.has_value(); }));
  EXPECT_EQ(accepting_.ending->cause, Cause::closed);
  EXPECT_EQ(accepting_.records.size(), 1u);
  EXPECT_TRUE(ear_.lines.empty());
}

TEST_P(SealedPeer, AGoodbyeReplayedFromAnotherConnectionIsNone) {
  begin();
  const auto earlier = goodbye();
  begin();
  say(earlier);
  expect_altered();
}

TEST_P(SealedPeer, AGoodbyeInsideARecordIsRefused) {
  begin();
  const auto half = record(1, std::string(30'000, 'l')).substr(0, 20'000);
  const auto sealed_half = sealed(half);
  say(sealed_half + goodbye());
  expect_ending(Cause::malformed, 0, "a goodbye inside a record");
}

TEST_P(SealedPeer, WhatIsSealedMustBeRecordsOneAtATime) {
  const std::pair<std::string, const char*> cases[] = {
      {record(1, "one") + record(2, "two"), "goes on beyond its record"},  {"GET / HTTP/1.1", "the bytes are not pulpo's protocol"},
      {std::string("\x0a\x00", 2), "a message of the handshake after it"}, {std::string("\x3a\x00", 2), "a sealed record inside another"},
      {"\x32\xff\xff\xff\xff\x0f", "a length beyond the limit"},
  };
  for (const auto& [text, why] : cases) {
    begin();
    say(sealed(text));
    expect_ending(Cause::malformed, 0, why);
  }
}

TEST_P(SealedPeer, KeysChangeOnALinkThatGoesOn) {
  settings_.seal = {.records = 3, .bytes = 40'000};
  begin();
  for (char seq = 1; seq <= 20; ++seq) say(sealed(record(seq, std::string(static_cast<std::size_t>(seq) * 997, 'k'))));
  ASSERT_TRUE(until([&] { return accepting_.records.size() == 20; }));
  for (int i = 0; i < 20; ++i) {
    accepting_.gather(std::string(5'000, 'b'));
    accepting_.connection->flush();
    ASSERT_TRUE(until([&] { return !accepting_.connection->is_sending(); }));
  }
  const std::size_t size = 20 * (5'000 + 5 + 19);
  ASSERT_TRUE(until([&] { return raw_.bytes.size() >= size; }));
  EXPECT_EQ(opened().size(), raw_.bytes.size() - 20 * 19u);
}

TEST_P(SealedPeer, ARecordUnderTheKeyBeforeEndsTheLink) {
  settings_.seal = {.records = 2};
  begin();
  Sealer stays(handshake_->send_key(), {});
  const auto same_key = [&](ByteView text) {
    std::string out(Sealer::room_for(text.size()), '\0');
    out.resize(static_cast<std::size_t>(stays.seal(text, out.data()) - out.data()));
    return out;
  };
  auto stream = same_key(record(1, "one"));
  stream += same_key(record(2, "two"));
  stream += same_key(record(3, "the key is over"));
  say(stream);
  expect_altered(2);
}

TEST_P(SealedPeer, AFlushUnderLoadUsesTheSameBuffersAgain) {
  begin();
  accepting_.gather(std::string(60'000, 'f'));
  accepting_.connection->flush();
  ASSERT_TRUE(until([&] { return !accepting_.connection->is_sending(); }));
  // The two gathering buffers take turns: the address of either comes back.
  accepting_.gather(std::string(60'000, 'f'));
  const char* const other = accepting_.connection->gathering().at(0);
  accepting_.connection->flush();
  ASSERT_TRUE(until([&] { return !accepting_.connection->is_sending(); }));
  const char* const one = accepting_.connection->gathering().room(60'000);
  for (int i = 0; i < 10; ++i) {
    accepting_.gather(std::string(60'000, 'f'));
    const char* const now = accepting_.connection->gathering().at(0);
    EXPECT_TRUE(now == one || now == other);
    accepting_.connection->flush();
    ASSERT_TRUE(until([&] { return !accepting_.connection->is_sending(); }));
  }
}

INSTANTIATE_TEST_SUITE_P(Loops, SealedPeer, testing::ValuesIn(ways(kSealedRecords)), way_name);

/// Two nodes of which each may allow plain links.
class NegotiationTest : public ConnectionTest {
 protected:
  void connect_with(std::uint64_t a, std::uint64_t b) {
    a_self_.features = a;
    b_self_.features = b;
    ASSERT_TRUE(connect());
    EXPECT_EQ(dialling_.connection->is_sealed(), accepting_.connection->is_sealed());
    dialling_.gather("across");
    dialling_.connection->flush();
    ASSERT_TRUE(until([&] { return accepting_.records.size() == 1; }));
  }
};

TEST_P(NegotiationTest, WhereBothAllowPlainLinksTheyArePlain) {
  connect_with(kSealedRecords | kPlainRecords, kSealedRecords | kPlainRecords);
  EXPECT_FALSE(dialling_.connection->is_sealed());
}

TEST_P(NegotiationTest, WhereOneOfThemDoesNotTheyAreSealed) {
  connect_with(kSealedRecords | kPlainRecords, kSealedRecords);
  EXPECT_TRUE(dialling_.connection->is_sealed());
}

TEST_P(NegotiationTest, WhereTheOtherDoesNotTheyAreSealedToo) {
  connect_with(kSealedRecords, kSealedRecords | kPlainRecords);
  EXPECT_TRUE(dialling_.connection->is_sealed());
}

TEST_P(NegotiationTest, CloseIsAGoodbyeForThePeer) {
  ASSERT_TRUE(connect());
  dialling_.connection->close();
  ASSERT_TRUE(until([&] { return dialling_.ending && accepting_.ending; }));
  EXPECT_EQ(dialling_.ending->cause, Cause::closed_here);
  EXPECT_EQ(accepting_.ending->cause, Cause::closed);
  EXPECT_TRUE(ear_.lines.empty());
}

TEST_P(NegotiationTest, BothMayCloseAtOnce) {
  ASSERT_TRUE(connect());
  dialling_.connection->close();
  accepting_.connection->close();
  ASSERT_TRUE(until([&] { return dialling_.ending && accepting_.ending; }));
  EXPECT_EQ(dialling_.ending->cause, Cause::closed_here);
  EXPECT_EQ(accepting_.ending->cause, Cause::closed_here);
  EXPECT_TRUE(ear_.lines.empty());
}

INSTANTIATE_TEST_SUITE_P(Loops, NegotiationTest, testing::ValuesIn(ways(kSealedRecords)), way_name);

}  // namespace
}  // namespace pulpo::links
