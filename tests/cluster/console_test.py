#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The console on real terminals: keys, prompts, output above the line, interrupts; and `pulpo remote`, which leaves nothing behind."""

from cluster import *  # noqa: F403
from terminal import open_console, open_node

CTRL_C, CTRL_D, TAB, UP = "\x03", "\x04", "\t", "\x1b[A"


class Console(ClusterTest):
    def test_what_is_typed_is_answered_at_a_numbered_prompt(self):  # ST-40, ST-60
        node = open_node(self.cluster, "b", "--app", "ping_pong")
        node.await_text(rf"^pulpo\(b@{HOST}\)1> $")
        self.assertEqual(node.evaluate("Node.self"), [f":b@{HOST}"])
        node.await_text(rf"^pulpo\(b@{HOST}\)2> $")
        self.assertEqual(node.evaluate("PingPong.ping"), [":pong"])
        self.assertEqual(node.evaluate("1 = 2"), ["** (MatchError) no match of right hand side value: 2"])
        self.assertEqual(node.evaluate(""), [])
        self.assertEqual(node.evaluate('IO.write("no end of line")'), ["no end of line:ok"])
        node.await_text(rf"^pulpo\(b@{HOST}\)4> $")

    def test_without_a_name(self):
        node = open_console(self.cluster, "node")
        node.await_text(r"^pulpo\(1\)> $")
        self.assertEqual(node.evaluate("Node.self"), [":nonode@nohost"])

    def test_an_expression_of_several_lines(self):
        node = open_node(self.cluster, "b")
        self.assertEqual(node.evaluate("double = fn x ->"), [])
        self.assertEqual(node.evaluate("  x * 2"), [])
        node.await_text(rf"^\.\.\.\(b@{HOST}\)1> $")
        node.evaluate("end")
        self.assertEqual(node.evaluate("double.(21)"), ["42"])
        node.evaluate("[1,")
        self.assertEqual(node.evaluate("#iex:break"), ["** (TokenMissingError) the expression was left incomplete"])
        node.evaluate("[1,")
        node.type(CTRL_C)
        node.await_text(r"press Ctrl\+C again to stop this node")
        self.assertEqual(node.evaluate("1 + 1"), ["2"])

    def test_keys_edit_complete_and_remember(self):
        node = open_node(self.cluster, "b", "--app", "ping_pong")
        node.type("PingP" + TAB)
        node.await_text(r"> PingPong$")
        node.type(".p" + TAB)
        node.await_text(r"> PingPong\.ping$")
        row = node.await_screen(lambda screen: (screen.row,), "a row")[0]
        node.type("\r")
        self.assertEqual(node.screen.lines[row + 1:node.await_prompt(row)], [":pong"])
        self.assertEqual(node.evaluate(UP), [":pong"])
        node.type("Process." + TAB + TAB)
        node.await_text(r"^Process\.alias +Process\.alive\? ")
        node.await_text(r" Process\.whereis$")
        node.type("\x15:b" + TAB)  # Ctrl-U
        node.await_text(rf"> :b@{HOST}$")
        node.type("\r")
        node.await_text(rf"^:b@{HOST}$")
        # Another console of the same person has them, too.
        other = open_node(self.cluster, "c")
        other.type(UP + UP)
        other.await_text(r"> PingPong\.ping$")

    def test_output_of_others_leaves_the_line_alone(self):
        node = open_node(self.cluster, "b", columns=80)
        node.type('spawn(fn -> receive do after 300 -> IO.puts("from elsewhere") end end)\r')
        node.await_prompt()
        node.type("send(self(), :half_a_li")
        node.await_text(r"^from elsewhere$")
        node.await_screen(lambda screen: screen.lines[screen.row].rstrip().endswith("> send(self(), :half_a_li"), "the line is there again")
        node.type("ne)\r")
        node.await_text(r"^:half_a_line$")

    def test_the_log_leaves_the_line_alone(self):  # IO-7
        node = open_node(self.cluster, "b", columns=80)
        node.type("Node.se")
        node.await_text(r"> Node\.se$")
        self.cluster.command("ping", f"b@{HOST}", cookie="wrong")
        node.await_text(r"\[error\] \*\* Connection attempt from node ")
        node.await_screen(lambda screen: screen.lines[screen.row].rstrip().endswith("> Node.se"), "the line is there again below it")
        node.type("lf\r")
        node.await_text(rf"^:b@{HOST}$")

    def test_ctrl_c_interrupts_and_twice_ends_the_node(self):
        node = open_node(self.cluster, "b", "--app", "ping_pong")
        self.assertFalse(node.echoes())
        node.type("loop = fn loop -> loop.(loop) end; loop.(loop)\r")
        node.await_text(r"loop\.\(loop\)\n")
        node.type(CTRL_C)
        node.await_text(r"\*\* \(SystemLimitError\) interrupted")
        self.assertEqual(node.evaluate("1 + 1"), ["2"])
        node.type("Process.sleep(1_000_000)\r")
        node.await_text(r"sleep\(1_000_000\)\n")
        node.type(CTRL_C)
        node.await_text(r"\*\* \(interrupted\)")
        self.assertEqual(node.evaluate("1 + 2"), ["3"])
        node.type(CTRL_C + CTRL_C)
        node.await_text(r"Application ping_pong exited: :stopped")
        self.assertEqual(node.wait(), 0)
        self.assertTrue(node.echoes(), "the terminal is as it was before")

    def test_the_live_view_has_the_terminal_until_it_is_quit(self):
        node = open_node(self.cluster, "b", "--app", "ping_pong", columns=80, rows=24)
        node.evaluate('spawn(fn -> receive do after 1000 -> IO.puts("printed meanwhile") end end)')
        node.type(":observer.start\r")
        node.await_text(rf"^ pulpo top +b@{HOST} +Processes")
        node.await_text("PingPong")
        self.assertTrue(all(len(line) <= 80 for line in node.screen.shown()))
        node.type("3")
        node.await_text(r"^. ping_pong ")
        node.type("q")
        node.await_text(r"^:ok$")
        node.await_text(r"^printed meanwhile$")
        self.assertEqual(node.evaluate("1 + 1"), ["2"])
        node.type(":observer.start\r")
        node.await_text(r"^ pulpo top ")
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 0, "a node whose view is open stops all the same")
        self.assertTrue(node.echoes())

    def test_ctrl_d_ends_the_console_alone(self):
        node = open_node(self.cluster, "b")
        node.type(CTRL_D)
        node.await_text(r"The console has ended; the node goes on")
        self.assertEqual(self.cluster.command("ping", f"b@{HOST}").out, "pong\n")
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 0)

    def test_input_of_a_pipe(self):
        node = self.cluster.start("node", "--sname", "b", "--console", "on", stdin=subprocess.PIPE)
        node.process.stdin.write("x = 20\nfn ->\nx\nend\nx + 1\nNode.self\n")
        node.process.stdin.close()
        out = "".join(node.process.stdout.readline() for _ in range(4))
        self.assertIn("21\n", out)
        self.assertIn(f":b@{HOST}\n", out)
        self.assertEqual(self.cluster.command("ping", f"b@{HOST}", cookie=None).status, 1, "it has another cookie, and lives")
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 0)

    def test_a_pasted_module_with_something_unknown_is_refused_as_a_whole(self):
        node = open_node(self.cluster, "b")
        text = 'defmodule M do\n  def f(xs) do\n    for x <- xs do\n      x\n    end\n    IO.puts "evaluated at the prompt"\n    System.stop\n  end\nend\n'
        node.type(text.replace("\n", "\r"))
        node.await_text(r"\*\* \(SyntaxError\) .* is not part of the console's language")
        self.assertEqual(node.evaluate(":still_here"), [":still_here"])
        self.assertFalse(any(line.startswith("evaluated at the prompt") for line in node.screen.lines))
        node.type('defmodule PingPongServer do\r  use GenServer\r  def init(s) do\r    {:ok, s}\r  end\rend\r')
        node.await_text("is not part of the console's language.*apps/ping_pong|C\\+\\+")
        self.assertEqual(node.evaluate(":still_here"), [":still_here"])

    def test_a_long_pipe_loses_no_line(self):
        # Goal:   more lines than are read ahead, answers to IO.gets among them, and an end that is told.
        node = self.cluster.start("node", "--sname", "b", "--console", "on", stdin=subprocess.PIPE)
        lines = [f'IO.puts("line {number}")\n' for number in range(3000)] + ['IO.gets("") |> IO.inspect\n', "an answer\n", 'IO.inspect(IO.gets(""))\n']
        feeder = threading.Thread(target=lambda: (node.process.stdin.write("".join(lines)), node.process.stdin.close()))
        feeder.start()
        out = ""
        while ":eof\n" not in out:
            out += node.process.stdout.readline()
        feeder.join(DEADLINE)
        self.assertEqual([int(number) for number in re.findall(r"line (\d+)", out)], list(range(3000)))
        self.assertIn('"an answer\\n"', out)
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 0)

    def test_an_expression_that_does_not_end_is_refused_in_time(self):
        node = self.cluster.start("node", "--sname", "b", "--console", "on", "--cookie", self.cluster.cookie, stdin=subprocess.PIPE)

        def feed():
            try:
                node.process.stdin.write("length([\n" + "1,\n" * 30000)
                node.process.stdin.close()
            except BrokenPipeError:  # it was asked to end before it had read all
                pass

        feeder = threading.Thread(target=feed)
        feeder.start()
        out = ""
        while "** (ArgumentError) the expression is longer than 65536 bytes" not in out:
            out += node.process.stdout.readline()
        self.assertEqual(self.cluster.command("ping", f"b@{HOST}").out, "pong\n")
        reader = threading.Thread(target=node.process.stdout.read)  # what else is wrong with what follows
        reader.start()
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 0)
        reader.join(DEADLINE)
        feeder.join(DEADLINE)

    def test_a_slow_terminal_holds_up_nobody_else(self):
        # Goal:   a serial line takes some KB a second; the node answers others at once, and stops when it is asked to.
        node = open_node(self.cluster, "b", "--cores", "1")
        node.evaluate("text = inspect(Process.list)")
        node.evaluate("more = text <> text <> text <> text <> text <> text <> text <> text <> text <> text")
        node.evaluate("much = more <> more <> more <> more <> more <> more <> more <> more <> more <> more")
        node.evaluate("all = much <> much <> much <> much <> much <> much <> much <> much <> much <> much; byte_size(all)")
        node.pause(0.05)
        node.type("spawn(fn -> IO.puts(all); IO.puts(all) end)\r")
        node.await_text(r"#PID<")
        for _ in range(20):
            done = self.cluster.command("rpc", f"b@{HOST}", "Node.self")
            self.assertEqual((done.status, done.out), (0, f":b@{HOST}\n"))
            self.assertLess(done.seconds, 5, "a core waited for the terminal")
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 0)

    def test_signals_of_a_terminal_leave_it_as_it_was(self):
        for number in (signal.SIGHUP, signal.SIGQUIT):
            node = open_node(self.cluster, "b")
            node.signal(number)
            self.assertEqual(node.wait(), 0, "in order, as by SIGTERM")
            self.assertTrue(node.echoes(), number)

    def test_what_console_takes(self):
        done = self.cluster.run("node", "--console", "perhaps")
        self.assertEqual(done.status, 2)
        self.assert_one_line(done.err, "--console perhaps: one of auto, on, off")

    def test_a_line_that_a_process_asks_for(self):  # IO-2
        node = open_node(self.cluster, "b", columns=90)
        node.type('name = IO.gets("your name? ")\r')
        node.await_text(r"^your name\? $")
        node.type("Kate\r")
        node.await_text(r'^"Kate\\n"$')
        self.assertEqual(node.evaluate("name"), ['"Kate\\n"'])
        node.type('IO.gets("never? ")\r')
        node.await_text(r"^never\? $")
        node.type(CTRL_C)
        node.await_text(r"\*\* \(interrupted\)")
        self.assertEqual(node.evaluate("1 + 1"), ["2"], "the line is nobody else's")
        self.assertEqual(node.evaluate("send(Process.group_leader, {:io_request, self(), 1, {:get_geometry, :columns}})")[-1][:12], "{:io_request")
        self.assertEqual(node.evaluate("flush"), ["{:io_reply, 1, 90}", ":ok"])

    def test_help(self):
        node = open_node(self.cluster, "b", "--app", "distro")
        self.assertEqual(node.evaluate("h Distro.DistroCal.add"), ["Distro.DistroCal.add(integer, integer)", "  The sum of two integers."])
        self.assertEqual(node.evaluate("h Nod.list"), ["No documentation for Nod.list was found; did you mean Node.list?"])

    def test_endless_recursion_and_wrong_lines_leave_it_standing(self):
        node = open_node(self.cluster, "b")
        node.evaluate("defmodule Deep do")
        node.evaluate("def down(n), do: 1 + down(n + 1)")
        node.evaluate("end")
        self.assertEqual(node.evaluate("Deep.down(0)"), ["** (SystemLimitError) nested deeper than 100000: an endless recursion?"])
        for line in (")", "1 +* 2", "fn -> end end", '"#{"', "%{", "\x01\x02\x1b[Z\x1b[99;99~", "use GenServer", "@spec x :: y", "'" * 1001, "é" * 3000):
            node.type(line + "\r" + CTRL_C)
        node.type(":it_still_answers\r")
        node.await_text(r"^:it_still_answers$")


class Remote(ClusterTest):
    def processes(self, name):
        return self.cluster.command("rpc", f"{name}@{HOST}", "Process.list").out.count("#PID")

    def open_remote(self, name):
        remote = open_console(self.cluster, "remote", f"{name}@{HOST}", "--cookie", self.cluster.cookie)
        remote.await_prompt()
        return remote

    def test_a_console_on_another_node(self):
        self.cluster.start_node("a", "--app", "ping_pong")
        remote = self.open_remote("a")
        remote.await_text(rf"^pulpo\(a@{HOST}\)1> $")
        self.assertEqual(remote.evaluate("Node.self"), [f":a@{HOST}"])
        self.assertEqual(remote.evaluate('IO.puts "appears here"'), ["appears here", ":ok"])
        self.assertEqual(remote.evaluate("Node.list"), ["[]"], "it disturbs nothing")
        remote.type(CTRL_C + CTRL_C)
        self.assertEqual(remote.wait(), 0)
        self.assertEqual(self.cluster.command("ping", f"a@{HOST}").out, "pong\n")

    def test_nothing_is_left_behind(self):
        self.cluster.start_node("a")
        before = self.processes("a")
        for way in ("detach", "terminate", "terminate a view", "kill", "kill while it evaluates"):
            remote = self.open_remote("a")
            self.assertGreater(self.processes("a"), before)
            if way == "detach":
                remote.type(CTRL_D)
                self.assertEqual(remote.wait(), 0)
            elif way.startswith("terminate"):
                if way != "terminate":
                    remote.type(":observer.start\r")
                    remote.await_text(r"^ pulpo top ")
                remote.signal(signal.SIGTERM)
                self.assertEqual(remote.wait(), 1)
                self.assertTrue(remote.echoes(), "the terminal is as it was before")
            else:
                if way != "kill":
                    remote.type("Process.sleep(1_000_000)\r")
                    remote.await_text(r"1_000_000\)\n")
                remote.signal(signal.SIGKILL)
                self.assertEqual(remote.wait(), -9)
            self.cluster.await_true(lambda: self.processes("a") == before, f"after {way} something stayed on the node")
            self.assertEqual(self.cluster.command("rpc", f"a@{HOST}", "Node.list(:connected)").out.count("remote"), 0)

    def test_the_live_view_of_the_other_node(self):
        self.cluster.start_node("a", "--app", "distro")
        remote = self.open_remote("a")
        remote.type(":observer.start\r")
        remote.await_text(rf"^ pulpo top +a@{HOST} +Processes")
        remote.type("3")
        remote.await_text(r"^. distro ")
        remote.type("q")
        remote.await_text(r"^:ok$")
        self.assertEqual(remote.evaluate("Node.self"), [f":a@{HOST}"])
        # Over rpc nobody has a terminal.
        done = self.cluster.command("rpc", f"a@{HOST}", ":observer.start")
        self.assertEqual(done.status, 1)
        self.assert_one_line(done.err, "type :observer.start at a prompt, or pulpo top NODE in a shell")

    def test_the_other_node_is_lost(self):
        node = self.cluster.start_node("a")
        remote = self.open_remote("a")
        node.kill()
        remote.await_text(r"\*\*\* the shell has ended: no connection")
        self.assertEqual(remote.wait(), 1)

    def test_nobody_is_there(self):
        done = self.cluster.command("remote", f"a@{HOST}")
        self.assertEqual(done.status, 1)
        self.assert_one_line(done.err, "pulpo remote: no mapper", f"is a node running on {HOST}?")


if __name__ == "__main__":
    unittest.main(verbosity=2)
