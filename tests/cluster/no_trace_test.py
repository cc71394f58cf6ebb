#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A health check every ten seconds, for years: commands leave nothing behind in the node that they asked.

300 pings, with PULPO_TEST_FULL=1 a hundred thousand. Two at a time.
"""

from concurrent.futures import ThreadPoolExecutor

from cluster import *  # noqa: F403

PINGS = 100_000 if FULL else 300
WARM_UP = 100
# What the allocator may keep of a busier moment.
RSS_KIB = 256


class NoTrace(ClusterTest):
    def usage(self):
        out = self.cluster.command("call", f"a@{HOST}", "Pulpo.Node", ":usage").out
        return {key: int(re.search(key + r": (\d+)", out).group(1)) for key in ("atoms", "rss_kib", "processes")}

    def ping(self, number):
        if number % 10 == 0:
            done = self.cluster.command("ping", f"nobody@{HOST}")
            return (done.status, done.out) == (1, "pang\n")
        done = self.cluster.command("ping", f"a@{HOST}")
        return (done.status, done.out) == (0, "pong\n")

    def test_a_node_is_after_many_pings_what_it_was(self):
        node = self.cluster.start_node("a")
        with ThreadPoolExecutor(2) as workers:
            self.assertTrue(all(workers.map(self.ping, range(WARM_UP))))
            self.usage()  # asked for the first time, the question's own words become atoms
            before = self.usage()
            descriptors = len(os.listdir(f"/proc/{node.process.pid}/fd"))
            self.assertTrue(all(workers.map(self.ping, range(PINGS))))
        after = self.usage()
        print(f"{PINGS} pings: {before} before, {after} after")
        self.assertEqual(after["atoms"], before["atoms"])
        self.assertEqual(after["processes"], before["processes"])
        self.assertLessEqual(after["rss_kib"], before["rss_kib"] + RSS_KIB)
        self.cluster.await_true(lambda: len(os.listdir(f"/proc/{node.process.pid}/fd")) <= descriptors, "descriptors are left open")


if __name__ == "__main__":
    unittest.main(verbosity=2)
