#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two nodes, a call between them, and the refusals that an operator meets first. Run for each loop: --loop is argv[1]."""

from cluster import *  # noqa: F403

LOOP = "epoll"


class FirstLight(ClusterTest):
    def setUp(self):
        super().setUp()
        self.a = self.cluster.start_node("a", "--app", "ping_pong", "--loop", LOOP, "--cores", "1")

    def command(self, verb, *arguments, **more):
        return self.cluster.command(verb, *arguments, "--loop", LOOP, **more)

    def test_the_node_says_that_it_is_up_and_on_which_loop(self):
        self.assertEqual(self.a.name, f"a@{HOST}")
        self.assertEqual(self.a.loop, LOOP)
        self.assertEqual(self.cluster.registered(), {"a": self.a.port})

    def test_two_nodes_of_one_cookie_answer_pong(self):
        b = self.cluster.start_node("b", "--loop", LOOP)
        self.assert_pong(f"a@{HOST}")
        self.assert_pong(f"b@{HOST}")
        self.assertEqual(set(self.cluster.registered()), {"a", "b"})
        self.assertNotEqual(self.a.port, b.port)

    def test_another_cookie_is_refused_with_its_cause_and_the_line_of_the_tutorials(self):
        done = self.command("ping", f"a@{HOST}", cookie="other")
        self.assertEqual((done.status, done.out), (1, "pang\n"), done)
        self.assert_one_line(done.err, "cookie")
        line = self.a.log.await_line("Connection attempt from node")
        self.assertRegex(line, r"^\d\d:\d\d:\d\d\.\d\d\d \[error\] \*\* Connection attempt from node :\S+ rejected\. Invalid challenge reply\. \*\*$")
        self.assertIn(HOST, line)
        self.assert_pong(f"a@{HOST}")

    def test_a_call_prints_the_reply_as_elixir_does(self):
        done = self.command("call", f"a@{HOST}", "PingPong", ":ping")
        self.assertEqual((done.status, done.out, done.err), (0, ":pong\n", ""))
        done = self.command("call", f"a@{HOST}", "PingPong", ":ping", "--json")
        self.assertEqual((done.status, done.out, done.err), (0, '{"reply":":pong"}\n', ""))

    def test_the_echo_gives_any_term_back(self):
        for term in ['{:cal, 4, 5}', '%{a: [1, 2.5, "text"], b: nil}', '[1 | 2]', '"añb"', "-1", "PingPong", "18446744073709551616", ":\"a b\""]:
            done = self.command("call", f"a@{HOST}", "Pulpo.Echo", term)
            self.assertEqual((done.status, done.out, done.err), (0, term + "\n", ""), term)

    def test_a_server_that_is_not_there_is_no_process_in_words(self):
        for server in ["Nobody", ":nobody"]:
            done = self.command("call", f"a@{HOST}", server, ":ping")
            self.assertEqual((done.status, done.out), (1, ""), done)
            self.assert_one_line(done.err, "no process", server)
            self.assertLess(done.seconds, 4)

    def test_a_node_that_is_killed_during_the_call_is_told_at_once(self):
        # Goal:   no connection, long before the timeout of 20 s.
        # Method: the server takes every request and never answers; the node is killed once the server has logged that it holds one.
        node = self.cluster.start_node("s", "--app", "silent", "--loop", LOOP, program=SILENT_NODE)
        call = self.cluster.start("call", f"s@{HOST}", "Silent", ":ping", "--timeout", "20", "--cookie", self.cluster.cookie, "--loop", LOOP)
        node.log.await_line("holding :ping")
        begun = time.monotonic()
        node.kill()
        self.assertEqual(call.wait(), 1)
        self.assertLess(time.monotonic() - begun, 5)
        self.assertEqual(call.process.stdout.read(), "")
        self.assert_one_line("\n".join(call.log.rest()), f"no connection to s@{HOST}")

    def test_a_server_that_does_not_answer_is_a_time_out(self):
        node = self.cluster.start_node("s", "--app", "silent", "--loop", LOOP, program=SILENT_NODE)
        done = self.command("call", node.name, "Silent", ":ping", "--timeout", "300ms")
        self.assertEqual((done.status, done.out), (1, ""), done)
        self.assert_one_line(done.err, "time out", "0.3 s")

    def test_stopping_is_orderly_and_frees_the_name(self):
        for number in [signal.SIGTERM, signal.SIGINT]:
            node = self.cluster.start_node("c", "--app", "ping_pong", "--loop", LOOP)
            node.signal(number)
            self.assertEqual(node.wait(), 0, node.log.rest())
            self.cluster.await_registered(["a"])

    def test_a_second_signal_does_not_wait_for_applications(self):
        node = self.cluster.start_node("s", "--app", "stubborn", "--app", "silent", "--loop", LOOP, program=SILENT_NODE)
        node.signal(signal.SIGTERM)
        node.log.await_line("stubborn$")
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 1)
        self.assertRegex("\n".join(node.log.rest()), "leaving without waiting for applications")
        self.cluster.await_registered(["a"])

    def test_a_node_whose_own_processes_end_stops_with_a_failure(self):
        node = self.cluster.start("node", "--app", "saboteur", "--loop", LOOP, program=SILENT_NODE)
        self.assertEqual(node.wait(), 1)
        self.assertRegex("\n".join(node.log.rest()), "the node's own processes have ended: :killed")

    def test_a_node_without_a_name_runs_its_applications_and_registers_nowhere(self):
        node = self.cluster.start("node", "--app", "ping_pong", "--loop", LOOP)
        node.log.await_line("node nonode@nohost is up, reachable by nobody")
        self.assertEqual(set(self.cluster.registered()), {"a"})
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 0)

    def test_the_log_can_be_json(self):
        import json

        node = self.cluster.start("node", "--sname", "j", "--cookie", "c", "--log-format", "json", "--loop", LOOP)
        line = json.loads(node.log.await_line(" is up, "))
        self.assertEqual(line["level"], "info")
        self.assertIn(f"j@{HOST} is up", line["message"])

    def test_options_come_from_the_environment_and_dashes_first_mean_node(self):
        node = self.cluster.start("--sname", "e", PULPO_COOKIE=self.cluster.cookie, PULPO_APP="ping_pong", PULPO_LOOP=LOOP)
        node.log.await_line(f"e@{HOST} is up, .*loop {LOOP}")
        done = self.cluster.run("call", f"e@{HOST}", "PingPong", ":ping", PULPO_COOKIE=self.cluster.cookie, PULPO_JSON="1")
        self.assertEqual((done.status, done.out), (0, '{"reply":":pong"}\n'), done)

    def test_names_are_those_that_epmd_prints(self):
        self.cluster.start_node("b", "--loop", LOOP)
        ours = self.cluster.run("names")
        theirs = self.cluster.run("-port", str(self.cluster.mapper_port), "-names", program="epmd")
        self.assertEqual((ours.status, ours.err), (0, ""))
        self.assertEqual(theirs.status, 0, theirs)
        self.assertEqual(ours.out.splitlines(), theirs.out.splitlines())
        self.assertRegex(ours.out, rf"^epmd: up and running on port {self.cluster.mapper_port} with data:\n")
        self.assertIn(f"name a at port {self.a.port}\n", ours.out)

    def test_the_bench_counts_what_the_server_counts(self):
        import json

        done = self.command("bench call", f"a@{HOST}", "--concurrency", "16", "--duration", "0.3", "--warmup", "0.1", "--json", deadline=60)
        self.assertEqual((done.status, done.err), (0, ""), done)
        figures = json.loads(done.out)
        self.assertEqual(figures["errors"], 0)
        self.assertEqual(figures["calls_made"], figures["calls_served"])
        self.assertGreater(figures["calls_per_second"], 100)
        self.assertLessEqual(figures["p50_us"], figures["p99_us"])
        self.assertLessEqual(figures["p99_us"], figures["p999_us"])
        self.assertLessEqual(figures["p999_us"], figures["max_us"])
        self.assertGreater(figures["cpu_seconds_per_million"], 0)
        self.assertEqual((figures["concurrency"], figures["payload_bytes"], figures["loop"]), (16, 0, LOOP))
        self.assertIs(figures["sealed"], True)

    def test_the_bench_carries_a_payload_and_calls_any_server(self):
        quick = ["--concurrency", "4", "--duration", "0.2", "--warmup", "0"]
        done = self.command("bench call", f"a@{HOST}", *quick, "--payload", "70000", deadline=60)
        self.assertEqual((done.status, done.err), (0, ""), done)
        self.assertIn("payload 70000 bytes", done.out)
        self.assertIn("errors   none", done.out)
        done = self.command("bench call", f"a@{HOST}", "PingPong", ":ping", *quick, deadline=60)
        self.assertEqual((done.status, done.err), (0, ""), done)
        done = self.command("bench call", f"a@{HOST}", "Nobody", ":ping", *quick, deadline=60)
        self.assertEqual(done.status, 1)
        self.assert_one_line(done.err, "no process")


if __name__ == "__main__":
    LOOP = sys.argv.pop(1)
    unittest.main(verbosity=2)
