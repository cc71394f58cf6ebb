#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Much at once between real processes: a receiver that stops reading, and small calls beside a binary of 100 MiB. Prints its figures."""

import json

from cluster import *  # noqa: F403

FLOODING_NODE = os.environ.get("PULPO_FLOODING_NODE", os.path.join(os.path.dirname(PULPO), "tests/cluster/flooding_node"))
MIB = 1 << 20
# What may be held for a peer that does not read (ARCHITECTURE, section 4). Two buffers to gather, of which one may be leaving, for 4 MiB each, and twice
# that since they double as they grow. The large messages behind them, and what is on its way from another core, 4 MiB each. A last message of
# each sender, 3 MiB together. And the 16 MiB of freed memory that the program keeps.
HELD_MAX = (2 * 8 + 2 * 4 + 3 + 16) * MIB
# Of calls to a third node: what a busy machine may do to them. Calls that wait for the one that does not read would last their 5 s.
P99_US_MAX = 250_000


class Bulk(ClusterTest):
    def setUp(self):
        super().setUp()
        self.a = self.start("a", "--cores", "2")
        self.b = self.start("b", "--cores", "1")

    def start(self, name, *arguments):
        return self.cluster.start_node(name, "--app", "flooding", "--net-ticktime", "60s", *arguments, program=FLOODING_NODE)

    def ask(self, node, question):
        done = self.cluster.command("rpc", node.name, question)
        self.assertEqual((done.status, done.err), (0, ""), done)
        return [int(number) for number in re.findall(r"-?\d+", done.out)]

    def await_received(self, bytes_more):
        wanted = self.ask(self.b, "Flood.received")[1] + bytes_more
        self.cluster.await_true(lambda: self.ask(self.b, "Flood.received")[1] >= wanted, "the flood does not come through")

    def await_standstill(self):
        """Until nobody at A can let go of anything any more; what they had let go of then."""
        last = []

        def are_suspended():
            last.append(self.ask(self.a, "Flood.sent"))
            return len(last) > 3 and last[-1] == last[-2] == last[-3]
        self.cluster.await_true(are_suspended, "senders go on to a node that does not read")
        return last[-1]

    def go_on(self, since):
        """Whether senders of both kinds have let go of more."""
        _, small, large, _ = self.ask(self.a, "Flood.sent")
        return small > since[1] + 1000 and large > since[2] + 10

    def usage(self):
        """Of A: bytes of memory now and at most so far, and seconds of processor time."""
        with open(f"/proc/{self.a.process.pid}/status", encoding="ascii") as file:
            status = file.read()
        with open(f"/proc/{self.a.process.pid}/stat", encoding="ascii") as file:
            ticks = file.read().rpartition(")")[2].split()[11:13]
        now, most = (int(re.search(rf"{key}:\s+(\d+) kB", status)[1]) * 1024 for key in ("VmRSS", "VmHWM"))
        return now, most, sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")

    def calls_to_c(self):
        """Figures of small calls from A to C at a steady rate."""
        done = self.cluster.command("bench call", f"c@{HOST}", "--from", self.a.name, "--rate", "1000", "--concurrency", "32", "--warmup", "0.1", "--duration",
                                    "2", "--json")
        self.assertEqual(done.status, 0, done)
        return json.loads(done.out)

    def test_a_receiver_that_stops_reading_costs_the_sender_no_memory_and_others_no_time(self):  # WK-8, SIG-1
        self.cluster.start_node("c", "--net-ticktime", "60s")
        before = self.calls_to_c()
        idle = self.usage()
        self.ask(self.a, f'Flood.start(:"{self.b.name}")')
        self.await_received(64 * MIB)
        running = self.usage()

        self.b.signal(signal.SIGSTOP)
        stopped_at = self.await_standstill()
        began = self.usage()
        during = self.calls_to_c()
        held = self.usage()
        self.assertEqual(self.ask(self.a, "Flood.sent"), stopped_at, "they stay suspended")

        self.b.signal(signal.SIGCONT)
        begun = time.monotonic()
        self.cluster.await_true(lambda: self.go_on(stopped_at), "senders do not go on")
        again = time.monotonic() - begun
        self.assertEqual(self.ask(self.a, "Flood.stop"), [])
        self.cluster.await_true(lambda: self.ask(self.a, "Flood.sent")[0] == 0, "senders do not end")
        _, small, large, size = self.ask(self.a, "Flood.sent")
        messages = small + large
        self.cluster.await_true(lambda: self.ask(self.b, "Flood.received")[0] >= messages, "not everything arrives")
        after = self.usage()
        print(f"A resident: {idle[0] / MIB:.1f} MiB before, {running[0] / MIB:.1f} MiB while B reads, {held[0] / MIB:.1f} while it does not (at most {held[1] / MIB:.1f}), "
              f"{after[0] / MIB:.1f} at the end; calls to C, p50 and p99: {before['p50_us']:.0f} and {before['p99_us']:.0f} us before, "
              f"{during['p50_us']:.0f} and {during['p99_us']:.0f} us while B is stopped; A's processor in that time {held[2] - began[2]:.2f} s; "
              f"{messages} messages, {size / MIB:.0f} MiB, {stopped_at[1]} small and {stopped_at[2]} large ones of them before B went on, 1,000 and 10 more {again:.2f} s later")
        self.assertEqual(self.ask(self.b, "Flood.received"), [messages, size, 0], "each once, in order, as it was")
        self.assertLess(held[1] - idle[0], HELD_MAX)
        self.assertLess(during["p99_us"], max(P99_US_MAX, 20 * before["p99_us"]))
        self.assertFalse([line for line in self.a.log.now() + self.b.log.now() if "is down" in line])

    def test_small_calls_beside_a_hundred_mebibytes_on_their_connection(self):  # WK-8: goal 9
        for words in [[], ["--plain-links"]]:
            with self.subTest(words=words):
                c, d = (self.start(name + "_plain" * len(words), "--cores", "1", *words) for name in "cd")
                figures = self.ask(c, f'Flood.beside(:"{d.name}", {100 * MIB}, 2000)')
                print(f"{words[0] if words else 'sealed'}: 100 MiB in {figures[10] / 1e6:.0f} ms, {100 * MIB / figures[10] * 1e3:.0f} MB/s")
                for what, (calls, *times) in (("before", figures[:5]), ("meanwhile", figures[5:10])):
                    least, median, p99, most = (time / 1e3 for time in times)
                    print(f"  {what}: {calls} calls, min {least:.0f}, median {median:.0f}, p99 {p99:.0f}, max {most:.0f} us")
                self.assertGreater(figures[5], 20, "calls are answered while it is on its way")
                self.assertLess(figures[8], P99_US_MAX * 1000)


if __name__ == "__main__":
    unittest.main(verbosity=2)
