#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nodes with --join lan find each other on a LAN: three hosts in network namespaces, each with a mapper and a node of its own.

A node that was found is there within two seconds. The deadline allows for machines that also run compilers; what is measured is said.
"""

import shutil

from cluster import *  # noqa: F403
from beacon_lan import BeaconLan

# A board plugged in is in the cluster within two seconds; three for a machine that is busy with other things.
JOIN_SECONDS = 3.0


class HostCluster(Cluster):
    """A cluster whose programs all run on one host of the LAN; the mapper there goes with the host."""

    def __init__(self, lan, host):
        super().__init__()
        self.lan, self.host = lan, host
        # The same on all hosts, as on a LAN; nothing outside meets it.
        self.mapper_port = 4369

    def start(self, *arguments, **more):
        words = self.lan.inside(self.host, PULPO)
        return super().start(*words[1:], *arguments, program=words[0], **more)

    def close(self):
        for program in reversed(self.programs):
            program.close()
        shutil.rmtree(self.home)


class BeaconsTest(unittest.TestCase):
    def setUp(self):
        self.assertEqual(os.geteuid(), 0, "network namespaces need root")
        self.lan = BeaconLan()
        self.addCleanup(self.lan.close)
        self.clusters = {}

    def node(self, host, name, *options, cookie="secret_token", join="lan"):
        """A node on a host, with the host's own home folder and mapper."""
        if host not in self.clusters:
            self.clusters[host] = HostCluster(self.lan, host)
            self.addCleanup(self.clusters[host].close)
        cluster = self.clusters[host]
        started = cluster.start("node", "--name", f"{name}@{self.lan.addresses[host]}", "--cookie", cookie, "--join", join, "--log-level", "debug", *options)
        started.began = time.monotonic()
        started.log.await_line(r" is up, listening on port \d+")
        started.name = f"{name}@{self.lan.addresses[host]}"
        return started

    @staticmethod
    def seen(program):
        """All that it has logged so far."""
        program.close()
        return program.log.rest()

    def assert_meet_anew(self, one, other, since):
        """As assert_meet(), where the first of them has met the second before."""
        one.log.lines.clear()
        self.assert_meet(one, other, since)

    def assert_meet(self, one, other, since):
        """Both say that the other is up, soon enough: found by its beacon, or told of by a third that was."""

        def knows(here, there):
            try:
                here.log.await_line(rf"\*\* Node {re.escape(there.name)} is up \*\*", deadline=0.001)
            except AssertionError:
                return False
            return True

        Cluster.await_true(lambda: knows(one, other) and knows(other, one),
                           f"{one.name} and {other.name} did not meet: {one.log.lines} {other.log.lines}")
        seconds = time.monotonic() - since
        print(f"{self.id()}: met after {seconds:.2f} s")
        self.assertLess(seconds, JOIN_SECONDS)

    # --- Finding each other -----------------------------------------------------------------------------------

    def test_three_boards_find_each_other(self):
        hosts = [self.lan.host() for _ in range(3)]
        nodes = [self.node(host, f"n{number}") for number, host in enumerate(hosts)]
        last = nodes[-1].began
        for number, one in enumerate(nodes):
            for other in nodes[:number]:
                self.assert_meet(one, other, last)

    def test_a_board_that_starts_later_is_met(self):
        hosts = [self.lan.host() for _ in range(2)]
        first = self.node(hosts[0], "first")
        # Its first beacons are over: what finds the late one is its own first beacon, and the answer.
        threading.Event().wait(3)
        late = self.node(hosts[1], "late")
        self.assert_meet(first, late, late.began)

    def test_a_board_that_is_plugged_in_later_is_met(self):
        hosts = [self.lan.host(), self.lan.host(plugged=False)]
        first = self.node(hosts[0], "first")
        late = self.node(hosts[1], "late")
        threading.Event().wait(3)
        plugged = time.monotonic()
        self.lan.plug(hosts[1])
        self.assert_meet(first, late, plugged)

    def test_broadcast_does_where_multicast_is_lost(self):
        hosts = [self.lan.host() for _ in range(3)]
        self.lan.without_multicast()
        nodes = [self.node(host, f"n{number}") for number, host in enumerate(hosts)]
        for one, other in [(0, 1), (0, 2), (1, 2)]:
            self.assert_meet(nodes[one], nodes[other], nodes[-1].began)

    def test_multicast_does_where_an_address_has_no_broadcast(self):
        hosts = [self.lan.host() for _ in range(2)]
        for host in hosts:
            self.lan.without_broadcast(host)
        nodes = [self.node(host, f"n{number}") for number, host in enumerate(hosts)]
        self.assert_meet(nodes[0], nodes[1], nodes[1].began)

    def test_several_nodes_of_one_host_are_all_met(self):
        hosts = [self.lan.host() for _ in range(2)]
        nodes = [self.node(hosts[0], "a"), self.node(hosts[0], "b"), self.node(hosts[1], "c")]
        for one, other in [(0, 1), (0, 2), (1, 2)]:
            self.assert_meet(nodes[one], nodes[other], nodes[-1].began)

    def test_a_node_that_was_killed_is_met_again(self):
        hosts = [self.lan.host() for _ in range(2)]
        first = self.node(hosts[0], "first")
        second = self.node(hosts[1], "second")
        self.assert_meet(first, second, second.began)
        second.kill()
        again = self.node(hosts[1], "second")
        self.assert_meet_anew(first, again, again.began)

    def test_labels_and_cookies_keep_clusters_apart(self):
        hosts = [self.lan.host() for _ in range(3)]
        kitchen = self.node(hosts[0], "kitchen", join="lan:kitchen")
        garden = self.node(hosts[1], "garden", join="lan:garden")
        other = self.node(hosts[2], "other", join="lan:kitchen", cookie="another")
        cook = self.node(hosts[1], "cook", join="lan:kitchen")
        self.assert_meet(kitchen, cook, cook.began)
        lines = [*self.seen(garden), *self.seen(other)]
        self.assertEqual([line for line in lines if "** Node" in line and "is up" in line], [])

    def test_a_list_of_addresses_needs_no_beacons(self):
        hosts = [self.lan.host() for _ in range(2)]
        late = self.node(hosts[0], "early", join=self.lan.addresses[hosts[1]])
        late.log.await_line("is not joined yet")
        second = self.node(hosts[1], "second", join="lan:nobody")
        line = late.log.await_line("Joined node")
        self.assertIn(f"second@{self.lan.addresses[hosts[1]]}", line)


if __name__ == "__main__":
    unittest.main(verbosity=2)
