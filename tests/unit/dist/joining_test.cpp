// SPDX-License-Identifier: Apache-2.0
//
// Nodes that join each other by --join: whole ones, over real connections on the kernel's loops and in virtual time.
#include <fmt/format.h>

#include "unit/dist/nodes_fixture.hpp"

namespace pulpo {
namespace {

using testing::node_atom;
using testing::run_on;

class JoiningTest : public testing::NodesTest {
 protected:
  [[nodiscard]] NodeOptions joining(const std::string& name, std::string list) {
    NodeOptions its = options(name);
    its.join = {std::move(list)};
    // Simulated hosts have no interface called lo; the kernel's tests stay on it.
    if (is_simulated()) its.listen = "0.0.0.0";
    return its;
  }
  /// A label that nobody else on this machine has.
  [[nodiscard]] const std::string& lan() const noexcept { return lan_; }
  /// Until `node` is connected with exactly these. Nobody tells when that is.
  static void await_nodes(Node& node, const std::vector<std::string>& names) {
    std::vector<Atom> wanted;
    for (const std::string& name : names) wanted.push_back(node_atom(name));
    run_on(node, [wanted, &node] {
      for (int i = 0; i < 3000 && nodes() != wanted; ++i) sleep(10ms);
      EXPECT_EQ(nodes(), wanted) << "at " << node.name();
    });
  }

 private:
  std::string lan_ = fmt::format("lan:t{:016x}", SystemRandom().u64());
};
PULPO_ON_EACH_LOOP(JoiningTest);

TEST_P(JoiningTest, NodesOfOneLanFindEachOther) {
  const auto a = start(joining("a", lan()));
  const auto b = start(joining("b", lan()));
  const auto c = start(joining("c", lan()));
  await_nodes(*a, {"b", "c"});
  await_nodes(*b, {"a", "c"});
  await_nodes(*c, {"a", "b"});
}

TEST_P(JoiningTest, OneThatWasFoundIsReachedByItsNameAndItsServersAnswer) {
  const auto a = start(joining("a", lan()));
  const auto b = start(joining("b", lan()));
  b->runtime().post([] {
    EXPECT_TRUE(register_name("echo"_atom, self()));
    for (;;) {
      const Term term = *receive_any();
      const auto from = term.elements()[1].elements();
      reply(from[0].pid(), from[1].ref(), term.elements()[2]);
    }
  });
  await_nodes(*a, {"b"});
  run_on(*a, [] { EXPECT_EQ(*request(Address{"echo"_atom, node_atom("b")}, 7), Term(7)); });
}

TEST_P(JoiningTest, OtherLabelsAndOtherCookiesStayApart) {
  const auto a = start(joining("a", lan()));
  const auto b = start(joining("b", lan() + "x"));
  NodeOptions other = joining("c", lan());
  other.cookie = "another";
  const auto c = start(other);
  const auto d = start(joining("d", lan()));
  await_nodes(*a, {"d"});
  await_nodes(*d, {"a"});
  await_nodes(*b, {});
  await_nodes(*c, {});
}

TEST_P(JoiningTest, AHostsNodesAreAllJoined) {
  const auto a = start("a");
  const auto b = start("b");
  const auto c = start(joining("c", "localhost"));
  await_nodes(*c, {"a", "b"});
}

TEST_P(JoiningTest, AnAddressAndAPortAreEnough) {
  const auto a = start("a");
  const auto b = start(joining("b", fmt::format("127.0.0.1:{}", a->port())));
  await_nodes(*b, {"a"});
  await_nodes(*a, {"b"});
}

TEST_P(JoiningTest, ANodeThatStartsLaterAndAgainIsJoinedEachTime) {
  const auto b = start(joining("b", "a@localhost"));
  for (int life = 0; life < 3; ++life) {
    const auto a = start("a");
    await_nodes(*b, {"a"});
    a->stop();
    await_nodes(*b, {});
  }
}

TEST_P(JoiningTest, NodesThatAllJoinAllMeetWithOneConnectionEach) {
  const std::string list = "a@localhost,b@localhost,c@localhost,localhost," + lan();
  const auto a = start(joining("a", list));
  const auto b = start(joining("b", list));
  const auto c = start(joining("c", list));
  await_nodes(*a, {"b", "c"});
  await_nodes(*b, {"a", "c"});
  await_nodes(*c, {"a", "b"});
}

TEST_P(JoiningTest, AListThatIsNoneIsRefusedAtTheStart) {
  Node bad(joining("a", "lan:?"));
  const auto started = bad.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::bad_argument);
  NodeOptions nameless = joining("a", "lan");
  nameless.kind = NameKind::none;
  nameless.runtime = runtime_options();
  Node nobody(nameless);
  EXPECT_NE(nobody.start().error().text().find("give it --sname or --name"), std::string::npos);
}

TEST_P(JoiningTest, AHostThatNobodyKnowsIsSaidWithWhatWasTried) {
  const auto a = start("a");
  run_on(*a, [] {
    // No DNS can hold such a name, so that nobody is asked.
    const auto connected = connect_node(Atom("b@" + std::string(64, 'x')));
    ASSERT_FALSE(connected);
    EXPECT_NE(connected.error().detail.find("host unknown"), std::string::npos) << connected.error().detail;
    EXPECT_NE(connected.error().detail.find("among the hosts of nodes met"), std::string::npos) << connected.error().detail;
  });
}

}  // namespace
}  // namespace pulpo
