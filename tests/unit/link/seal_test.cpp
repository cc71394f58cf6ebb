// SPDX-License-Identifier: Apache-2.0
//
// Sealed records by themselves: what opens, what does not, and how keys follow each other.
#include "link/seal.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "wire/stream.hpp"

namespace pulpo::links {
namespace {

SealKey key_of(unsigned char first) {
  SealKey key;
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<unsigned char>(first + i);
  return key;
}

std::string hex(ByteView bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

std::string seal(Sealer& sealer, ByteView text) {
  std::string out(Sealer::room_for(text.size()), '\0');
  out.resize(static_cast<std::size_t>(sealer.seal(text, out.data()) - out.data()));
  return out;
}
std::string goodbye(Sealer& sealer) {
  std::string out(Sealer::kOverheadMax, '\0');
  out.resize(static_cast<std::size_t>(sealer.seal_goodbye(out.data()) - out.data()));
  return out;
}

/// What one field opens to; empty when it does not.
std::optional<std::string> open(Opener& opener, ByteView field) {
  const auto part = wire::next_part(field, Opener::kBodyBytesMax);
  if (part.step != wire::StreamStep::whole || part.field != wire::StreamField::sealed) return std::nullopt;
  std::string out(part.body.size(), '?');
  const auto opened = opener.open(part.head(), part.body, out.data());
  if (!opened.verified) {
    const auto text = part.body.size() < Sealer::kSealBytes ? 0 : part.body.size() - Sealer::kSealBytes;
    EXPECT_EQ(out.find_first_not_of(std::string("\0?", 2)), std::string::npos) << "text of " << text << " bytes before it was verified";
    return std::nullopt;
  }
  out.resize(opened.size);
  EXPECT_EQ(opened.is_goodbye(), out.empty());
  return out;
}

/// Two ends of one direction.
struct Direction {
  explicit Direction(const SealLimits& limits = {}) : sealer(key_of(0), limits), opener(key_of(0), limits) {}
  Sealer sealer;
  Opener opener;
};

TEST(Seal, IsTheBytesOfTheProtocol) {
  // PROTOCOL.md's example. Computed with an RFC 8439 and a BLAKE2b that are not libsodium's (Python), key 00 01 … 1f.
  const std::string tick("\x32\x02\x08\x05", 4);
  {
    Sealer sealer(key_of(0));
    EXPECT_EQ(hex(seal(sealer, tick)), "3a142aba4a34c5481016edbb6260e37c0ebc94388e3f");
    EXPECT_EQ(hex(goodbye(sealer)), "3a103d894140a23a8a1e2f41c46032c3fead");
  }
  {
    Sealer sealer(key_of(0));
    const auto field = seal(sealer, std::string(200, 'x'));
    EXPECT_EQ(hex(field.substr(0, 8)), "3ad80160c03a49d5") << "a length of two bytes is bound as it stands";
    EXPECT_EQ(hex(field.substr(field.size() - 16)), "273c5c749f418d003f8dd04280c0bc5c");
  }
  {
    Sealer sealer(key_of(0), {.records = 1});
    (void)seal(sealer, tick);
    EXPECT_EQ(hex(seal(sealer, tick)), "3a14de08b3e2dbf8227c84a2b769206cef09e6672354") << "number 1, under the second key";
  }
}

TEST(Seal, TextOfEverySizeAroundAPieceOpensInPiecesOfAtMostAField) {
  Direction link;
  constexpr auto kPiece = Sealer::kPieceBytesMax;
  for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{111}, std::size_t{112}, kPiece - 1, kPiece, kPiece + 1,
                                 2 * kPiece, std::size_t{100'000}}) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + size);
    const auto sealed = seal(link.sealer, text);
    EXPECT_LE(sealed.size(), Sealer::room_for(size));
    std::string opened;
    for (ByteView rest(sealed); !rest.empty();) {
      const auto part = wire::next_part(rest, Opener::kBodyBytesMax);
      ASSERT_EQ(part.step, wire::StreamStep::whole);
      EXPECT_LE(part.size, Sealer::kFieldBytesMax);
      const auto piece = open(link.opener, rest.substr(0, part.size));
      ASSERT_TRUE(piece.has_value()) << size;
      opened += *piece;
      rest.remove_prefix(part.size);
    }
    EXPECT_EQ(opened, text);
  }
}

TEST(Seal, NoPieceLooksLikeAnother) {
  Sealer sealer(key_of(0));
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(seen.insert(seal(sealer, "the same text")).second);
}

TEST(Seal, AFlippedBitAtAnyPlaceIsRefused) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{40}, std::size_t{200}, Sealer::kPieceBytesMax}) {
    Sealer sealer(key_of(0));
    Opener opener(key_of(0));
    const std::string text(size, 't');
    const auto field = seal(sealer, text);
    // Every place of a short one; of a long one its ends and a sample between.
    for (std::size_t at = 0; at<field.size(); at += size> 200 && at > 40 && at + 300 < field.size() ? 257 : 1) {
      for (const int bit : {0, 3, 7}) {
        auto bad = field;
        bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
        EXPECT_FALSE(open(opener, bad).has_value()) << "bit " << bit << " of byte " << at << " of " << field.size();
      }
    }
    EXPECT_EQ(open(opener, field), text) << "what was refused has not moved the opener on";
  }
}

TEST(Seal, ALengthWrittenInAnotherWayIsRefused) {
  Direction link;
  auto field = seal(link.sealer, "text");
  field[1] = static_cast<char>(field[1] | 0x80);
  field.insert(2, 1, '\0');  // the same number, padded: elsewhere on our wire that is allowed
  EXPECT_FALSE(open(link.opener, field).has_value());
}

TEST(Seal, APieceTwiceOutOfOrderOrAfterAGapIsRefused) {
  Direction link;
  const auto first = seal(link.sealer, "first"), second = seal(link.sealer, "second"), third = seal(link.sealer, "third");
  EXPECT_FALSE(open(link.opener, second).has_value()) << "the first was left out, or the two were swapped";
  EXPECT_EQ(open(link.opener, first), "first");
  EXPECT_FALSE(open(link.opener, first).has_value()) << "replayed";
  EXPECT_FALSE(open(link.opener, third).has_value()) << "a gap";
  EXPECT_EQ(open(link.opener, second), "second");
}

TEST(Seal, ForeignKeysOpenNothing) {
  Sealer theirs(key_of(1));
  Opener opener(key_of(0));
  EXPECT_FALSE(open(opener, seal(theirs, "of the other direction, or of another connection")).has_value());
}

TEST(Seal, BodiesShorterThanASealOrLongerThanAPieceAreRefusedUnread) {
  Opener opener(key_of(0));
  const std::string bytes(20'000, 's');
  std::string out(20'000, '?');
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{15}, Opener::kBodyBytesMax + 1, bytes.size()}) {
    EXPECT_FALSE(opener.open("\x3a\x10", ByteView(bytes).substr(0, size), out.data()).verified) << size;
    EXPECT_EQ(out[0], '?');
  }
}

TEST(Seal, TheGoodbyeIsAPieceWithoutBytes) {
  Direction link;
  (void)open(link.opener, seal(link.sealer, "last words"));
  EXPECT_EQ(open(link.opener, goodbye(link.sealer)), "");
}

TEST(Seal, NothingToSealIsNoGoodbye) {
  Sealer sealer(key_of(0));
  EXPECT_EQ(seal(sealer, ""), "");
}

TEST(Seal, BothSidesChangeKeysAtTheSamePieceWhateverTheSizes) {
  const std::uint64_t seed = 7;
  SCOPED_TRACE(fmt::format("seed {}", seed));
  SeededRandom random(seed);
  Direction link({.records = 5, .bytes = 1'000});
  for (int i = 0; i < 2'000; ++i) {
    const std::string text(1 + random.u32() % 600, 'k');
    ASSERT_EQ(open(link.opener, seal(link.sealer, text)), text) << i;
  }
}

TEST(Seal, AKeyEndsWithItsLastRecordOrByte) {
  // An opener that does not change keys follows as far as the first key reaches, and no further.
  for (const auto& [limits, reach] : {std::pair(SealLimits{.records = 3}, 3), std::pair(SealLimits{.bytes = 100}, 10)}) {
    Sealer sealer(key_of(0), limits);
    Opener first_key(key_of(0));
    for (int i = 0; i < reach; ++i) EXPECT_TRUE(open(first_key, seal(sealer, "ten bytes.")).has_value()) << i;
    EXPECT_FALSE(open(first_key, seal(sealer, "ten bytes.")).has_value());
  }
}

TEST(Seal, AGoodbyeCountsAsARecord) {
  Direction link({.records = 2});
  (void)open(link.opener, seal(link.sealer, "one"));
  EXPECT_EQ(open(link.opener, goodbye(link.sealer)), "");
  EXPECT_EQ(open(link.opener, seal(link.sealer, "under the second key")), "under the second key");
}

}  // namespace
}  // namespace pulpo::links
