#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A service manager in small: listens, starts a program with the first who comes, and again with the next when it has ended.

    activate.py [--once] ADDRESS,... PORT PROGRAM ARGUMENT...

Hands its sockets over as sd_listen_fds(3) has it, hears sd_notify(3), and writes what happens to stderr. --once becomes the
program at once, as systemd does for a service without waiting for anybody.
"""

import os
import select
import signal
import socket
import sys


def say(text):
    os.write(2, f"manager: {text}\n".encode())  # at once: what it starts writes there too


def become(program, listeners, notify):
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(listeners)), NOTIFY_SOCKET=notify)
    # First out of the way: a socket may have one of the numbers itself.
    for number, high in enumerate([os.dup2(listener, 100 + at) for at, listener in enumerate(listeners)]):
        os.dup2(high, 3 + number)
        os.close(high)
    os.closerange(3 + len(listeners), 100)
    os.execv(program[0], program)


def main():
    words = sys.argv[1:]
    once = words[0] == "--once"
    addresses, port, *program = words[1:] if once else words
    listeners = [socket.create_server((address, int(port))) for address in addresses.split(",")]
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(f"\0pulpo_activate_{os.getpid()}")
    name = f"@pulpo_activate_{os.getpid()}"
    if once:
        become(program, [listener.fileno() for listener in listeners], name)
    say("listens")
    child = None

    def end(*_):
        if child is not None:
            os.kill(child, signal.SIGTERM)
            os.waitpid(child, 0)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    while True:
        select.select(listeners, [], [])
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            become(program, [listener.fileno() for listener in listeners], name)
        say(f"started {child}")
        ended = os.pidfd_open(child)
        while ended not in (readable := select.select([notify, ended], [], [])[0]) or notify in readable:
            say(f"heard {notify.recv(4096).decode()}")
        os.close(ended)
        _, status = os.waitpid(child, 0)
        child = None
        say(f"ended {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    main()
