# SPDX-License-Identifier: Apache-2.0
"""A pseudo-terminal with a program on it, and what a person would see there.

It knows the few sequences that a plain ANSI terminal has, and nothing else: an unknown one, and a character outside of the screen, are
complaints.
"""

import fcntl
import os
import pty
import re
import struct
import termios
import threading
import time
import unicodedata


def cells(character):
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Screen:
    SEQUENCE = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])")

    def __init__(self, columns=80, rows=24):
        self.master, self.slave = pty.openpty()
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self.slave)
        self.complaints = []
        self.modes = set()
        self._changed = threading.Condition()
        self._rest = ""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def resize(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.lines = [[" "] * columns for _ in range(rows)]
        self.row = self.column = 0
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def controls(self):
        """For a child's preexec_fn: this is its terminal, so that it hears of a new size."""
        os.setsid()
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)

    def type(self, keys):
        os.write(self.master, keys.encode())

    def text(self):
        with self._changed:
            return "\n".join("".join(line) for line in self.lines)

    def await_text(self, pattern, deadline=30, absent=False):
        """Until `pattern` is found on the screen, or is not any more; what is there then."""
        end = time.monotonic() + deadline
        with self._changed:
            while True:
                text = "\n".join("".join(line) for line in self.lines)
                if bool(re.search(pattern, text)) != absent:
                    return text
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"the screen never showed {pattern!r}; it shows:\n{text}\ncomplaints: {self.complaints}")
                self._changed.wait(left)

    def settings_are_back(self):
        """The terminal is as it was, and on its first screen."""
        return termios.tcgetattr(self.slave) == self.before and "1049" not in self.modes and "25" not in self.modes

    def close(self):
        os.close(self.slave)
        self._thread.join(10)
        os.close(self.master)

    def _read(self):
        decoder = __import__("codecs").getincrementaldecoder("utf-8")(errors="replace")
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            if not data:
                return
            with self._changed:
                self._take(decoder.decode(data))
                self._changed.notify_all()

    def _take(self, text):
        text = self._rest + text
        self._rest = ""
        at = 0
        while at < len(text):
            character = text[at]
            if character == "\x1b":
                match = self.SEQUENCE.match(text, at)
                if match is None:
                    if len(text) - at < 16:
                        self._rest = text[at:]
                        return
                    self.complaints.append(f"unknown sequence {text[at:at + 12]!r}")
                    at += 1
                    continue
                self._obey(*match.groups())
                at = match.end()
                continue
            self._put(character)
            at += 1

    def _obey(self, private, numbers, letter):
        if private and letter in "hl":
            # 25 and 7 are on by default: what counts is what was changed.
            changed = (letter == "h") == (numbers == "1049")
            (self.modes.add if changed else self.modes.discard)(numbers)
        elif letter == "H":
            row, column = (int(each) for each in (numbers or "1;1").split(";"))
            if row > self.rows or column > self.columns:
                self.complaints.append(f"a place outside of the screen: {row};{column}")
            self.row, self.column = min(row, self.rows) - 1, min(column, self.columns) - 1
        elif letter == "J" and numbers == "2":
            self.lines = [[" "] * self.columns for _ in range(self.rows)]
        elif letter != "m":
            self.complaints.append(f"unknown sequence {private}{numbers}{letter}")

    def _put(self, character):
        if "1049" not in self.modes:
            return  # before the view and after it: the terminal's own
        if not character.isprintable():
            self.complaints.append(f"a control character: {character!r}")
            return
        width = cells(character)
        if self.column + width > self.columns:
            self.complaints.append(f"line {self.row + 1} goes beyond {self.columns} cells: {''.join(self.lines[self.row])}")
            return
        if width == 0:
            return
        self.lines[self.row][self.column] = character
        if width == 2:
            self.lines[self.row][self.column + 1] = ""
        self.column += width
