// SPDX-License-Identifier: Apache-2.0
//
// Depth and threads: what is done to a term must not need a stack as deep as the term.
#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <climits>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "pulpo/result.hpp"
#include "pulpo/term.hpp"

namespace pulpo {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kStack = 256 * 1024;  // its red zones make frames several times as large
#else
constexpr std::size_t kStack = 64 * 1024;  // a coroutine's
#endif

void on_small_stack(std::function<void()> work) {
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  // arm64 gives a thread no less than 128 KiB: still far from what recursion would take.
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, std::max<std::size_t>(kStack, PTHREAD_STACK_MIN)), 0);
  pthread_t thread;
  const auto run = [](void* context) -> void* {
    (*static_cast<std::function<void()>*>(context))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &work), 0);
  ASSERT_EQ(pthread_join(thread, nullptr), 0);
  pthread_attr_destroy(&attributes);
}

Term tower(std::size_t depth, const Term& bottom) {
  Term term = bottom;
  for (std::size_t i = 0; i < depth; ++i) {
    if (i % 3 == 0) {
      term = Term::tuple({std::move(term), "a"_atom});
    } else if (i % 3 == 1) {
      term = Term::list({"b"_atom, std::move(term)});
    } else {
      term = Term::map({{"key"_atom, std::move(term)}});
    }
  }
  return term;
}

TEST(TermDepth, AMillionLevelsAreComparedPrintedSharedAndFreedOnASmallStack) {
  on_small_stack([] {
    constexpr std::size_t kDepth = 1'000'000;
    Term left = tower(kDepth, 1);
    const Term right = tower(kDepth, 2);
    EXPECT_TRUE(Term::compare_exactly(left, right) < 0);
    EXPECT_TRUE(Term::compare(left, right) < 0);
    const Term same = tower(kDepth, 1);
    EXPECT_EQ(left, same);
    EXPECT_GT(left.text().size(), kDepth * 4);
    EXPECT_GT(left.erlang_text().size(), kDepth * 4);
    left.share();
    left = Term();
  });
}

TEST(TermDepth, AKeyMayBeADeepTerm) {
  on_small_stack([] {
    Term term = 1;
    for (int i = 0; i < 2'000; ++i) term = Term::map({{std::move(term), "v"_atom}});
    EXPECT_EQ(term, Term(term));
    EXPECT_EQ(term.text().substr(0, 6), "%{%{%{");
  });
}

TEST(TermDepth, ReadersTakeTenThousandLevelsAndRefuseOneMore) {
  on_small_stack([] {
    const auto brackets = [](std::size_t depth) { return std::string(depth, '{') + std::string(depth, '}'); };
    EXPECT_TRUE(read_elixir(brackets(Term::kDepthMax)).has_value());
    EXPECT_TRUE(read_erlang(brackets(Term::kDepthMax)).has_value());
    const auto refused = read_elixir(brackets(Term::kDepthMax + 1));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().text(), "line 1, column 10001: nested deeper than 10000 levels, the most that are read");
    EXPECT_FALSE(read_erlang(std::string(1'000'000, '[')).has_value());
  });
}

TEST(TermDepth, WideAndSharedBranchesAreFreedOnce) {
  // 2^40 paths, 40 blocks: walking paths instead of blocks would not end, freeing twice would crash.
  Term doubled = "bottom of it all, boxed"_atom;
  doubled = Term(std::string(40, 'x'));
  for (int i = 0; i < 40; ++i) doubled = Term::list({doubled, doubled});
  doubled.share();
  doubled = Term();
  SUCCEED();
}

TEST(TermThreads, ASharedTermIsCopiedAndDroppedByTwoThreadsAtOnce) {
  Term shared = Term::tuple({"ping"_atom, Term(std::string(100, 'x')), Term::list({Term::map({{"key"_atom, Term::charlist("value")}})})});
  const std::string text = shared.text();
  shared.share();
  const auto work = [copy = shared, &text] {
    for (int i = 0; i < 20'000; ++i) {
      const Term mine = copy;
      const Term inner = mine.elements()[2];
      const Term wrapped = Term::list({inner, mine.elements()[1]});
      if (i % 4096 == 0 && mine.text() != text) std::abort();
    }
  };
  std::thread first(work);
  std::thread second(work);
  shared = Term();  // the last reference is dropped by one of them
  first.join();
  second.join();
}

TEST(TermThreads, SharingAgainOrSharingAWrapperIsHarmless) {
  const Term inner = Term::tuple({1, 2});
  inner.share();
  inner.share();
  const Term outer = Term::tuple({inner, Term::list({inner})});
  outer.share();
  Term(1).share();
  std::thread other([copy = outer] { EXPECT_EQ(copy.elements()[0], Term::tuple({1, 2})); });
  other.join();
}

}  // namespace
}  // namespace pulpo
