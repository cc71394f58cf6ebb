// SPDX-License-Identifier: Apache-2.0
#include "pulpo/atom.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace pulpo {
namespace {

TEST(Atom, TheKnownOnesHaveTheirNumbersAndTexts) {
  EXPECT_EQ(Atom(), atoms::nil);
  EXPECT_EQ(atoms::nil.index(), 0u);
  EXPECT_EQ(atoms::nil.text(), "nil");
  EXPECT_EQ(Atom("true"), atoms::true_);
  EXPECT_EQ(Atom("$gen_call"), atoms::gen_call);
  EXPECT_EQ(Atom("Elixir.GenServer"), atoms::GenServer);
  EXPECT_EQ(Atom("nonode@nohost"), atoms::nonode_nohost);
  for (std::uint32_t i = 0; i < atoms::kKnownCount; ++i) EXPECT_EQ(Atom(Atom::from_index(i).text()).index(), i);
}

TEST(Atom, TheSameTextIsTheSameAtom) {
  const Atom first("atom_test_same");
  EXPECT_EQ(first, Atom("atom_test_same"));
  EXPECT_EQ(first, "atom_test_same"_atom);
  EXPECT_NE(first, Atom("atom_test_other"));
  EXPECT_EQ(first.text(), "atom_test_same");
}

TEST(Atom, FindMakesNone) {
  const std::uint32_t before = Atom::count();
  EXPECT_FALSE(Atom::find("atom_test_never_made").has_value());
  EXPECT_EQ(Atom::count(), before);
  const Atom made("atom_test_found");
  EXPECT_EQ(Atom::count(), before + 1);
  EXPECT_EQ(Atom::find("atom_test_found"), made);
}

TEST(Atom, TextsOf255CharactersAreTheLongest) {
  EXPECT_TRUE(Atom::make(std::string(255, 'x')).has_value());
  EXPECT_FALSE(Atom::make(std::string(256, 'x')).has_value());
  std::string accents;  // characters count, not bytes
  for (int i = 0; i < 255; ++i) accents += "\xc3\xa9";
  EXPECT_EQ(Atom::make(accents).value().text(), accents);
  EXPECT_FALSE(Atom::make(accents + "e").has_value());
  EXPECT_EQ(Atom("").text(), "");
}

TEST(Atom, WhatIsNotUtf8IsNoAtom) {
  EXPECT_FALSE(Atom::make("\xff").has_value());
  EXPECT_FALSE(Atom::make("a\xc3").has_value());
  EXPECT_FALSE(Atom::make("\xed\xa0\x80").has_value()) << "a surrogate";
  EXPECT_FALSE(Atom::make("\xc0\x80").has_value()) << "an overlong form";
}

TEST(AtomDeathTest, AProgramsOwnBadNameStopsTheNode) {
  EXPECT_DEATH((void)Atom(std::string(256, 'x')), "assertion failed");
  EXPECT_DEATH((void)Atom::from_index(Atom::kCountMax - 1).text(), "assertion failed");
}

TEST(AtomDeathTest, AFullTableRefusesNewAtomsAndKeepsTheOldOnes) {
  // In a child process, since atoms are never freed.
  EXPECT_EXIT(
      {
        const Atom old("atom_test_old");
        for (std::uint32_t i = 0; Atom::count() < Atom::kCountMax; ++i) {
          if (!Atom::make("fill_" + std::to_string(i))) std::_Exit(1);
        }
        if (Atom::make("one_too_many")) std::_Exit(2);
        if (Atom::make("atom_test_old") != old || Atom::find("fill_7").value().text() != "fill_7") std::_Exit(3);
        if (Atom::from_index(Atom::kCountMax - 1).text().substr(0, 5) != "fill_") std::_Exit(4);
        std::_Exit(0);
      },
      testing::ExitedWithCode(0), "");
}

TEST(Atom, ThreadsThatMakeTheSameNamesAgreeOnTheirNumbers) {
  constexpr int kNames = 3000;  // over several pages and growths of the index
  std::vector<std::vector<std::uint32_t>> seen(2, std::vector<std::uint32_t>(kNames));
  std::vector<std::thread> threads;
  for (auto& mine : seen) {
    threads.emplace_back([&mine] {
      for (int i = 0; i < kNames; ++i) {
        const Atom atom("atom_test_thread_" + std::to_string(i));
        mine[static_cast<std::size_t>(i)] = atom.index();
        if (atom.text() != "atom_test_thread_" + std::to_string(i)) std::abort();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(seen[0], seen[1]);
}

}  // namespace
}  // namespace pulpo
