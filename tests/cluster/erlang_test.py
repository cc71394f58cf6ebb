#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real Erlang node beside ours: neither understands the other, and both sides are told so at once."""

from cluster import *  # noqa: F403

# NODE-20: a silent peer is given up after 7 s. "At once" is well below, also on a machine that compiles meanwhile.
AT_ONCE = 6


class Erlang(ClusterTest):
    def erl(self, name, expression):
        return self.cluster.start("-sname", name, "-setcookie", self.cluster.cookie, "-noshell", "-noinput", "-eval", expression, program="erl")

    def test_erlang_dials_us(self):
        node = self.cluster.start_node("a")
        begun_and_ended = "B = erlang:monotonic_time(millisecond), R = net_adm:ping('%s'), io:format(\"~p ~p~n\", [R, erlang:monotonic_time(millisecond) - B]), halt()."
        erl = self.erl("e", begun_and_ended % node.name)
        self.assertEqual(erl.wait(), 0)
        answer, milliseconds = erl.process.stdout.read().split()
        self.assertEqual(answer, "pang")
        self.assertLess(int(milliseconds), AT_ONCE * 1000)
        line = node.log.await_line("Erlang")
        self.assertRegex(line, r"\[(warning|error|notice|info)\]")
        self.assertIn("127.0.0.1", line)
        self.assert_pong(node.name)

    def test_we_dial_erlang(self):
        node = self.cluster.start_node("a")  # its mapper is the one Erlang registers with
        erl = self.erl("e", "io:format(\"up~n\").")
        self.assertEqual(erl.process.stdout.readline(), "up\n")
        self.cluster.await_registered(["a", "e"])
        done = self.assert_pang(f"e@{HOST}", "Erlang")
        self.assertLess(done.seconds, AT_ONCE)
        call = self.cluster.command("call", f"e@{HOST}", ":net_kernel", ":ping")
        self.assertEqual((call.status, call.out), (1, ""), call)
        self.assert_one_line(call.err, "Erlang")
        self.assert_pong(node.name)

    def test_epmd_and_net_adm_read_our_names(self):
        node = self.cluster.start_node("a")
        erl = self.erl("e", "{ok, N} = net_adm:names(), io:format(\"~w~n\", [lists:keymember(\"a\", 1, N)]), halt().")
        self.assertEqual(erl.wait(), 0)
        self.assertEqual(erl.process.stdout.read(), "true\n")
        self.assert_pong(node.name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
