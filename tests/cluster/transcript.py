# SPDX-License-Identifier: Apache-2.0
"""Transcripts: what a person types in several windows and sees there, as a page of Markdown that is executed.

A block of code that is marked `console` and a window's name happens in that window:

    ```console kate
    $ pulpo --sname kate@localhost
    pulpo(kate@localhost)1> Node.list
    [:alex@localhost]
    ```

- A line with `$ ` starts a program in the window, when what ran there before has ended. `$ kill -9 %kate` is a power loss of another
  window's program.
- A line with a prompt, `pulpo(NODE)N>` or `...(NODE)N>`, waits for exactly that prompt and types what stands behind it; `^C` and `^D` are
  those keys. A prompt alone is waited for.
- Every other line is awaited, and nothing else may come before it but lines of the log: those may be left out, unless they are errors.
- `(in any order)`: the lines behind it come in any order, up to the next prompt.
- `status 1` in the place of a prompt's line: the program ends, with that status.

All is compared as it stands, but for these: `…` is any text, and alone on a line any lines; `#PID<…>` any pid; a time of day any time;
`altair` stands for this machine's name. The greeting of the console and empty lines may be left out.

The first line may be `<!-- host ADDRESS -->`: then all happens on a host of its own that has this address.
"""

import re
import shlex
import signal
import time

PROMPT = re.compile(r"^((?:pulpo|\.\.\.)(?:\([^()\s]+\))\d*>)(?: (.*))?$")
LOG_LINE = re.compile(r"^\d\d:\d\d:\d\d\.\d\d\d \[(\w+)\]")
# Of a person who reads the answer before the next line. What that line depends on may happen where no window shows it: a server
# that is started again, an answer that lies in a mailbox.
PAUSE = 0.25
GREETING = re.compile(r"^pulpo \S+ - press Ctrl\+C twice ")
KEYS = {"^C": "\x03", "^D": "\x04"}


class Failed(AssertionError):
    """A line of a transcript did not come true; says which, and what the window showed."""


class Step:
    def __init__(self, number, window, line):
        self.number, self.window, self.line = number, window, line


def read_steps(text):
    """The lines of all windows, in the order of the page."""
    steps, window = [], None
    for number, line in enumerate(text.splitlines(), 1):
        if window is None:
            opened = re.match(r"^```console (\S+)$", line)
            window = opened.group(1) if opened else None
        elif line == "```":
            window = None
        elif line.strip():
            steps.append(Step(number, window, line.rstrip()))
    if window is not None:
        raise Failed(f"the block of window {window} has no end")
    return steps


def pattern_of(line):
    """What an expected line looks like when it comes."""
    text = re.escape(line)
    text = text.replace(re.escape("#PID<…>"), r"#PID<\d+\.\d+\.\d+>").replace("…", ".*")
    text = re.sub(r"^\d\d:\d\d:\d\d\\\.\d\d\d", lambda _: r"\d\d:\d\d:\d\d\.\d\d\d", text)
    return re.compile(text + r"\Z", re.DOTALL)


class Window:
    """One terminal, through the programs that run in it, and how far its lines were expected."""

    def __init__(self, name):
        self.name = name
        self.terminal = None
        self.seen = 0  # Of the lines that are no log: looked at.
        self.logged = 0  # Of the log's lines: looked at.
        self.skips = False
        self.unordered = None  # Of the lines that may come in any order: which have come.

    def end_unordered(self):
        """Those lines were all that came."""
        came, self.unordered = self.unordered, None
        if came is not None:
            while self.seen in came:
                came.remove(self.seen)
                self.seen += 1
            if came:
                raise Failed(f"nobody expected: {self.lines(is_log=False)[self.seen]}")

    def above(self):
        """What stands above the cursor's line."""
        return [line.rstrip() for line in self.terminal.screen.lines[:self.terminal.screen.row]]

    def line(self):
        """The cursor's."""
        return self.terminal.screen.lines[self.terminal.screen.row].rstrip()

    def lines(self, is_log):
        return [line for line in self.above() if line and bool(LOG_LINE.match(line)) == is_log and not GREETING.match(line)]

    def picture(self):
        return "(nothing runs there)" if self.terminal is None else "\n".join([*self.above(), self.line()])


class Transcript:
    """Plays a page."""

    def __init__(self, text, start, host, deadline):
        """`start(words)`: a Terminal in which these words run, of which the first is `pulpo` or a program. `host`: for `altair`."""
        self.steps = read_steps(text)
        self.start, self.host, self.deadline = start, host, deadline
        self.windows = {}

    def play(self):
        for step in self.steps:
            window = self.windows.setdefault(step.window, Window(step.window))
            line = self._here(step.line)
            try:
                self._step(window, line)
            except AssertionError as failed:
                shown = "\n".join(f"--- {each.name}\n{each.picture()}" for each in self.windows.values())
                raise Failed(f"line {step.number}, in window {step.window}: {step.line}\n{failed}\n{shown}") from None
        for window in self.windows.values():
            if window.terminal is not None:
                window.end_unordered()
                self._end_of(window)

    def close(self):
        for window in self.windows.values():
            if window.terminal is not None:
                window.terminal.close()

    def _step(self, window, line):
        prompt = PROMPT.match(line)
        if prompt or line.startswith("$ "):
            window.end_unordered()
        if line.startswith("$ "):
            self._start(window, line[2:])
        elif prompt:
            self._prompt(window, prompt.group(1), prompt.group(2))
        elif re.fullmatch(r"status \d+", line):
            self._status(window, int(line.split()[1]))
        elif line == "…":
            window.skips = True
        elif line == "(in any order)":
            window.unordered = set()
        else:
            self._expect(window, line)

    def _start(self, window, command):
        words = shlex.split(command)
        if words[0] == "kill":
            victim = self.windows[words[-1].removeprefix("%")].terminal
            victim.signal(signal.Signals(int(words[1].lstrip("-"))))
            victim.wait(self.deadline)
            return
        if window.terminal is not None:
            window.terminal.wait(self.deadline)
            window.terminal.await_rest()
            self._end_of(window)
            window.terminal.close()
        window.terminal = self.start(words)
        window.seen = window.logged = 0
        window.skips = False

    def _prompt(self, window, prompt, typed):
        self._await(window, lambda: window.line() == prompt, f"no prompt {prompt}")
        if window.skips:
            window.seen, window.skips = len(window.lines(is_log=False)), False
        self._nothing_else(window)
        if typed is None:
            return
        time.sleep(PAUSE)
        before = len(window.above())
        if typed in KEYS:
            window.terminal.type(KEYS[typed])
            self._await(window, lambda: len(window.above()) > before, f"nothing happens at {typed}")
            self._pass_over(window, prompt)
            return
        window.terminal.type(typed + "\r")
        self._expect(window, f"{prompt} {typed}".rstrip(), exact=True)

    def _pass_over(self, window, line):
        lines = window.lines(is_log=False)
        if window.seen < len(lines) and lines[window.seen] == line:
            window.seen += 1

    def _status(self, window, status):
        ended = window.terminal.wait(self.deadline)
        window.terminal.await_rest()
        if ended != status:
            raise Failed(f"it ended with status {ended}")

    def _expect(self, window, line, exact=False):
        if window.terminal is None:
            raise Failed("nothing runs in this window")
        is_log = bool(LOG_LINE.match(line))
        pattern = re.compile(re.escape(line) + r"\Z") if exact else pattern_of(line)
        found = []

        def looked():
            lines = window.lines(is_log)
            at = window.logged if is_log else window.seen
            for index in range(at, len(lines)):
                if pattern.match(lines[index]) and (is_log or window.unordered is None or index not in window.unordered):
                    found.append(index)
                    return True
                if not is_log and not window.skips and window.unordered is None:
                    return True
            return False

        self._await(window, looked, "this did not come")
        if not found:
            raise Failed(f"this came instead: {window.lines(is_log)[window.seen]}")
        if is_log:
            window.logged = found[0] + 1
        elif window.unordered is not None:
            window.unordered.add(found[0])
        else:
            window.seen, window.skips = found[0] + 1, False

    def _nothing_else(self, window):
        lines = window.lines(is_log=False)
        if len(lines) > window.seen:
            raise Failed(f"nobody expected: {lines[window.seen]}")

    def _end_of(self, window):
        """No line of the window is left that the transcript does not have."""
        if not window.skips:
            self._nothing_else(window)
        for line in window.lines(is_log=True):
            if LOG_LINE.match(line).group(1) in ("error", "critical") and not any(pattern_of(each).match(line) for each in self._expected(window)):
                raise Failed(f"window {window.name}: an error that the transcript does not have: {line}")

    def _expected(self, window):
        return [self._here(step.line) for step in self.steps if step.window == window.name]

    def _here(self, line):
        """The line with this machine's name, in quotes where an atom needs them."""
        if not re.fullmatch(r"[A-Za-z_]\w*", self.host):
            line = re.sub(r":(\w+@altair)\b", r':"\1"', line)
        return re.sub(r"\baltair\b", self.host, line)

    def _await(self, window, condition, complaint):
        if window.terminal is None:
            raise Failed("nothing runs in this window")
        try:
            window.terminal.await_screen(lambda _: condition(), complaint, self.deadline)
        except AssertionError:
            raise Failed(complaint) from None
