#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two clusters on one machine do not meet: two runs of the same tests at the same time, with the same node names."""

from cluster import *  # noqa: F403


class SideBySide(unittest.TestCase):
    def test_two_runs_at_once(self):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "first_light_test.py")
        names = ["FirstLight.test_two_nodes_of_one_cookie_answer_pong", "FirstLight.test_a_call_prints_the_reply_as_elixir_does",
                 "FirstLight.test_names_are_those_that_epmd_prints", "FirstLight.test_stopping_is_orderly_and_frees_the_name"]
        runs = [subprocess.Popen([sys.executable, script, "epoll", *names], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(2)]
        for run in runs:
            said, _ = run.communicate(timeout=4 * DEADLINE)
            self.assertEqual(run.returncode, 0, said)

    def test_nodes_of_two_clusters_do_not_see_each_other(self):
        one, two = Cluster("one"), Cluster("two")
        self.addCleanup(one.close)
        self.addCleanup(two.close)
        one.start_node("a")
        two.start_node("a")
        for cluster, cookie, other in [(one, "one", two), (two, "two", one)]:
            self.assertEqual(set(cluster.registered()), {"a"})
            self.assertEqual(cluster.command("ping", f"a@{HOST}", cookie=cookie).out, "pong\n")
            self.assertEqual(cluster.command("ping", f"a@{HOST}", cookie=other.cookie).out, "pang\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
