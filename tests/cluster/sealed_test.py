#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What somebody on the wire sees of a link, and what they can do to it: a relay between two real nodes that keeps every byte, and
alters, repeats, leaves out or cuts what passes."""

import errno
import json
import shutil
import threading

from cluster import *  # noqa: F403


class Relay:
    """Stands between a dialling node and the one that it looks for. `change` sees each chunk and says what goes on instead;
    `captured` holds what came, by direction."""

    TO_NODE, FROM_NODE = 0, 1

    def __init__(self, port):
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.captured = [b"", b""]
        self.change = lambda direction, data: data
        self._pair = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        try:
            near, _ = self._listener.accept()
            self._listener.close()  # whoever dials again is refused at once
            far = socket.create_connection(("127.0.0.1", self._port), timeout=DEADLINE)
        except OSError:
            return
        self._pair = [near, far]
        for number, (source, sink) in enumerate([(near, far), (far, near)]):
            threading.Thread(target=self._carry, args=(number, source, sink), daemon=True).start()

    def _carry(self, direction, source, sink):
        try:
            source.settimeout(None)
            while data := source.recv(65536):
                self.captured[direction] += data
                changed = self.change(direction, data)
                if changed is None:
                    break
                sink.sendall(changed)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def say(self, direction, data):
        """Bytes of the relay's own."""
        self._pair[1 - direction].sendall(data)

    def cut(self):
        """Both sides read the end of the stream."""
        for end in self._pair:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError as gone:  # who read the end of the first has closed the second
                if gone.errno != errno.ENOTCONN:
                    raise

    def close(self):
        self._listener.close()
        for end in self._pair:
            end.close()


def fields(stream):
    """The fields of one direction of a connection: number, and all bytes with tag and length; what is cut at the end is left out."""
    found, at = [], 0
    while at < len(stream):
        length, shift, end = 0, 0, at + 1
        while end < len(stream):
            byte = stream[end]
            length |= (byte & 0x7F) << shift
            shift, end = shift + 7, end + 1
            if byte < 0x80:
                break
        else:
            break
        if end + length > len(stream):
            break
        found.append((stream[at] >> 3, stream[at : end + length]))
        at = end + length
    return found


SEALED, RECORD = 7, 6
SECRETS = [b"PingPong", b"Pulpo.Echo", b"Elixir", b"a_secret_word", b"ping", b"noproc"]


class Sealed(ClusterTest):
    def setUp(self):
        super().setUp()
        self.relays = []
        self.addCleanup(lambda: [relay.close() for relay in self.relays])

    def node(self, *arguments):
        """A node that this cluster's mapper does not know; `other`'s mapper says that it is where the relay listens."""
        return self.cluster.start_node("a", "--app", "ping_pong", *arguments)

    def between(self, node):
        """A relay to that node, and the cluster of those who meet the relay when they look for it."""
        relay = Relay(node.port)
        self.relays.append(relay)
        other = Cluster(self.cluster.cookie)
        self.addCleanup(other.close)
        started = other.run("mapper", "--daemon", "--address", "127.0.0.1")
        self.assertEqual(started.status, 0, started)
        mapper = socket.create_connection(("127.0.0.1", other.mapper_port))
        self.addCleanup(mapper.close)
        register(mapper, b"a", relay.port)
        return relay, other

    def live_link(self, node, *arguments):
        """A relay on a link that carries calls until it ends."""
        relay, other = self.between(node)
        bench = other.start("bench", "call", node.name, "--cookie", other.cookie, "--concurrency", "4", "--duration", "60",
                            "--log-level", "warning", *arguments)
        self.cluster.await_true(lambda: len(relay.captured[1]) > 20_000, "no calls on the link")
        return relay, bench

    def assert_only(self, node, pattern):
        """One line of this link in the node's log, and the node goes on."""
        node.log.await_line(pattern)
        self.assert_pong(node.name)
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 0)
        lines = [line for line in node.log.rest() if "** Connection" in line]
        self.assertEqual(len(lines), 1, lines)

    def test_a_capture_of_a_sealed_link_shows_nothing_of_what_is_said(self):
        node = self.node()
        relay, other = self.between(node)
        call = other.command("call", node.name, "PingPong", ":ping")
        self.assertEqual((call.status, call.out), (0, ":pong\n"), call)
        relay2, other2 = self.between(node)
        call = other2.command("call", node.name, ":no_such_server", '{:a_secret_word, "of mine"}')
        self.assertEqual(call.status, 1, call)
        for capture in (*relay.captured, *relay2.captured):
            numbers = [number for number, _ in fields(capture)]
            handshake = [number for number in numbers if number < RECORD]
            self.assertEqual(len(handshake), 2, numbers)
            self.assertEqual(set(numbers[2:]), {SEALED}, numbers)
            said = b"".join(data for number, data in fields(capture) if number == SEALED)
            self.assertGreater(len(said), 30)
            for secret in SECRETS + [b"of mine", b"no_such_server", b"pulpo", node.name.encode()]:
                self.assertNotIn(secret, said)
            # In the handshake are the nodes' names, which the mapper tells to everybody, and no other.
            for secret in SECRETS + [b"of mine", b"no_such_server", self.cluster.cookie.encode()]:
                self.assertNotIn(secret, capture)

    def test_a_plain_capture_is_read_by_protoc(self):
        self.assertIsNotNone(shutil.which("protoc"), "protoc is missing: scripts/install-dependencies")
        node = self.node("--plain-links")
        relay, other = self.between(node)
        call = other.command("call", node.name, "PingPong", ":ping", "--plain-links")
        self.assertEqual((call.status, call.out), (0, ":pong\n"), call)
        node.log.await_line(r"\[notice\] \*\* The link with node call-\w+@\S+ is plain")
        texts = []
        for capture in relay.captured:
            done = subprocess.run(["protoc", "--decode_raw"], input=capture, capture_output=True, timeout=DEADLINE, check=True)
            texts.append(done.stdout.decode())
        self.assertIn('18: "Elixir.PingPong"', texts[Relay.TO_NODE])
        self.assertIn('18: "ping"', texts[Relay.TO_NODE])
        self.assertIn('18: "pong"', texts[Relay.FROM_NODE])

    def test_links_are_plain_only_where_both_sides_say_so(self):
        for here, there in [(["--plain-links"], []), ([], ["--plain-links"])]:
            with self.subTest(node=here, command=there):
                cluster = Cluster()
                self.addCleanup(cluster.close)
                node = cluster.start_node("a", *here)
                bench = cluster.command("bench call", node.name, "--duration", "0.1", "--warmup", "0", "--json", *there)
                self.assertEqual(bench.status, 0, bench)
                self.assertIs(json.loads(bench.out)["sealed"], True)
                node.signal(signal.SIGTERM)
                node.wait()
                self.assertFalse([line for line in node.log.rest() if "is plain" in line])

    def test_the_environment_allows_plain_links_too_and_bench_tells(self):
        node = self.cluster.start_node("a", PULPO_PLAIN_LINKS="1")
        bench = self.cluster.command("bench call", node.name, "--duration", "0.1", "--warmup", "0", "--json", PULPO_PLAIN_LINKS="1")
        self.assertEqual(bench.status, 0, bench)
        self.assertIs(json.loads(bench.out)["sealed"], False)

    def test_a_flipped_bit_on_a_live_link_ends_it(self):
        node = self.node()
        relay, bench = self.live_link(node)

        def flip(direction, data):
            if direction == Relay.FROM_NODE or len(data) < 3:
                return data
            return data[:-1] + bytes([data[-1] ^ 0x10])

        relay.change = flip
        self.assertEqual(bench.wait(), 1)
        self.assert_only(node, r"Connection with node bench-\w+@\S+ is closed: a record of \S+ does not verify .*altered, replayed")

    def test_bytes_played_again_on_a_live_link_end_it(self):
        node = self.node()
        relay, bench = self.live_link(node)
        relay.change = lambda direction, data: data if direction == Relay.FROM_NODE else data + data
        self.assertEqual(bench.wait(), 1)
        self.assert_only(node, r"Connection with node bench-\w+@\S+ is closed: a record of \S+ does not verify .*altered, replayed")

    def test_a_record_left_out_of_a_live_link_ends_it(self):
        node = self.node()
        relay, bench = self.live_link(node)
        left_out = []

        def leave_out(direction, data):
            # One chunk: with 4 callers a send is far smaller than what is read at once, so that chunks are whole records.
            if direction == Relay.FROM_NODE:
                return data
            if not left_out:
                left_out.append(data)
                return b""
            return data

        relay.change = leave_out
        # Callers whose requests are gone wait for their 5 s at most; what any of them says next breaks the link.
        self.assertEqual(bench.wait(), 1)
        self.assert_only(node, r"Connection with node bench-\w+@\S+ is closed: a record of \S+ does not verify")

    def test_the_node_answers_forged_bytes_with_the_end_of_the_link_alone(self):
        node = self.node()
        relay, bench = self.live_link(node)
        relay.say(Relay.TO_NODE, b"\x32\x02\x08\x05")  # a tick as it would be on a plain link
        self.assertEqual(bench.wait(), 1)
        self.assert_only(node, r"Connection with node bench-\w+@\S+ is closed: a record of \S+ does not verify \(it is not sealed\)")

    def test_a_live_link_that_is_cut_is_told_from_one_that_was_closed(self):
        node = self.node()
        relay, bench = self.live_link(node)
        relay.cut()
        self.assertEqual(bench.wait(), 1)
        self.assert_only(node, r"\[warning\] \*\* Connection with node bench-\w+@\S+ was cut, not closed")

    def test_a_command_that_ends_says_goodbye(self):
        node = self.node()
        self.assert_pong(node.name)
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 0)
        self.assertFalse([line for line in node.log.rest() if "** Connection" in line])

    def test_the_other_end_of_an_altered_link_learns_of_it_and_lives(self):
        # The bytes of the node are altered: this time the bench refuses, and the node sees a link that was cut.
        node = self.node()
        relay, bench = self.live_link(node)
        relay.change = lambda direction, data: data if direction == Relay.TO_NODE else data[:-1] + bytes([data[-1] ^ 1])
        self.assertEqual(bench.wait(), 1)
        self.assertRegex("\n".join(bench.log.rest()), r"Connection with node a@\S+ is closed: a record of a@\S+ does not verify")
        self.assert_only(node, r"was cut, not closed")


if __name__ == "__main__":
    unittest.main(verbosity=2)
