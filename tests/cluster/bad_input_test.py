#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an operator gets wrong: one line that says what and what to do, and the exit status of Settled points."""

import stat

from cluster import *  # noqa: F403

WRONG_USAGE = 2
FAILED = 1


class BadInput(ClusterTest):
    def refuse(self, status, words, *parts, **environment):
        done = self.cluster.run(*words, **environment)
        self.assertEqual((done.status, done.out), (status, ""), (words, done))
        self.assert_one_line(done.err, *parts)
        self.assertTrue(done.err.startswith("pulpo"), done.err)
        return done

    def node(self, *words):
        return ["node", "--sname", "x", "--cookie", "c", *words]

    def write(self, name, text, mode):
        path = os.path.join(self.cluster.home, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def test_no_verb_and_unknown_verbs(self):
        self.refuse(WRONG_USAGE, [], "--help")
        self.refuse(WRONG_USAGE, ["pign"], "did you mean ping?")
        self.refuse(WRONG_USAGE, ["frobnicate"], "frobnicate", "--help")
        self.refuse(WRONG_USAGE, ["bench"], "bench what? One of: call")
        self.refuse(WRONG_USAGE, ["bench", "sned"], "sned", "call")
        self.refuse(WRONG_USAGE, ["help", "pign"], "did you mean ping?")

    def test_unknown_options_of_every_verb(self):
        for verb in ["node", "mapper", "names", "ping", "call", "rpc", "remote", "apps", "top", "stop", "bench call", "bench send", "bench spawn", "bench connect", "doctor"]:
            self.refuse(WRONG_USAGE, [*verb.split(), "--frobnicate"], "unknown option --frobnicate", "--help")
        self.refuse(WRONG_USAGE, ["--snmae", "a"], "unknown option --snmae", "did you mean --sname?")

    def test_missing_and_superfluous_words(self):
        self.refuse(WRONG_USAGE, ["ping"], "argument is missing", "NODE")
        self.refuse(WRONG_USAGE, ["ping", "a@b", "c@d"], "c@d")
        self.refuse(WRONG_USAGE, ["call", "a@b", "PingPong"], "argument is missing", "NODE SERVER REQUEST")
        self.refuse(WRONG_USAGE, ["node", "--sname", "--cookie", "c"], "--sname needs a name: --sname N[@HOST]")
        self.refuse(WRONG_USAGE, ["node", "--sname", "a", "--name", "a@b.c", "--cookie", "c"], "--name", "--sname")

    def test_values_that_are_none(self):
        self.refuse(WRONG_USAGE, self.node("--cores", "0"), "--cores", "1 to 64")
        self.refuse(WRONG_USAGE, self.node("--cores", "many"), "--cores", "many")
        self.refuse(WRONG_USAGE, self.node("--loop", "kqueue"), "--loop", "kqueue", "uring, epoll or auto")
        self.refuse(WRONG_USAGE, self.node("--log-level", "loud"), "--log-level", "loud", "debug")
        self.refuse(WRONG_USAGE, self.node("--log-format", "xml"), "--log-format", "text", "json")
        self.refuse(WRONG_USAGE, self.node("--stack-size", "1"), "--stack-size", "16384")
        self.refuse(WRONG_USAGE, self.node("--listen", "nowhere"), "--listen", "nowhere")
        self.refuse(WRONG_USAGE, self.node("--listen", "127.0.0.1:99999"), "99999")
        self.refuse(WRONG_USAGE, self.node("--join", "lan:?"), "--join", "no label")
        self.refuse(WRONG_USAGE, self.node("--join", "lan,,altair"), "--join", "empty place", "lan:LABEL")
        self.refuse(WRONG_USAGE, self.node("--join", "altair:x"), "--join", "no port")
        self.refuse(WRONG_USAGE, self.node("--join", "a@b@c"), "--join", "more than one @")
        self.refuse(WRONG_USAGE, ["node", "--join", "lan"], "--join", "--sname or --name")
        self.refuse(WRONG_USAGE, ["mapper", "--port", "0"], "--port", "1 to 65535")
        self.refuse(WRONG_USAGE, ["mapper", "--address", "nowhere"], "--address", "nowhere")
        self.refuse(WRONG_USAGE, ["mapper", "--packet-timeout", "-1"], "--packet-timeout")
        self.refuse(WRONG_USAGE, ["bench", "call", f"a@{HOST}", "--concurrency", "0"], "--concurrency")
        self.refuse(WRONG_USAGE, ["bench", "call", f"a@{HOST}", "--payload", "256MiB"], "--payload")
        self.refuse(WRONG_USAGE, ["bench", "call", f"a@{HOST}", "PingPong"], "SERVER needs a REQUEST")
        self.refuse(WRONG_USAGE, ["bench", "call", f"a@{HOST}", "PingPong", ":ping", "--payload", "5"], "--payload")
        self.refuse(WRONG_USAGE, ["call", f"a@{HOST}", "PingPong", ":ping", "--timeout", "soon"], "--timeout", "soon")
        for verb in [["names"], ["mapper"], ["ping", f"a@{HOST}", "--cookie", "c"], self.node()]:
            self.refuse(WRONG_USAGE, verb, "ERL_EPMD_PORT", "epmd", ERL_EPMD_PORT="epmd")

    def test_the_environment_is_checked_like_the_command_line(self):
        self.refuse(WRONG_USAGE, ["node", "--sname", "x", "--cookie", "c"], "--cores", "some", PULPO_CORES="some")
        self.refuse(WRONG_USAGE, ["names"], "PULPO_JSON", "perhaps", PULPO_JSON="perhaps")

    def test_requests_that_are_no_terms_say_where(self):
        for request, column in [("{:cal, 4, 5", "column"), ("a", "column 1"), (":a b", "column 4"), ("[1,,2]", "column 4"), ("", "column 1")]:
            self.refuse(WRONG_USAGE, ["call", f"a@{HOST}", "PingPong", request, "--cookie", "c"], column)
        self.refuse(WRONG_USAGE, ["call", f"a@{HOST}", "Ping Pong", ":ping", "--cookie", "c"], "Ping Pong", "name")

    def test_malformed_node_names(self):  # NODE-2
        for name in ["", "@", "a@", "@b", "a@b@c", "a b@host", "ä@host"]:
            self.refuse(WRONG_USAGE, ["ping", name, "--cookie", "c"], *([name] if name else []))
        self.refuse(WRONG_USAGE, ["ping", "a", "--cookie", "c"], "a", "@")
        for option, name in [("--sname", "a@b.c"), ("--sname", "a@b@c"), ("--sname", "a b"), ("--sname", "@host"), ("--name", "a@"), ("--name", "a@b@c")]:
            self.refuse(WRONG_USAGE, ["node", option, name, "--cookie", "c"], name)

    def test_cookie_files(self):
        missing = os.path.join(self.cluster.home, "missing")
        for words in [["node", "--sname", "x"], ["ping", f"a@{HOST}"], ["call", f"a@{HOST}", "PingPong", ":ping"], ["bench", "call", f"a@{HOST}"]]:
            self.refuse(WRONG_USAGE, [*words, "--cookie-file", missing], missing)
            self.refuse(WRONG_USAGE, [*words, "--cookie-file", self.cluster.home], self.cluster.home, "not a regular file")
            self.refuse(WRONG_USAGE, [*words, "--cookie-file", self.write("open", "secret", 0o644)], "others can read", "0644", "chmod 400")
            self.refuse(WRONG_USAGE, [*words, "--cookie-file", self.write("empty", "", 0o600)], "empty")
            self.refuse(WRONG_USAGE, [*words, "--cookie-file", self.write("binary", "a\tb", 0o600)], "unprintable")
        self.refuse(WRONG_USAGE, ["node", "--sname", "x", "--cookie", ""], "--cookie", "empty")
        self.write(".pulpo.cookie", "mine", 0o640)
        self.refuse(WRONG_USAGE, ["node", "--sname", "x"], ".pulpo.cookie", "0640", "chmod 400")

    def test_without_a_place_for_a_cookie_a_node_says_so_and_a_command_refuses(self):
        node = self.cluster.start("node", "--sname", "x", HOME="/nonexistent")
        node.log.await_line("no other board can join")
        node.log.await_line(" is up, ")
        self.refuse(WRONG_USAGE, ["ping", f"x@{HOST}"], "--cookie", HOME="/nonexistent")

    def test_a_cookie_is_made_at_first_use(self):
        node = self.cluster.start("node", "--sname", "x")
        node.log.await_line(" is up, ")
        path = os.path.join(self.cluster.home, ".pulpo.cookie")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o400)
        done = self.cluster.run("ping", f"x@{HOST}")
        self.assertEqual((done.status, done.out, done.err), (0, "pong\n", ""))

    def test_unknown_applications_name_the_known_ones(self):
        self.refuse(WRONG_USAGE, self.node("--app", "pingpong"), "no application 'pingpong'", "ping_pong")

    def test_a_taken_name(self):
        first = self.cluster.start_node("x")
        self.refuse(FAILED, self.node(), f"x@{HOST}", "in use")
        self.assert_pong(first.name)
        # Its name is free as soon as it is gone.
        first.kill()
        self.cluster.start_node("x")

    def test_a_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.refuse(FAILED, self.node("--listen", f"127.0.0.1:{port}"), f"{port}", "in use")
            self.refuse(FAILED, ["mapper", "--port", str(port), "--address", "127.0.0.1"], f"port {port} is in use", "--port")
        self.cluster.start_node("x")
        self.refuse(FAILED, ["mapper"], f"port {self.cluster.mapper_port} is in use", "a mapper runs there already")

    def test_an_address_of_another_host(self):
        self.refuse(WRONG_USAGE, self.node("--listen", "192.0.2.1"), "192.0.2.1", "not an address of this host")

    def test_an_unreachable_mapper(self):
        port = str(self.cluster.mapper_port)
        self.refuse(FAILED, ["names"], f"no mapper answers on port {port}", "mapper")
        self.assert_pang(f"a@{HOST}", "mapper", port)
        self.refuse(FAILED, ["call", f"a@{HOST}", "PingPong", ":ping", "--cookie", "c"], "mapper", port)
        self.refuse(FAILED, ["bench", "call", f"a@{HOST}", "--cookie", "c"], "mapper", port)
        self.refuse(FAILED, self.node("--no-mapper"), "mapper", port)
        # Something else has the mapper's port.
        with socket.create_server(("127.0.0.1", 0)) as other:
            other_port = str(other.getsockname()[1])
            import threading

            def hang_up():
                try:
                    while True:
                        connection, _ = other.accept()
                        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                        connection.close()
                except OSError:
                    pass

            thread = threading.Thread(target=hang_up, daemon=True)
            thread.start()
            self.refuse(FAILED, ["names"], other_port, "no mapper", ERL_EPMD_PORT=other_port)
            other.shutdown(socket.SHUT_RDWR)

    def test_each_reason_for_pang_is_told(self):
        self.cluster.start_node("x")
        self.assert_pang(f"nobody@{HOST}", "nobody", "registered")
        self.assert_pang("x@no-such-host-anywhere", "no-such-host-anywhere")
        # Registered, but nobody listens there any more.
        with socket.create_connection(("127.0.0.1", self.cluster.mapper_port)) as mapper:
            register(mapper, b"ghost", free_port())
            self.assert_pang(f"ghost@{HOST}", "refused")

    def test_a_full_disk_is_a_failure(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([PULPO, "--version"], stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=self.cluster.environment())
        self.assertEqual(done.returncode, FAILED)
        self.assert_one_line(done.stderr, "stdout")


class Help(ClusterTest):
    def test_a_node_without_standard_places_keeps_its_own_descriptors(self):
        """Its log must not go into what then has the number 2: the loop's ring or its wake-up."""
        node = self.cluster.start("-c", 'exec "$0" "$@" <&- >&- 2>&-', PULPO, "node", "--sname", "a", "--cookie", self.cluster.cookie,
                                  program="sh")
        self.cluster.await_registered(["a"])
        self.assert_pong("a@" + HOST)
        for descriptor in range(3):
            self.assertEqual(os.readlink("/proc/%d/fd/%d" % (node.process.pid, descriptor)), "/dev/null")
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 0)

    def test_help_and_version_go_to_stdout_and_fit_80_columns(self):
        done = self.cluster.run("--version")
        self.assertEqual((done.status, done.err), (0, ""))
        self.assertRegex(done.out, r"^pulpo \d+\.\d+\.\d+\n$")
        overview = self.cluster.run("--help")
        verbs = re.findall(r"^  (bench (?:call|send|spawn|connect|local)|[a-z]+)  ", overview.out, re.MULTILINE)
        self.assertEqual(verbs, ["node", "mapper", "names", "ping", "call", "rpc", "remote", "apps", "top", "stop", "bench call", "bench send", "bench spawn", "bench connect", "bench local", "doctor", "new"])
        for words in [["--help"], ["help"]] + [[*verb.split(), "--help"] for verb in verbs] + [["help", *verb.split()] for verb in verbs]:
            done = self.cluster.run(*words)
            self.assertEqual((done.status, done.err), (0, ""), words)
            self.assertIn("usage: pulpo", done.out)
            self.assertLessEqual(max(map(len, done.out.splitlines())), 80, done.out)
            if len(words) > 1:
                self.assertIn("Examples:", done.out)

    def test_doctor_says_what_is_used_and_never_the_cookie(self):
        import json

        done = self.cluster.run("doctor", "--cookie", "very_secret")
        self.assertEqual((done.status, done.err), (0, ""))
        self.assertNotIn("very_secret", done.out)
        for part in ["io_uring", "loop in use", "cookie from", "--cookie", "not reachable", "stack of a process"]:
            self.assertIn(part, done.out)
        self.cluster.start_node("x")
        found = json.loads(self.cluster.run("doctor", "--json").out)
        self.assertEqual(found["cluster"]["mapper"], "reachable")
        self.assertIn(found["kernel"]["loop"], ["uring", "epoll"])
        limits = {"stack_bytes": 65536, "atoms_max": 2**20, "atoms_per_peer_max": 4096, "term_depth_max": 10000, "message_bytes_max": 2**28,
                  "link_queue_bytes_max": 4 * 2**20, "half_open_max": 64, "handshake_seconds": 5, "handshakes_per_second_max": 2000,
                  "net_ticktime_seconds": 8, "mailbox_messages_max": 10**6, "mailbox_bytes_max": 64 * 2**20}
        for name, value in limits.items():
            self.assertEqual(found["limits"][name], value, name)
        self.assertGreaterEqual(found["cores"]["usable"], 1)
        self.assertIn(".pulpo.cookie", found["cluster"]["cookie_source"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
