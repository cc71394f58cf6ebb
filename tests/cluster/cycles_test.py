#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Five nodes that call and cast each other while kill -9 takes one after the other, which at once comes back.

Servers and clients write down what they do (counting_node.cpp). Afterwards each acknowledged call was executed exactly once and each
failed one at most once; what one process cast to another arrived in order and once; and the node that was spared holds no more than it did.
Two hundred lives, with PULPO_TEST_FULL=1 two thousand.
"""

import random

from cluster import *  # noqa: F403

COUNTING_NODE = os.environ.get("PULPO_COUNTING_NODE", os.path.join(os.path.dirname(PULPO), "tests/cluster/counting_node"))
LIVES = 2000 if FULL else 200
NAMES = ["a", "b", "c", "d", "e"]


class Cycles(ClusterTest):
    def setUp(self):
        super().setUp()
        self.files = []
        self.current = {}  # by node: the journal of its present life
        self.stop = os.path.join(self.cluster.home, "stop")

    def start(self, name):
        number = len(self.files)
        self.files.append(os.path.join(self.cluster.home, f"journal_{number}"))
        self.current[name] = self.files[-1]
        return self.cluster.start_node(
            name, "--app", "counting", "--cores", "1", "--log-level", "info", program=COUNTING_NODE, COUNTING_FILE=self.files[-1],
            COUNTING_LIFE=f"{name}{number}", COUNTING_STOP=self.stop, COUNTING_PEERS=" ".join(f"{peer}@{HOST}" for peer in NAMES if peer != name))

    def lines(self, file):
        with open(file, encoding="ascii") as journal:
            return [line.split() for line in journal.read().splitlines()]

    def await_calls_of(self, file):
        """Until clients of this life have had answers, from all others: it is connected."""
        self.cluster.await_true(lambda: sum(line[0] == "answered" for line in self.lines(file)) >= 20, f"calls of {file} are not answered")

    def test_what_was_acknowledged_was_done_once_and_nothing_comes_twice(self):
        source = random.Random(4711)
        nodes = {name: self.start(name) for name in NAMES}
        for file in list(self.files):
            self.await_calls_of(file)
        spared = nodes["a"].process.pid
        descriptors = len(os.listdir(f"/proc/{spared}/fd"))
        for _ in range(LIVES):
            name = source.choice(NAMES[1:])
            nodes[name].kill()
            nodes[name] = self.start(name)
            self.await_calls_of(self.files[-1])
        with open(self.stop, "w", encoding="ascii"):
            pass
        self.check_journals()
        self.cluster.await_true(lambda: len(os.listdir(f"/proc/{spared}/fd")) <= descriptors, "descriptors are left open")
        out = self.cluster.command("call", f"a@{HOST}", "Pulpo.Node", ":usage").out
        # The four clients have ended; what else there is has been there from the beginning.
        self.assertLess(int(re.search(r"processes: (\d+)", out).group(1)), 16, out)

    def check_journals(self):
        executed, answered, failed, asked = {}, set(), set(), set()
        self.cluster.await_true(
            lambda: all(self.is_settled(file) for file in self.current.values()), "clients do not end", deadline=20)
        for file in self.files:
            heard = {}
            for word, *rest in self.lines(file):
                if word == "executed":
                    executed[rest[0]] = executed.get(rest[0], 0) + 1
                elif word == "line":
                    self.assertGreater(int(rest[1]), heard.get(rest[0], 0), f"{rest[0]} in {file}: twice, or out of order")
                    heard[rest[0]] = int(rest[1])
                else:
                    {"asked": asked, "answered": answered, "failed": failed}[word].add(rest[0])
        self.assertTrue(all(count == 1 for count in executed.values()), "a call was executed twice")
        self.assertFalse([call for call in answered if call not in executed], "a call was answered and not executed")
        self.assertGreater(len(answered), LIVES * 10)
        self.assertGreater(len(failed), 0)
        print(f"{LIVES} lives: {len(asked)} calls, {len(answered)} answered, {len(failed)} failed, "
              f"{len(executed)} executed, {sum(1 for call in failed if call in executed)} of the failed ones")

    def is_settled(self, file):
        lines = self.lines(file)
        ended = {line[1] for line in lines if line[0] in ("answered", "failed")}
        return all(line[1] in ended for line in lines if line[0] == "asked")


if __name__ == "__main__":
    unittest.main(verbosity=2)
