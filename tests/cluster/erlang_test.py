#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real Erlang beside ours: the mapper is shared, whoever's it is; nodes do not understand each other, and both sides are told so at once."""

from cluster import *  # noqa: F403

# NODE-20: a silent peer is given up after 7 s. "At once" is well below, also on a machine that compiles meanwhile.
AT_ONCE = 6


class Erlang(ClusterTest):
    def erl(self, name, expression):
        return self.erl_named("-sname", name, expression)

    def erl_named(self, option, name, expression):
        return self.cluster.start(option, name, "-start_epmd", "false", "-setcookie", self.cluster.cookie, "-noshell", "-noinput", "-eval", expression, program="erl")

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

    def talking_pair(self):
        """Two Erlang nodes, of which the second prints what became of its ping of the first, and whom it is connected with then."""
        e = self.erl("e", 'io:format("up~n").')
        self.assertEqual(e.process.stdout.readline(), "up\n")
        f = self.erl("f", f"io:format(\"~p ~p~n\", [net_adm:ping('e@{HOST}'), nodes()]).")
        return e, f

    def test_two_erlang_nodes_find_each_other_by_our_mapper(self):
        """EPMD-4, EPMD-8, D9: short names."""
        self.cluster.start("mapper", "--address", "127.0.0.1").log.await_line("mapper is up")
        _, f = self.talking_pair()
        self.assertEqual(f.process.stdout.readline(), f"pong [e@{HOST}]\n")
        self.cluster.await_registered(["e", "f"])
        names = self.cluster.run("-names", program="epmd")
        ports = self.cluster.registered()
        self.assertEqual((names.status, names.out.splitlines()[0]), (0, f"epmd: up and running on port {self.cluster.mapper_port} with data:"))
        self.assertEqual(sorted(names.out.splitlines()[1:]), sorted(f"name {name} at port {port}" for name, port in ports.items()))
        # Ours prints the same, to the byte.
        self.assertEqual(self.cluster.run("names").out, names.out)

    def test_two_erlang_nodes_of_long_names_find_each_other_by_our_mapper(self):
        """EPMD-4, EPMD-8, D9: long names."""
        self.cluster.start("mapper", "--address", "127.0.0.1").log.await_line("mapper is up")
        e = self.erl_named("-name", "e@127.0.0.1", 'io:format("up~n").')
        self.assertEqual(e.process.stdout.readline(), "up\n")
        f = self.erl_named("-name", "f@127.0.0.1", "io:format(\"~p~n\", [net_adm:ping('e@127.0.0.1')]).")
        self.assertEqual(f.process.stdout.readline(), "pong\n")

    def test_erlang_nodes_are_back_after_our_mapper_was_killed(self):
        """EPMD-17: every two seconds of their own; what they are connected with stays."""
        mapper = self.cluster.start("mapper", "--address", "127.0.0.1")
        mapper.log.await_line("mapper is up")
        _, f = self.talking_pair()
        self.assertEqual(f.process.stdout.readline(), f"pong [e@{HOST}]\n")
        ports = self.cluster.registered()
        mapper.kill()
        self.assertIsNone(self.cluster.registered())
        self.cluster.start("mapper", "--address", "127.0.0.1").log.await_line("mapper is up")
        self.cluster.await_registered(["e", "f"])
        self.assertEqual(self.cluster.registered(), ports)
        g = self.erl("g", f"io:format(\"~p ~p~n\", [net_adm:ping('e@{HOST}'), lists:sort(nodes())]).")
        self.assertEqual(g.process.stdout.readline().split()[0], "pong")

    def test_an_erlang_node_is_refused_a_name_that_one_of_ours_has(self):
        """EPMD-5, NODE-3."""
        node = self.cluster.start_node("a")
        erl = self.erl("a", "halt(0).")
        self.assertNotEqual(erl.wait(), 0)
        self.assertIn("seems to be in use by another Erlang node", erl.process.stdout.read() + "\n".join(erl.log.rest()))
        self.assertEqual(self.cluster.registered(), {"a": node.port})
        self.assert_pong(node.name)

    def test_ours_are_found_by_erlangs_mapper(self):
        """EPMD-4, EPMD-8, D9: a real epmd, which serves an Erlang node and ours side by side, and comes back after its end."""
        epmd = self.cluster.start(program="epmd")
        self.cluster.await_true(lambda: self.cluster.registered() is not None, "epmd does not come up")
        node = self.cluster.start_node("a", "--no-mapper")
        erl = self.erl("e", 'io:format("up~n").')
        self.assertEqual(erl.process.stdout.readline(), "up\n")
        self.cluster.await_registered(["a", "e"])
        self.assert_pong(node.name)
        self.assert_pang(f"e@{HOST}", "Erlang")
        epmd.kill()
        node.log.await_line("nothing answers on port")
        epmd = self.cluster.start(program="epmd")
        node.log.await_line("Registered with the mapper again")
        self.assert_pong(node.name)
        node.kill()
        erl.kill()
        epmd.kill()

    def test_what_epmd_says_of_our_mapper(self):
        """EPMD-11, EPMD-12, EPMD-14: the texts and statuses of epmd's own commands, with us as the daemon."""
        epmd = lambda *words: self.cluster.run(*words, program="epmd")
        none = epmd("-names")
        self.assertEqual((none.status, none.out + none.err), (1, "epmd: Cannot connect to local epmd\n"))
        mapper = self.cluster.start("mapper", "--address", "127.0.0.1")
        mapper.log.await_line("mapper is up")
        node = self.cluster.start_node("a", "--no-mapper")
        refused = epmd("-kill")
        self.assertEqual((refused.status, refused.out + refused.err), (1, "Killing not allowed - living nodes in database.\n"))
        unanswered = epmd("-stop", "a")
        self.assertEqual((unanswered.status, unanswered.out + unanswered.err), (1, "epmd: local epmd responded with <>\n"))
        self.assert_pong(node.name)
        node.kill()
        self.cluster.await_registered([])
        killed = epmd("-kill")
        self.assertEqual((killed.status, killed.out + killed.err), (0, "Killed\n"))
        self.assertEqual(mapper.wait(), 0)

        relaxed = self.cluster.start("mapper", "--address", "127.0.0.1", "--relaxed-command-check")
        relaxed.log.await_line("mapper is up")
        node = self.cluster.start_node("b", "--no-mapper")
        self.assertEqual(epmd("-stop", "nobody").out, "NOEXIST\n")
        stopped = epmd("-stop", "b")
        self.assertEqual((stopped.status, stopped.out), (0, "STOPPED\n"))
        node.log.await_line("Registered with the mapper again")  # it lives, and so it comes back
        self.assertEqual(epmd("-kill").out, "Killed\n")
        self.assertEqual(relaxed.wait(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
