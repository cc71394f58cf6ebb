#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`pulpo top` on real nodes: what it tells programs, and what a person sees and does on a terminal (chapter OBS)."""

import json
import unittest.mock

from cluster import *  # noqa: F403
from screen import Screen


class Top(ClusterTest):
    def start_three(self):
        """a, b and c, connected with each other; PingPong runs on each."""
        self.nodes = {}
        for name in "abc":
            self.nodes[name] = self.cluster.start_node(name, "--app", "ping_pong", "--loop", "epoll", "--cores", "2")
        for other in "bc":
            self.assertEqual(self.rpc("a", f"Node.connect(:{other}@{HOST})"), "true")
        self.await_list("b", "ac")

    def rpc(self, node, call):
        return self.cluster.command("rpc", f"{node}@{HOST}", call).out.strip()

    def listed(self, node):
        return self.rpc(node, "Node.list")

    def whereis_pong(self, node):
        """As its own node writes it."""
        return re.sub(r"<\d+", "<0", self.rpc(node, "Process.whereis(PingPong)"))

    def await_list(self, node, others):
        wanted = "[" + ", ".join(f":{each}@{HOST}" for each in others) + "]"
        self.cluster.await_true(lambda: self.listed(node) == wanted, f"{node} does not know {others}")

    def once(self, node, *options):
        done = self.cluster.command("top", f"{node}@{HOST}", "--once", "--json", *options)
        self.assertEqual((done.status, done.err), (0, ""), done)
        return json.loads(done.out)

    def watch(self, node, *options, columns=80, rows=24, **environment):
        self.screen = Screen(columns, rows)
        self.addCleanup(self.screen.close)
        program = self.cluster.start("top", f"{node}@{HOST}", "--cookie", self.cluster.cookie, "--interval", "0.5", *options,
                                     stdin=self.screen.slave, stdout=self.screen.slave, preexec_fn=self.screen.controls, **environment)
        self.screen.await_text(f"pulpo top  {node}@{HOST}")
        return program

    def assert_clean_end(self, program, status=0):
        self.assertEqual(program.wait(), status)
        self.cluster.await_true(self.screen.settings_are_back, "the terminal is not as it was")
        self.assertEqual(self.screen.complaints, [])

    # --- For programs -----------------------------------------------------------------------------------------------------

    def test_json_says_what_is_true(self):  # OBS-3, OBS-5, OBS-6
        self.start_three()
        before = [self.listed(each) for each in "abc"]
        told = self.once("a", "--sort", "memory", "--limit", "100")
        self.assertEqual(told["node"], f"a@{HOST}")
        self.assertEqual([(node["name"], node["up"]) for node in told["nodes"]], [(f"{each}@{HOST}", True) for each in "abc"])
        for node in told["nodes"]:
            self.assertEqual((node["cores"], node["loop"]), (2, "epoll"))
            self.assertGreater(node["uptime_ms"], 0)
            self.assertGreater(node["memory"], 1 << 20)
            self.assertLess(node["processes"], 100)
            self.assertIsNotNone(node["cpu_percent"])
        processes = told["processes"]
        self.assertEqual(processes["sort"], "memory")
        self.assertEqual(processes["count"], len(processes["list"]))
        sizes = [each["memory"] for each in processes["list"]]
        self.assertEqual(sizes, sorted(sizes, reverse=True))
        pong = next(each for each in processes["list"] if each["name"] == "PingPong")
        self.assertEqual((pong["mailbox"], pong["activity"], pong["registered"]), (0, "idle", True))
        self.assertEqual(pong["pid"], self.whereis_pong("a"))
        application = next(each for each in told["applications"] if each["name"] == "ping_pong")
        tree = application["tree"]
        self.assertEqual([row["kind"] for row in tree][:3], ["master", "helper", "Supervisor"])
        self.assertIn(("PingPong", pong["pid"], 3), [(row["name"], row["pid"], row["depth"]) for row in tree])
        links = {each["node"]: each for each in told["connections"]}
        for other in "bc":
            self.assertEqual((links[f"{other}@{HOST}"]["hidden"], links[f"{other}@{HOST}"]["sealed"]), (False, True))
            self.assertGreater(links[f"{other}@{HOST}"]["bytes_in"], 0)
        self.assertEqual(sum(each["hidden"] for each in told["connections"]), 1)  # itself
        self.assertEqual([self.listed(each) for each in "abc"], before)

    def test_work_and_mailboxes_are_seen_where_they_are(self):  # OBS-3
        self.start_three()
        busy = self.cluster.start("bench", "call", f"b@{HOST}", "PingPong", ":ping", "--duration", "20", "--cookie", self.cluster.cookie)
        self.cluster.await_true(lambda: self.once("a")["nodes"][1]["messages_per_second"] > 100, "b was never busy")
        told = self.once("b", "--sort", "reductions", "--limit", "3")
        self.assertEqual(told["processes"]["list"][0]["name"], "PingPong")
        self.assertGreater(told["processes"]["list"][0]["reductions_per_second"], 100)
        self.assertEqual(len(told["processes"]["list"]), 3)
        busy.signal(signal.SIGTERM)

    def test_text_is_for_people_and_pipes(self):
        self.start_three()
        done = self.cluster.command("top", f"a@{HOST}", "--once")
        self.assertEqual((done.status, done.err), (0, ""), done)
        self.assertNotIn("\x1b", done.out)
        self.assertLessEqual(max(len(line) for line in done.out.splitlines()), 80)
        for part in ("Nodes", f"  a@{HOST} *", f"  c@{HOST} ", "PingPong", "Application ping_pong", f"Connections of a@{HOST}"):
            self.assertIn(part, done.out)

    def test_what_is_wrong_is_said_before_anything_is_tried(self):
        def refused(*words):
            done = self.cluster.command("top", f"a@{HOST}", *words)
            self.assertEqual((done.status, done.out), (2, ""), done)
            self.assertEqual(len(done.err.splitlines()), 1, done)
            return done.err

        self.assertIn("--once prints one look", refused())
        self.assertIn("--json belongs to --once", refused("--json"))
        self.assertIn("none of memory, reductions, mailbox", refused("--once", "--sort", "beauty"))
        self.assertIn("--interval", refused("--interval", "0.1"))
        self.assertIn("--limit", refused("--once", "--limit", "0"))
        done = self.cluster.command("top", f"a@{HOST}", "--once")
        self.assertEqual((done.status, done.out), (1, ""), done)

    # --- On a terminal of a node's own: what :observer.start does ------------------------------------------------------------

    def test_a_program_shows_its_own_runtime_from_a_process(self):
        self.screen = Screen()
        self.addCleanup(self.screen.close)
        watching = os.environ.get("PULPO_WATCHING_NODE", os.path.join(os.path.dirname(PULPO), "tests/cluster/watching_node"))
        program = self.cluster.start(program=watching, stdin=self.screen.slave, stdout=self.screen.slave, preexec_fn=self.screen.controls)
        self.screen.await_text("pulpo top  nonode@nohost")
        self.screen.await_text("Pulpo.Supervisor")
        self.screen.type("1")
        self.screen.await_text(r"nonode@nohost \*")
        self.screen.type("4")
        self.screen.await_text("no connection")
        self.screen.resize(100, 30)  # noticed with the next look: nobody told it of signals
        self.screen.type("2")
        self.screen.await_text("REDUCTIONS")
        self.screen.type("q")
        program.log.await_line("the process goes on")
        self.assert_clean_end(program)

    # --- On a terminal ----------------------------------------------------------------------------------------------------

    def test_screens_fit_and_keys_switch_them(self):
        self.start_three()
        before = [self.listed(each) for each in "abc"]
        program = self.watch("a")
        self.screen.await_text(r"PID .*NAME OR INITIAL FUNC.*MEMORY\*")
        self.screen.await_text(r"<0\.\d+\.\d+> +PingPong ")
        self.assertEqual([self.listed(each) for each in "abc"], before)  # OBS-1: it is on nobody's list
        self.screen.type("1")
        text = self.screen.await_text(rf"c@{HOST} .*(min|s)\s")
        self.assertRegex(text, rf"a@{HOST} \*")
        self.screen.type("3")
        self.screen.await_text("ping_pong")
        self.screen.type("\r")
        self.screen.await_text(r"Application ping_pong")
        self.screen.await_text(r"        PingPong +<0\.")
        self.screen.type("\x1b[F\r")
        self.screen.await_text(r"registered_name +PingPong")
        text = self.screen.await_text(r"status +idle")
        for key in ("current_function", "links", "monitors", "monitored_by", "state"):  # OBS-4
            self.assertIn(f" {key} ", text)
        self.screen.type("4")
        self.screen.await_text(rf"b@{HOST} +sealed +")
        self.screen.await_text(r"top-[0-9a-f]+\S* +sealed +yes")
        self.screen.type("\t")
        self.screen.await_text("Nodes ")
        self.screen.type("2ss")
        self.screen.await_text("Processes by mailbox")
        self.screen.await_text(r"MSGQ\*")
        self.screen.type("?")
        self.screen.await_text("any key: back")
        self.screen.type(" ")
        self.screen.await_text("any key: back", absent=True)
        self.screen.type("p")
        self.screen.await_text("PAUSED")
        self.screen.type("q")
        self.assert_clean_end(program)

    def test_it_follows_the_terminals_size(self):
        self.start_three()
        program = self.watch("a")
        self.screen.await_text("PingPong")
        self.screen.resize(160, 40)
        text = self.screen.await_text("REDUCTIONS")  # a column that 80 cells have no room for
        self.assertEqual(len(text.splitlines()), 40)
        self.screen.resize(30, 8)
        self.screen.await_text(r"(?s)pulpo top.*\n.*1Nodes")
        self.screen.complaints.clear()  # what was on its way for the larger one
        self.screen.type("1")
        self.screen.await_text("NODE")
        self.screen.type("q")
        self.assert_clean_end(program)

    def test_a_process_is_killed_after_a_yes(self):
        self.start_three()
        program = self.watch("a")
        first = self.whereis_pong("a")
        self.screen.await_text(r"<0\.\d+\.\d+> +PingPong ")
        for _ in range(40):
            if re.search(r"^> *<0\.\S+ +PingPong ", self.screen.text(), re.M):
                break
            place = self.screen.text()
            self.screen.type("\x1b[B")
            self.cluster.await_true(lambda: self.screen.text() != place, "the cursor does not move")
        self.screen.type("k")
        self.screen.await_text(r"Kill <0\.\S+> PingPong on a@\S+\? y kills")
        self.screen.type("n")
        self.screen.await_text("not killed")
        self.assertEqual(self.whereis_pong("a"), first)
        self.screen.type("k")
        self.screen.await_text("y kills")
        self.screen.type("y")
        self.screen.await_text(r"killed <0\.\S+> PingPong")
        self.cluster.await_true(lambda: self.whereis_pong("a") not in (first, "nil"), "its supervisor started no other")
        self.screen.type("q")
        self.assert_clean_end(program)

    def test_a_lost_node_gives_way_to_the_first(self):  # OBS-1, OBS-9
        self.start_three()
        program = self.watch("a")
        self.screen.await_text("PingPong")
        self.screen.type("n")
        self.screen.await_text(rf"pulpo top  b@{HOST}")
        self.screen.await_text("PingPong")
        self.nodes["b"].kill()
        self.screen.await_text(rf"b@{HOST} is lost .*; this is a@{HOST}|pulpo top  a@{HOST}")
        self.screen.await_text(rf"pulpo top  a@{HOST}")
        self.screen.await_text(r"\(node \d of 2\)")
        # The one that was asked for first is lost as well: the others are still there.
        self.nodes["a"].kill()
        self.screen.await_text(rf"pulpo top  c@{HOST}")
        self.screen.await_text("PingPong")
        self.nodes["c"].kill()
        self.screen.await_text("no node can be reached")
        self.screen.type("q")
        self.assert_clean_end(program)

    def test_the_terminal_is_given_back_whatever_ends_it(self):
        self.start_three()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            program = self.watch("a")
            self.screen.await_text("PingPong")
            program.signal(number)
            self.assert_clean_end(program)
        program = self.watch("a")
        self.screen.await_text("PingPong")
        self.screen.type("\x03")
        self.assert_clean_end(program)

    def test_no_colours_where_they_are_not_wanted(self):
        self.start_three()
        for environment, styled in (({"NO_COLOR": "1"}, True), ({"TERM": "dumb"}, False)):
            seen = []
            obey = Screen._obey
            with unittest.mock.patch.object(Screen, "_obey", lambda its, p, n, letter: (seen.append(n) if letter == "m" else None, obey(its, p, n, letter))):
                program = self.watch("a", **environment)
                self.screen.await_text("PingPong")
                self.screen.type("1k")
                self.screen.await_text("k kills a process")
                self.screen.type("q")
                self.assert_clean_end(program)
            self.assertTrue(all(not re.search(r"\b[349]\d\b", each) for each in seen), seen)
            self.assertEqual(any(each == "7" for each in seen), styled, seen)


if __name__ == "__main__":
    unittest.main(verbosity=2)
