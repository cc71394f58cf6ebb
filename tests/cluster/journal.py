# SPDX-License-Identifier: Apache-2.0
"""What moving_node.cpp and tests/bench/moving.erl write down, read: who served when, and what its client noticed."""


class Journal:
    """One cluster's file. Times are of the day, in seconds."""

    def __init__(self, path):
        self.path = path

    def lines(self):
        """(what, time, words) of each whole line; several nodes write, so they are put in order."""
        try:
            with open(self.path, encoding="utf-8", errors="replace") as file:
                text = file.read()
        except FileNotFoundError:
            return []
        rows = (line.split(" ") for line in text[:text.rfind("\n") + 1].splitlines())
        return sorted(((words[0], int(words[1]) / 1e9, words[2:]) for words in rows), key=lambda row: row[1])

    def starts(self, since=0.0):
        """(time, node, type) of each start of the application."""
        return [(at, words[0], " ".join(words[1:])) for what, at, words in self.lines() if what == "started" and at >= since]

    def running(self):
        """The nodes on which an instance has started and not stopped, in order of their names. One that was killed stays among them."""
        last = {words[0]: what for what, _, words in self.lines() if what in ("started", "stopped")}
        return sorted(node for node, what in last.items() if what == "started")

    def ended(self, since):
        """When an instance stopped, the last time."""
        return max(at for what, at, _ in self.lines() if what == "stopped" and at >= since)

    def seen(self, what, since=0.0):
        """{(node, other): time}: when first that node has seen the other go `up` or `down`."""
        found = {}
        for kind, at, words in self.lines():
            if kind == what and at >= since:
                found.setdefault((words[0], words[1]), at)
        return found

    def answers(self, since=0.0):
        """(time, node) of each call that was answered."""
        return [(at, words[1]) for what, at, words in self.lines() if what == "answered" and at >= since]

    def failures(self, since=0.0):
        return [(at, " ".join(words[1:])) for what, at, words in self.lines() if what == "failed" and at >= since]

    def answered_by(self, node, since=0.0):
        """When first; nothing yet: None."""
        return next((at for at, who in self.answers(since) if who == node), None)

    def gap(self, since, until):
        """The longest time without an answer within that time: (seconds, its begin)."""
        times = [at for at, _ in self.answers(since) if at <= until]
        return max(((later - earlier, earlier) for earlier, later in zip(times, times[1:])), default=(until - since, since))

    def account(self):
        """Of the client's calls: how many of each fate. `lost` have none but the one that is under way; `doubled` were executed
        twice; `untold` were reported as answered and never executed; `uncertain` were reported as failed and executed (GS-8)."""
        executed, asked, answered, failed = {}, set(), set(), set()
        for what, _, words in self.lines():
            if what == "executed":
                executed[words[0]] = executed.get(words[0], 0) + 1
            elif what in ("asked", "answered", "failed"):
                {"asked": asked, "answered": answered, "failed": failed}[what].add(words[0])
        return {"asked": len(asked), "answered": len(answered), "failed": len(failed), "lost": len(asked - answered - failed),
                "doubled": sum(times > 1 for times in executed.values()), "untold": len(answered - set(executed)),
                "uncertain": len(failed & set(executed))}
