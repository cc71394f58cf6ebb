# SPDX-License-Identifier: Apache-2.0
"""What the tests of distributed applications share: three nodes by the tutorials' configurations, in their words and with other times.

    cluster = Moving(self, "distro", {"one": ..., "two": ..., "three": ...})
    cluster.start_all(); cluster.kill("one"); cluster.await_runner("three@127.0.0.1")

Where an application runs is asked of any node that is up, as a person would: `pulpo apps`.
"""

import json

from cluster import *  # noqa: F403

CONFIGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../configs")
NO_PROCESS = "no process: the process is not alive or there's no process currently associated with the given name"


class Moving:
    """Nodes of one application, by the short names under which the tutorials speak of them."""

    def __init__(self, test, application, nodes, wait=500, sync=30_000, folder=None, inside=(), options=()):
        """`nodes`: {"one": "one@127.0.0.1", ...}, in the order of the configuration. `folder`: configurations as they stand. `inside`:
        what a command line begins with on another host; `options`: more for each node."""
        self.test, self.cluster, self.application, self.names = test, test.cluster, application, nodes
        self.folder = folder or self.cluster.home
        self.programs = {}
        self.inside, self.options = list(inside), list(options)
        if folder is None:
            for short in nodes:
                self.configure(short, wait, sync)

    def configure(self, short, wait, sync):
        """A copy of the tutorial's file, with other times."""
        with open(os.path.join(CONFIGS, f"{short}.config"), encoding="utf-8") as file:
            text = file.read()
        text, waits = re.subn(rf"\{{{self.application}, 5000,", f"{{{self.application}, {wait},", text)
        text, syncs = re.subn(r"\{sync_nodes_timeout, 30000\}", f"{{sync_nodes_timeout, {sync}}}", text)
        self.test.assertEqual((waits, syncs), (1, 1), text)
        with open(os.path.join(self.folder, f"{short}.config"), "w", encoding="utf-8") as file:
            file.write(text)

    def command_line(self, short):
        """As the tutorials type it."""
        option = "--name" if "." in self.names[short] else "--sname"
        return [option, self.names[short], "--app", self.application, "--erl", f"-config {self.folder}/{short}", "--cookie", self.cluster.cookie]

    def there(self, *words):
        """A command line of ours: its program, and the rest."""
        program, *rest = [*self.inside, PULPO, *words]
        return rest, {"program": program}

    def launch(self, short, *arguments, **environment):
        """Not awaited: it may wait for the others."""
        words, program = self.there(*self.command_line(short), *self.options, *arguments)
        started = self.cluster.start(*words, **program, **environment)
        self.programs[short] = started
        return started

    def await_up(self, *shorts):
        for short in shorts or self.names:
            self.programs[short].log.await_line(r"node \S+ is up, listening")

    def start_all(self, **environment):
        for short in self.names:
            self.launch(short, **environment)
        self.await_up()

    def kill(self, short):
        """Power loss. Returns when it was, by the clock of awaited lines."""
        at = time.monotonic()
        self.programs.pop(short).kill()
        return at

    # --- Asking ------------------------------------------------------------------------------------------------------------
    def command(self, verb, short, *words):
        words, program = self.there(verb, self.names[short], *words, "--cookie", self.cluster.cookie)
        return self.cluster.run(*words, **program)

    def rpc(self, short, call):
        return self.command("rpc", short, call)

    def value(self, short, call):
        done = self.rpc(short, call)
        self.test.assertEqual((done.status, done.err), (0, ""), (short, call, done))
        return done.out.rstrip("\n")

    def apps(self, short):
        done = self.command("apps", short, "--json")
        self.test.assertEqual((done.status, done.err), (0, ""), done)
        return {row["name"]: row for row in json.loads(done.out)["applications"]}

    def runner(self, short):
        """Where it runs, as that node knows it; None: nowhere."""
        return self.apps(short)[self.application]["node"]

    def await_runner(self, where):
        """Until all that are up know that it runs there."""
        node = self.names.get(where)
        for short in list(self.programs):
            self.cluster.await_true(lambda short=short: self.runner(short) == node,
                                    f"{short} never knew that {self.application} runs on {node}: {self.apps(short)}")

    def assert_everywhere(self, call, value):
        for short in self.programs:
            self.test.assertEqual(self.value(short, call), value, short)

    def lines(self, short, pattern):
        return [line for line in self.programs[short].log.now() if re.search(pattern, line)]

    def one_logged(self, pattern):
        """The only node that has logged it."""
        logged = [short for short in self.programs if self.lines(short, pattern)]
        self.test.assertEqual(len(logged), 1, (pattern, logged))
        return logged[0]


__all__ = ["CONFIGS", "Moving", "NO_PROCESS", "json"]
