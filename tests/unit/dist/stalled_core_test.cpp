// SPDX-License-Identifier: Apache-2.0
//
// A process that holds the home core: the node's peers do not take it for dead (D11).
#include "pulpo/net/nodes.hpp"
#include "unit/dist/nodes_fixture.hpp"

namespace pulpo {
namespace {

/// With threads alone: in a simulation nobody holds a core.
class StalledCoreTest : public testing::NodesTest {
 protected:
  NodeOptions with_ticks(const std::string& name, bool plain, Duration watchdog) {
    NodeOptions its = options(name);
    its.net_ticktime = 1s;
    its.plain_links = plain;
    its.runtime.watchdog.limit = watchdog;
    return its;
  }
};
PULPO_ON_EACH_KERNEL_LOOP(StalledCoreTest);

TEST_P(StalledCoreTest, IsTickedForByTheWatchdog) {
  for (const bool plain : {false, true}) {
    const auto a = start(with_ticks("a", plain, 50ms));
    const auto b = start(with_ticks("b", plain, 50ms));
    std::atomic<bool> is_down = false, let_go = false, is_held = false;
    std::promise<void> watched;
    b->runtime().post([&] {
      // An answer, not a connection alone: until a has made its session of what it accepted, nobody ticks for that.
      EXPECT_TRUE(ping_node(testing::node_atom("a")));
      monitor_nodes(true);
      a->runtime().post([&] {
        is_held = true;
        while (!let_go) std::this_thread::yield();
      });
      // Two tick times: without help a would be down after one and a quarter.
      const auto down = receive_if(
          [](const Term& message) { return message.is_tuple(2) && message.elements()[0].is_atom("nodedown"_atom); }, Timeout(2s));
      is_down = down.has_value();
      let_go = true;
      EXPECT_TRUE(ping_node(testing::node_atom("a"))) << "what the watchdog said stands where it belongs in the stream";
      watched.set_value();
    });
    await(watched);
    EXPECT_TRUE(is_held);
    EXPECT_FALSE(is_down) << (plain ? "plain" : "sealed");
    b->stop();
    a->stop();
  }
}

TEST_P(StalledCoreTest, IsDeadForItsPeersWithoutAWatchdog) {
  // That the other test can fail.
  const auto a = start(with_ticks("a", false, Duration::zero()));
  const auto b = start(with_ticks("b", false, 50ms));
  std::atomic<bool> let_go = false;
  std::promise<bool> heard;
  b->runtime().post([&] {
    EXPECT_TRUE(connect_node(testing::node_atom("a")));
    monitor_nodes(true);
    a->runtime().post([&] {
      while (!let_go) std::this_thread::yield();
    });
    const auto down =
        receive_if([](const Term& message) { return message.is_tuple(2) && message.elements()[0].is_atom("nodedown"_atom); }, Timeout(10s));
    let_go = true;
    heard.set_value(down.has_value());
  });
  EXPECT_TRUE(await(heard));
  b->stop();
  a->stop();
}

}  // namespace
}  // namespace pulpo
