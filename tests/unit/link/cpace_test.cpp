// SPDX-License-Identifier: Apache-2.0
//
// The draft's vectors (draft-irtf-cfrg-cpace, G_Ristretto255), and what must be refused.
#include "link/cpace.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pulpo::links {
namespace {

using Bytes32 = std::array<unsigned char, 32>;

std::string unhex(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  return bytes;
}
template <std::size_t N>
std::string text(const std::array<unsigned char, N>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), N};
}
Bytes32 bytes32(std::string_view hex) {
  const auto bytes = unhex(hex);
  Bytes32 out{};
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

const auto kChannel = unhex("6f630b425f726573706f6e6465720b415f696e69746961746f72");
const auto kSession = unhex("7e4b4791d6a8ef019b936c79fb7f2c57");
constexpr auto kScalarA = "da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08";
constexpr auto kScalarB = "d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d";
constexpr auto kShareA = "d40fb265a7abeaee7939d91a585fe59f7053f982c296ec413c624c669308f87a";
constexpr auto kShareB = "08bcf6e9777a9c313a3db6daa510f2d398403319c2341bd506a92e672eb7e307";

TEST(Cpace, TheGeneratorsStringFillsTheFirstBlockWithTheSecret) {
  const auto string = Cpace::generator_string("Password", kChannel, kSession);
  EXPECT_EQ(string.size(), 172u);
  EXPECT_EQ(string.substr(0, 27), std::string("\x11") + "CPaceRistretto255" + "\x08" + "Password");
  EXPECT_EQ(static_cast<unsigned char>(string[27]), 100u);
  EXPECT_EQ(string.substr(28, 100), std::string(100, '\0'));
  // A password that fills the block alone leaves no room for zeros.
  const auto longer = Cpace::generator_string(std::string(200, 'p'), "", "");
  EXPECT_EQ(longer.size(), 18 + 2 + 200 + 1 + 1 + 1u);
}

TEST(Cpace, TheDraftsVectorsComeOut) {
  Cpace a("Password", kChannel, kSession, bytes32(kScalarA));
  Cpace b("Password", kChannel, kSession, bytes32(kScalarB));
  EXPECT_EQ(text(a.generator()), unhex("a6fc82c3b8968fbb2e06fee81ca858586dea50d248f0c7ca6a18b0902a30b36b"));
  EXPECT_EQ(text(a.share()), unhex(kShareA));
  EXPECT_EQ(text(b.share()), unhex(kShareB));
  Bytes32 product{};
  ASSERT_TRUE(Cpace::multiply(bytes32(kScalarA), unhex(kShareB), product));
  EXPECT_EQ(text(product), unhex("e22b1ef7788f661478f3cddd4c600774fc0f41e6b711569190ff88fa0e607e09"));
  SeededRandom random(1);
  Isk isk_a{}, isk_b{};
  ASSERT_TRUE(a.finish(Cpace::Side::initiator, "ADa", text(b.share()), "ADb", random, isk_a));
  ASSERT_TRUE(b.finish(Cpace::Side::responder, "ADb", text(a.share()), "ADa", random, isk_b));
  EXPECT_EQ(text(isk_a), unhex("4c5469a16b2364c4b944ebc1a79e51d1674ad47db26e8718154f59faebfaa52d"
                               "8346f30aa58377117eb20d527f2cbc5c76381f7fd372e89df8239f87f2e02ed1"));
  EXPECT_EQ(isk_a, isk_b);
}

TEST(Cpace, ScalarMultiplicationIsTheDrafts) {
  Bytes32 product{};
  ASSERT_TRUE(Cpace::multiply(bytes32("7cd0e075fa7955ba52c02759a6c90dbbfc10e6d40aea8d283e407d88cf538a05"),
                              unhex("2c3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c"), product));
  EXPECT_EQ(text(product), unhex("7c13645fe790a468f62c39beb7388e541d8405d1ade69d1778c5fe3e7f6b600e"));
}

TEST(Cpace, SharesThatDoNotDecodeAndTheIdentityAreRefusedWithAKeyThatNobodyHas) {
  const auto scalar = bytes32("7cd0e075fa7955ba52c02759a6c90dbbfc10e6d40aea8d283e407d88cf538a05");
  SeededRandom random(2);
  for (const auto& share : {unhex("2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c"), std::string(32, '\0'),
                            std::string(31, 'x'), std::string(33, 'x'), std::string()}) {
    Bytes32 product{};
    EXPECT_FALSE(Cpace::multiply(scalar, share, product));
    Isk first{}, second{};
    Cpace one("Password", kChannel, kSession, scalar);
    EXPECT_FALSE(one.finish(Cpace::Side::initiator, "ADa", share, "ADb", random, first));
    Cpace other("Password", kChannel, kSession, scalar);
    EXPECT_FALSE(other.finish(Cpace::Side::initiator, "ADa", share, "ADb", random, second));
    EXPECT_NE(first, second);
  }
}

TEST(Cpace, TwoRunsAgreeWithTheSamePasswordAndOnlyThen) {
  const std::uint64_t seed = 77;
  SCOPED_TRACE(seed);
  SeededRandom random(seed);
  const auto agree = [&](std::string_view password_a, std::string_view password_b, std::string_view channel_b, std::string_view data_seen) {
    Cpace a(password_a, "ci", "sid", random);
    Cpace b(password_b, channel_b, "sid", random);
    Isk isk_a{}, isk_b{};
    const bool good = a.finish(Cpace::Side::initiator, "ADa", text(b.share()), "ADb", random, isk_a) &&
                      b.finish(Cpace::Side::responder, "ADb", text(a.share()), data_seen, random, isk_b);
    return good && isk_a == isk_b;
  };
  EXPECT_TRUE(agree("secret", "secret", "ci", "ADa"));
  EXPECT_FALSE(agree("secret", "Secret", "ci", "ADa"));
  EXPECT_FALSE(agree("secret", "secret", "cj", "ADa"));
  EXPECT_FALSE(agree("secret", "secret", "ci", "ADx"));
}

TEST(Cpace, LengthsAreLeb128) {
  std::string out;
  append_lv(out, std::string(300, 'x'));
  EXPECT_EQ(out.substr(0, 2), "\xac\x02");
  EXPECT_EQ(out.size(), 302u);
}

}  // namespace
}  // namespace pulpo::links
