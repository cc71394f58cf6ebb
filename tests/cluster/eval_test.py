#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`pulpo node --eval`: the console's language on real nodes, and functions that travel between them."""

from cluster import *  # noqa: F403

KATE = """
defmodule Kate do
  def say_name do
    IO.puts "Hi, my name is Kate"
  end
end
"""


class Eval(ClusterTest):
    def start(self, name, *expressions):
        words = [word for each in expressions for word in ("--eval", each)]
        return self.cluster.start_node(name, *words, "--loop", "epoll")

    def test_it_is_evaluated_and_the_node_stays(self):
        node = self.start("a", "x = 40 + 2", 'IO.puts "#{x} on #{Node.self}"')
        self.assertEqual(node.process.stdout.readline(), f"42 on a@{HOST}\n")
        self.assertEqual(self.cluster.command("ping", f"a@{HOST}").out, "pong\n")
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 0)

    def test_what_fails_stops_the_node(self):
        node = self.start("a", "1 = 2", 'IO.puts "never"')
        node.log.await_line(r"\[error\] --eval: \*\* \(MatchError\) no match of right hand side value: 2")
        self.assertEqual(node.wait(), 1)
        self.assertEqual(node.process.stdout.read(), "")

    def test_what_cannot_be_read_is_wrong_usage(self):
        done = self.cluster.run("node", "--sname", "a", "--eval", "IO.puts(")
        self.assertEqual((done.status, done.out), (2, ""), done)
        self.assert_one_line(done.err, "--eval: ** (SyntaxError) 1:9:", "the end of the text")

    def test_functions_travel_as_in_the_lesson(self):  # ST-61, ST-62, ST-64
        kate = self.start("kate", KATE)
        alex = self.start("alex", f"""
          k = :kate@{HOST}
          Node.spawn_link(k, fn -> Kate.say_name end)
          pid = Node.spawn_link k, fn ->
            receive do
              {{:hi, alex_node_pid}} -> send alex_node_pid, :sup?
            end
          end
          send(pid, {{:hi, self()}})
          receive do
            answer -> IO.puts "#{{answer}}, from kate"
          after
            5000 -> IO.puts "nothing came"
          end
        """)
        lines = sorted(alex.process.stdout.readline() for _ in range(2))
        self.assertEqual(lines, ["Hi, my name is Kate\n", "sup?, from kate\n"])
        # What a module typed there offers is called by name as well, and what it lacks is undefined.
        self.assertEqual(self.cluster.command("rpc", f"kate@{HOST}", "Kate.say_name()").out, "Hi, my name is Kate\n:ok\n")
        self.assertEqual(self.cluster.command("rpc", f"kate@{HOST}", "Kate.other()").status, 1)
        for node in (kate, alex):
            node.signal(signal.SIGTERM)
            self.assertEqual(node.wait(), 0)

    def test_an_endless_loop_leaves_the_node_to_others(self):
        node = self.start("a", "loop = fn loop -> loop.(loop) end; loop.(loop)")
        self.assertEqual(self.cluster.command("ping", f"a@{HOST}").out, "pong\n")
        self.assertEqual(self.cluster.command("rpc", f"a@{HOST}", "Node.self").out, f":a@{HOST}\n")
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
