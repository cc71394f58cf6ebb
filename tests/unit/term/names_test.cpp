// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "pulpo/atom.hpp"

namespace pulpo {
namespace {

std::string name(std::string_view text) {
  const auto atom = atom_of_name(text);
  return atom ? std::string(atom->text()) : "(none)";
}

TEST(Name, ThatBeginsWithACapitalIsAnAlias) {
  EXPECT_EQ(name("PingPong"), "Elixir.PingPong");
  EXPECT_EQ(name("Distro.DistroCal"), "Elixir.Distro.DistroCal");
  EXPECT_EQ(name("Elixir.PingPong"), "Elixir.PingPong");
}

TEST(Name, OfAnotherKindIsAPlainAtom) {
  EXPECT_EQ(name("ping_pong"), "ping_pong");
  EXPECT_EQ(name(":ping_pong"), "ping_pong");
  EXPECT_EQ(name(":PingPong"), "PingPong");
  EXPECT_EQ(name(":\"two words\""), "two words");
  EXPECT_EQ(name(":+"), "+");
}

TEST(Name, OfANodeNeedsNoQuotes) {
  EXPECT_EQ(name("b@127.0.0.1"), "b@127.0.0.1");
  EXPECT_EQ(name("ping-pong@board-1.local"), "ping-pong@board-1.local");
  EXPECT_EQ(name("Kate@localhost"), "Kate@localhost");
  EXPECT_EQ(name("1st@host"), "1st@host");
  EXPECT_EQ(name(":a@altair"), "a@altair");
}

TEST(Name, ThatIsNoneIsRefused) {
  for (const char* text : {"", ":", "two words", "Ping Pong", "Ping.pong", "Foo.", "{a}", "a\"b", ":\"open", "12", "a,b", "\xff"}) {
    EXPECT_EQ(name(text), "(none)") << text;
  }
  EXPECT_EQ(name(std::string(256, 'a')), "(none)");
}

}  // namespace
}  // namespace pulpo
