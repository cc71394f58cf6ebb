# SPDX-License-Identifier: Apache-2.0
"""A program on a real pseudo-terminal, and what a person would see of it.

Screen follows the few escape sequences that our line editor and views send; Terminal types, and awaits what appears. Nothing sleeps:
each wait is for text, with a deadline.
"""

import fcntl
import os
import pty
import re
import signal
import struct
import termios
import threading
import time

from cluster import DEADLINE, PULPO

PROMPT = re.compile(r"^(pulpo|\.\.\.)\(([^()\s]*@[^()\s]*\))?\d*\)?\d*> $")


class Screen:
    """Rows of text, those that have scrolled away among them, and a cursor."""

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.lines = [""]
        self.row = self.column = self.top = 0
        self._pending = ""

    def feed(self, text):
        text = self._pending + text
        self._pending = ""
        at = 0
        while at < len(text):
            if text[at] == "\x1b":
                found = re.compile(r"\x1b(\[[0-9;?]*[@-~]|[()][A-Z0-9]|[=>78])").match(text, at)
                if not found:
                    if len(text) - at < 16:
                        self._pending = text[at:]
                        return
                    raise AssertionError(f"an escape sequence that nobody knows: {text[at:at + 16]!r}")
                self._sequence(found.group(1))
                at = found.end()
                continue
            self._character(text[at])
            at += 1

    def _character(self, character):
        if character == "\n":
            self._down()
        elif character == "\r":
            self.column = 0
        elif character == "\b":
            self.column = max(0, self.column - 1)
        elif character >= " ":
            if self.column == self.columns:
                self.column = 0
                self._down()
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[:self.column] + character + line[self.column + 1:]
            self.column += 1

    def _down(self):
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append("")
        self.top = max(self.top, self.row - self.rows + 1)

    def _sequence(self, sequence):
        if not sequence.startswith("["):
            return
        if sequence == "[?1049h":  # the other screen, of a view
            self._below = (self.lines, self.row, self.column, self.top)
            self.lines, self.row, self.column, self.top = [""], 0, 0, 0
        elif sequence == "[?1049l":
            self.lines, self.row, self.column, self.top = self._below
        words, last = sequence[1:-1], sequence[-1]
        numbers = [int(word) if word.isdigit() else 0 for word in words.lstrip("?").split(";")]
        count = max(numbers[0], 1)
        line = self.lines[self.row]
        if last == "A":
            self.row = max(self.top, self.row - count)
        elif last == "B":
            for _ in range(count):
                self._down()
        elif last == "C":
            self.column = min(self.columns - 1, self.column + count)
        elif last == "D":
            self.column = max(0, self.column - count)
        elif last == "G":
            self.column = count - 1
        elif last == "H":
            self.row = self.top + max(numbers[0], 1) - 1
            while self.row >= len(self.lines):
                self.lines.append("")
            self.column = (max(numbers[1], 1) if len(numbers) > 1 else 1) - 1
        elif last == "K":
            self.lines[self.row] = line[:self.column] if numbers[0] == 0 else "" if numbers[0] == 2 else line
        elif last == "J":
            if numbers[0] == 0:
                self.lines[self.row] = line[:self.column]
                del self.lines[self.row + 1:]
            elif numbers[0] == 2:
                self.lines[self.top:] = [""] * (len(self.lines) - self.top)
                self.row = min(self.row, len(self.lines) - 1)

    def shown(self):
        """The rows that a person sees."""
        return [line.rstrip() for line in self.lines[self.top:self.top + self.rows]]


class Terminal:
    """One program on a terminal of its own, whose session it leads."""

    def __init__(self, arguments, environment, columns=200, rows=50):
        self.screen = Screen(columns, rows)
        self._pause = 0
        self._changed = threading.Condition()
        self._ended = False
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.execvpe(arguments[0], arguments, {**environment, "TERM": "xterm"})
        self.resize(columns, rows)
        self._status = None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def resize(self, columns, rows):
        self.screen.columns, self.screen.rows = columns, rows
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self):
        left = b""
        while True:
            if self._pause:
                threading.Event().wait(self._pause)
            try:
                part = os.read(self._terminal, 512 if self._pause else 65536)
            except OSError:  # the program has ended
                part = b""
            with self._changed:
                text = (left + part).decode("utf-8", errors="ignore")
                left = b""
                self.screen.feed(text)
                self._ended = not part
                self._changed.notify_all()
            if not part:
                return

    def pause(self, seconds):
        """From now on 512 bytes are read every so many seconds: a slow terminal."""
        self._pause = seconds

    def type(self, text):
        os.write(self._terminal, text if isinstance(text, bytes) else text.encode())

    def await_screen(self, condition, complaint, deadline=None):
        """Until `condition` of the screen holds; returns what it returned."""
        end = time.monotonic() + (deadline or DEADLINE)
        with self._changed:
            while True:
                value = condition(self.screen)
                if value:
                    return value
                left = end - time.monotonic()
                if left <= 0 or self._ended:
                    why = "the program ended" if self._ended else "it did not come within the deadline"
                    raise AssertionError(f"{complaint}: {why}; the terminal:\n" + "\n".join(self.screen.lines))
                self._changed.wait(left)

    def await_text(self, pattern, deadline=None):
        """The match of `pattern` in all that was shown."""
        return self.await_screen(lambda screen: re.search(pattern, "\n".join(screen.lines), re.MULTILINE), f"no text like {pattern!r}", deadline)

    def await_prompt(self, below=-1, deadline=None):
        """The row of an empty prompt, which is the last one and below that row."""
        def found(screen):
            row = len(screen.lines) - 1
            line = screen.lines[row]
            return (row,) if row > below and row == screen.row and PROMPT.match(line[:screen.column].ljust(screen.column)) \
                and not line[screen.column:].strip() else None
        return self.await_screen(found, "no prompt", deadline)[0]

    def evaluate(self, text, deadline=None):
        """Types a line at the prompt; the lines between it and the next prompt, without the blank one behind an error."""
        row = self.await_prompt(deadline=deadline)
        self.type(text + "\r")
        after = self.await_prompt(row, deadline)
        typed_rows = 1 + (len(self.screen.lines[row].rstrip()) > self.screen.columns)
        lines = [line.rstrip() for line in self.screen.lines[row + typed_rows:after]]
        return lines[:-1] if lines[-1:] == [""] else lines

    def echoes(self):
        """Whether the terminal shows keys itself, as it does for programs that do not edit lines."""
        return bool(termios.tcgetattr(self._terminal)[3] & termios.ECHO)

    def signal(self, number):
        os.kill(self.pid, number)

    def wait(self, deadline=None):
        """The program's exit status; -9 when it was killed."""
        end = time.monotonic() + (deadline or DEADLINE)
        while self._status is None:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self._status = os.waitstatus_to_exitcode(status)
                break
            if time.monotonic() > end:
                raise AssertionError("the program did not end; the terminal:\n" + "\n".join(self.screen.lines))
            threading.Event().wait(0.01)
        return self._status

    def await_rest(self):
        """All that the program has written is on the screen, once it has ended."""
        self._thread.join(DEADLINE)

    def close(self):
        if self._status is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
                self.wait()
            except ProcessLookupError:
                pass
        self._thread.join(DEADLINE)
        os.close(self._terminal)


def open_console(cluster, *arguments, columns=200, rows=50, **environment):
    """`pulpo …` of this cluster on a terminal, ended with it."""
    terminal = Terminal([PULPO, *arguments], cluster.environment(**environment), columns, rows)
    cluster.programs.append(terminal)
    return terminal


def open_node(cluster, name, *arguments, columns=200, rows=50, **environment):
    """A node with a console, at its first prompt."""
    option = "--name" if "." in name.partition("@")[2] else "--sname"
    terminal = open_console(cluster, "node", option, name, "--cookie", cluster.cookie, *arguments, columns=columns, rows=rows, **environment)
    terminal.await_prompt()
    return terminal
