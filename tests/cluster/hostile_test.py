#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a stranger may send to a node's port: its connection ends with a line that names it, and the node goes on."""

from cluster import *  # noqa: F403


class Hostile(ClusterTest):
    def setUp(self):
        super().setUp()
        self.node = self.cluster.start_node("a")

    def dial(self):
        connection = socket.create_connection(("127.0.0.1", self.node.port), timeout=DEADLINE)
        self.addCleanup(connection.close)
        return connection

    def send(self, connection, data):
        """Sends as much as the node takes."""
        try:
            connection.sendall(data)
        except (ConnectionResetError, BrokenPipeError):
            pass

    def assert_closed(self, connection):
        """The node closes; what it says before is at most a refusal."""
        received = b""
        try:
            while part := connection.recv(4096):
                received += part
                self.assertLess(len(received), 4096)
        except ConnectionResetError:
            pass
        return received

    def assert_told(self, connection_name):
        """The log names the peer by address and port."""
        self.node.log.await_line(re.escape(connection_name))

    def refuse(self, data):
        connection = self.dial()
        name = "%s:%d" % connection.getsockname()
        self.send(connection, data)
        self.assert_closed(connection)
        self.assert_told(name)
        self.assert_pong(self.node.name)

    def assert_pong_at_last(self):
        """Once the half-open connections of this address are through."""
        self.cluster.await_true(lambda: self.cluster.command("ping", self.node.name).status == 0, "the node does not come back")

    def hello(self):
        """The first message that a ping sends to this very node: a mapper of another cluster points it to us instead."""
        other = Cluster(self.cluster.cookie)
        self.addCleanup(other.close)
        started = other.run("mapper", "--daemon", "--address", "127.0.0.1")
        self.assertEqual(started.status, 0, started)
        with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(("127.0.0.1", other.mapper_port)) as mapper:
            register(mapper, b"a", listener.getsockname()[1])
            ping = other.start("ping", self.node.name, "--cookie", other.cookie)
            listener.settimeout(DEADLINE)
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(DEADLINE)
                first = connection.recv(4096)
            self.assertEqual(ping.wait(), 1)
        self.assertGreater(len(first), 10)
        return first

    def test_garbage(self):
        self.refuse(os.urandom(1000))

    def test_a_web_browser(self):
        self.refuse(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")

    def test_an_oversized_frame(self):
        self.refuse(b"\xff" * 100_000)

    def test_nothing_but_the_end(self):
        connection = self.dial()
        connection.shutdown(socket.SHUT_WR)
        self.assert_closed(connection)
        self.assert_pong(self.node.name)

    def test_silence_is_ended_by_the_time_limit(self):
        connection = self.dial()
        name = "%s:%d" % connection.getsockname()
        begun = time.monotonic()
        self.assert_closed(connection)
        self.assertGreater(time.monotonic() - begun, 3)
        self.assert_told(name)
        self.assert_pong(self.node.name)

    def test_half_a_handshake_is_ended_by_the_time_limit(self):
        first = self.hello()
        halves = [self.dial(), self.dial()]
        halves[0].sendall(first[: len(first) // 2])  # half a message
        halves[1].sendall(first)  # a whole one, and nothing after it
        for connection in halves:
            name = "%s:%d" % connection.getsockname()
            self.assert_closed(connection)
            self.assert_told(name)
        self.assert_pong(self.node.name)

    def test_a_handshake_that_falls_into_garbage(self):
        self.refuse(self.hello() + os.urandom(300))

    def test_a_handshake_recorded_and_played_again_opens_nothing(self):
        first = self.hello()
        for _ in range(2):
            connection = self.dial()
            connection.sendall(first + first)
            self.assert_closed(connection)
        self.assert_pong(self.node.name)

    def test_a_crowd_of_silent_strangers_does_not_shut_others_out_for_long(self):
        # Goal:   limits hold before authentication: no more half-open connections than allowed, and afterwards all is well.
        # Method: 200 connections that say nothing; those beyond the limit are closed at once, the others by the time limit.
        crowd = [self.dial() for _ in range(200)]
        for connection in crowd:
            self.assert_closed(connection)
        self.assert_pong(self.node.name)
        self.node.signal(signal.SIGTERM)
        self.assertEqual(self.node.wait(), 0)
        # Ten lines at once, then one a second, whatever the crowd does.
        self.assertLess(len([line for line in self.node.log.rest() if "Connection" in line]), 10 + 2 * DEADLINE)

    def test_a_flood_of_connections_does_not_fill_the_log(self):
        begun = time.monotonic()
        for _ in range(1000):
            self.dial().close()
        self.assert_pong_at_last()
        self.node.signal(signal.SIGTERM)
        self.assertEqual(self.node.wait(), 0)
        lines = [line for line in self.node.log.rest() if "Connection" in line]
        self.assertLessEqual(len(lines), 12 + (time.monotonic() - begun))

    def test_guessing_cookies_is_told_and_does_not_help(self):
        for i in range(3):
            done = self.cluster.command("ping", self.node.name, cookie=f"guess{i}")
            self.assertEqual((done.status, done.out), (1, "pang\n"), done)
        self.node.log.await_line(r"rejected\. Invalid challenge reply\.")
        self.assert_pong(self.node.name)

    def test_honest_nodes_get_through_while_others_send_garbage(self):
        # Goal:   strangers below the limits (32 half-open of an address, 2,000 handshakes a second) cost the honest nothing.
        # Method: three times 20 connections, some with garbage, some silent, and a ping while they are there.
        for _ in range(3):
            strangers = [self.dial() for _ in range(20)]
            for connection in strangers[::2]:
                self.send(connection, os.urandom(200))
            self.assert_pong(self.node.name)
            for connection in strangers:
                connection.close()
        self.node.signal(signal.SIGTERM)
        self.assertEqual(self.node.wait(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
