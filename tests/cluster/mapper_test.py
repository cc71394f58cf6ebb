#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The mapper from outside: on demand, by hand, in the background, and gone again."""

from cluster import *  # noqa: F403


class Mapper(ClusterTest):
    def await_gone(self, deadline=None):
        self.cluster.await_true(lambda: self.cluster.registered() is None, "the mapper is still there", deadline)

    def test_the_first_node_starts_one_and_it_outlives_the_node(self):
        self.assertIsNone(self.cluster.registered())
        node = self.cluster.start_node("a")
        self.assertEqual(self.cluster.registered(), {"a": node.port})
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 0)
        self.cluster.await_registered([])

    if FULL:

        def test_the_one_on_demand_ends_60_s_after_its_last_name(self):
            node = self.cluster.start_node("a")
            node.kill()
            self.await_gone(deadline=90)

    def test_one_with_an_idle_time_ends_after_its_last_name(self):
        done = self.cluster.run("mapper", "--daemon", "--idle-exit", "0.3")
        self.assertEqual((done.status, done.out, done.err), (0, "", ""))
        # It is there as soon as the command returns, and stays while a name is registered.
        node = self.cluster.start_node("a", "--no-mapper")
        self.assertEqual(self.cluster.registered(), {"a": node.port})
        node.kill()
        self.await_gone()

    def test_a_second_daemon_finds_the_first_and_is_content(self):
        for _ in range(2):
            done = self.cluster.run("mapper", "--daemon")
            self.assertEqual((done.status, done.out, done.err), (0, "", ""))
        self.assertEqual(self.cluster.registered(), {})

    def test_a_daemon_that_cannot_listen_tells_its_starter(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = str(other.getsockname()[1])
            done = self.cluster.run("mapper", "--daemon", "--port", port, "--address", "127.0.0.1")
        self.assertEqual((done.status, done.out), (1, ""), done)
        self.assert_one_line(done.err, port)

    def test_one_in_the_foreground_ends_in_order_on_signals(self):
        for number in [signal.SIGINT, signal.SIGTERM]:
            mapper = self.cluster.start("mapper", "--address", "127.0.0.1")
            mapper.log.await_line(f"mapper is up, listening on port {self.cluster.mapper_port}")
            mapper.signal(number)
            self.assertEqual(mapper.wait(), 0)

    def test_nodes_come_back_when_it_does(self):
        mapper = self.cluster.start("mapper")
        mapper.log.await_line("mapper is up")
        node = self.cluster.start_node("a", "--no-mapper")
        mapper.kill()
        self.await_gone()
        mapper = self.cluster.start("mapper")
        self.cluster.await_registered(["a"])
        self.assertEqual(self.cluster.registered(), {"a": node.port})
        self.assert_pong(f"a@{HOST}")

    def test_nodes_register_with_erlangs_own(self):
        epmd = self.cluster.start(program="epmd")
        self.cluster.await_true(lambda: self.cluster.registered() is not None, "epmd does not come up")
        node = self.cluster.start_node("a")
        self.assertEqual(self.cluster.registered(), {"a": node.port})
        self.assert_pong(f"a@{HOST}")
        done = self.cluster.run("names")
        self.assertEqual((done.status, done.err), (0, ""))
        self.assertIn(f"name a at port {node.port}\n", done.out)
        node.kill()
        epmd.kill()

    def test_names_as_json(self):
        import json

        node = self.cluster.start_node("a")
        self.assertEqual(json.loads(self.cluster.run("names", "--json").out), {"port": self.cluster.mapper_port, "nodes": [{"name": "a", "port": node.port}]})


if __name__ == "__main__":
    unittest.main(verbosity=2)
