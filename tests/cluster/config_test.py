#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Configuration files on the command line: what the tutorials type is understood, and what cannot work ends with one line and status 2."""

from cluster import *  # noqa: F403

CONFIGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../configs")
WRONG_USAGE = 2


class Config(ClusterTest):
    def write(self, name, text):
        path = os.path.join(self.cluster.home, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def refuse(self, words, *parts, **environment):
        done = self.cluster.run(*words, "--cookie", "c", **environment)
        self.assertEqual((done.status, done.out), (WRONG_USAGE, ""), (words, done))
        self.assert_one_line(done.err, *parts)
        self.assertTrue(done.err.startswith("pulpo node: "), done.err)

    def test_what_the_tutorials_type_is_understood(self):  # ST.2
        started = self.cluster.start("--sname", "a", "-pa", "_build/dev/lib/ping_pong/ebin/", "-S", "mix", "--app", "ping_pong", "--erl",
                                     f"-config {CONFIGS}/a", "--cookie", self.cluster.cookie)
        others = [self.cluster.start("--sname", name, "--app", "ping_pong", "--erl", f"-config {CONFIGS}/{name}", "--cookie", self.cluster.cookie)
                  for name in ["b", "c"]]
        # Its host is the configuration's, since that means this machine.
        started.log.await_line("node a@localhost is up")
        for name, node in zip(["b", "c"], others):
            node.log.await_line(f"node {name}@localhost is up")
        meaningless = [line for line in started.log.now() if "without a meaning here" in line]
        self.assertEqual(len(meaningless), 1, started.log.lines)
        self.assertIn("-pa _build/dev/lib/ping_pong/ebin/, -S mix;", meaningless[0])
        self.assertEqual([line for line in started.log.lines if "warning" in line], [])
        done = self.cluster.command("call", "a@localhost", "PingPong", ":ping")
        self.assertEqual((done.status, done.out), (0, ":pong\n"), done)

    def test_a_file_comes_from_the_environment_too_and_its_suffix_is_implied(self):
        for name in ["a", "a.config"]:
            node = self.cluster.start("node", "--sname", "a@localhost", "--cookie", "c", PULPO_CONFIG=os.path.join(CONFIGS, name))
            node.log.await_line("waiting for b@localhost and c@localhost, for 30 s at most")
            node.kill()

    def test_the_command_line_stands_above_the_file(self):
        path = self.write("quiet.config", "[{kernel, [{logger_level, error}]}].\n")
        quiet = self.cluster.start("node", "--sname", "quiet", "--cookie", self.cluster.cookie, "--config", path)
        self.cluster.await_registered(["quiet"])
        self.assert_pong(f"quiet@{HOST}")
        quiet.signal(signal.SIGTERM)
        self.assertEqual(quiet.wait(), 0)
        self.assertEqual(quiet.log.rest(), [])
        self.cluster.start_node("loud", "--config", path, "--log-level", "info")  # which awaits its line

    def test_settings_reach_applications_and_the_node(self):
        path = self.write("set.config", "[{kernel, [{net_ticktime, 1}, {dist_auto_connect, never}]}, {ping_pong, [{greeting, \"hello\"}]}].\n")
        a = self.cluster.start_node("a", "--config", path, "--app", "ping_pong")
        b = self.cluster.start_node("b", "--config", path, "--app", "ping_pong")
        for question, answer in [("Application.get_env(:kernel, :net_ticktime)", "1\n"), ("Application.get_env(:ping_pong, :greeting)", "'hello'\n")]:
            done = self.cluster.command("rpc", a.name, question)
            self.assertEqual((done.status, done.out), (0, answer), done)
        call = ["rpc", a.name, f"GenServer.call({{PingPong, :\"{b.name}\"}}, :ping)"]
        self.assertEqual(self.cluster.command(*call).status, 1)  # nothing connects of itself
        self.assertEqual(self.cluster.command("rpc", a.name, f"Node.connect(:\"{b.name}\")").out, "true\n")
        self.assertEqual(self.cluster.command(*call).out, ":pong\n")
        # A frozen node is taken for dead after 1 s, not 8.
        b.signal(signal.SIGSTOP)
        self.cluster.await_true(lambda: self.cluster.command("rpc", a.name, "Node.list").out == "[]\n", "b is still there", deadline=6)
        b.kill()

    def test_a_node_that_is_not_listed_is_told_who_is_and_what_to_type(self):
        listed = "`distributed` lists one@127.0.0.1, two@127.0.0.1, three@127.0.0.1"
        one = os.path.join(CONFIGS, "one")
        place = f"{one}.config:4:5: "
        self.refuse(["node", "--name", "four@127.0.0.1", "--app", "ping_pong", "--config", self.ping_pong_on(["one@127.0.0.1"])],
                    "this node is four@127.0.0.1", "as --name one@127.0.0.1")
        done = self.cluster.run("node", "--sname", "two", "--cookie", "c", "--config", one)
        self.assertEqual(done.status, WRONG_USAGE)
        for part in [place, listed, f"this node is two@{HOST}", "as --name two@127.0.0.1"]:
            self.assertIn(part, done.err.splitlines()[-1])

    def ping_pong_on(self, nodes):
        names = ", ".join(f"'{node}'" for node in nodes)
        return self.write("on.config", f"[{{kernel, [{{distributed, [{{ping_pong, [{names}]}}]}}]}}].")

    def test_a_node_without_a_name_cannot_be_one_of_several(self):
        path = self.ping_pong_on(["a@localhost", f"b@{HOST}"])
        self.refuse(["node", "--config", path], f"{path}:1:13: ", "this node has no name", "as --sname a@localhost")
        path = self.write("waits.config", "[{kernel, [{sync_nodes_mandatory, ['b@h']}, {sync_nodes_timeout, 5}]}].")
        self.refuse(["node", "--config", path], "sync_nodes_mandatory", "b@h", "--sname or --name")

    def test_the_host_of_a_name_that_is_listed_with_this_machines_stays(self):
        path = self.ping_pong_on(["a@localhost", f"a@{HOST}"])
        node = self.cluster.start_node("a", "--config", path)
        self.assertEqual(node.name, f"a@{HOST}")

    def test_errors_name_the_place(self):
        path = self.write("wrong.config", "[{kernel,\n  [{sync_nodes_timeout, foo}]}].\n")
        self.refuse(["node", "--sname", "a", "--config", path], f"{path}:2:25: found foo, expected the milliseconds")
        path = self.write("open.config", "[{kernel, [{net_ticktime, 8}].\n")
        self.refuse(["node", "--sname", "a", "--config", path], f"{path}:1:")
        missing = os.path.join(self.cluster.home, "missing")
        self.refuse(["node", "--sname", "a", "--config", missing], f"{missing}.config: there is no such file")
        self.refuse(["node", "--sname", "a"], f"{missing}.config: there is no such file", PULPO_CONFIG=missing)
        self.refuse(["node", "--sname", "a", "--erl", "-setcookie x"], "--erl: -setcookie", "--cookie C")

    def test_what_is_not_used_is_a_warning(self):
        path = self.write("odd.config", "[{kernel,\n  [{sync_node_timeout, 5},\n   {sync_nodes_mandatory, ['b@pi.local']}]},\n {pingpong, []}].\n")
        node = self.cluster.start_node("a", "--config", path)
        warnings = [line.split("[warning] ")[1] for line in node.log.now() if "[warning]" in line]
        self.assertEqual(len(warnings), 4, warnings)
        self.assertEqual(warnings[0], f"{path}:2:5: kernel has no setting sync_node_timeout; did you mean sync_nodes_timeout?")
        self.assertTrue(warnings[1].startswith(f"{path}:3:5: sync_nodes_mandatory without sync_nodes_timeout: the node waits for nobody"), warnings[1])
        self.assertEqual(warnings[2], "settings for pingpong: no application of this program")
        self.assertIn("sync_nodes_mandatory names b@pi.local: nodes with long names", warnings[3])


if __name__ == "__main__":
    unittest.main(verbosity=2)
