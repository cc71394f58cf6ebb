#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The application `chat` on real nodes, as the lesson has it: what one types appears at the other. ST.4."""

from cluster import *  # noqa: F403

NO_PROCESS = "no process: the process is not alive or there's no process currently associated with the given name"


class Chat(ClusterTest):
    def start(self, short, *more, apps=("chat",)):
        words = [word for app in apps for word in ("--app", app)]
        return self.cluster.start_node(f"{short}@localhost", *words, *more)

    def say(self, node, call):
        return self.cluster.command("rpc", node.name, call)

    def sent(self, node, call):
        done = self.say(node, call)
        self.assertEqual((done.status, done.out, done.err), (0, ":ok\n", ""), (call, done))

    def printed(self, node):
        """What it has printed, once it has ended."""
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 0)
        return node.process.stdout.read()

    def test_a_message_appears_where_its_recipient_is(self):  # ST-66, ST-67, ST-70, IO-5
        alex, kate = self.start("alex"), self.start("kate")
        self.sent(alex, 'Chat.send_message(:kate@localhost, "hi")')
        self.assertEqual(kate.process.stdout.readline(), "hi\n")
        self.sent(kate, 'Chat.send_message(:alex@localhost, "how are you?")')
        self.assertEqual(alex.process.stdout.readline(), "how are you?\n")
        self.sent(alex, 'Chat.send_message(:kate@localhost, "¿qué tal?")')
        self.assertEqual(self.printed(kate), "¿qué tal?\n")
        self.assertEqual(self.printed(alex), "")

    def test_moebi_answers_before_the_call_returns(self):  # ST-68
        alex, kate, moebi = (self.start(short) for short in ("alex", "kate", "moebi"))
        self.sent(alex, 'Chat.send_message(:moebi@localhost, "hi")')
        # It is written when :ok comes, so that it is all that can be read of alex.
        self.assertEqual(self.printed(alex), "chicken?\n")
        self.assertEqual(self.printed(moebi), "hi\n")
        self.assertEqual(self.printed(kate), "")

    def test_what_a_node_evaluates_says_it_too(self):  # ST-66
        kate = self.start("kate")
        alex = self.start("alex", "--eval", 'IO.inspect(Chat.send_message(:kate@localhost, "hi"))')
        self.assertEqual(kate.process.stdout.readline(), "hi\n")
        self.assertEqual(alex.process.stdout.readline(), ":ok\n")

    def test_who_cannot_be_reached_is_said(self):  # ST-69, TASK-8
        alex = self.start("alex")
        self.start("bare", apps=("ping_pong",))
        for name, why in [("zz", "no connection to zz@localhost"), ("bare", NO_PROCESS)]:
            done = self.say(alex, f'Chat.send_message(:{name}@localhost, "hi")')
            self.assertEqual((done.status, done.out), (1, ""), done)
            self.assert_one_line(done.err, f"exited in: GenServer.call({{Chat.TaskSupervisor, :{name}@localhost}}, {{:start_task, [#PID<",
                                 ", :infinity) ** (EXIT) " + why)
        # Where the application does not run, its functions are there all the same: they belong to the program.
        done = self.say(self.start("sophie", apps=()), 'Chat.send_message(:sophie@localhost, "hi")')
        self.assertEqual(done.status, 1, done)
        self.assertIn(NO_PROCESS, done.err)
        done = self.say(alex, "Chat.send_message(:alex@localhost, :hi)")
        self.assertEqual((done.status, done.out), (1, ""), done)
        self.assert_one_line(done.err, "Chat.send_message(:alex@localhost, :hi)", "it takes (")

    def test_a_task_whose_node_is_killed(self):  # ST-71, TASK-4
        kate = self.start("kate")
        alex = self.start("alex", "--eval", """
          task = Task.Supervisor.async_nolink({Chat.TaskSupervisor, :kate@localhost}, Process, :sleep, [3_600_000])
          IO.puts "it waits"
          Task.yield(task, :infinity)
        """)
        self.assertEqual(alex.process.stdout.readline(), "it waits\n")
        kate.kill()
        alex.log.await_line(r"\[error\] --eval: \*\* \(exit\) exited in: Task.yield\(")
        alex.log.await_line(r"\*\* \(EXIT\) no connection to kate@localhost")
        self.assertEqual(alex.wait(), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
