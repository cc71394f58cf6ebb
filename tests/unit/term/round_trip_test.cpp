// SPDX-License-Identifier: Apache-2.0
//
// Goal:   what the printers write, the readers read back as the same term; and no text, however broken, harms a reader.
// Method: terms and texts from a seed. A failure prints the seed; PULPO_SEED=n runs that one.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "pulpo/result.hpp"
#include "pulpo/term.hpp"

namespace pulpo {
namespace {

std::uint64_t seed() {
  const char* given = std::getenv("PULPO_SEED");  // NOLINT: before any thread
  return given != nullptr ? std::strtoull(given, nullptr, 10) : SystemRandom().u64();
}

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}

  std::uint32_t below(std::uint32_t limit) { return random_.u32() % limit; }

  std::string text(std::size_t size_max) {
    std::string text;
    for (std::uint32_t i = below(static_cast<std::uint32_t>(size_max) + 1); i > 0; --i) {
      static constexpr const char* kPieces[] = {"a",
                                                "Z",
                                                "_",
                                                "@",
                                                "0",
                                                ".",
                                                "\"",
                                                "'",
                                                "\\",
                                                "\n",
                                                "#{",
                                                " ",
                                                "\xc3\xa9",
                                                "\xe6\x8e\xa5",
                                                "\xf0\x9f\x90\x99",
                                                "\x01",
                                                "\x7f",
                                                "\xc2\x80",
                                                "Elixir.",
                                                ":",
                                                "?",
                                                "\x1b",
                                                "\a"};
      text += kPieces[below(std::size(kPieces))];
    }
    return text;
  }

  Term leaf() {
    switch (below(13)) {
      case 0:
        return Term(static_cast<std::int64_t>(random_.u64()));
      case 1:
        return Term(static_cast<std::int32_t>(below(300)) - 20);
      case 2: {
        const double value = std::bit_cast<double>(random_.u64());
        return std::isfinite(value) ? Term(value) : Term(0.5);
      }
      case 3:
        return Term(Atom(text(8)));
      case 4:
        return Term(Atom::from_index(below(atoms::kKnownCount)));
      case 5:
        return Term(Pid{.node = random_.u32(), .id = random_.u32(), .serial = random_.u32()});
      case 6:
        return Term(Ref{.node = random_.u32(), .first = below(1u << 18), .second = random_.u32(), .third = random_.u32()});
      case 7:
        return Term::binary(text(20));
      case 8: {
        std::string bytes(below(30), '\0');
        random_.fill(bytes.data(), bytes.size());
        return Term::binary(bytes);
      }
      case 9:
        return Term::charlist(text(20));
      case 10: {
        std::string bytes(below(60), '\0');
        random_.fill(bytes.data(), bytes.size());
        return Term::big_integer(below(2) == 0, bytes);
      }
      case 11:
        return Term::function(Atom(text(4)), Atom(text(4)), static_cast<std::uint8_t>(below(256)));
      default:
        return Term::empty_list();
    }
  }

  Term term(int depth) {
    if (depth == 0 || below(3) == 0) return leaf();
    std::vector<Term> parts(below(5));
    for (Term& part : parts) part = term(depth - 1);
    switch (below(5)) {
      case 0:
        return Term::tuple(parts);
      case 1:
        return Term::list(parts);
      case 2:
        return Term::list(parts, leaf());
      case 3:
        for (Term& part : parts) part = Term::tuple({Atom(text(3)), part});
        return Term::list(parts);
      default: {
        std::vector<std::pair<Term, Term>> pairs;
        const bool atoms_only = below(2) == 0;
        for (const Term& part : parts) pairs.emplace_back(atoms_only ? Term(Atom(text(3))) : leaf(), part);
        return Term::map(std::move(pairs));
      }
    }
  }

 private:
  SeededRandom random_;
};

TEST(RoundTrip, WhatIsPrintedReadsBackAsTheSameTerm) {
  const std::uint64_t used = seed();
  SCOPED_TRACE("PULPO_SEED=" + std::to_string(used));
  Maker make(used);
  for (int i = 0; i < 5'000; ++i) {
    const Term term = make.term(5);
    const std::string elixir = term.text();
    const auto from_elixir = read_elixir(elixir);
    ASSERT_TRUE(from_elixir.has_value()) << elixir << "\n" << from_elixir.error().text();
    ASSERT_TRUE(from_elixir.value() == term) << elixir << "\n" << from_elixir.value().text();
    const std::string erlang = term.erlang_text();
    const auto from_erlang = read_erlang(erlang);
    ASSERT_TRUE(from_erlang.has_value()) << erlang << "\n" << from_erlang.error().text();
    ASSERT_TRUE(from_erlang.value() == term) << erlang << "\n" << from_erlang.value().erlang_text();
  }
}

TEST(RoundTrip, OrderIsTotal) {
  const std::uint64_t used = seed();
  SCOPED_TRACE("PULPO_SEED=" + std::to_string(used));
  Maker make(used);
  std::vector<Term> terms(120);
  for (Term& term : terms) term = make.term(3);
  for (const Term& a : terms) {
    for (const Term& b : terms) {
      const auto order = Term::compare_exactly(a, b);
      ASSERT_TRUE((order < 0) == (Term::compare_exactly(b, a) > 0)) << a.text() << "\n" << b.text();
      ASSERT_EQ(order == 0, a.text() == b.text()) << a.text() << "\n" << b.text();
      if (order != 0) continue;
      ASSERT_TRUE(Term::compare(a, b) == 0);
    }
  }
  for (const Term& a : terms) {
    for (const Term& b : terms) {
      if (Term::compare(a, b) > 0) continue;
      for (const Term& c : terms) {
        ASSERT_TRUE(Term::compare(b, c) > 0 || Term::compare(a, c) <= 0) << a.text() << "\n" << b.text() << "\n" << c.text();
      }
    }
  }
}

TEST(RoundTrip, BrokenTextsAreRefusedAtAPlaceInsideThem) {
  const std::uint64_t used = seed();
  SCOPED_TRACE("PULPO_SEED=" + std::to_string(used));
  Maker make(used);
  for (int i = 0; i < 5'000; ++i) {
    const Term term = make.term(4);
    const bool is_elixir = make.below(2) == 0;
    std::string text = is_elixir ? term.text() : term.erlang_text();
    for (std::uint32_t edits = 1 + make.below(3); edits > 0 && !text.empty(); --edits) {
      const std::size_t at = make.below(static_cast<std::uint32_t>(text.size()));
      switch (make.below(3)) {
        case 0:
          text.erase(at, 1);
          break;
        case 1:
          text.resize(at);
          break;
        default:
          text[at] = "{}[]|,.:#&<>\"'\\%=0aA \n\xff"[make.below(24)];
      }
    }
    const auto read = is_elixir ? read_elixir(text) : read_erlang(text);
    if (read) continue;
    EXPECT_FALSE(read.error().message.empty()) << text;
    const auto lines = static_cast<std::uint32_t>(1 + std::count(text.begin(), text.end(), '\n'));
    EXPECT_LE(read.error().line, lines) << text;
    EXPECT_LE(read.error().column, text.size() + 1) << text;
    EXPECT_GE(read.error().column, 1u);
  }
}

}  // namespace
}  // namespace pulpo
