#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A node that has nothing to do does nothing: none of its threads runs, so none makes a system call.

What tells is the kernel's own account of each thread: one that made a system call was switched to and away from.
"""

from cluster import *  # noqa: F403

WINDOW = 10.0
SETTLED = 100


def switches(pid):
    """How often each thread of a program has been switched away from, by choice or not."""
    counts = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as status:
            counts[thread] = [int(line.split()[1]) for line in status if "ctxt_switches" in line]
    return counts


class Idle(ClusterTest):
    def assert_quiet(self, pid):
        """Not one thread runs for ten seconds, once the start-up is over."""
        before = []

        def settled():
            before.append(switches(pid))
            # For a second, a hundred looks: a start ends with the mapper's, which is waited for with pauses of up to 100 ms.
            return len(before) > SETTLED and all(then == before[-1] for then in before[-SETTLED:])

        self.cluster.await_true(settled, "the node never comes to rest")
        # The one wait of these tests that is its own subject: time in which nothing may happen.
        threading.Event().wait(WINDOW)
        self.assertEqual(switches(pid), before[-1])

    def test_a_node_that_nobody_is_connected_with_makes_no_system_call(self):
        for loop in ["uring", "epoll"]:
            with self.subTest(loop=loop):
                node = self.cluster.start_node(f"idle_{loop}", "--loop", loop, "--app", "ping_pong")
                self.assert_quiet(node.process.pid)

    def test_after_calls_a_node_comes_to_rest_again_with_its_connection_open(self):
        # A quarter of the tick time passes between two ticks: more than it is looked at here.
        node = self.cluster.start_node("idle", "--app", "ping_pong", "--net-ticktime", "60s")
        # A peer that is connected and says no more: stopped in the middle of its calls.
        caller = self.cluster.start("bench", "call", f"idle@{HOST}", "--cookie", self.cluster.cookie, "--concurrency", "4", "--duration", "600")
        self.cluster.await_true(lambda: sum(sum(counts) for counts in switches(node.process.pid).values()) > 200, "nobody calls")
        caller.signal(signal.SIGSTOP)
        self.assert_quiet(node.process.pid)
        self.assert_pong(f"idle@{HOST}")
        caller.kill()


if __name__ == "__main__":
    unittest.main(verbosity=2)
