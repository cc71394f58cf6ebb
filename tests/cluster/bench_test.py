#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`bench call`, `send`, `spawn`, `connect` and `local` as scripts use them. Nothing here looks at how fast anything was."""

import json

from cluster import *  # noqa: F403

PERCENTILE_LINE = re.compile(r"^ *(\d+\.\d{3}) (\d\.\d{12}) +(\d+)(?: +\d+\.\d\d)?$")


def read_histogram(path):
    """The lines (value, share, count) and the footer's numbers of an HdrHistogram text."""
    with open(path) as file:
        text = file.read().splitlines()
    assert text[0].split() == ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"], text[0]
    assert text[1] == "", text[1]
    lines = [PERCENTILE_LINE.match(line) for line in text[2:-3]]
    assert all(lines), text
    footer = {key.strip(): float(value) for line in text[-3:] for key, value in re.findall(r"([A-Z][A-Za-z ]*?) *= *([\d.]+)", line)}
    return [(float(line[1]), float(line[2]), int(line[3])) for line in lines], footer


def assert_ends_are_told(test, result):
    """Both ends are this machine, and there is a way between them."""
    kernel = f"{os.uname().release} {os.uname().machine}"
    for end in ["here", "there"]:
        test.assertEqual(result[end]["kernel"], kernel, result)
        test.assertRegex(result[end]["machine"], r"\S")
        test.assertIn(result[end]["loop"], ["uring", "epoll"])
    test.assertEqual(result["here"]["machine"], result["there"]["machine"])
    test.assertEqual(result["here"]["loop"], result["loop"])
    test.assertGreater(result["round_trip_us"], 0)


# What every bench against another node tells.
COMMON_KEYS = ["bench", "node", "from", "duration_s", "warmup_s", "mean_us", "p50_us", "p90_us", "p99_us", "p999_us", "max_us", "errors", "errors_by_kind",
               "cpu_seconds_per_million", "cpu_seconds_per_million_here", "cpu_seconds_per_million_there", "concurrency", "payload_bytes", "spin",
               "sealed", "loop", "cores", "round_trip_us", "here", "there"]


class BenchCall(ClusterTest):
    def setUp(self):
        super().setUp()
        self.a = self.cluster.start_node("a", "--cores", "1")

    def bench(self, *arguments, **more):
        return self.cluster.command("bench call", f"a@{HOST}", "--warmup", "0.1", "--json", *arguments, **more)

    def assert_counts_agree(self, result):
        self.assertEqual(result["errors"], 0, result)
        self.assertEqual(result["calls_made"], result["calls_served"], result)
        self.assertLessEqual(result["calls"], result["calls_made"], result)
        self.assertGreater(result["calls"], 0)

    def test_an_open_loop_tells_rate_latency_and_cost_and_writes_the_histogram(self):
        # Goal:   every key that scripts rely on, and three counts of one run that agree: the callers', the server's, the file's.
        path = os.path.join(self.cluster.home, "calls.hgrm")
        done = self.bench("--rate", "1000", "--duration", "1", "--histogram", path)
        self.assertEqual((done.status, done.err), (0, ""), done)
        result = json.loads(done.out)
        for key in ["calls_per_second", "p50_us", "p99_us", "p999_us", "max_us", "errors", "cpu_seconds_per_million", "concurrency",
                    "payload_bytes", "sealed", "loop", "rate", "spin", "system_calls_per_call", "rate_held", "calls_due"]:
            self.assertIn(key, result)
        assert_ends_are_told(self, result)
        self.assertEqual(result["rate"], 1000)
        self.assert_counts_agree(result)
        self.assertLessEqual(result["calls"], result["calls_due"])
        # Due are those of the stretch, which may last a little longer on a busy machine.
        self.assertAlmostEqual(result["calls_due"], 1000 * result["duration_s"], delta=100 + 0.2 * result["calls_due"])
        lines, footer = read_histogram(path)
        self.assertEqual(footer["Total count"], result["calls"])
        self.assertEqual(lines[-1][1:], (1.0, result["calls"]))
        self.assertAlmostEqual(footer["Max"], result["max_us"], places=2)
        self.assertAlmostEqual(lines[-1][0], result["max_us"], places=2)
        self.assertEqual(lines, sorted(lines))

    def test_a_rate_beyond_what_one_caller_can_do_is_said(self):
        done = self.bench("--rate", "10000000", "--concurrency", "1", "--duration", "0.3")
        self.assertEqual(done.status, 0, done)
        result = json.loads(done.out)
        self.assertFalse(result["rate_held"])
        self.assertLess(result["calls"], result["calls_due"])
        self.assert_counts_agree(result)
        text = self.cluster.command("bench call", f"a@{HOST}", "--warmup", "0", "--rate", "10000000", "--concurrency", "1", "--duration", "0.2")
        self.assertIn("NOT HELD", text.out)

    def test_a_rate_is_dealt_to_cores_that_have_a_caller(self):
        # Of three cores two have none: their share of the calls must not be lost.
        result = json.loads(self.bench("--rate", "50", "--concurrency", "1", "--cores", "3", "--duration", "1").out)
        self.assert_counts_agree(result)
        self.assertGreater(result["calls"], result["calls_due"] / 2)

    def test_large_binaries_pass_beside_the_calls_and_are_not_counted_as_such(self):
        for size, more in [("1MiB", []), ("64000000", ["--concurrency", "1", "--rate", "200"])]:
            done = self.bench("--beside", size, "--duration", "1", *more)
            self.assertEqual((done.status, done.err), (0, ""), done)
            result = json.loads(done.out)
            self.assert_counts_agree(result)
            self.assertEqual(result["beside_bytes"], 1 << 20 if size == "1MiB" else 64_000_000)
            self.assertGreater(result["beside_bytes_per_second"], 0)
        usage = self.cluster.command("call", f"a@{HOST}", "Pulpo.Node", ":usage").out
        self.assertGreater(int(re.search(r"\bcast_bytes: (\d+)", usage)[1]), 64_000_000)

    def test_a_node_that_dies_under_load_ends_the_bench_which_still_tells_what_the_link_was(self):
        def kill_once_it_has_answered():
            while "calls: 0," in self.cluster.command("call", f"a@{HOST}", "Pulpo.Node", ":usage").out:
                pass
            self.a.signal(signal.SIGKILL)

        killer = threading.Thread(target=kill_once_it_has_answered)
        killer.start()
        done = self.bench("--duration", "60", "--spin", "off")
        killer.join()
        self.assertEqual(done.status, 1, done)
        result = json.loads(done.out)
        self.assertEqual(list(result["errors_by_kind"]), ["no connection"])
        self.assertTrue(result["sealed"])

    def test_a_histogram_that_cannot_be_written_at_the_end_loses_nothing_else(self):
        done = self.bench("--duration", "0.1", "--histogram", "/dev/full")
        self.assertEqual(done.status, 1, done)
        self.assert_one_line(done.err, "cannot write /dev/full: No space left on device")
        self.assert_counts_agree(json.loads(done.out))

    def test_a_closed_loop_with_and_without_spinning_agrees_with_the_server(self):
        for spin in ["off", "auto", "50"]:
            result = json.loads(self.bench("--duration", "0.2", "--spin", spin).out)
            self.assert_counts_agree(result)
            self.assertIsNone(result["rate"])
            self.assertIn(result["spin"], {"off": ["off"], "auto": ["adaptive", "off"], "50": ["50us"]}[spin])

    def test_the_system_calls_that_a_node_counts_are_those_that_it_makes(self):
        # Both ends count; what a batch of 64 costs is told by strace(1) elsewhere. Here: it is counted at all, and never one a call
        # on a connection that carries 64 at a time.
        result = json.loads(self.bench("--duration", "0.5", "--spin", "off").out)
        self.assertGreater(result["system_calls_per_call"], 0)
        self.assertLess(result["system_calls_per_call"], 1)

    def test_wrong_values_are_refused_with_what_to_type(self):
        for arguments, part in [(["--rate", "0"], "--rate"), (["--rate", "fast"], "--rate"), (["--rate", "10000001"], "10000000"),
                                (["--beside", "64000001"], "--beside"), (["--beside", "0"], "--beside"),
                                (["--spin", "0"], "--spin: '0' is not auto, off or a number of microseconds from 1 to 1000"),
                                (["--spin", "1001"], "1000"), (["--spin", "5us"], "auto, off"),
                                (["--histogram", "/no/such/folder/file"], "cannot write /no/such/folder/file"),
                                (["--histogram", self.cluster.home], "Is a directory")]:
            begun = time.monotonic()
            done = self.bench(*arguments, "--duration", "60")
            self.assertEqual((done.status, done.out), (2, ""), done)
            self.assert_one_line(done.err, part)
            self.assertLess(time.monotonic() - begun, 30, "it was refused before the run")

    def test_the_environment_sets_spinning_for_a_node(self):
        node = self.cluster.start("node", "--spin", "sometimes")
        self.assertEqual(node.wait(), 2)
        node = self.cluster.start("node", PULPO_SPIN="often")
        self.assertEqual(node.wait(), 2)
        self.cluster.start_node("b", PULPO_SPIN="20")
        self.assert_pong(f"b@{HOST}", PULPO_SPIN="off")


class BenchSend(ClusterTest):
    def setUp(self):
        super().setUp()
        self.a = self.cluster.start_node("a", "--cores", "1")

    def bench(self, *arguments, duration="0.5", **more):
        return self.cluster.command("bench send", f"a@{HOST}", "--warmup", "0.1", "--duration", duration, "--json", *arguments, **more)

    def usage(self):
        text = self.cluster.command("call", f"a@{HOST}", "Pulpo.Node", ":usage").out
        return {key: int(value) for key, value in re.findall(r"\b(calls|casts|cast_bytes): (\d+)", text)}

    def test_every_message_that_was_sent_has_arrived_as_the_server_itself_counts(self):
        # Goal:   three counts of one run that agree: the senders', the server's as the bench tells it, the server's as we ask for it.
        path = os.path.join(self.cluster.home, "confirmations.hgrm")
        for arguments, payload in [([], 0), (["--payload", "1KiB", "--concurrency", "8", "--cores", "2"], 1024), (["--payload", "1MiB", "--concurrency", "2"], 1 << 20)]:
            with self.subTest(payload=payload):
                before = self.usage()
                done = self.bench(*arguments, "--histogram", path)
                self.assertEqual((done.status, done.err), (0, ""), done)
                result = json.loads(done.out)
                for key in COMMON_KEYS + ["messages_per_second", "bytes_per_second", "messages", "bytes", "messages_sent", "messages_arrived"]:
                    self.assertIn(key, result)
                assert_ends_are_told(self, result)
                after = self.usage()
                self.assertEqual(result["bench"], "send")
                self.assertEqual((result["errors"], result["payload_bytes"]), (0, payload))
                self.assertGreater(result["messages"], 0)
                self.assertEqual(result["bytes"], result["messages"] * payload)
                self.assertEqual(result["messages_sent"], result["messages_arrived"])
                self.assertEqual(after["casts"] - before["casts"], result["messages_arrived"])
                self.assertEqual(after["cast_bytes"] - before["cast_bytes"], result["messages_arrived"] * payload)
                self.assertLessEqual(result["messages"], result["messages_arrived"])
                self.assertAlmostEqual(result["messages_per_second"] * result["duration_s"], result["messages"], delta=0.01 * result["messages"] + 1)
                _, footer = read_histogram(path)
                self.assertGreater(footer["Total count"], 0)

    def test_either_loop_sends(self):
        for loop in ["uring", "epoll"]:
            result = json.loads(self.bench("--loop", loop, "--spin", "off").out)
            self.assertEqual((result["loop"], result["spin"], result["sealed"], result["errors"]), (loop, "off", True, 0))

    def test_a_node_that_dies_under_load_ends_the_bench(self):
        def kill_once_it_has_heard():
            self.cluster.await_true(lambda: self.usage()["casts"] > 0, "nobody sends")
            self.a.signal(signal.SIGKILL)

        killer = threading.Thread(target=kill_once_it_has_heard)
        killer.start()
        done = self.bench(duration="60")
        killer.join()
        self.assertEqual(done.status, 1, done)
        self.assertEqual(list(json.loads(done.out)["errors_by_kind"]), ["no connection"])

    def test_what_no_mailbox_holds_is_refused_with_what_to_type(self):
        for arguments, part in [(["--payload", "1MiB", "--concurrency", "64"], "--concurrency 15"), (["--payload", "300MiB"], "--payload"),
                                (["--concurrency", "0"], "--concurrency"), (["--rate", "5"], "--rate")]:
            done = self.bench(*arguments)
            self.assertEqual((done.status, done.out), (2, ""), done)
            self.assert_one_line(done.err, part)

    def test_nobody_there_is_said(self):
        done = self.cluster.command("bench send", f"nobody@{HOST}", "--json")
        self.assertEqual((done.status, done.out), (1, ""), done)
        self.assert_one_line(done.err, "nobody")


class BenchSpawn(ClusterTest):
    def setUp(self):
        super().setUp()
        self.a = self.cluster.start_node("a", "--cores", "1")

    def bench(self, *arguments, duration="0.5", **more):
        return self.cluster.command("bench spawn", f"a@{HOST}", "--warmup", "0.1", "--duration", duration, "--json", *arguments, **more)

    def processes(self):
        return int(re.search(r"\bprocesses: (\d+)", self.cluster.command("call", f"a@{HOST}", "Pulpo.Node", ":usage").out)[1])

    def test_processes_are_started_end_and_leave_nothing_behind(self):
        before = self.processes()
        for arguments in [[], ["--concurrency", "5", "--cores", "2"], ["--concurrency", "1", "--loop", "epoll", "--spin", "off"]]:
            with self.subTest(arguments=arguments):
                done = self.bench(*arguments)
                self.assertEqual((done.status, done.err), (0, ""), done)
                result = json.loads(done.out)
                for key in COMMON_KEYS + ["spawns_per_second", "spawns", "spawns_made", "system_calls_per_spawn"]:
                    self.assertIn(key, result)
                assert_ends_are_told(self, result)
                self.assertEqual((result["bench"], result["errors"], result["sealed"]), ("spawn", 0, True))
                self.assertGreater(result["spawns"], 0)
                self.assertLessEqual(result["spawns"], result["spawns_made"])
        self.assertEqual(self.processes(), before)

    def test_a_node_that_dies_under_load_ends_the_bench(self):
        bench = self.cluster.start("bench", "spawn", f"a@{HOST}", "--cookie", self.cluster.cookie, "--json", "--duration", "60", "--concurrency", "64")
        self.cluster.await_true(lambda: "bench" in self.cluster.command("rpc", self.a.name, "Node.list(:hidden)").out, "nobody connects")
        self.a.signal(signal.SIGKILL)
        self.assertEqual(bench.wait(), 1)
        self.assertEqual(list(json.loads(bench.process.stdout.read())["errors_by_kind"]), ["no connection"])

    def test_wrong_values_are_refused_with_what_to_type(self):
        for arguments, part in [(["--concurrency", "0"], "--concurrency"), (["--payload", "5"], "--payload"), (["--rate", "5"], "--rate")]:
            done = self.bench(*arguments)
            self.assertEqual((done.status, done.out), (2, ""), done)
            self.assert_one_line(done.err, part)

    def test_nobody_there_is_said(self):
        done = self.cluster.command("bench spawn", f"nobody@{HOST}", "--json")
        self.assertEqual((done.status, done.out), (1, ""), done)
        self.assert_one_line(done.err, "nobody")


class BenchFromAnotherNode(ClusterTest):
    """--from: the very same measurement, on a node that is not this program."""

    def setUp(self):
        super().setUp()
        self.a = self.cluster.start_node("a", "--cores", "1")
        self.b = self.cluster.start_node("b", "--cores", "2", "--loop", "epoll")

    def bench(self, verb, *arguments, duration="0.3", **more):
        return self.cluster.command(f"bench {verb}", f"a@{HOST}", "--warmup", "0.1", "--duration", duration, "--json", *arguments, **more)

    def usage(self, name):
        return {key: int(value) for key, value in re.findall(r"\b(calls|casts): (\d+)", self.cluster.command("call", name, "Pulpo.Node", ":usage").out)}

    def test_each_kind_is_measured_between_the_two_nodes_and_told_as_ever(self):
        for verb, words in [("call", ["--payload", "100", "--cores", "2"]), ("call", ["--rate", "500", "--beside", "1MiB"]), ("send", ["--concurrency", "4"]), ("spawn", []), ("connect", ["--concurrency", "4"])]:
            with self.subTest(verb=verb, words=words):
                before = self.usage(f"a@{HOST}")
                path = os.path.join(self.cluster.home, "from.hgrm")
                done = self.bench(verb, "--from", f"b@{HOST}", "--histogram", path, *words)
                self.assertEqual((done.status, done.err), (0, ""), done)
                result = json.loads(done.out)
                for key in COMMON_KEYS:
                    self.assertIn(key, result)
                assert_ends_are_told(self, result)
                self.assertEqual((result["bench"], result["node"], result["from"]), (verb, f"a@{HOST}", f"b@{HOST}"))
                self.assertEqual((result["errors"], result["loop"], result["here"]["loop"], result["sealed"]), (0, "epoll", "epoll", True))
                self.assertGreater(result[f"{verb}s" if verb != "send" else "messages"], 0)
                after = self.usage(f"a@{HOST}")
                if verb == "send":
                    self.assertEqual(after["casts"] - before["casts"], result["messages_arrived"])
                if verb == "call":
                    self.assertGreaterEqual(after["calls"] - before["calls"], result["calls_made"])
                _, footer = read_histogram(path)
                self.assertGreater(footer["Total count"], 0)
        self.assertIn(f"a@{HOST}", self.cluster.command("rpc", f"b@{HOST}", "Node.list").out)

    def test_connections_are_measured_from_another_node_by_its_own_cookie(self):
        done = self.bench("connect", "--from", f"b@{HOST}", "--concurrency", "33")
        self.assertEqual((done.status, done.out), (2, ""), done)
        self.assertEqual(self.cluster.command("rpc", f"b@{HOST}", f'Node.set_cookie(:"a@{HOST}", :other)').status, 0)
        self.assertEqual(self.cluster.command("rpc", f"b@{HOST}", f'Node.disconnect(:"a@{HOST}")').status, 0)
        done = self.bench("connect", "--from", f"b@{HOST}")
        self.assertEqual((done.status, done.out), (1, ""), done)
        self.assert_one_line(done.err, f"from b@{HOST}", "cookies differ")

    def test_a_person_reads_where_it_was_measured_from(self):
        done = self.cluster.command("bench call", f"a@{HOST}", "--from", f"b@{HOST}", "--warmup", "0", "--duration", "0.1")
        self.assertIn(f"Pulpo.Echo on a@{HOST} from b@{HOST}: 64 callers", done.out)

    def test_what_cannot_be_measured_is_one_line(self):
        for words, part in [([f"a@{HOST}", "--from", f"nobody@{HOST}"], "nobody"),
                            ([f"nobody@{HOST}", "--from", f"b@{HOST}"], f"from b@{HOST}: not registered: the mapper"),
                            ([f"b@{HOST}", "--from", f"b@{HOST}"], "a bench is between two nodes, and these are one"),
                            ([f"a@{HOST}", "--from", f"b@{HOST}", "--cores", "3"], "it has 2 cores; give --cores 2 or less")]:
            done = self.cluster.command("bench call", *words)
            self.assertEqual((done.status, done.out), (1, ""), done)
            self.assert_one_line(done.err, part)
        for words in [["nonsense", "--from", f"b@{HOST}"], [f"a@{HOST}", "--from", "nonsense@"]]:
            done = self.cluster.command("bench call", *words)
            self.assertEqual((done.status, done.out), (2, ""), done)

    def test_nobody_waits_and_nothing_goes_on(self):
        bench = self.cluster.start("bench", "call", f"a@{HOST}", "--from", f"b@{HOST}", "--cookie", self.cluster.cookie, "--duration", "3600", "--warmup", "0")
        self.cluster.await_true(lambda: self.usage(f"a@{HOST}")["calls"] > 1000, "nobody calls")
        bench.kill()

        def are_quiet():
            before = self.usage(f"a@{HOST}")["calls"]
            return self.usage(f"a@{HOST}")["calls"] == before
        self.cluster.await_true(are_quiet, "the callers go on")


class BenchConnect(ClusterTest):
    def setUp(self):
        super().setUp()
        self.a = self.cluster.start_node("a", "--cores", "1")

    def bench(self, *arguments, **more):
        return self.cluster.command("bench connect", f"a@{HOST}", "--warmup", "0.1", "--duration", "0.5", "--json", *arguments, **more)

    def test_connections_are_made_and_proved_on_either_loop_and_leave_nothing_behind(self):
        for loop in ["uring", "epoll"]:
            with self.subTest(loop=loop):
                done = self.bench("--concurrency", "4", "--loop", loop)
                self.assertEqual((done.status, done.err), (0, ""), done)
                result = json.loads(done.out)
                for key in COMMON_KEYS + ["connects_per_second", "connects", "connects_made", "turned_away"]:
                    self.assertIn(key, result)
                assert_ends_are_told(self, result)
                self.assertEqual((result["bench"], result["errors"], result["concurrency"], result["loop"]), ("connect", 0, 4, loop))
                self.assertGreater(result["connects"], 0)
                self.assertLessEqual(result["connects"], result["connects_made"])
                self.assertGreater(result["p50_us"], 0)
                self.assertLessEqual(result["p50_us"], result["p99_us"])
        self.assert_pong(f"a@{HOST}")
        self.assertEqual(self.cluster.registered(), {"a": self.a.port})

    def test_the_mapper_is_asked_before_and_not_for_each(self):
        # A mapper that goes away once the bench has begun is not missed.
        self.a.kill()
        self.cluster.await_true(lambda: mapper_question(self.cluster.mapper_port, b"k") == b"OK", "the mapper on demand does not end")
        mapper = self.cluster.start("mapper", "--address", "127.0.0.1", "--relaxed-command-check")
        mapper.log.await_line("mapper is up")
        node = self.cluster.start_node("b", "--no-mapper")
        bench = self.cluster.start("bench", "connect", node.name, "--cookie", self.cluster.cookie, "--json", "--duration", "2", "--warmup", "0.1")
        self.await_connections(node)
        mapper.kill()
        self.assertEqual(bench.wait(), 0)
        result = json.loads(bench.process.stdout.read())
        self.assertEqual(result["errors"], 0)
        self.assertGreater(result["connects"], 0)

    def await_connections(self, node):
        """Until there is more than the bench's first connection, which asks for counts. Connections come and go: one look may miss them."""
        established = re.compile(rf":{node.port:04X} \S+ 01 ")

        def are_there():
            with open("/proc/net/tcp", encoding="ascii") as v4, open("/proc/net/tcp6", encoding="ascii") as v6:
                return len(established.findall(v4.read() + v6.read())) > 2
        self.cluster.await_true(are_there, "nobody connects")

    def test_a_wrong_cookie_is_refused_before_anything_is_measured(self):
        done = self.bench(cookie="wrong")
        self.assertEqual((done.status, done.out), (1, ""), done)
        self.assert_one_line(done.err, "the cookies differ")

    def test_a_node_that_dies_ends_the_bench(self):
        bench = self.cluster.start("bench", "connect", f"a@{HOST}", "--cookie", self.cluster.cookie, "--json", "--duration", "60")
        self.await_connections(self.a)
        self.a.kill()
        self.assertEqual(bench.wait(), 1)
        self.assertGreater(json.loads(bench.process.stdout.read())["errors"], 0)

    def test_wrong_values_are_refused_with_what_to_type(self):
        for arguments, part in [(["--concurrency", "33"], "32"), (["--concurrency", "0"], "--concurrency"), (["--payload", "5"], "--payload"),
                                (["--loop", "kqueue"], "--loop")]:
            done = self.bench(*arguments)
            self.assertEqual((done.status, done.out), (2, ""), done)
            self.assert_one_line(done.err, part)


class Doctor(ClusterTest):
    def test_it_tells_which_spinning_applies_and_why(self):
        cores = json.loads(self.cluster.run("doctor", "--json").out)["cores"]
        self.assertIn(cores["spin"], ["adaptive", "off"])
        self.assertIn("spin before sleeping   30us  (as asked for; --spin)", self.cluster.run("doctor", PULPO_SPIN="30").out)


class BenchLocal(ClusterTest):
    def test_each_measure_has_rounds_and_a_unit(self):
        done = self.cluster.run("bench", "local", "--json", "--rounds", "2", "--duration", "5ms", "--processes", "2000", "--cores", "2")
        self.assertEqual((done.status, done.err), (0, ""), done)
        result = json.loads(done.out)
        for key in ["context_switch", "yield", "message", "round_trip", "typed_round_trip", "call", "spawn_exit", "timer", "cross_core_call"]:
            self.assertEqual(result[key]["unit"], "ns")
            self.assertGreater(result[key]["min"], 0, key)
            self.assertLessEqual(result[key]["min"], result[key]["median"])
            self.assertLessEqual(result[key]["median"], result[key]["max"])
        self.assertEqual(result["start"]["unit"], "us")
        self.assertEqual(result["idle_server_bytes"]["unit"], "bytes")
        self.assertGreater(result["idle_server_bytes"]["median"], 64)  # the part of a process that send and run touch

    def test_one_core_has_no_call_to_another(self):
        text = self.cluster.run("bench", "local", "--rounds", "1", "--duration", "2ms", "--processes", "100", "--cores", "1").out
        self.assertIn("GenServer call with a timeout", text)
        self.assertNotIn("to another core", text)

    def test_wrong_values_are_refused(self):
        for option, value in [("--rounds", "0"), ("--duration", "0"), ("--processes", "many"), ("--cores", "65"), ("--spin", "x")]:
            done = self.cluster.run("bench", "local", option, value)
            self.assertEqual(done.status, 2, done)
            self.assert_one_line(done.err, option)


if __name__ == "__main__":
    unittest.main(verbosity=2)
