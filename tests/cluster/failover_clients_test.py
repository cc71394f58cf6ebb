#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a client notices that calls a global name every millisecond while the server behind it moves: for how long nobody answers, which
calls fail, and that none is lost or done twice. moving_node.cpp writes it down."""

from cluster import *  # noqa: F403
from journal import Journal

MOVING_NODE = os.environ.get("PULPO_MOVING_NODE", os.path.join(os.path.dirname(PULPO), "tests/cluster/moving_node"))
NODES = [f"{short}@127.0.0.1" for short in ("one", "two", "three")]
ONE, TWO, THREE = NODES
CLIENT = "client@127.0.0.1"


class Clients(ClusterTest):
    def setUp(self):
        super().setUp()
        self.journal = Journal(os.path.join(self.cluster.home, "journal"))
        self.refuses = os.path.join(self.cluster.home, "refuses")
        self.programs = {}
        self.lives = 0

    def configure(self, wait, mode="available"):
        for node in NODES:
            others = ", ".join(f"'{each}'" for each in NODES if each != node)
            with open(os.path.join(self.cluster.home, f"{node}.config"), "w", encoding="utf-8") as file:
                file.write(f"[{{kernel, [{{distributed, [{{moving, {wait}, ['{ONE}', {{'{TWO}', '{THREE}'}}], {mode}}}]}},\n"
                           f"           {{sync_nodes_mandatory, [{others}]}}, {{sync_nodes_timeout, 30000}}]}}].\n")

    def launch(self, node, *arguments, **environment):
        self.lives += 1
        self.programs[node] = self.cluster.start("node", "--name", node, "--cookie", self.cluster.cookie, "--cores", "1", *arguments,
                                                 program=MOVING_NODE, MOVING_FILE=self.journal.path, MOVING_LIFE=f"{node}.{self.lives}",
                                                 **environment)
        return self.programs[node]

    def member(self, node, **environment):
        return self.launch(node, "--app", "moving", "--config", os.path.join(self.cluster.home, node), **environment)

    def start_all(self, wait, mode="available", options=(), **environment):
        self.configure(wait, mode)
        for node in NODES:
            self.launch(node, "--app", "moving", "--config", os.path.join(self.cluster.home, node), *options, **environment)
        for node in NODES:
            self.programs[node].log.await_line("is up, listening")
        client = self.launch(CLIENT, "--app", "asking", "--join", ",".join(NODES), *options)
        client.log.await_line("is up, listening")
        self.await_answers(ONE, 50)

    def await_answers(self, node, count=20, since=0.0):
        """So many calls that this node has answered."""
        self.cluster.await_true(lambda: sum(who == node for _, who in self.journal.answers(since)) >= count,
                                f"{node} never answered {count} calls; starts {self.journal.starts()}, failures {self.journal.failures()[-3:]}")

    def kill(self, node):
        at = time.time()
        self.programs.pop(node).kill()
        return at

    def settle(self):
        """Ends the client in order, and holds what it was told against what the servers have done."""
        client = self.programs.pop(CLIENT)
        client.signal(signal.SIGTERM)
        client.wait()
        account = self.journal.account()
        self.assertLessEqual(account["lost"], 1, account)  # the one that was under way at the client's own end
        self.assertEqual((account["doubled"], account["untold"]), (0, 0), account)
        self.assertGreaterEqual(account["answered"], 70, account)
        return account

    def report(self, what, gap, account):
        print(f"{what}: {gap * 1000:.1f} ms without an answer; of {account['asked']} calls {account['failed']} failed and were told so "
              f"({account['uncertain']} of them were executed), {account['lost']} lost, {account['doubled']} doubled", flush=True)

    def test_failover_with_a_wait_and_takeover(self):
        wait = 0.3
        self.start_all(wait=300)
        killed = self.kill(ONE)
        self.await_answers(THREE)
        gap, begin = self.journal.gap(killed - 0.1, self.journal.answered_by(THREE, killed) + 0.001)
        self.assertGreaterEqual(begin + gap, killed + wait - 0.01)  # AC-30
        failed = [reason for at, reason in self.journal.failures(killed)]
        self.assertGreater(len(failed), 10)  # AC-33: at once, all the time
        self.assertLessEqual(sum("noproc" not in reason for reason in failed), 1, failed)  # at most the one that was under way

        back = time.time()
        self.member(ONE)
        self.await_answers(ONE, since=back)
        self.programs[THREE].log.await_line("Application moving exited: :stopped")
        until = time.time()
        self.await_answers(ONE, 50, since=until)
        moved = self.journal.gap(back, until)[0]
        self.assertEqual(self.journal.failures(back), [])  # WK-2, WK-3: the name is never nobody's
        self.assertEqual([(node, kind) for _, node, kind in self.journal.starts()],
                         [(ONE, ":normal"), (THREE, ":normal"), (ONE, f'{{:takeover, :"{THREE}"}}')])
        account = self.settle()
        self.report("failover beyond the wait of 300 ms", gap - wait, account)
        self.report("takeover", moved, account)

    def test_failover_without_a_wait(self):
        self.start_all(wait=0)
        killed = self.kill(ONE)
        self.await_answers(THREE)
        started = self.journal.starts(killed)[0][0] - killed
        gap = self.journal.gap(killed - 0.1, self.journal.answered_by(THREE, killed) + 0.001)[0]
        account = self.settle()
        print(f"started elsewhere {started * 1000:.1f} ms after the kill")
        self.report("failover without a wait", gap, account)

    def test_a_planned_stop(self):  # goal 11
        self.start_all(wait=20_000)
        begun = time.time()
        self.assertEqual(self.cluster.command("stop", ONE, "--hand-over").status, 0)
        self.assertEqual(self.programs.pop(ONE).wait(), 0)
        self.await_answers(THREE)
        self.assertEqual(self.journal.failures(begun), [])
        gap = self.journal.gap(begun, time.time())[0]
        self.report("planned stop", gap, self.settle())

    def test_a_takeover_of_a_slow_start(self):  # AC-45, ST-20: where OTP's service is gone for good; goal 1
        self.start_all(wait=100)
        self.kill(ONE)
        self.await_answers(THREE)
        back = time.time()
        self.member(ONE, MOVING_DELAY="2000")
        self.await_answers(ONE, since=back)
        self.assertGreater(self.journal.answered_by(ONE, back) - back, 2.0)
        self.assertEqual(self.journal.failures(back), [])
        self.report("takeover by a node whose start takes 2 s", self.journal.gap(back, time.time())[0], self.settle())

    def test_a_takeover_that_fails(self):  # AC-44; goal 2
        self.start_all(wait=100)
        self.kill(ONE)
        self.await_answers(THREE)
        back = time.time()
        with open(self.refuses, "w", encoding="utf-8"):
            pass
        one = self.member(ONE, MOVING_REFUSES=self.refuses)
        self.programs[THREE].log.await_line(f"{ONE}.* could not take moving over, which goes on here")
        one.log.await_line("moving")
        self.await_answers(THREE, 50, since=time.time())
        self.assertEqual(self.journal.failures(back), [])
        self.assertEqual({node for _, node in self.journal.answers(back)}, {THREE})
        self.report("takeover that fails", self.journal.gap(back, time.time())[0], self.settle())

    def test_a_failover_target_that_cannot_start(self):  # AC-37: where OTP gives up; goal 3
        self.configure(200)
        for node in NODES:
            self.member(node, **({"MOVING_REFUSES": self.refuses} if node == THREE else {}))
        for node in NODES:
            self.programs[node].log.await_line("is up, listening")
        self.launch(CLIENT, "--app", "asking", "--join", ",".join(NODES))
        self.await_answers(ONE, 50)
        with open(self.refuses, "w", encoding="utf-8"):
            pass
        killed = self.kill(ONE)
        self.await_answers(TWO)
        self.assertEqual([node for _, node, _ in self.journal.starts(killed)], [THREE, TWO])
        self.report("failover whose first target cannot start, beyond two waits of 200 ms",
                    self.journal.answered_by(TWO, killed) - killed - 0.4, self.settle())

    def test_a_permanent_application_that_crashes_its_node(self):  # AC-38; goal 4
        self.configure(100)
        for node in NODES:
            self.launch(node, "--app", "moving", "--permanent", "--config", os.path.join(self.cluster.home, node))
        for node in NODES:
            self.programs[node].log.await_line("is up, listening")
        self.launch(CLIENT, "--app", "asking", "--join", ",".join(NODES))
        self.await_answers(ONE, 50)
        supervisor = self.cluster.command("rpc", ONE, "Process.whereis(Moving.Supervisor)").out.strip()
        begun = time.time()
        self.cluster.command("rpc", ONE, f"Process.exit({supervisor}, :kill)")
        self.assertEqual(self.programs.pop(ONE).wait(), 1)
        self.await_answers(THREE)
        self.report("failover from a node that ended with its permanent application, with a wait of 100 ms",
                    self.journal.gap(begun, time.time())[0] - 0.1, self.settle())

    # --- Mode `consistent` (WK-1) -----------------------------------------------------------------------------------------
    LEASE = 2.0

    def test_a_frozen_owner_serves_nobody_once_its_time_is_over(self):  # goal 6
        """Frozen for longer than the others wait, it finds the requests of a client on its very node before it hears of anything."""
        self.start_all(wait=0, mode="consistent", options=("--app", "asking", "--net-ticktime", "2s"))
        one = self.programs[ONE]
        self.cluster.await_true(lambda: any(words[0].startswith(ONE) for what, _, words in self.journal.lines() if what == "answered"),
                                "the client beside the owner never got an answer")
        frozen = time.time()
        one.signal(signal.SIGSTOP)
        self.cluster.await_true(lambda: {node for _, node in self.journal.answers(frozen + 2)} & {TWO, THREE},
                                f"nobody took its place; starts {self.journal.starts()}")
        takes_over = self.journal.starts(frozen)[0][0]
        one.signal(signal.SIGCONT)
        one.log.await_line("no majority of moving's 3 nodes has let it go on: it stops here")
        one.log.await_line("Application moving exited: :stopped")
        late = [at for at, node in self.journal.answers(frozen + self.LEASE) if node == ONE]
        self.assertLessEqual(len(late), 1, late)  # what it had taken up when it froze
        self.assertEqual([node for _, node, _ in self.journal.starts(frozen)], [THREE])  # AC-22; and at the first try
        account = self.journal.account()
        self.assertEqual((account["doubled"], account["untold"]), (0, 0), account)
        print(f"another began {takes_over - frozen:.2f} s after the owner froze; {len(late)} answers of the old one came late; {account}", flush=True)

    def test_no_majority_no_service(self):
        """Two of three boards are lost: the third has the application, and lets go of it. One is back, and it serves again."""
        self.start_all(wait=0, mode="consistent")
        self.kill(TWO)
        lost = self.kill(THREE)
        self.programs[ONE].log.await_line("Application moving exited: :stopped")
        stopped = self.journal.ended(lost)
        self.assertLess(stopped - lost, self.LEASE + 0.5)
        self.assertEqual([at for at, _ in self.journal.answers(lost + self.LEASE)], [])
        back = time.time()
        self.launch(TWO, "--app", "moving", "--config", os.path.join(self.cluster.home, TWO))
        self.await_answers(ONE, since=back)
        print(f"stopped {stopped - lost:.2f} s after the loss of two of three; "
              f"answers again {self.journal.answered_by(ONE, back) - back:.2f} s after one of them was started", flush=True)
        self.settle()

    def test_a_takeover_hands_the_lease_on(self):
        self.start_all(wait=0, mode="consistent")
        killed = self.kill(ONE)
        self.await_answers(THREE)
        failover = self.journal.answered_by(THREE, killed) - killed
        back = time.time()
        self.member(ONE)
        self.await_answers(ONE, since=back)
        self.programs[THREE].log.await_line("Application moving exited: :stopped")
        self.await_answers(ONE, 50, since=time.time())
        gap = self.journal.gap(back, time.time())[0]
        print(f"failover after a kill, with a wait of 0: {failover:.2f} s", flush=True)
        self.report("takeover", gap, self.settle())


if __name__ == "__main__":
    unittest.main(verbosity=2)
