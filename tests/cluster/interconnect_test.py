#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tutorial on interconnecting nodes (ST-40 to ST-52), said with the program's own commands: three nodes, two cookies."""

from cluster import *  # noqa: F403


class Interconnect(ClusterTest):
    def rpc(self, node, call, cookie=None):
        done = self.cluster.command("rpc", f"{node}@{HOST}", call, cookie=cookie)
        self.assertEqual(done.status, 0, done)
        return done.out.strip()

    def test_the_story_of_a_b_and_c(self):
        a = self.cluster.start_node("a", "--app", "ping_pong")
        b = self.cluster.start_node("b")
        c = self.cluster.start_node("c", cookie="another_token")
        token = self.cluster.cookie
        # ST-40, ST-41
        self.assertEqual(self.rpc("b", "Node.self"), f":{self.atom('b')}")
        self.assertEqual(self.rpc("b", "Node.get_cookie"), f":{token}")
        # ST-42
        second = self.cluster.run("node", "--sname", "b", "--cookie", token)
        self.assertEqual(second.status, 1)
        self.assertIn(f"the name b@{HOST} seems to be in use by another", second.err)
        # ST-43: b is told pang, c says why, b logs nothing.
        self.assertEqual(self.rpc("b", f":net_adm.ping(:{self.atom('c')})"), ":pang")
        line = c.log.await_line("rejected")
        self.assertRegex(line, rf"\[error\] \*\* Connection attempt from node :\S*b@{HOST}\S* rejected\. Invalid challenge reply\. \*\*$")
        # ST-44
        for unknown in [self.atom("nobody"), '"nobody@no.such.host.invalid"', "nobody"]:
            self.assertEqual(self.rpc("b", f":net_adm.ping(:{unknown})"), ":pang")
        # ST-45, ST-46: a ping connects.
        self.assertEqual(self.rpc("b", f":net_adm.ping(:{self.atom('a')})"), ":pong")
        self.assertEqual(self.rpc("b", f"Node.connect(:{self.atom('a')})"), "true")
        self.assertEqual(self.rpc("a", "Node.list"), f"[:{self.atom('b')}]")
        # ST-47
        self.assertEqual(self.rpc("c", f"Node.connect(:{self.atom('a')})", cookie="another_token"), "false")
        line = a.log.await_line(r"from node :\S*c@")
        self.assertRegex(line, rf"\[error\] \*\* Connection attempt from node :\S*c@{HOST}\S* rejected\. Invalid challenge reply\. \*\*$")
        # ST-48
        self.assertEqual(self.rpc("c", f"Node.set_cookie(:{token})", cookie="another_token"), "true")
        self.assertEqual(self.rpc("c", f"Node.connect(:{self.atom('a')})"), "true")
        # ST-49: and so b and c are connected as well.
        self.assertEqual(self.rpc("a", "Node.list"), f"[:{self.atom('b')}, :{self.atom('c')}]")
        self.cluster.await_true(lambda: self.rpc("b", "Node.list") == f"[:{self.atom('a')}, :{self.atom('c')}]", "b never met c", deadline=2)
        self.assertEqual(self.rpc("c", "Node.list"), f"[:{self.atom('a')}, :{self.atom('b')}]")
        # ST-50, ST-51
        self.assertEqual(self.rpc("b", f"GenServer.call({{PingPong, :{self.atom('a')}}}, :ping)"), ":pong")
        done = self.cluster.command("call", f"a@{HOST}", "Nobody", ":ping")
        self.assertEqual(done.status, 1)
        self.assert_one_line(done.err, "no process")
        done = self.cluster.command("call", f"zz@{HOST}", "PingPong", ":ping")
        self.assertEqual(done.status, 1)
        # ST-53, and what is better: one lost connection is one.
        self.assertEqual(self.rpc("b", f"Node.disconnect(:{self.atom('a')})"), "true")
        self.assertEqual(self.rpc("b", "Node.list"), f"[:{self.atom('c')}]")
        self.assertEqual(self.rpc("c", "Node.list"), f"[:{self.atom('a')}, :{self.atom('b')}]")
        self.assertFalse([line for line in b.log.lines if "rejected" in line])

    @staticmethod
    def atom(name):
        """As Elixir writes the node's name behind a colon."""
        text = f"{name}@{HOST}"
        return text if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_@]*", text) else f'"{text}"'


if __name__ == "__main__":
    unittest.main(verbosity=2)
