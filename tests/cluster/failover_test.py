#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Applications of which one of several nodes runs the only instance: the tutorials' three nodes, with power losses. ST.2, AC.

Times are those of the tutorials' files (5 s) in one test, half a second in the others. No test waits for a time to pass but by asking
what is true meanwhile.
"""

from cluster import *  # noqa: F403
from lan import Lan
from moving import *  # noqa: F403

DISTRO = {short: f"{short}@127.0.0.1" for short in ("one", "two", "three")}
PING_PONG = {short: f"{short}@localhost" for short in ("a", "b", "c")}
ADD = "Distro.DistroCal.add(4,5)"
PING = "PingPong.ping"
STARTED = r"Distro application in (.*) mode"


class Distro(ClusterTest):
    """The tutorial `Distro`, seed by seed line."""

    def nodes(self, **more):
        return Moving(self, "distro", DISTRO, **more)

    def test_the_first_waits_and_the_last_lets_all_begin(self):  # ST-10, ST-12 to ST-14
        nodes = self.nodes()
        one = nodes.launch("one")
        one.log.await_line("waiting for two@127.0.0.1 and three@127.0.0.1, for 30 s at most")
        nodes.launch("two")
        nodes.programs["two"].log.await_line("Joined node one@127.0.0.1")
        # It waits for the third, answers pings meanwhile (AC-10), and has started nothing.
        self.assert_pong(DISTRO["one"])
        self.assertEqual(nodes.lines("one", f"{STARTED}|is up, listening"), [])
        self.assertEqual(nodes.runner("one"), None)
        nodes.launch("three")
        nodes.await_up()
        nodes.await_runner("one")
        self.assertEqual(nodes.one_logged(STARTED), "one")
        self.assertEqual(len(nodes.lines("one", r"\[info\]  Distro application in :normal mode")), 1)
        self.assertEqual(len(nodes.lines("one", r"\[info\]  Starting server")), 1)
        nodes.assert_everywhere(ADD, "9")
        for short, name in DISTRO.items():
            others = sorted(f':"{each}"' for each in DISTRO.values() if each != name)
            self.assertEqual(nodes.value(short, "Node.list"), f"[{', '.join(others)}]")
            running = nodes.value(short, ":application.which_applications")  # AC-26
            self.assertEqual(":distro" in running, short == "one", running)

    def test_mandatory_nodes_that_do_not_come_end_the_node(self):  # ST-11, AC-14, AC-15
        nodes = self.nodes(sync=700)
        one, two = nodes.launch("one"), nodes.launch("two")
        for program in (one, two):
            self.assertEqual(program.wait(), 1)
            said = program.log.rest()
            self.assertIn("mandatory nodes are missing after 0.7 s: three@127.0.0.1; ", said[-1])
            self.assertTrue(said[-1].startswith("pulpo node: "), said[-1])
        alone = nodes.launch("three")
        self.assertEqual(alone.wait(), 1)
        self.assertIn("missing after 0.7 s: one@127.0.0.1 and two@127.0.0.1; ", alone.log.rest()[-1])

    def lose_and_regain(self, nodes, wait):
        """ST-15 to ST-19: the first is lost, the third runs it after the wait, the first takes it back."""
        lost = nodes.kill("one")
        refused = 0
        while (done := nodes.rpc("two", ADD)).status != 0:  # ST-16, AC-33
            # One that was under way when the node was lost hears of that; all others find nobody.
            self.assertRegex(done.err, r"exited in: GenServer.call\(\{:global, Distro.DistroCal\}, \{:cal, 4, 5\}, 5000\) \*\* \(EXIT\) "
                                       rf"({NO_PROCESS}|no connection to one@127.0.0.1)")
            refused += NO_PROCESS in done.err
            self.assertLess(time.monotonic() - lost, wait / 1000 + DEADLINE)
        gap = time.monotonic() - lost
        self.assertEqual(done.out, "9\n")
        self.assertGreater(refused, 0)
        self.assertGreater(gap, wait / 1000 - 0.05)  # AC-30: not before; timers are of whole milliseconds, and the kill is somewhat earlier
        nodes.await_runner("three")  # AC-22: of two that run as many, the smaller name
        self.assertEqual(nodes.one_logged(STARTED), "three")
        self.assertEqual(len(nodes.lines("three", r"\[info\]  Distro application in :normal mode")), 1)  # AC-27: without start phases
        nodes.assert_everywhere(ADD, "9")  # ST-17

        one = nodes.launch("one")
        adding = threading.Event()
        wrong = []

        def add_all_the_time():
            while not adding.is_set():
                added = nodes.rpc("two", ADD)
                if (added.status, added.out) != (0, "9\n"):
                    wrong.append(added)

        adder = threading.Thread(target=add_all_the_time)
        adder.start()
        try:
            one.log.await_line(r'\[info\]  Distro application in \{:takeover, :"three@127.0.0.1"\} mode')  # ST-18, AC-27
            one.log.await_line(r"\[info\]  Starting server")
            nodes.programs["three"].log.await_line(r"\[info\]  Application distro exited: :stopped")  # AC-70
            nodes.await_up("one")
            nodes.await_runner("one")
        finally:
            adding.set()
            adder.join()
        self.assertEqual(wrong, [])  # goal 11: nobody noticed
        nodes.assert_everywhere(ADD, "9")  # ST-19
        # The first number of a pid is the reader's number of its node: 1 is the node that was asked.
        owners = {short: nodes.value(short, ":global.whereis_name(Distro.DistroCal)").split(".", 1) for short in nodes.programs}
        self.assertEqual([short for short, (number, _) in owners.items() if number == "#PID<1"], ["one"], owners)
        self.assertEqual(len({rest for _, rest in owners.values()}), 1, owners)
        return gap

    def test_the_next_one_runs_it_after_the_wait_and_the_first_takes_it_back(self):  # ST-15 to ST-19
        nodes = self.nodes()
        nodes.start_all()
        gap = self.lose_and_regain(nodes, 500)
        print(f"answered again {gap * 1000:.0f} ms after the kill, of which 500 ms are the wait")

    def test_the_tutorials_files_as_they_stand(self):  # ST-10 to ST-19, with 5 s
        nodes = self.nodes(folder=CONFIGS)
        nodes.start_all()
        gap = self.lose_and_regain(nodes, 5000)
        print(f"answered again {gap * 1000:.0f} ms after the kill, of which 5000 ms are the wait")

    def test_who_runs_less_gets_it(self):  # ST-21, AC-22
        nodes = self.nodes()
        nodes.launch("one")
        nodes.launch("two")
        nodes.launch("three", "--app", "ping_pong")
        nodes.await_up()
        self.assertEqual(nodes.apps("one")["distro"]["next"], DISTRO["two"])
        nodes.kill("one")
        nodes.await_runner("two")
        nodes.assert_everywhere(ADD, "9")

    def test_one_alone_joins_the_only_one_that_is_left(self):  # ST-22, AC-16: where OTP's node waits 30 s and dies; goal 7
        nodes = self.nodes()
        nodes.start_all()
        nodes.kill("one")
        nodes.await_runner("three")
        nodes.kill("three")
        nodes.await_runner("two")
        nodes.assert_everywhere(ADD, "9")
        three = nodes.launch("three")
        three.log.await_line("two@127.0.0.1 has begun already: this node joins it")
        nodes.await_up("three")
        self.assertEqual(nodes.runner("two"), DISTRO["two"])  # AC-39: of the same priority, nothing moves
        nodes.assert_everywhere(ADD, "9")
        nodes.launch("one").log.await_line(r'Distro application in \{:takeover, :"two@127.0.0.1"\} mode')
        nodes.await_runner("one")
        nodes.assert_everywhere(ADD, "9")

    def test_the_one_that_is_back_within_the_wait_starts_it_itself(self):  # AC-34
        nodes = self.nodes(wait=20_000)
        nodes.start_all()
        nodes.kill("one")
        nodes.launch("one").log.await_line("Distro application in :normal mode")
        nodes.await_runner("one")
        self.assertEqual(nodes.one_logged(STARTED), "one")
        nodes.assert_everywhere(ADD, "9")

    def test_takeover_by_hand_and_by_permission(self):  # AC-42, AC-43, AC-52, AC-53
        nodes = self.nodes()
        nodes.start_all()
        take = lambda short, what=":distro, :temporary": nodes.value(short, f":application.takeover({what})")
        self.assertEqual(take("one"), "{:error, {:already_running_locally, :distro}}")
        self.assertEqual(take("two", ":nothing, :temporary"), "{:error, {:not_running_distributed, :nothing}}")
        self.assertEqual(take("two", ":distro, :sometimes"), "{:error, {:invalid_restart_type, :sometimes}}")
        self.assertEqual(take("two"), ":ok")
        nodes.await_runner("two")
        self.assertEqual(len(nodes.lines("two", r'Distro application in \{:takeover, :"one@127.0.0.1"\} mode')), 1)
        nodes.assert_everywhere(ADD, "9")
        # It stays until its node goes; then the list is gone through from its top.
        nodes.kill("two")
        nodes.await_runner("one")
        permit = lambda short, what: nodes.value(short, f":application.permit({what})")
        self.assertEqual(permit("one", ":nothing, false"), "{:error, {:not_loaded, :nothing}}")
        self.assertEqual(permit("one", ":distro, false"), ":ok")
        nodes.await_runner("three")
        self.assertEqual(permit("one", ":distro, true"), ":ok")
        nodes.await_runner("one")
        nodes.assert_everywhere(ADD, "9")

    def test_stopped_by_hand_it_stays_stopped_until_it_is_started(self):  # AC-46, AC-47
        nodes = self.nodes()
        nodes.start_all()
        self.assertEqual(nodes.value("two", ":application.start(:distro)"), "{:error, {:already_started, :distro}}")  # AC-20
        self.assertEqual(nodes.value("one", "Application.stop(:distro)"), ":ok")
        self.assertEqual(nodes.value("one", "Application.stop(:distro)"), "{:error, {:not_started, :distro}}")
        nodes.await_runner("nobody")
        self.assertIn(NO_PROCESS, nodes.rpc("two", ADD).err)
        self.assertEqual(nodes.value("one", ":application.start(:distro, :sometimes)"), "{:error, {:invalid_restart_type, :sometimes}}")
        self.assertEqual(nodes.value("one", ":application.start(:distro, :permanent)"), ":ok")
        nodes.await_runner("one")
        nodes.assert_everywhere(ADD, "9")

    def test_a_planned_stop_has_no_gap(self):  # WK-18, goal 11
        nodes = self.nodes(wait=20_000)  # which nobody waits for
        nodes.start_all()
        done = self.cluster.command("stop", DISTRO["one"], "--hand-over")
        self.assertEqual((done.status, done.out, done.err), (0, "", ""), done)
        one = nodes.programs.pop("one")
        self.assertEqual(one.wait(), 0)
        nodes.await_runner("three")
        self.assertEqual(len(nodes.lines("three", r'Distro application in \{:takeover, :"one@127.0.0.1"\} mode')), 1)
        nodes.assert_everywhere(ADD, "9")
        self.assertEqual([line for line in one.log.rest() if re.search(r"\[(error|critical)\]", line)], [])
        # Without it: as a loss, but that it is not waited for (AC-36); and where nobody is left it just ends.
        done = self.cluster.command("stop", DISTRO["three"])
        self.assertEqual((done.status, done.out, done.err), (0, "", ""), done)
        self.assertEqual(nodes.programs.pop("three").wait(), 0)
        done = self.cluster.command("stop", DISTRO["two"], "--hand-over")
        self.assertEqual((done.status, done.out, done.err), (0, "", ""), done)
        self.assertEqual(nodes.programs.pop("two").wait(), 0)


class DistroOfAHost(ClusterTest):
    """The tutorial with nodes of a host 192.168.8.104: in a network namespace that has this address."""

    def test_failover_and_takeover(self):  # ST-10, ST-12 to ST-19, ST-28
        address = "192.168.8.104"
        lan = Lan({"host": address})
        self.addCleanup(lan.close)
        nodes = Moving(self, "distro", {short: f"{short}@{address}" for short in ("abc", "bcd", "def")}, inside=lan.inside("host"), options=["--no-mapper"])
        words, program = nodes.there("mapper")
        mapper = self.cluster.start(*words, **program)
        mapper.log.await_line("mapper is up")
        nodes.start_all()
        nodes.await_runner("abc")
        nodes.assert_everywhere(ADD, "9")
        nodes.kill("abc")
        nodes.await_runner("bcd")
        nodes.assert_everywhere(ADD, "9")
        nodes.launch("abc").log.await_line(rf'Distro application in \{{:takeover, :"bcd@{address}"\}} mode')
        nodes.programs["bcd"].log.await_line("Application distro exited: :stopped")
        nodes.await_runner("abc")
        nodes.assert_everywhere(ADD, "9")
        for program in [*nodes.programs.values(), mapper]:
            program.close()


class PingPong(ClusterTest):
    """The tutorial `ping_pong`."""

    def test_reborn_in_the_next_of_lower_priority(self):  # ST-23 to ST-26
        nodes = Moving(self, "ping_pong", PING_PONG)
        nodes.start_all()
        nodes.await_runner("a")
        nodes.assert_everywhere(PING, ":pong")  # ST-23
        nodes.kill("a")
        nodes.await_runner("b")  # ST-24
        nodes.assert_everywhere(PING, ":pong")
        self.assertEqual(nodes.value("c", ":global.registered_names"), "[GlobalPingPong]")

        crashed = nodes.rpc("c", "PingPongServer.crash({:global, GlobalPingPong})")  # ST-25
        self.assertEqual((crashed.status, crashed.out), (1, ""), crashed)
        self.assertIn("exited in: GenServer.call({:global, GlobalPingPong}, :crash, 5000)", crashed.err)
        self.assertIn("bad argument in arithmetic expression", crashed.err)
        nodes.programs["b"].log.await_line(r"GenServer .*PingPong.* terminating")
        self.cluster.await_true(lambda: nodes.rpc("c", PING).out == ":pong\n", "the server did not come back")
        self.assertEqual(nodes.runner("c"), PING_PONG["b"])

        stopped = nodes.rpc("c", "PingPongServer.stop({:global, GlobalPingPong})")  # ST-26
        self.assertEqual((stopped.status, stopped.out), (1, ""), stopped)
        self.assertIn("** (EXIT) normal", stopped.err)
        self.assertIn(NO_PROCESS, nodes.rpc("c", PING).err)
        self.assertEqual(nodes.runner("c"), PING_PONG["b"])

    def test_an_observer_sees_them_all(self):  # ST-27, as the tutorial writes it: localhost is no short name here
        nodes = Moving(self, "ping_pong", PING_PONG)
        nodes.start_all()
        observer = self.cluster.start_node("observer@127.0.0.1")
        ask = lambda call: self.cluster.command("rpc", observer.name, call).out
        self.assertEqual(ask("Node.ping(:a@localhost)"), ":pong\n")
        self.cluster.await_true(lambda: ask("Node.list") == "[:a@localhost, :b@localhost, :c@localhost]\n", "the mesh did not take the observer in")
        self.assertEqual(ask("GenServer.call({:global, GlobalPingPong}, :ping)"), ":pong\n")


class GlobalNames(ClusterTest):
    """What Elixir's console types of :global, by rpc."""

    def setUp(self):
        super().setUp()
        self.a = self.cluster.start_node("a@127.0.0.1", "--app", "ping_pong")
        self.b = self.cluster.start_node("b@127.0.0.1", "--app", "ping_pong", "--join", "a@127.0.0.1")
        self.b.log.await_line("Joined node a@127.0.0.1")

    def value(self, node, call):
        done = self.cluster.command("rpc", node.name, call)
        self.assertEqual((done.status, done.err), (0, ""), (call, done))
        return done.out.rstrip("\n")

    def server(self, node):
        """The pid of that node's server, as its node is asked of it: its first number is the reader's, 1 for who was asked."""
        pid = self.value(node, "Process.whereis(PingPong)")
        self.assertTrue(self.is_own(pid), pid)
        return pid

    @staticmethod
    def is_own(pid):
        return pid.startswith("#PID<1.")

    def where(self, name):
        """Whose process has it: as both nodes know it."""
        of_a, of_b = (self.value(node, f":global.whereis_name({name})") for node in (self.a, self.b))
        self.assertEqual(of_a.split(".")[1:], of_b.split(".")[1:])
        self.assertFalse(self.is_own(of_a) and self.is_own(of_b))
        return self.a if self.is_own(of_a) else self.b if self.is_own(of_b) else of_a

    def test_names_by_otps_values(self):  # GLOBAL-2 to GLOBAL-6
        of_a, of_b = self.server(self.a), self.server(self.b)
        self.assertEqual(self.value(self.a, f":global.register_name(:weather, {of_a})"), ":yes")
        self.assertEqual(self.value(self.b, f":global.register_name(:weather, {of_b})"), ":no")
        self.assertIs(self.where(":weather"), self.a)
        self.assertEqual(self.value(self.b, "GenServer.call({:global, :weather}, :ping)"), ":pong")
        self.assertEqual(self.value(self.b, f":global.re_register_name(:weather, {of_b})"), ":yes")
        self.assertIs(self.where(":weather"), self.b)
        self.assertEqual(self.value(self.b, f":global.register_name({{:room, 5}}, {of_b}, {{:global, :random_notify_name}})"), ":yes")
        self.assertEqual(self.value(self.b, ":global.sync"), ":ok")
        self.assertEqual(self.value(self.a, ":global.registered_names"), "[GlobalPingPong, :weather, {:room, 5}]")
        self.assertEqual(self.value(self.b, ":global.send({:room, 5}, :hello)"), of_b)
        self.assertEqual(self.value(self.a, ":global.unregister_name(:weather)"), ":ok")  # from any node
        self.assertEqual(self.value(self.a, ":global.unregister_name(:weather)"), ":ok")
        self.assertEqual(self.where(":weather"), ":undefined")
        for call, reason in [(":global.send(:weather, :hello)", "{:badarg, {:weather, :hello}}"),
                             (f":global.register_name(:w, {of_a}, :nope)", "{:badarg, :nope}")]:
            done = self.cluster.command("rpc", self.a.name, call)
            self.assertEqual((done.status, done.out), (1, ""), done)
            self.assertIn(reason, done.err)

    def test_a_name_goes_with_its_node(self):  # GLOBAL-7
        self.assertEqual(self.value(self.b, f":global.register_name(:weather, {self.server(self.b)})"), ":yes")
        self.assertIs(self.where(":weather"), self.b)
        self.b.kill()
        self.cluster.await_true(lambda: self.value(self.a, ":global.whereis_name(:weather)") == ":undefined", "the name of a dead node stays")


class Apps(ClusterTest):
    """`pulpo apps` and `pulpo stop` where there is little to tell."""

    def test_a_node_without_distributed_applications(self):  # AC-2
        begun = time.monotonic()
        a = self.cluster.start_node("a@127.0.0.1", "--app", "ping_pong")
        done = self.cluster.command("apps", a.name)
        self.assertEqual((done.status, done.err), (0, ""), done)
        self.assertRegex(done.out.splitlines()[1], rf"^ping_pong +{re.escape(a.name)} +\d.* s +local +- +-$")
        # For how long: from its start on, and anew when it is started again.
        age = lambda: json.loads(self.cluster.command("apps", a.name, "--json").out)["applications"][0]["running_ms"]
        first = age()
        self.assertLessEqual(first, 1000 * (time.monotonic() - begun))
        self.cluster.await_true(lambda: age() > first, "it does not grow older")
        self.assertEqual(self.cluster.command("rpc", a.name, "Application.stop(:ping_pong)").out, ":ok\n")
        begun = time.monotonic()
        self.assertEqual(self.cluster.command("rpc", a.name, "Application.start(:ping_pong)").out, ":ok\n")
        self.assertLessEqual(age(), 1000 * (time.monotonic() - begun))
        done = self.cluster.command("stop", a.name, "--hand-over")
        self.assertEqual((done.status, done.out, done.err), (0, "", ""), done)
        self.assertEqual(a.wait(), 0)
        for verb in ("apps", "stop"):
            done = self.cluster.command(verb, a.name)
            self.assertEqual((done.status, done.out), (1, ""), done)
            self.assert_one_line(done.err, f"pulpo {verb}: ", "127.0.0.1")

    def test_an_unnamed_or_bad_node_is_wrong_usage(self):
        for verb in ("apps", "stop"):
            for words in ([], ["a", "b"], ["no name"], ["a@h", "--nonsense"]):
                done = self.cluster.run(verb, *words, "--cookie", "c")
                self.assertEqual((done.status, done.out), (2, ""), (verb, words, done))

    def test_ours_alone_are_started_and_stopped_by_permission(self):  # AC-53
        a = self.cluster.start_node("a@127.0.0.1")
        ask = lambda call: self.cluster.command("rpc", a.name, call).out.rstrip("\n")
        self.assertEqual(ask(":application.permit(:ping_pong, true)"), ":ok")
        self.assertEqual(ask(":application.which_applications"), "[{:ping_pong, [], []}]")
        self.assertEqual(ask(":application.permit(:ping_pong, true)"), ":ok")
        self.assertEqual(ask(":application.permit(:ping_pong, false)"), ":ok")
        self.assertEqual(ask(":application.permit(:ping_pong, false)"), ":ok")
        self.assertEqual(ask(":application.which_applications"), "[]")
        self.assertEqual(ask(":application.permit(:nothing, true)"), "{:error, {:not_loaded, :nothing}}")
        self.assertEqual(ask(":application.takeover(:ping_pong, :temporary)"), "{:error, {:not_running_distributed, :ping_pong}}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
