#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tutorials' own command lines, with pulpo in the place of iex: those that work, and what those are told that cannot. ST.1 to ST.4."""

from cluster import *  # noqa: F403

CONFIGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../configs")
WRONG_USAGE = 2
EBIN = "_build/dev/lib/distro/ebin"


class CommandLines(ClusterTest):
    def start(self, *words, **environment):
        return self.cluster.start(*words, stdin=subprocess.DEVNULL, **environment)

    def refuse(self, words, *parts):
        done = self.cluster.run(*words)
        self.assertEqual((done.status, done.out), (WRONG_USAGE, ""), (words, done))
        self.assert_one_line(done.err, *parts)

    def value(self, node, call):
        done = self.cluster.command("rpc", node, call)
        self.assertEqual((done.status, done.err), (0, ""), (call, done))
        return done.out

    def without_meaning(self, program):
        lines = [line.split("] ", 1)[1].strip() for line in program.log.now() if "without a meaning here" in line]
        self.assertEqual(len(lines), 1, program.log.lines)
        return lines[0]

    def test_a_single_node_of_distro(self):  # ST-1, ST-2
        node = self.start("--sname", "abc", "-pa", EBIN, "--app", "distro", "--cookie", self.cluster.cookie)
        node.log.await_line(r"\[info\]  Distro application in :normal mode")
        node.log.await_line(r"\[info\]  Starting server")
        node.log.await_line(f"node abc@{HOST} is up")
        self.assertEqual(self.without_meaning(node), f"without a meaning here: -pa {EBIN}; the applications are part of this program")
        self.assertEqual(self.value(f"abc@{HOST}", "Distro.DistroCal.add(4,5)"), "9\n")

    def test_iex_with_mix_has_no_name_and_says_how_to_start_something(self):  # ST-3
        node = self.start("-S", "mix", "--no-halt", "-e", "IO.puts Node.self")
        node.log.await_line("node nonode@nohost is up")
        self.assertEqual(node.process.stdout.readline(), "nonode@nohost\n")
        self.assertEqual(self.without_meaning(node), "without a meaning here: -S mix, --no-halt; the applications are part of this program, "
                         "and start with --app ping_pong, --app distro, --app chat")
        started = self.start("-S", "mix", "--app", "ping_pong", "--eval", "IO.inspect PingPong.ping")
        self.assertEqual(started.process.stdout.readline(), ":pong\n")

    def test_an_option_without_its_value(self):  # ST-4, ST-5
        self.refuse(["--sname", "pingpong", "-pa", "_build/dev/lib/ping_pong/ebin", "--app"], "--app needs an application's name")
        self.refuse(["--sname", "-pa", EBIN, "--app", "distro"], "--sname needs a name: --sname N[@HOST]")
        self.refuse(["--name", "--app", "distro"], "--name needs a name: --name N@HOST")
        self.refuse(["--remsh"], "--remsh needs the name of a node")

    def test_an_application_that_is_not_there(self):  # ST-6
        self.refuse(["--sname", "a", "--app", "nope"], "no application 'nope' in this program; it has: ping_pong, distro, chat")

    def test_a_configuration_that_is_not_there(self):  # ST-28
        self.refuse(["--name", "abc@192.168.8.104", "--app", "distro", "--erl", "-config config/abc"],
                    "config/abc.config: there is no such file")

    def test_one_dash_and_erls_words(self):  # ST-65, ST-40, ST-60
        alex = self.start("--sname", "alex@localhost", "--cookie", "secret_token", "-S", "mix")
        kate = self.start("-sname", "kate@localhost", "-setcookie", "secret_token", "-hidden")
        for node, name in [(alex, "alex"), (kate, "kate")]:
            node.log.await_line(f"node {name}@localhost is up")
        self.assertEqual(self.value("alex@localhost", "Node.connect(:kate@localhost)"), "true\n")
        self.assertIn(":kate@localhost", self.value("alex@localhost", "Node.list(:hidden)"))
        self.assertEqual(self.value("alex@localhost", "Node.list"), "[]\n")
        self.assertEqual(self.value("alex@localhost", "Node.get_cookie"), ":secret_token\n")

    def test_one_dash_before_a_configuration(self):  # ST-23
        node = self.start("-sname", "a", "-config", f"{CONFIGS}/a", "-app", "ping_pong", "-cookie", "c")
        node.log.await_line("waiting for b@localhost and c@localhost, for 30 s at most")
        node.kill()

    def test_remsh_is_the_verb_remote(self):
        self.start("--sname", "a@localhost", "--cookie", self.cluster.cookie).log.await_line("is up")
        done = self.cluster.run("--sname", "me", "--remsh", "nobody@localhost", "--cookie", self.cluster.cookie)
        self.assertEqual((done.status, done.out), (1, ""), done)
        self.assert_one_line(done.err, "pulpo remote: ", "no node named nobody")
        self.refuse(["--remsh", "no name"], "pulpo remote: ")


if __name__ == "__main__":
    unittest.main(verbosity=2)
