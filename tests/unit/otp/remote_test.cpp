// SPDX-License-Identifier: Apache-2.0
//
// Remote spawn and rpc without another node: one's own takes the same way.
#include "pulpo/rpc.hpp"
#include "unit/otp/support.hpp"

namespace pulpo::remote_test {
namespace {

using namespace pulpo::testing;

class RemoteTest : public OnEachLoop {};
PULPO_ON_EACH_LOOP(RemoteTest);

const char* const kHere = "nonode@nohost";

inline constexpr auto kTwice = function("Own.twice", "Twice a number.", [](std::int64_t x) { return 2 * x; });

TEST_P(RemoteTest, ASpawnOnTheOwnNodeIsASpawn) {  // SIG-18
  run(
      [] {
        ASSERT_TRUE(start_system({.applications = {{.name = "own", .exports = {kTwice}}}}));
        for (int i = 0; i < 10; ++i) {
          const auto [pid, ref] = spawn_monitor(kHere, kTwice, 4);
          EXPECT_TRUE(pid.is_local());
          EXPECT_EQ(down_reason(ref), Term(atoms::normal));
        }
        trap_exit(true);
        const Pid pid = spawn_link(kHere, "Own.nothing");
        EXPECT_EQ(*receive_any(5s), Term::tuple({atoms::EXIT, pid, elixir("{:undef, [{Own, :nothing, [], []}]}")}));
        EXPECT_EQ(rpc::call(kHere, kTwice, 4), Term(8));
        EXPECT_EQ(rpc::call(kHere, "Own.twice", {4}, 5s), Term(8));
        EXPECT_TRUE(stop_system());
      },
      {.cores = 2});
}

TEST_P(RemoteTest, ANodeWithoutOthersReachesNobody) {  // SIG-17, SIG-18
  run([] {
    CapturedLog log;
    EXPECT_EQ(rpc::call("kate@localhost", kTwice, 4), elixir("{:badrpc, :nodedown}"));
    EXPECT_EQ(down_reason(spawn_monitor("kate@localhost", kTwice, 4).monitor), Term(atoms::noconnection));
    EXPECT_EQ(log.count("Can not start Own::twice,[4] ([:monitor]) on :kate@localhost"), 1u) << log.all();
  });
}

TEST_P(RemoteTest, ANameThatIsNoneIsTheCallersMistake) {
  run([] {
    EXPECT_EQ(reason_of([] { (void)rpc::call(kHere, "not a name"); }),
              elixir("{:badarg, \"\\\"not a name\\\" is not \\\"Module.function\\\"\"}"));
  });
}

TEST_P(RemoteTest, ALayerAboveExportsFunctionsOfItsOwn) {
  run([] {
    const Function rows[] = {kTwice};
    export_functions(pulpo::runtime(), rows);
    EXPECT_EQ(rpc::call(kHere, "Own.twice", {21}), Term(42));
    ASSERT_TRUE(start_system());
    EXPECT_EQ(rpc::call(kHere, "Own.twice", {21}), Term(42)) << "a system that starts leaves them alone";
    EXPECT_TRUE(stop_system());
  });
}

}  // namespace
}  // namespace pulpo::remote_test
