#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`pulpo rpc` and real nodes: values, output, failures. Run for each loop: --loop is argv[1]."""

import json

from cluster import *  # noqa: F403

LOOP = "epoll"
TALKING_NODE = os.environ.get("PULPO_TALKING_NODE", os.path.join(os.path.dirname(PULPO), "tests/cluster/talking_node"))


class Rpc(ClusterTest):
    def setUp(self):
        super().setUp()
        self.node = self.cluster.start_node("kate", "--app", "talker", "--loop", LOOP, program=TALKING_NODE)

    def rpc(self, *words, **more):
        return self.cluster.command("rpc", f"kate@{HOST}", *words, "--loop", LOOP, **more)

    def assert_value(self, out, *words):
        done = self.rpc(*words)
        self.assertEqual((done.status, done.out, done.err), (0, out, ""), done)

    def assert_failure(self, status, words, *parts):
        done = self.rpc(*words)
        self.assertEqual((done.status, done.out), (status, ""), done)
        self.assert_one_line(done.err, "rpc: ", *parts)

    def test_a_value_is_printed_as_elixir_prints_it(self):  # RPC-2
        self.assert_value("9\n", "Talker.add(4, 5)")
        self.assert_value("9\n", "Talker", "add", "4", "5")
        self.assert_value(f":kate@{HOST}\n", ":erlang.node")
        self.assert_value(":ok\n", 'GenServer.call(Talker, {:say, "hello"})')
        done = self.rpc("Talker.add(4, 5)", "--json")
        self.assertEqual(json.loads(done.out), {"result": "9"}, done)

    def test_output_appears_here_before_the_value(self):  # IO-4, ST-62
        self.assert_value("Hi, my name is Kate\n:ok\n", "Talker.say_name")
        self.assert_value("hello\n:ok\n", "IO", "puts", '"hello"')
        self.node.signal(signal.SIGTERM)
        self.assertEqual(self.node.wait(), 0)
        self.assertNotIn("Kate", self.node.process.stdout.read())

    def test_what_fails_is_one_line_and_status_1(self):  # RPC-2, RPC-3
        self.assert_failure(1, ["Talker.nothing(1)"], f"undefined function Talker.nothing/1 on kate@{HOST}")
        self.assert_failure(1, ["Talker.fail(:boom)"], "exited: :boom")
        self.assert_failure(1, ["Talker.add(1, :two)"], "no function clause", "it takes (integer, integer)")
        self.assert_failure(1, ["Process.sleep(60000)", "--timeout", "50ms"], "time out", "0.05 s")
        done = self.cluster.command("rpc", f"nobody@{HOST}", "Node.list", "--loop", LOOP)
        self.assertEqual((done.status, done.out), (1, ""), done)
        self.assert_one_line(done.err, "not registered", "nobody")

    def test_wrong_usage_is_one_line_and_status_2(self):
        self.assert_failure(2, ["Talker.add(4,"], "lacks its )")
        self.assert_failure(2, ["Talker.add(oops)"], "oops", "no Elixir term")
        self.assert_failure(2, ["add(4)"], "names no function of a module")
        self.assert_failure(2, ["Talker", "add", "{4"], "{4 is no Elixir term")
        done = self.cluster.run("rpc", f"kate@{HOST}")
        self.assertEqual(done.status, 2, done)

    def test_a_node_that_is_killed_during_a_call_ends_it_at_once(self):  # RPC-2
        command = self.cluster.start("rpc", f"kate@{HOST}", "Talker.say_and_wait()", "--cookie", self.cluster.cookie, "--loop", LOOP)
        self.assertEqual(command.process.stdout.readline(), "waiting\n")
        self.node.kill()
        self.assertEqual(command.wait(), 1)
        self.assert_one_line("\n".join(command.log.rest()), f"no connection to kate@{HOST}")

    def test_a_node_is_stopped_with_a_status(self):
        self.assert_value(":ok\n", "System.stop(3)")
        self.assertEqual(self.node.wait(), 3)


if __name__ == "__main__":
    LOOP = sys.argv.pop(1)
    unittest.main(verbosity=2)
