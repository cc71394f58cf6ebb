# SPDX-License-Identifier: Apache-2.0
"""What the cluster tests share: real programs over loopback, started, awaited and ended.

Each Cluster has a mapper port, a home folder and a cookie of its own, so that any number of runs on one machine do
not meet. Nothing sleeps: a test awaits a line of a log, the end of a program, or an answer, always with a
deadline. Programs are ended by their own process; the mapper, which belongs to nobody, by its own protocol.
"""

import os
import queue
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PULPO = os.environ.get("PULPO", os.path.join(os.path.dirname(__file__), "../../build/release/pulpo"))
# A node whose application takes requests and never answers.
SILENT_NODE = os.environ.get("PULPO_SILENT_NODE", os.path.join(os.path.dirname(PULPO), "tests/cluster/silent_node"))
HOST = socket.gethostname().split(".")[0]
# Generous: these machines also run compilers. A test that waits so long has failed.
DEADLINE = float(os.environ.get("PULPO_TEST_DEADLINE", "30"))
FULL = os.environ.get("PULPO_TEST_FULL") == "1"


class Log:
    """The lines a program writes to stderr, read as they come."""

    def __init__(self, stream):
        self.lines = []
        self._consumed = 0
        self._queue = queue.Queue()
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def _read(self, stream):
        for line in stream:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)
        stream.close()

    def await_line(self, pattern, deadline=None, consume=False):
        """The first line, old or new, in which `pattern` is found; with `consume`, of those after the last that was consumed."""
        for at, line in enumerate(self.lines[self._consumed:], self._consumed):
            if re.search(pattern, line):
                self._consumed = at + 1 if consume else self._consumed
                return line
        end = time.monotonic() + (deadline or DEADLINE)
        while True:
            left = end - time.monotonic()
            try:
                line = self._queue.get(timeout=max(left, 0))
            except queue.Empty:
                raise AssertionError(f"no line like {pattern!r} within the deadline; the log:\n" + "\n".join(self.lines)) from None
            if line is None:
                self._queue.put(None)
                raise AssertionError(f"the program ended without a line like {pattern!r}; its log:\n" + "\n".join(self.lines))
            self.lines.append(line)
            if re.search(pattern, line):
                self._consumed = len(self.lines) if consume else self._consumed
                return line

    def now(self):
        """All lines so far."""
        while not self._queue.empty():
            line = self._queue.get()
            if line is None:
                self._queue.put(None)
                break
            self.lines.append(line)
        return self.lines

    def rest(self):
        """All lines until the program has closed its stderr."""
        self._thread.join(DEADLINE)
        while not self._queue.empty():
            line = self._queue.get()
            if line is not None:
                self.lines.append(line)
        return self.lines


class Program:
    """One running program."""

    def __init__(self, arguments, environment, stdin=None, stdout=None, preexec_fn=None):
        self.arguments = arguments
        self.process = subprocess.Popen(arguments, env=environment, stdin=subprocess.DEVNULL if stdin is None else stdin,
                                        stdout=subprocess.PIPE if stdout is None else stdout, stderr=subprocess.PIPE, text=True,
                                        errors="replace", preexec_fn=preexec_fn)
        self.log = Log(self.process.stderr)

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """As a power loss: kill -9."""
        self.process.kill()
        self.process.wait(DEADLINE)

    def wait(self, deadline=None):
        """Its exit status."""
        try:
            return self.process.wait(deadline or DEADLINE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.arguments} did not end; its log:\n" + "\n".join(self.log.lines)) from None

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(DEADLINE)
        if self.process.stdout is not None:
            self.process.stdout.close()


class Finished:
    """What a command left behind."""

    def __init__(self, status, out, err, seconds):
        self.status, self.out, self.err, self.seconds = status, out, err, seconds

    def __repr__(self):
        return f"status {self.status} after {self.seconds:.2f} s\n--- stdout\n{self.out}--- stderr\n{self.err}"


def free_port():
    """A port below the range from which the kernel serves others, free on all addresses at this moment."""
    source = random.SystemRandom()
    for _ in range(100):
        port = source.randrange(12000, 32000)
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) if socket.has_ipv6 else socket.socket() as probe:
            try:
                probe.bind(("", port))
                return port
            except OSError:
                continue
    raise AssertionError("no free port")


def mapper_question(port, request):
    """Asks the mapper on this host one thing, as EPMD's clients do; b"" when nobody answers."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as connection:
            connection.sendall(struct.pack(">H", len(request)) + request)
            answer = b""
            while part := connection.recv(65536):
                answer += part
            return answer
    except OSError:
        return b""


def register(mapper, name, port):
    """Registers a node that is none, on a connection to a mapper: for as long as the connection stays."""
    extra = b"pulpo/1"
    body = struct.pack(">BHBBHHH", 120, port, 77, 0, 6, 5, len(name)) + name + struct.pack(">H", len(extra)) + extra
    mapper.sendall(struct.pack(">H", len(body)) + body)
    answer = mapper.recv(6)
    if answer[:2] != b"v\0":
        raise AssertionError(f"the mapper refused {name!r}: {answer!r}")


class Cluster:
    """A home folder, a mapper's port, a cookie, and what was started with them."""

    def __init__(self, cookie="secret_token"):
        self.home = tempfile.mkdtemp(prefix="pulpo_cluster_")
        self.mapper_port = free_port()
        self.cookie = cookie
        self.programs = []

    def environment(self, **more):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PULPO_", "ERL_", "CREDENTIALS_"))}
        kept.update(HOME=self.home, ERL_EPMD_PORT=str(self.mapper_port))
        kept.update({name: value for name, value in more.items() if value is not None})
        return kept

    def start(self, *arguments, program=None, stdin=None, stdout=None, preexec_fn=None, **environment):
        started = Program([program or PULPO, *arguments], self.environment(**environment), stdin, stdout, preexec_fn)
        self.programs.append(started)
        return started

    def start_node(self, name, *arguments, cookie=None, **environment):
        """A node that is up; its port is `port`."""
        option = "--name" if "." in name else "--sname"
        started = self.start("node", option, name, "--cookie", cookie or self.cookie, *arguments, **environment)
        line = started.log.await_line(r" is up, listening on port \d+")
        started.name = re.search(r"node (\S+) is up", line).group(1)
        started.port = int(re.search(r"listening on port (\d+)", line).group(1))
        started.loop = re.search(r"loop (\w+)", line).group(1)
        return started

    def run(self, *arguments, program=None, deadline=None, **environment):
        """Runs a command to its end."""
        begun = time.monotonic()
        try:
            done = subprocess.run([program or PULPO, *arguments], env=self.environment(**environment), stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, errors="replace", timeout=deadline or DEADLINE, check=False)
        except subprocess.TimeoutExpired as late:
            raise AssertionError(f"{arguments} did not end; stdout {late.stdout!r}, stderr {late.stderr!r}") from None
        return Finished(done.returncode, done.stdout, done.stderr, time.monotonic() - begun)

    def command(self, verb, *arguments, cookie=None, **more):
        """A command that talks to a node, with this cluster's cookie."""
        return self.run(*verb.split(), *arguments, "--cookie", cookie or self.cookie, **more)

    def registered(self):
        """Names and ports that the mapper tells, as Erlang's clients would read them; None when there is no mapper."""
        answer = mapper_question(self.mapper_port, b"n")
        if len(answer) < 4:
            return None
        return {name: int(port) for name, port in re.findall(r"name (\S+) at port (\d+)", answer[4:].decode())}

    def await_registered(self, names):
        """Until exactly these names are registered."""
        self.await_true(lambda: set(self.registered() or {}) == set(names), f"the mapper never knew just {names}")

    @staticmethod
    def await_true(condition, complaint, deadline=None):
        """Asks again and again. For what tells nobody when it changes: another daemon's state."""
        end = time.monotonic() + (deadline or DEADLINE)
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(complaint)
            threading.Event().wait(0.01)

    def close(self):
        for program in reversed(self.programs):
            program.close()
        # An on-demand mapper belongs to nobody: it ends when it is asked to, once no name is left.
        self.await_true(lambda: mapper_question(self.mapper_port, b"k") in (b"OK", b""), "the mapper does not end")
        shutil.rmtree(self.home)


class ClusterTest(unittest.TestCase):
    """A test with one cluster, in which a failure shows the logs."""

    def setUp(self):
        self.cluster = Cluster()
        self.addCleanup(self.cluster.close)

    def assert_one_line(self, text, *parts):
        """Exactly one line, which holds all of `parts`."""
        self.assertEqual(len(text.splitlines()), 1, f"not one line: {text!r}")
        for part in parts:
            self.assertIn(part, text)

    def assert_pong(self, node, **more):
        done = self.cluster.command("ping", node, **more)
        self.assertEqual((done.status, done.out, done.err), (0, "pong\n", ""))

    def assert_pang(self, node, *cause, **more):
        done = self.cluster.command("ping", node, **more)
        self.assertEqual((done.status, done.out), (1, "pang\n"), done)
        self.assert_one_line(done.err, *cause)
        return done


__all__ = ["Cluster", "ClusterTest", "DEADLINE", "FULL", "HOST", "PULPO", "Program", "SILENT_NODE", "free_port", "mapper_question", "os", "re", "register", "signal", "socket",
           "struct", "subprocess", "sys", "threading", "time", "unittest"]
