// SPDX-License-Identifier: Apache-2.0
#include "pulpo/system.hpp"

#include "unit/otp/support.hpp"

namespace pulpo::system_test {
namespace {

using testing::elixir;

class SystemTest : public testing::OnEachLoop {};
PULPO_ON_EACH_LOOP(SystemTest);

const Term* field(const Term& map, std::string_view key) { return map.is_map() ? map.map_find(Atom(key)) : nullptr; }

TEST_P(SystemTest, EchoRepliesWithItsArgumentAndCountsCallsAndCasts) {
  run([] {
    ASSERT_TRUE(start_system());
    const Address echo = "Elixir.Pulpo.Echo"_atom;
    for (const char* text : {":ping", "{:cal, 4, 5}", "\"a text of more than fourteen bytes\"", "[]"}) {
      EXPECT_EQ(call(echo, elixir(text)), elixir(text));
    }
    cast(echo, elixir("\"seven b\""));
    cast(echo, elixir(":no_bytes"));
    EXPECT_EQ(*get_state(echo), elixir("{4, 2, 7}"));
    EXPECT_TRUE(stop_system());
  });
}

TEST_P(SystemTest, TheNodeTellsWhatItHasUsed) {
  run(
      [] {
        ASSERT_TRUE(start_system({.version = "1.2.3"}));
        const Address echo = "Elixir.Pulpo.Echo"_atom;
        for (int i = 0; i < 7; ++i) EXPECT_EQ(call(echo, Term(i)), Term(i));
        const Term usage = call(Address("Elixir.Pulpo.Node"_atom), elixir(":usage"));
        cast(echo, elixir("\"four\""));
        const Term later = call(Address("Elixir.Pulpo.Node"_atom), elixir(":usage"));
        EXPECT_EQ(*field(later, "casts"), Term(1));
        EXPECT_EQ(*field(later, "cast_bytes"), Term(4));
        for (const char* key :
             {"calls", "casts", "cast_bytes", "machine", "kernel", "cpu_us", "rss_kib", "cores", "loop", "version", "processes", "atoms"}) {
          ASSERT_NE(field(usage, key), nullptr) << key << " is missing in " << usage.text();
        }
        EXPECT_EQ(*field(usage, "calls"), Term(7));
        EXPECT_EQ(*field(usage, "cores"), Term(2));
        EXPECT_EQ(*field(usage, "version"), Term("1.2.3"));
        EXPECT_EQ(*field(usage, "loop"), Term(pulpo::runtime().loop_name()));
        EXPECT_GT(field(usage, "rss_kib")->integer(), 0);
        EXPECT_GE(field(usage, "processes")->integer(), 5) << "four of the system, and this one";
        EXPECT_TRUE(stop_system());
      },
      {.cores = 2});
}

TEST_P(SystemTest, ItDoesNotEndWithWhoStartedIt) {
  run([] {
    const Pid starter = spawn([] { ASSERT_TRUE(start_system()); });
    (void)testing::end_of(starter);
    EXPECT_TRUE(testing::eventually([] { return whereis("Elixir.Pulpo.Node"_atom).has_value(); }));
    const auto second = start_system();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::already_exists);
    EXPECT_EQ(call(Address("Elixir.Pulpo.Echo"_atom), Term(1)), Term(1));
    EXPECT_TRUE(stop_system());
    EXPECT_FALSE(whereis("Elixir.Pulpo.Echo"_atom));
  });
}

TEST_P(SystemTest, ItsEndIsToldWithTheReason) {
  run([] {
    EXPECT_EQ(await_system_end(), Term(atoms::noproc));
    ASSERT_TRUE(start_system());
    exit(*whereis("Elixir.Pulpo.Supervisor"_atom), atoms::kill);
    EXPECT_EQ(await_system_end(), Term(atoms::killed));
  });
}

}  // namespace
}  // namespace pulpo::system_test
