# SPDX-License-Identifier: Apache-2.0
"""A network of its own for a test: hosts that are network namespaces, and a switch between them whose cables can be pulled.

A pulled cable is silent: a host's own interface stays up, as behind a switch that died. Namespaces have the test's process id in their names
and are taken down by close(). Needs root, or CAP_SYS_ADMIN and CAP_NET_ADMIN.
"""

import os
import subprocess


class Lan:
    count = 0

    def __init__(self, hosts, subnet="10.77.0"):
        Lan.count += 1
        self.prefix = f"pulpo-{os.getpid()}-{Lan.count}"
        # Each in turn, unless they are given.
        self.addresses = hosts if isinstance(hosts, dict) else {host: f"{subnet}.{number + 1}" for number, host in enumerate(hosts)}
        self.namespaces = []
        self.switch = self._namespace("switch")
        self._ip("-n", self.switch, "link", "add", "switch", "type", "bridge")
        self._ip("-n", self.switch, "link", "set", "switch", "up")
        for host, address in self.addresses.items():
            namespace = self._namespace(host)
            self._ip("-n", namespace, "link", "set", "lo", "up")
            self._ip("-n", namespace, "link", "add", "eth0", "type", "veth", "peer", "name", f"port-{host}", "netns", self.switch)
            self._ip("-n", namespace, "address", "add", f"{address}/24", "broadcast", "+", "dev", "eth0")
            self._ip("-n", namespace, "link", "set", "eth0", "up")
            self._ip("-n", self.switch, "link", "set", f"port-{host}", "up")
            self.plug_in(host)

    def close(self):
        for namespace in reversed(self.namespaces):
            subprocess.run(["ip", "netns", "del", namespace], check=False)

    def inside(self, host, *arguments):
        """A command line that runs on that host; the program it starts has the process id of what is started."""
        return ["ip", "netns", "exec", f"{self.prefix}-{host}", *arguments]

    def pull_out(self, host):
        self._ip("-n", self.switch, "link", "set", f"port-{host}", "nomaster")

    def plug_in(self, host):
        self._ip("-n", self.switch, "link", "set", f"port-{host}", "master", "switch")

    def _namespace(self, name):
        namespace = f"{self.prefix}-{name}"
        self._ip("netns", "add", namespace)
        self.namespaces.append(namespace)
        return namespace

    @staticmethod
    def _ip(*arguments):
        done = subprocess.run(["ip", *arguments], check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"ip {' '.join(arguments)}: {done.stderr.strip()} (these tests make network namespaces, as root)")
