// SPDX-License-Identifier: Apache-2.0
#include "discovery/beacon.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "discovery/token_bucket.hpp"

namespace pulpo::discovery {
namespace {

using namespace std::string_literals;

TEST(Beacons, AreReadAsTheyWereWritten) {
  for (const Beacon& beacon :
       {Beacon{.port = 1, .id = 0, .label = ""}, Beacon{.is_answer = true, .port = 65535, .id = ~0ull, .label = "lab_2-A"},
        Beacon{.port = 4711, .id = 0x0102030405060708, .label = std::string(kLabelBytesMax, 'x')}}) {
    const auto again = decode_beacon(encode_beacon(beacon));
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_EQ(*again, beacon);
  }
}

TEST(Beacons, AreTheseBytes) {
  EXPECT_EQ(encode_beacon({.is_answer = true, .port = 0x1267, .id = 0x0102030405060708, .label = "lab"}),
            "pulpobcn\x01\x01\x12\x67\x01\x02\x03\x04\x05\x06\x07\x08\x03lab"s);
}

TEST(Beacons, MayGoOnBehindTheLabelForLaterVersions) {
  const auto read = decode_beacon(encode_beacon({.port = 1, .label = "lab"}) + "more\0"s);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->label, "lab");
}

TEST(Beacons, OfAnotherVersionAreReadNoFurther) {
  std::string bytes = encode_beacon({.port = 1, .label = "lab"});
  bytes[8] = 2;
  bytes.back() = '\n';
  const auto read = decode_beacon(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->version, 2);
  EXPECT_EQ(read->label, "");
}

TEST(Beacons, ThatAreNoneAreRefused) {
  const std::string good = encode_beacon({.port = 1, .id = 7, .label = "lab"});
  for (std::size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(decode_beacon(good.substr(0, size))) << size;
  EXPECT_FALSE(decode_beacon(encode_beacon({.port = 0, .label = "lab"})));
  EXPECT_FALSE(decode_beacon(encode_beacon({.port = 1, .label = "a b"})));
  EXPECT_FALSE(decode_beacon(encode_beacon({.port = 1, .label = std::string(kLabelBytesMax + 1, 'x')})));
  EXPECT_FALSE(decode_beacon(good + std::string(kBeaconBytesMax, 'x')));
  EXPECT_FALSE(decode_beacon("PULPOBCN" + good.substr(8)));
}

TEST(Beacons, AreNotMadeOfNoise) {
  SeededRandom random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = encode_beacon({.port = 1, .id = 7, .label = "lab"});
    bytes[8 + random.u32() % (bytes.size() - 8)] = static_cast<char>(random.u32());
    const auto read = decode_beacon(bytes);
    EXPECT_TRUE(!read || is_label(read->label));
  }
}

TEST(TokenBuckets, GiveSomeAtOnceAndThenSoManyASecond) {
  TokenBucket bucket(3, 10);
  TimePoint now{1h};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.take(now));
  EXPECT_FALSE(bucket.take(now));
  EXPECT_FALSE(bucket.take(now + 99ms));
  EXPECT_TRUE(bucket.take(now + 100ms));
  EXPECT_FALSE(bucket.take(now + 199ms));
  int taken = 0;
  for (now += 1h; bucket.take(now);) ++taken;
  EXPECT_EQ(taken, 3);
}

}  // namespace
}  // namespace pulpo::discovery
