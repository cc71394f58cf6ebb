#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What befalls real boards: a pulled cable, a frozen node. Two hosts, each a network namespace, on a switch of their own.

The nodes' clients call each other all the time (counting_node.cpp), so that they connect again as soon as that is possible.
"""

from cluster import *  # noqa: F403
from lan import Lan

COUNTING_NODE = os.environ.get("PULPO_COUNTING_NODE", os.path.join(os.path.dirname(PULPO), "tests/cluster/counting_node"))
TICK = 4.0
# NODE-40: T + T/4, and a second for a busy machine.
NOTICED = TICK * 1.25 + 1


class Partition(ClusterTest):
    def setUp(self):
        super().setUp()
        self.lan = Lan(["a", "b"])
        self.addCleanup(self.lan.close)
        self.names = {host: f"{host}@{address}" for host, address in self.lan.addresses.items()}
        self.nodes = {host: self.start_on(host) for host in self.names}
        self.await_both("is up")

    def tearDown(self):
        # Before the namespaces go: the mappers on these hosts end with their last name.
        for node in self.nodes.values():
            node.close()
        super().tearDown()

    def start_on(self, host):
        other = next(name for each, name in self.names.items() if each != host)
        command = self.lan.inside(host, COUNTING_NODE, "node", "--name", self.names[host], "--cookie", self.cluster.cookie, "--app", "counting",
                                  "--cores", "1", "--net-ticktime", f"{TICK}s", "--log-level", "debug", "--no-mapper")
        environment = dict(COUNTING_FILE=os.path.join(self.cluster.home, f"journal_{host}"), COUNTING_LIFE=host,
                           COUNTING_STOP=os.path.join(self.cluster.home, "stop"), COUNTING_PEERS=other)
        mapper = Program(self.lan.inside(host, PULPO, "mapper"), self.cluster.environment())
        mapper.log.await_line("mapper is up")
        self.cluster.programs.append(mapper)
        node = Program(command, self.cluster.environment(**environment))
        self.cluster.programs.append(node)
        node.log.await_line("is up, listening")
        node.seen = {}
        return node

    def await_again(self, host, what):
        """The next line that says `what` of the other node, since the last that this test has seen."""
        node = self.nodes[host]
        other = next(name for each, name in self.names.items() if each != host)
        pattern = re.compile(rf"\*\* Node {re.escape(other)} {what}")
        wanted = node.seen.get(what, 0) + 1
        self.cluster.await_true(lambda: sum(bool(pattern.search(line)) for line in node.log.now()) >= wanted,
                                f"{self.names[host]} does not say again that the other {what}; its log:\n" + "\n".join(node.log.lines))
        node.seen[what] = wanted

    def await_both(self, what):
        for host in self.names:
            self.await_again(host, what)

    def test_both_sides_notice_a_pulled_cable_in_time_and_find_each_other_again(self):  # NODE-40, NODE-41
        for _ in range(2):
            begun = time.monotonic()
            self.lan.pull_out("a")
            self.await_both("is down")
            took = time.monotonic() - begun
            self.assertLess(took, NOTICED)
            self.assertGreater(took, TICK * 0.5)
            begun = time.monotonic()
            self.lan.plug_in("a")
            self.await_both("is up")
            print(f"down on both sides after {took:.1f} s of net_ticktime {TICK} s, up again {time.monotonic() - begun:.1f} s after the heal")

    def test_a_frozen_node_is_down_for_others_and_learns_it_when_it_goes_on(self):  # NODE-41
        begun = time.monotonic()
        self.nodes["b"].signal(signal.SIGSTOP)
        self.await_again("a", "not responding")
        self.await_again("a", "is down")
        took = time.monotonic() - begun
        self.assertLess(took, NOTICED)
        begun = time.monotonic()
        self.nodes["b"].signal(signal.SIGCONT)
        self.await_again("b", "is down")
        self.await_both("is up")
        print(f"frozen: down after {took:.1f} s, up again {time.monotonic() - begun:.1f} s after it went on")


if __name__ == "__main__":
    unittest.main(verbosity=2)
