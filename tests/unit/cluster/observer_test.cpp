// SPDX-License-Identifier: Apache-2.0
//
// What a node tells an observer of its connections, and what an observer changes there (OBS-1).
#include "pulpo/net/node_functions.hpp"
#include "pulpo/rpc.hpp"
#include "pulpo/system.hpp"
#include "unit/dist/nodes_fixture.hpp"

namespace pulpo {
namespace {

using namespace pulpo::testing;

class ObserverTest : public NodesTest {};
PULPO_ON_EACH_LOOP(ObserverTest);

Term connections_of(Atom node) { return rpc::call(node, ":observer_backend.connections"); }

const Term& field(const Term& row, std::string_view key) {
  static const Term nothing;
  const Term* const value = row.map_find(Atom(key));
  return value != nullptr ? *value : nothing;
}

TEST_P(ObserverTest, ConnectionsSayWhoIsThereAndWhatPassed) {  // issue: connections with queue sizes
  const auto a = start("a");
  const auto b = start("b");
  NodeOptions hidden = options("watcher");
  hidden.visible = false;
  const auto watcher = start(hidden);
  for (Node* const node : {a.get(), b.get()}) {
    export_node_functions(node->runtime());
    run_on(*node, [] { ASSERT_TRUE(start_system()); });
  }
  run_on(*a, [] { EXPECT_TRUE(connect_node(node_atom("b"))); });
  run_on(*watcher, [] {
    const Term rows = connections_of(node_atom("a"));
    ASSERT_TRUE(rows.is_proper_list()) << rows.text();
    ASSERT_EQ(rows.list_size(), 2u);
    const Term b = rows.list_at(0);
    EXPECT_EQ(field(b, "node"), Term("b@localhost"));
    EXPECT_EQ(field(b, "hidden"), Term(false));
    EXPECT_EQ(field(b, "sealed"), Term(true));
    EXPECT_GT(field(b, "bytes_in").integer(), 100);
    EXPECT_GT(field(b, "bytes_out").integer(), 100);
    EXPECT_GE(field(b, "up_ms").integer(), 0);
    EXPECT_GE(field(b, "queue_bytes").integer(), 0);
    EXPECT_EQ(field(b, "queue_limit"), Term(4 << 20));
    EXPECT_FALSE(field(b, "address").bytes().empty());
    const Term own = rows.list_at(1);
    EXPECT_EQ(field(own, "node"), Term("watcher@localhost"));
    EXPECT_EQ(field(own, "hidden"), Term(true));
    // What is said there meanwhile is counted.
    const auto before = field(own, "messages_in").integer();
    for (int i = 0; i < 5; ++i) EXPECT_EQ(rpc::call(node_atom("a"), "Node.self"), Term(node_atom("a")));
    const Term later = connections_of(node_atom("a")).list_at(1);
    EXPECT_GE(field(later, "messages_in").integer(), before + 5);
    EXPECT_GE(field(later, "messages_out").integer(), field(own, "messages_out").integer() + 5);
    EXPECT_GE(field(later, "records_in").integer(), field(own, "records_in").integer());
  });
  // OBS-1: who only looks is on nobody's list.
  run_on(*a, [] {
    EXPECT_EQ(nodes(), std::vector{node_atom("b")});
    EXPECT_EQ(connections_of(node_atom("a")).list_size(), 2u);
  });
  for (Node* const node : {a.get(), b.get()}) run_on(*node, [] { EXPECT_TRUE(stop_system()); });
}

TEST_P(ObserverTest, ANodeWithoutANameHasNoConnections) {
  Runtime runtime(runtime_options());
  export_node_functions(runtime);
  ASSERT_TRUE(runtime.start());
  EXPECT_TRUE(runtime.run([] { EXPECT_EQ(connections_of("nonode@nohost"_atom), Term::empty_list()); }));
}

}  // namespace
}  // namespace pulpo
