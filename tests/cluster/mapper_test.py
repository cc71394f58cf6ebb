#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The mapper from outside: on demand, by hand, in the background, and gone again."""

from cluster import *  # noqa: F403

HOST_LOOPBACK = "127.0.0.1"
ACTIVATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "activate.py")


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

    def register_names(self, names):
        """Names of nodes that are none, until their connections are closed."""
        connections = []
        for name in names:
            connections.append(socket.create_connection((HOST_LOOPBACK, self.cluster.mapper_port)))
            register(connections[-1], name.encode(), 1)
        return connections

    def restart_at_once(self, times, loop):
        """Kills a node and starts it again under its name, before anybody can have noticed."""
        node = self.cluster.start_node("again", "--no-mapper", "--loop", loop)
        for _ in range(times):
            node.process.kill()
            node.process.wait(DEADLINE)
            node = self.cluster.start_node("again", "--no-mapper", "--loop", loop)  # which fails when the name is refused
        self.assertEqual(self.cluster.registered(), {"again": node.port})
        self.assert_pong(f"again@{HOST}")
        node.kill()

    def test_goal_twelve_a_node_that_was_killed_is_never_refused_its_name(self):
        """EPMD-18, by our mapper."""
        self.cluster.start("mapper", "--address", HOST_LOOPBACK).log.await_line("mapper is up")
        for loop in ["uring", "epoll"]:
            with self.subTest(loop=loop):
                self.restart_at_once(100 if FULL else 15, loop)

    def test_goal_twelve_nor_by_erlangs_mapper(self):
        """EPMD-18, where nobody looks whether the holder of a name is gone."""
        epmd = self.cluster.start(program="epmd")
        self.cluster.await_true(lambda: self.cluster.registered() is not None, "epmd does not come up")
        for loop in ["uring", "epoll"]:
            with self.subTest(loop=loop):
                self.restart_at_once(100 if FULL else 15, loop)
        epmd.kill()

    def test_a_name_that_another_node_has_is_refused_within_a_second(self):
        """NODE-3, EPMD-5."""
        node = self.cluster.start_node("a")
        second = self.cluster.run("node", "--sname", "a", "--cookie", self.cluster.cookie)
        self.assertEqual((second.status, second.out), (1, ""), second)
        self.assertIn(f"the name a@{HOST} seems to be in use by another node", second.err)
        # NODE-3 has 0.2 s; besides the start of a program on a busy machine this is 0.1 s of the mapper's and 0.2 s of the node's.
        self.assertLess(second.seconds, 5)
        self.assertEqual(self.cluster.registered(), {"a": node.port})

    def test_goal_twelve_names_are_back_within_a_second_of_a_restart(self):
        """EPMD-17, with several nodes, each a program of its own, and a mapper that is killed."""
        mapper = self.cluster.start("mapper", "--address", HOST_LOOPBACK)
        mapper.log.await_line("mapper is up")
        nodes = {name: self.cluster.start_node(name, "--no-mapper", "--loop", loop)
                 for name, loop in [("a", "uring"), ("b", "epoll"), ("c", "uring"), ("d", "epoll")]}
        for _ in range(3):
            mapper.kill()
            for node in nodes.values():
                node.log.await_line("nothing answers on port", consume=True)
            mapper = self.cluster.start("mapper", "--address", HOST_LOOPBACK)
            mapper.log.await_line("mapper is up")
            back = time.monotonic()
            self.cluster.await_registered(nodes)
            self.assertLess(time.monotonic() - back, 1)
            for node in nodes.values():
                node.log.await_line("Registered with the mapper again", consume=True)
        self.assertEqual(self.cluster.registered(), {name: node.port for name, node in nodes.items()})
        self.assert_pong(f"a@{HOST}")

    def test_names_beyond_the_reference_daemons_limit(self):
        """EPMD-15: 1,100 names of real connections, and the daemon raises its own limit of open files."""
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        mapper = self.cluster.start("mapper", "--address", HOST_LOOPBACK, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard)))
        mapper.log.await_line("mapper is up")
        connections = self.register_names([f"n{number}" for number in range(1100)])
        self.assertEqual(len(self.cluster.registered()), 1100)
        node = self.cluster.start_node("a", "--no-mapper")
        self.assert_pong(node.name)
        for connection in connections:
            connection.close()
        self.cluster.await_registered(["a"])

    def activate(self, *options, once=False):
        words = ["--once"] if once else []
        return self.cluster.start(*words, "127.0.0.1,127.0.0.2", str(self.cluster.mapper_port), os.path.abspath(PULPO), "mapper", *options, program=ACTIVATE)

    def test_a_service_manager_starts_it_with_the_first_who_comes(self):
        manager = self.activate("--idle-exit", "0.3")
        manager.log.await_line("manager: listens")
        for _ in range(2):
            node = self.cluster.start_node("a", "--no-mapper")
            manager.log.await_line("manager: started", consume=True)
            manager.log.await_line("manager: heard READY=1", consume=True)
            self.assertEqual(self.cluster.registered(), {"a": node.port})
            self.assert_pong(node.name)
            # It ends by itself, and the socket stays: who comes in between waits in it.
            node.kill()
            manager.log.await_line("manager: heard STOPPING=1", consume=True)
            manager.log.await_line("manager: ended 0", consume=True)

    def test_names_are_back_when_the_service_manager_starts_it_again(self):
        """EPMD-17: it is killed, and the node that looks for it is the one who comes."""
        manager = self.activate()
        manager.log.await_line("manager: listens")
        node = self.cluster.start_node("a", "--no-mapper")
        mapper = int(manager.log.await_line("manager: started").split()[-1])
        os.kill(mapper, signal.SIGKILL)
        manager.log.await_line("manager: ended -9")
        node.log.await_line("Registered with the mapper again")
        self.assertEqual(self.cluster.registered(), {"a": node.port})

    def test_what_a_service_manager_hands_over_excludes_what_says_otherwise(self):
        for options in [["--port", "4400"], ["--address", "127.0.0.1"], ["--daemon"]]:
            with self.subTest(options=options):
                refused = self.activate(*options, once=True)
                self.assertEqual(refused.wait(), 2)
                self.assert_one_line("\n".join(refused.log.rest()), options[0], "service manager")

    def test_sockets_that_are_none_are_refused(self):
        for variables, part in [({"LISTEN_FDS": "99"}, "LISTEN_FDS is 99"), ({"LISTEN_FDS": "x"}, "LISTEN_FDS is \"x\""), ({"LISTEN_FDS": "1"}, "")]:
            with self.subTest(variables=variables):
                shell = f"LISTEN_PID=$$ LISTEN_FDS={variables['LISTEN_FDS']} exec \"$0\" mapper 3</dev/null"
                done = self.cluster.run("-c", shell, os.path.abspath(PULPO), program="/bin/sh")
                self.assertIn(done.status, [1, 2], done)
                self.assert_one_line(done.err, part or "descriptor 3 is not a socket")

    def test_names_as_json(self):
        import json

        node = self.cluster.start_node("a")
        self.assertEqual(json.loads(self.cluster.run("names", "--json").out), {"port": self.cluster.mapper_port, "nodes": [{"name": "a", "port": node.port}]})


if __name__ == "__main__":
    unittest.main(verbosity=2)
