// SPDX-License-Identifier: Apache-2.0
//
// A node in a program with a main of its own: threads that are no core's speak to other nodes.
#include <atomic>
#include <future>
#include <latch>
#include <thread>

#include "proc/gate.hpp"
#include "unit/dist/nodes_fixture.hpp"

namespace pulpo {
namespace {

using testing::node_atom;

class EmbeddedNodeTest : public testing::NodesTest {};
PULPO_ON_EACH_KERNEL_LOOP(EmbeddedNodeTest);

/// Spawns a process of that name on `node`, before this returns.
void start_named(Node& node, Atom name, std::function<void()> function) {
  testing::run_on(node, [&] {
    SpawnOptions options;
    options.name = name;
    ASSERT_TRUE(try_spawn(detail::function_body(std::move(function)), options));
  });
}

TEST_P(EmbeddedNodeTest, AThreadCallsAServerOfAnotherNode) {
  const auto a = start("a");
  const auto b = start("b");
  start_named(*b, "doubler"_atom, [] {
    for (;;) {
      const Term request = *receive_any();
      const Term from = request.elements()[1];
      reply(from.elements()[0].pid(), from.elements()[1].ref(), request.elements()[2].integer() * 2);
    }
  });
  const auto answer = a->runtime().call(Address("doubler"_atom, node_atom("b")), 21);
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(*answer, Term(42));
  EXPECT_EQ(a->runtime().call(Address("nobody"_atom, node_atom("b")), 1).error().code, Errc::noproc);
  EXPECT_EQ(a->runtime().call(Address("nobody"_atom, node_atom("c")), 1).error().code, Errc::nodedown);
  a->stop();
  EXPECT_EQ(a->runtime().call(Address("doubler"_atom, node_atom("b")), 1).error().code, Errc::stopped);
}

TEST_P(EmbeddedNodeTest, AThreadThatFillsTheLinkIsHeldUpAndNothingIsLost) {
  // Goal:   the link's limit holds up threads as it holds up processes.
  // Method: a thread sends 64 MB in order while the receiver's core stands still, of which link, gate and sockets take some 18; then
  //         the core goes on.
  const auto a = start("a");
  const auto b = start("b");
  constexpr int kMessages = 1'000;
  const std::string bulk(64'000, 'x');
  std::promise<bool> all_in_order;
  start_named(*b, "receiver"_atom, [&] {
    bool good = true;
    for (int i = 0; i < kMessages; ++i) good = good && receive_any()->elements()[0].integer() == i;
    all_in_order.set_value(good);
  });
  testing::run_on(*a, [] { EXPECT_TRUE(connect_node(node_atom("b"))); });
  std::promise<void> held;
  std::promise<void> go_on;
  b->runtime().post([&] {
    held.set_value();
    go_on.get_future().wait();
  });
  held.get_future().wait();
  constexpr int kFitting = static_cast<int>(Gate::kBytesMax / 65'000);
  std::latch fitting{kFitting};
  std::atomic<int> sent{0};
  std::thread producer([&] {
    for (int i = 0; i < kMessages; ++i) {
      EXPECT_TRUE(a->runtime().send(Address("receiver"_atom, node_atom("b")), Term::tuple({i, bulk})));
      ++sent;
      if (i < kFitting) fitting.count_down();
    }
  });
  fitting.wait();
  EXPECT_LT(sent.load(), kMessages);
  go_on.set_value();
  EXPECT_TRUE(all_in_order.get_future().get());
  producer.join();
}

}  // namespace
}  // namespace pulpo
