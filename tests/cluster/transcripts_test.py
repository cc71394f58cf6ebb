#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tutorials, typed line by line on real terminals: every page under tests/transcripts, of which some are the applications' READMEs.

One page alone: transcripts_test.py Transcripts.test_004_chat. How a page is written stands in transcript.py.
"""

import glob

from cluster import *  # noqa: F403
from lan import Lan
from terminal import Screen, Terminal
from transcript import Failed, Transcript, read_steps

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
PAGES = sorted(glob.glob(os.path.join(ROOT, "tests/transcripts/0*.md")))
SEEDS = 5


class Transcripts(ClusterTest):
    def play(self, page):
        with open(page, encoding="utf-8") as file:
            text = file.read()
        inside = []
        host = re.match(r"<!-- host (\S+) -->", text)
        if host:
            lan = Lan({"host": host.group(1)})
            self.addCleanup(lan.close)
            inside = lan.inside("host")
            # One that is started on demand would stay behind: nobody outside can tell it to end.
            program, *rest = [*inside, PULPO, "mapper"]
            self.cluster.start(*rest, program=program).log.await_line("mapper is up")
        environment = self.cluster.environment(PULPO_HISTORY="off")
        before = os.getcwd()
        os.chdir(ROOT)  # as a person does, for configs/
        self.addCleanup(os.chdir, before)

        def start(words):
            program = os.path.join(before, PULPO) if words[0] == "pulpo" else words[0]
            return Terminal([*inside, program, *words[1:]], environment, columns=250)

        transcript = Transcript(text, start, HOST, DEADLINE)
        self.addCleanup(transcript.close)
        transcript.play()

    def test_each_tutorial_has_one(self):
        self.assertEqual([os.path.basename(page)[:3] for page in PAGES], [f"{number:03}" for number in range(SEEDS)])
        for page in PAGES:
            with open(page, encoding="utf-8") as file:
                self.assertTrue(read_steps(file.read()), page)


def add_page(page):
    name = os.path.basename(page).removesuffix(".md").replace("-", "_")
    setattr(Transcripts, f"test_{name}", lambda self: self.play(page))


for each in PAGES:
    add_page(each)


# A console that answers what it is told to, for tests of the pages' reader itself.
FAKE = r"""
import sys, termios
settings = termios.tcgetattr(0)
settings[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG)
settings[0] &= ~termios.ICRNL
termios.tcsetattr(0, termios.TCSANOW, settings)
def say(text):
    sys.stdout.write(text)
    sys.stdout.flush()
number, line = 1, ""
say("pulpo 0.0 - press Ctrl+C twice to stop this node (type h ENTER for help)\n")
while True:
    prompt = f"pulpo(fake@h){number}> "
    say("\r\x1b[J" + prompt + line + "\r\x1b[" + str(len(prompt + line)) + "C")
    key = sys.stdin.read(1)
    if key == "\x04":
        say("\n")
        sys.exit(3)
    if key != "\r":
        line += key
        continue
    say("\r\x1b[J" + prompt + line + "\r\n")
    if line == "log":
        say("12:00:00.000 [info]  something happens\n")
    if line == "fail":
        say("12:00:00.000 [error] something is wrong\n")
    say({"pid": "#PID<0.17.3>", "two": "1\n2", "self": ":\x1b[1m\"fake@h\"\x1b[0m"}.get(line, ":ok") + "\n")
    number, line = number + 1, ""
"""


class Pages(unittest.TestCase):
    """The reader of pages, with a console that is none."""

    def play(self, text, deadline=5):
        transcript = Transcript("```console a\n$ fake\n" + text + "\n```\n", lambda words: Terminal([sys.executable, "-c", FAKE], dict(os.environ)),
                                "this_host", deadline)
        try:
            transcript.play()
        finally:
            transcript.close()

    def refuse(self, text, *parts):
        with self.assertRaises(Failed) as refused:
            self.play(text, deadline=0.5)
        for part in parts:
            self.assertIn(part, str(refused.exception))

    def test_what_comes_true_passes(self):
        self.play('pulpo(fake@h)1> self\n:"fake@h"\npulpo(fake@h)2> pid\n#PID<…>\npulpo(fake@h)3> two\n1\n2\npulpo(fake@h)4> two\n…\npulpo(fake@h)5> ^D\nstatus 3')
        self.play("pulpo(fake@h)1> log\n10:20:30.400 [info]  something happens\n:ok\npulpo(fake@h)2>")
        self.play("pulpo(fake@h)1> log\n:ok\npulpo(fake@h)2> self\n…")
        self.play("pulpo(fake@h)1> two\n(in any order)\n2\n1\npulpo(fake@h)2> self\n…")
        self.play("pulpo(fake@h)1> fail\n10:20:30.400 [error] something is wrong\n:ok\npulpo(fake@h)2>")

    def test_what_does_not_is_told_with_its_line(self):
        self.refuse("pulpo(fake@h)1> self\n:b", "line 4, in window a: :b", 'this came instead: :"fake@h"')
        self.refuse("pulpo(fake@h)2> self", "no prompt pulpo(fake@h)2>", "pulpo(fake@h)1>")
        self.refuse("pulpo(fake@h)1> two\n1\npulpo(fake@h)2>", "nobody expected: 2")
        self.refuse("pulpo(fake@h)1> two\n(in any order)\n2\npulpo(fake@h)2>", "nobody expected: 1")
        self.refuse("pulpo(fake@h)1> two\n(in any order)\n2\n2\npulpo(fake@h)2>", "this did not come")
        self.refuse("pulpo(fake@h)1> pid\n#PID<0.17.4>", "this came instead: #PID<0.17.3>")
        self.refuse("pulpo(fake@h)1> self\n…\npulpo(fake@h)2> log\n10:20:30.400 [info]  another thing", "this did not come")
        self.refuse("pulpo(fake@h)1> fail\n:ok\npulpo(fake@h)2>", "an error that the transcript does not have")
        self.refuse("pulpo(fake@h)1> ^D\nstatus 0", "it ended with status 3")

    def test_the_tutorials_machine_is_this_one(self):
        here = lambda line, host: Transcript("", None, host, 1)._here(line)
        self.assertEqual(here("pulpo(b@altair)1> Node.connect :a@altair", "box"), "pulpo(b@box)1> Node.connect :a@box")
        self.assertEqual(here("[:b@altair, :c@altair] on altair", "my-box"), '[:"b@my-box", :"c@my-box"] on my-box')

    def test_the_screen_is_what_a_person_sees(self):
        screen = Screen(10, 20)
        above = lambda: [line.rstrip() for line in screen.lines[:screen.row]]
        screen.feed("one\r\ntwo\rTW\x1b[K\r\nab\x1b[2Dx\x1b")
        screen.feed("[31mc\x1b[0m")
        self.assertEqual((above(), screen.lines[screen.row]), (["one", "TW"], "xc"))
        screen.feed("\r\n0123456789ab")
        self.assertEqual(above()[-1], "0123456789")
        screen.feed("\x1b[1A\r\x1b[J|")
        self.assertEqual((above()[-1], screen.lines[screen.row]), ("xc", "|"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
