#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Somebody else's project, built against pulpo as it is installed, and with pulpo's folder inside it.

Goal:   an author needs the installed tree alone: no path, flag or header of ours is missing or too many.
Method: one installation, moved before anybody uses it; four consumers, each of them run. No network is needed.
"""

import concurrent.futures
import pathlib
import shlex
import shutil
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/cluster"))
from cluster import *  # noqa: E402,F403

HERE = SOURCE / "tests/package"
BUILD = pathlib.Path(os.environ.get("PULPO_BUILD", SOURCE / "build/release"))
WORK = pathlib.Path(os.environ.get("PULPO_WORK", BUILD / "tests/package/work"))
INSTALLED = WORK / "moved"
CXX = os.environ.get("CXX", "g++")
EXPORTED = {"runtime", "net", "pulpo", "testing"}
# What a compiler of a loaded machine may take.
BUILD_DEADLINE = 600


def run(*words, status=0, **environment):
    """Runs a tool to its end and returns what it said."""
    kept = {name: value for name, value in os.environ.items() if name != "PULPO_STATIC"}
    done = subprocess.run([str(word) for word in words], env={**kept, **environment}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", timeout=BUILD_DEADLINE, check=False)
    if done.returncode != status:
        raise AssertionError(f"{words} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def setUpModule():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    run("cmake", "--install", BUILD, "--prefix", WORK / "installed")
    (WORK / "installed").rename(INSTALLED)


def installed_files():
    return [path for path in INSTALLED.rglob("*") if path.is_file()]


def pkg_config(*words):
    return run("pkg-config", *words, "pulpo", PKG_CONFIG_PATH=str(INSTALLED / "lib/pkgconfig")).split()


def needs_an_interpreter(program):
    """True when the program is linked dynamically: its 64- or 32-bit ELF program headers name an interpreter."""
    data = pathlib.Path(program).read_bytes()
    wide = data[4] == 2
    table = struct.unpack_from("<Q", data, 32)[0] if wide else struct.unpack_from("<I", data, 28)[0]
    size, count = struct.unpack_from("<HH", data, 54 if wide else 42)
    return any(struct.unpack_from("<I", data, table + i * size)[0] == 3 for i in range(count))


class InstalledTree(unittest.TestCase):
    def test_it_has_what_was_promised(self):
        paths = {str(path.relative_to(INSTALLED)) for path in installed_files()}
        promised = {"bin/pulpo", "include/pulpo/pulpo.hpp", "include/pulpo/program.hpp", "include/pulpo/embed.hpp", "include/pulpo/net/node.hpp",
                    "lib/libpulpo.a", "lib/libpulpo_net.a", "lib/libpulpo_runtime.a", "lib/libpulpo_testing.a", "include/pulpo/testing.hpp", "lib/cmake/pulpo/pulpoConfig.cmake",
                    "lib/cmake/pulpo/pulpoConfigVersion.cmake", "lib/cmake/pulpo/pulpoTargets.cmake", "lib/pkgconfig/pulpo.pc"}
        self.assertEqual(promised - paths, set())

    def test_nothing_tells_of_the_machine_that_built_it(self):
        names = [str(SOURCE), str(BUILD), str(WORK), "-Werror", "-Wall"]
        for path in installed_files():
            content = path.read_bytes()
            for name in names:
                self.assertNotIn(name.encode(), content, f"{path} holds {name}")

    def test_exactly_the_promised_targets_are_exported(self):
        text = (INSTALLED / "lib/cmake/pulpo/pulpoTargets.cmake").read_text()
        self.assertEqual(set(re.findall(r"add_library\((\S+) ", text)), {f"pulpo::{name}" for name in EXPORTED})

    def test_each_header_compiles_alone_and_twice(self):
        headers = sorted(str(path.relative_to(INSTALLED / "include")) for path in (INSTALLED / "include").rglob("*.hpp"))
        self.assertGreater(len(headers), 25)
        flags = pkg_config("--cflags")

        def compile_alone(header):
            unit = WORK / (header.replace("/", "_") + ".cpp")
            unit.write_text(f'#include "{header}"\n#include "{header}"\n')
            run(CXX, *flags, "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror", unit)

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(compile_alone, headers))

    def test_the_installed_program_runs(self):
        self.assertIn("pulpo 0.", run(INSTALLED / "bin/pulpo", "--version"))


class FindPackage(ClusterTest):
    @classmethod
    def setUpClass(cls):
        cls.build = WORK / "hello"
        run("cmake", "-S", HERE / "hello", "-B", cls.build, f"-DCMAKE_PREFIX_PATH={INSTALLED}", "-DCMAKE_BUILD_TYPE=RelWithDebInfo")
        run("cmake", "--build", cls.build)
        cls.hello = str(cls.build / "hello")

    def run_hello(self, *words, status=0, **more):
        done = self.cluster.run(*words, program=self.hello, **more)
        self.assertEqual(done.status, status, done)
        return done

    def test_it_is_one_static_file_with_its_symbols_beside_it(self):
        self.assertFalse(needs_an_interpreter(self.hello))
        self.assertTrue((self.build / "hello.debug").is_file())
        self.assertNotIn(b"start_hello", pathlib.Path(self.hello).read_bytes(), "it is not stripped")

    def test_it_has_the_whole_command_line_in_its_own_name(self):
        self.assertIn("hello node", self.run_hello("--help").out)
        self.assertTrue(self.run_hello("doctor").out)
        for verb in ["node", "mapper", "names", "ping", "call", "rpc", "bench call", "bench local", "doctor", "new"]:
            self.assertIn(f"hello {verb}", self.run_hello("help", *verb.split()).out)
        self.assertIn("did you mean ping?", self.run_hello("pign", status=2).err)

    def test_its_application_answers_another_process(self):
        node = self.cluster.start("node", "--sname", "hello@localhost", "--app", "hello", "--cookie", self.cluster.cookie, program=self.hello)
        node.log.await_line(r"hello@localhost is up, listening on port \d+")
        done = self.cluster.command("call", "hello@localhost", "Hello", '{:greet, "world"}', program=self.hello)
        self.assertEqual((done.status, done.out), (0, '"Hello, world!"\n'), done)
        # The mapper that it started on demand is the same file, and pulpo's own program finds it there.
        self.assert_pong("hello@localhost", program=str(INSTALLED / "bin/pulpo"))
        self.assertEqual(set(self.cluster.registered()), {"hello"})
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 0)

    def test_what_is_missing_is_named_with_its_package(self):
        said = run("cmake", "-S", HERE / "hello", "-B", WORK / "lacking", f"-DCMAKE_PREFIX_PATH={INSTALLED}", "-DCMAKE_IGNORE_PATH=/usr/include",
                   status=1)
        self.assertRegex(said, r"liburing\.h and liburing\.a: apt-get\s+install\s+liburing-dev")

    def test_another_version_is_refused(self):
        project = WORK / "another"
        project.mkdir()
        (project / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.25)\nproject(another LANGUAGES CXX)\nfind_package(pulpo 99.0 REQUIRED)\n")
        self.assertIn("99.0", run("cmake", "-S", project, "-B", project / "build", f"-DCMAKE_PREFIX_PATH={INSTALLED}", status=1))


class NewProject(ClusterTest):
    """`pulpo new` as a new user types it: what it prints next is run as it stands."""

    def pulpo(self, *words, status=0, cwd=None):
        done = subprocess.run([str(INSTALLED / "bin/pulpo"), *words], cwd=cwd or WORK, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, status, done)
        return done

    def test_it_builds_runs_answers_and_tests_itself(self):
        said = self.pulpo("new", "weather_station").stdout
        steps = [line.strip() for line in said.splitlines() if line.startswith("  ")]
        self.assertEqual(len(steps), 5, said)
        change, build, test, start, ask = steps
        project = WORK / change.removeprefix("cd ")

        def shell(command):
            done = subprocess.run(["sh", "-c", command], cwd=project, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, timeout=BUILD_DEADLINE, check=False)
            self.assertEqual(done.returncode, 0, done.stdout)
            return done.stdout

        self.assertNotIn("warning", shell(build))
        self.assertIn("100% tests passed, 0 tests failed out of 1", shell(test))
        program = str(project / "build/weather_station")
        self.assertFalse(needs_an_interpreter(program))
        self.assertEqual(start.split()[0], "build/weather_station")
        node = self.cluster.start(*shlex.split(start.removesuffix("&"))[1:], program=program)
        node.log.await_line(r"weather_station@localhost is up, listening on port \d+")
        done = self.cluster.run(*shlex.split(ask)[1:], program=program)
        self.assertEqual((done.status, done.out), (0, '"Hello, world!"\n'), done)
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 0)

    def test_a_name_that_is_none_is_refused_before_anything_is_made(self):
        for name in ["Hello", "2fast", "a-b", "", "a/b", "class", "test", "pulpo", "ä"]:
            said = self.pulpo("new", name, status=2).stderr
            self.assertRegex(said, r"^pulpo new: ", name)
        self.assertFalse((WORK / "class").exists())

    def test_a_folder_that_is_there_stays_as_it_is(self):
        (WORK / "mine").mkdir()
        self.assertIn("mine is there already", self.pulpo("new", "mine", status=1).stderr)
        self.assertEqual(list((WORK / "mine").iterdir()), [])
        self.assertIn("cannot make", self.pulpo("new", "other", "--path", str(WORK / "no/such/folder"), status=1).stderr)
        self.pulpo("new", "other", "--path", str(WORK / "elsewhere"))
        self.assertTrue((WORK / "elsewhere/src/other.hpp").is_file())


class Embedded(unittest.TestCase):
    def assert_runs(self, program):
        self.assertRegex(run(program), r"^sum 42; then: call: the runtime does not run")

    def test_a_bare_compiler_and_pkg_config(self):
        program = WORK / "embedded"
        run(CXX, "-Wall", "-Wextra", "-Werror", "-static", HERE / "embedded/embedded.cpp", "-o", program, *pkg_config("--cflags", "--libs"))
        self.assertFalse(needs_an_interpreter(program))
        self.assert_runs(program)

    def test_pulpo_as_a_folder_of_the_project(self):
        build = WORK / "subdirectory"
        run("cmake", "-S", HERE / "subdirectory", "-B", build, f"-DPULPO_SOURCE={SOURCE}")
        run("cmake", "--build", build, "--target", "embedded", "--parallel", os.cpu_count())
        self.assert_runs(build / "embedded")


class Tested(unittest.TestCase):
    def test_an_author_tests_an_application_on_simulated_boards(self):
        build = WORK / "tested"
        run("cmake", "-S", HERE / "tested", "-B", build, f"-DCMAKE_PREFIX_PATH={INSTALLED}", "-DCMAKE_BUILD_TYPE=RelWithDebInfo")
        run("cmake", "--build", build)
        self.assertIn("[  PASSED  ] 1 test.", run(build / "hello_test"))


class Readme(unittest.TestCase):
    def test_it_quotes_what_is_tested(self):
        readme = (SOURCE / "README.md").read_text()
        story = (HERE / "tested/hello_test.cpp").read_text()
        self.assertIn(f"```cpp\n{story[story.index('TEST('):]}```\n", readme, "README.md does not quote the test of tests/package/tested")
        for path, language in [("hello/CMakeLists.txt", "cmake"), ("hello/hello.cpp", "cpp"), ("embedded/embedded.cpp", "cpp")]:
            text = (HERE / path).read_text().removeprefix("// SPDX-License-Identifier: Apache-2.0\n")
            self.assertIn(f"```{language}\n{text}```\n", readme, f"README.md does not quote tests/package/{path} as it is")


if __name__ == "__main__":
    unittest.main(verbosity=2)
