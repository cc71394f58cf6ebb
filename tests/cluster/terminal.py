# SPDX-License-Identifier: Apache-2.0
"""A program on a pseudo-terminal, and what a person sees of it: lines that stay, and the one that the cursor is in.

The screen is as tall as everything that was ever written, so that nothing scrolls away. What a line editor needs is understood: returns,
backspaces, moves of the cursor, erasing, colours. Only reading moves it on: whoever waits reads.
"""

import codecs
import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

ESCAPE = re.compile(r"\x1b\[([0-9;?]*)([@-~])|\x1b[()][A-Z0-9]|\x1b[=>78]|\x1b\][^\x07]*\x07")


class Screen:
    """The text on a terminal of endless height."""

    def __init__(self, columns):
        self.columns = columns
        self.rows = [[]]
        self.row = self.column = 0
        self._rest = ""

    def feed(self, text):
        text = self._rest + text
        self._rest = ""
        at = 0
        while at < len(text):
            if text[at] == "\x1b":
                found = ESCAPE.match(text, at)
                if not found:
                    if len(text) - at < 64:
                        self._rest = text[at:]  # the end of it is still to come
                        return
                    at += 1
                    continue
                if found.group(2):
                    self._control(found.group(1), found.group(2))
                at = found.end()
                continue
            self._character(text[at])
            at += 1

    def _character(self, character):
        if character == "\n":
            self._to(self.row + 1, self.column)
        elif character == "\r":
            self.column = 0
        elif character == "\b":
            self.column = max(self.column - 1, 0)
        elif character >= " ":
            if self.column == self.columns:
                self._to(self.row + 1, 0)
            line = self.rows[self.row]
            line.extend(" " * (self.column + 1 - len(line)))
            line[self.column] = character
            self.column += 1

    def _control(self, numbers, letter):
        if numbers.startswith("?"):
            return
        number = int(numbers.split(";")[0] or 0)
        if letter == "A":
            self._to(max(self.row - max(number, 1), 0), self.column)
        elif letter == "B":
            self._to(self.row + max(number, 1), self.column)
        elif letter == "C":
            self.column = min(self.column + max(number, 1), self.columns)
        elif letter == "D":
            self.column = max(self.column - max(number, 1), 0)
        elif letter == "G":
            self.column = max(number, 1) - 1
        elif letter == "K" and number == 0:
            del self.rows[self.row][self.column:]
        elif letter == "K":
            self.rows[self.row] = [] if number == 2 else [" "] * self.column + self.rows[self.row][self.column:]
        elif letter == "J" and number == 0:
            del self.rows[self.row][self.column:]
            del self.rows[self.row + 1:]

    def _to(self, row, column):
        while len(self.rows) <= row:
            self.rows.append([])
        self.row, self.column = row, column

    def lines(self):
        """Those above the cursor's."""
        return ["".join(line).rstrip() for line in self.rows[:self.row]]

    def line(self):
        """The cursor's."""
        return "".join(self.rows[self.row]).rstrip()


class Terminal:
    """A program whose stdin, stdout and stderr are one terminal."""

    def __init__(self, words, environment, folder, rows=50, columns=250):
        self.screen = Screen(columns)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self.status = None
        self.pid, self._end = pty.fork()
        if self.pid == 0:
            try:
                os.chdir(folder)
                os.execvpe(words[0], words, environment)
            finally:
                os._exit(127)
        fcntl.ioctl(self._end, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self._end, text.encode())

    def read(self, deadline):
        """Waits for more until `deadline` (of the monotonic clock). False: none came, or the program has closed its terminal."""
        if self._end is None or not select.select([self._end], [], [], max(deadline - time.monotonic(), 0))[0]:
            return False
        try:
            got = os.read(self._end, 65536)
        except OSError as error:
            if error.errno != errno.EIO:  # Linux' word for: nobody has the other end any more
                raise
            got = b""
        if not got:
            os.close(self._end)
            self._end = None
            return False
        self.screen.feed(self._decoder.decode(got))
        return True

    def has_closed(self):
        return self._end is None

    def wait(self, deadline):
        """Its exit status, once it has ended; None when it has not."""
        while self.status is None:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self.status = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > deadline:
                return None
            elif not self.read(min(deadline, time.monotonic() + 0.01)):
                select.select([], [], [], 0.01)
        return self.status

    def kill(self, number=signal.SIGKILL):
        if self.status is None:
            os.kill(self.pid, number)

    def close(self):
        if self.wait(time.monotonic()) is None:
            self.kill(signal.SIGTERM)
            if self.wait(time.monotonic() + 20) is None:
                self.kill()
                self.wait(time.monotonic() + 20)
        while self._end is not None and self.read(time.monotonic()):
            pass
        if self._end is not None:
            os.close(self._end)
            self._end = None
