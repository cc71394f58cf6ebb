# SPDX-License-Identifier: Apache-2.0
"""A LAN whose hosts come one by one, and whose switch can be told to lose what home routers lose."""

import json
import os
import signal
import subprocess

from lan import Lan


class BeaconLan(Lan):
    def __init__(self):
        super().__init__([], subnet="10.88.0")
        # Multicast snooping would look at who has joined; a plain switch does not.
        self._ip("-n", self.switch, "link", "set", "switch", "type", "bridge", "mcast_snooping", "0")

    def host(self, plugged=True):
        """Another host: its name. Without `plugged` its only interface is the loopback."""
        host = f"h{len(self.addresses) + 1}"
        self.addresses[host] = f"10.88.0.{len(self.addresses) + 1}"
        self._ip("-n", self._namespace(host), "link", "set", "lo", "up")
        if plugged:
            self.plug(host)
        return host

    def plug(self, host):
        """Gives the host its interface, the cable, and the address."""
        namespace = f"{self.prefix}-{host}"
        self._ip("-n", namespace, "link", "add", "eth0", "type", "veth", "peer", "name", f"port-{host}", "netns", self.switch)
        self._ip("-n", self.switch, "link", "set", f"port-{host}", "up")
        self.plug_in(host)
        self._ip("-n", namespace, "address", "add", f"{self.addresses[host]}/24", "broadcast", "+", "dev", "eth0")
        self._ip("-n", namespace, "link", "set", "eth0", "up")

    def without_multicast(self):
        """As a home router that loses multicast: what is for groups is not passed on, broadcast is."""
        for host in self.addresses:
            self._ip("-n", self.switch, "link", "set", "dev", f"port-{host}", "type", "bridge_slave", "mcast_flood", "off")
        told = subprocess.run(["ip", "-n", self.switch, "-d", "-j", "link", "show", "master", "switch"], check=True, capture_output=True)
        for port in json.loads(told.stdout):
            if port["linkinfo"]["info_slave_data"].get("mcast_flood", True):
                raise AssertionError("this bridge passes multicast on nevertheless")

    def without_broadcast(self, host):
        """The interface keeps its address and loses the one that means all."""
        namespace = f"{self.prefix}-{host}"
        self._ip("-n", namespace, "address", "flush", "dev", "eth0", "scope", "global")
        self._ip("-n", namespace, "address", "add", f"{self.addresses[host]}/24", "dev", "eth0")

    def close(self):
        for namespace in self.namespaces:
            # A mapper that a node started belongs to nobody, and would keep the namespace.
            pids = subprocess.run(["ip", "netns", "pids", namespace], check=False, capture_output=True, text=True).stdout
            for pid in pids.split():
                os.kill(int(pid), signal.SIGKILL)
        super().close()
