#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Applications that end their node, and what nodes print and read. Run for each loop: --loop is argv[1]."""

import fcntl
import pty
import select
import termios

from cluster import *  # noqa: F403

LOOP = "epoll"
TALKING_NODE = os.environ.get("PULPO_TALKING_NODE", os.path.join(os.path.dirname(PULPO), "tests/cluster/talking_node"))


class Applications(ClusterTest):
    def start(self, *arguments, app="talker", **more):
        return self.cluster.start_node("t", "--app", app, "--loop", LOOP, "--cores", "1", *arguments, program=TALKING_NODE, **more)

    def tell(self, request, **more):
        done = self.cluster.command("call", f"t@{HOST}", "Talker", request, "--loop", LOOP, **more)
        self.assertEqual((done.status, done.err), (0, ""), done)
        return done.out.rstrip("\n")

    def test_a_node_starts_an_application_after_what_it_needs_and_prints_in_order(self):  # AC-51, IO-3, IO-5
        node = self.start()
        self.assertEqual(self.tell('{:say, "hello"}'), ":ok")
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 0)
        self.assertEqual(node.process.stdout.read(), "base starts\ntalker in :normal mode\nhello\nbase stops\n")
        log = "\n".join(node.log.rest())
        self.assertRegex(log, r"(?s)\[info\]  Application talker exited: :stopped\n.*\[info\]  Application base exited: :stopped")

    def test_a_node_outlives_a_temporary_application(self):  # AC-49, AC-50
        node = self.start()
        self.assertEqual(self.tell("{:end, :boom}"), ":ok")
        node.log.await_line(r"\[info\]  Application talker exited: :boom")
        self.assert_pong(f"t@{HOST}")
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 0)

    def test_a_node_ends_with_its_permanent_application(self):  # AC-49
        node = self.start("--permanent")
        self.assertEqual(self.tell("{:end, :boom}"), ":ok")
        self.assertEqual(node.wait(), 1)
        self.assertEqual(node.process.stdout.read().splitlines()[-1], "base stops")
        log = "\n".join(node.log.rest())
        self.assertRegex(log, r"\[critical\] application talker has ended: :boom; the node ends")
        self.assertRegex(log, r"Application base exited: :stopped")

    def test_an_application_that_does_not_start_is_one_line_and_status_1(self):  # AC-20, AC-29
        done = self.cluster.run("node", "--app", "failing", "--loop", LOOP, program=TALKING_NODE)
        self.assertEqual(done.status, 1, done)
        self.assertIn("application failing did not start: :no_disk", done.err)
        done = self.cluster.run("node", "--permanent", "--loop", LOOP, program=TALKING_NODE)
        self.assertEqual(done.status, 2, done)
        self.assert_one_line(done.err, "--permanent", "--app")

    def test_a_process_stops_its_node_with_a_status(self):
        node = self.start("--permanent")
        self.assertEqual(self.tell("{:stop_node, 7}"), ":ok")
        self.assertEqual(node.wait(), 7)
        self.assertEqual(node.process.stdout.read().splitlines()[-1], "base stops")
        self.assertRegex("\n".join(node.log.rest()), rf"\[notice\] node t@{HOST} has stopped")

    def test_a_stdout_that_nobody_reads_holds_up_who_prints_and_nobody_else(self):  # IO-3
        node = self.start()
        done = self.cluster.command("call", f"t@{HOST}", "Talker", ":columns", "--loop", LOOP)
        self.assertEqual(done.out, "{:error, :enotsup}\n", done)
        flood = 2000  # 2 MB, of which a pipe takes 64 KiB
        self.flood(flood)
        for _ in range(3):
            self.assert_pong(f"t@{HOST}")
        lines = [node.process.stdout.readline() for _ in range(flood + 2)][2:]
        self.assertEqual(sorted(int(line.split()[1]) for line in lines), list(range(flood)))
        self.assertEqual(self.tell('{:say, "afterwards"}'), ":ok")
        self.assertEqual(node.process.stdout.readline(), "afterwards\n")

    def test_a_stdout_that_was_closed_is_an_error_of_the_printer(self):  # IO-3
        node = self.start()
        node.process.stdout.readline()
        node.process.stdout.close()
        self.assertEqual(self.tell('{:say, "hello"}'), "{:error, :epipe}")
        self.assert_pong(f"t@{HOST}")

    def test_lines_come_from_stdin_and_others_print_meanwhile(self):  # IO-2
        reading, writing = os.pipe()
        node = self.start(stdin=reading)
        os.close(reading)
        answers = []
        asker = threading.Thread(target=lambda: answers.append(self.tell('{:ask, "name? "}', deadline=DEADLINE)))
        asker.start()
        for line in ("base starts\n", "talker in :normal mode\n"):
            self.assertEqual(node.process.stdout.readline(), line)
        self.assertEqual(node.process.stdout.read(6), "name? ")
        self.assertEqual(self.tell('{:say, "meanwhile"}'), ":ok")
        os.write(writing, b"Kate\n")
        asker.join(DEADLINE)
        self.assertEqual(answers, ['"Kate\\n"'])
        os.close(writing)
        self.assertEqual(self.tell('{:ask, ""}'), ":eof")

    def test_a_terminal_that_was_stopped_and_its_shells_flags(self):  # IO-2, IO-3
        # Goal:   a node on a terminal prints, reads and knows its width; ^S holds up nobody who does not print; the terminal's own
        #         descriptors are not made non-blocking, which a shell would suffer from.
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        node = self.start("--console", "off", stdin=theirs, stdout=theirs)
        self.assertEqual(self.tell(":columns"), "80")
        self.read_until(ours, b"talker in :normal mode")
        termios.tcflow(theirs, termios.TCOOFF)  # ^S
        self.flood(300)
        for _ in range(3):
            self.assert_pong(f"t@{HOST}")
        termios.tcflow(theirs, termios.TCOON)
        self.read_until(ours, b"flood 299")
        self.assertEqual(fcntl.fcntl(theirs, fcntl.F_GETFL) & os.O_NONBLOCK, 0)
        os.write(ours, b"typed\n")
        self.assertEqual(self.tell('{:ask, "> "}'), '"typed\\n"')
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 0)
        os.close(ours)
        os.close(theirs)

    def flood(self, lines):
        done = self.cluster.command("call", f"t@{HOST}", "Talker", f"{{:flood, {lines}}}", "--loop", LOOP)
        self.assertEqual((done.status, done.out), (0, ":ok\n"), done)

    def read_until(self, descriptor, wanted):
        seen = b""
        while wanted not in seen:
            ready, _, _ = select.select([descriptor], [], [], DEADLINE)
            self.assertTrue(ready, f"no {wanted!r} in {seen[-200:]!r}")
            seen += os.read(descriptor, 65536)


if __name__ == "__main__":
    LOOP = sys.argv.pop(1)
    unittest.main(verbosity=2)
