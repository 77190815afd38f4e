"""A first lab: muster-peer processes over port stdio, this module is the network and the clock.

Worlds are made of RFC 8032 key pairs and two of vectors/group-28; see interop/PROTOCOL.md for the lines.
SPDX-License-Identifier: BSD-2-Clause
"""

import heapq
import json
import select
import subprocess
import time

GROUP = "[ff35::1]:5683"

# name: Sender ID, private key, public key (RFC 8032 section 7.1, tests 1 to 3; the client's from vectors/group-28)
KEYS = {
    "switch": ("25", "83408a2dcc485ca90ba987f21495b30539baf12a7880ca5dfcf61c17b4384462",
               "3af61619a3e350eea1d83b3bdb28fe136a705921152c3d660e33ffe0ec3cb84e"),
    "lamp1": ("52", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
              "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
    "lamp2": ("5203", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
              "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"),
    "lamp3": ("", "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
              "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"),
}
MANAGER = "a6501f59cc0cc97f3a39b0bc2277d7209f67cad009a087aadbd590f7da777354"


def credential(name, public):
    """A CWT Claims Set: subject, and a COSE_Key on Ed25519 in cnf."""
    return ("a202%02x" % (0x60 + len(name))) + name.encode().hex() + "08a101a301012006215820" + public


def context(me, others, dialect, epoch=0, members=(), **more):
    """The Context object of one endpoint of a world (vectors/README.md)."""
    group = dialect != "oscore"
    own = KEYS[me]

    def entry(name):
        made = {"id": KEYS[name][0]}
        if group:
            made["credential"] = credential(name, KEYS[name][2])
        return made

    made = {"dialect": dialect, "master_secret": "c8646037245c810d360ef6e84b5cf2%02x" % epoch,
            "master_salt": "f1bd6f9b11ecd156", "sender": {"id": own[0]},
            "recipients": [entry(name) for name in others], "members": [entry(name) for name in members]}
    if group:
        made["sender"].update(credential=credential(me, own[2]), private_key=own[1])
        made.update(id_context="d36d%02x" % epoch, cred_format="ccs", signature=-8)
    if dialect == "group-28":
        made.update(aead=24, group_enc=10, agreement=-27, gm_cred=credential("manager", MANAGER))
    made.update(more)
    return made


class Peer:
    """One process. `ask` waits for the answer; events are kept in order."""

    def __init__(self, command, name, address):
        self.name, self.address, self.groups = name, address, set()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.next_id, self.rest, self.events, self.sent = 0, b"", [], []
        self.next_ms = None

    def line(self, timeout=20):
        while b"\n" not in self.rest:
            ready, _, _ = select.select([self.process.stdout], [], [], timeout)
            if not ready:
                raise RuntimeError(self.name + " hangs")
            more = self.process.stdout.read1(65536)
            if not more:
                raise RuntimeError("%s ended with status %s" % (self.name, self.process.wait()))
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        return json.loads(line)

    def ask(self, op, /, **keys):
        answer = self.try_ask(op, **keys)
        if answer.get("ok") is not True:
            raise RuntimeError("%s: %s: %s" % (self.name, op, answer))
        return answer

    def write(self, line):
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def try_ask(self, op, /, **keys):
        self.next_id += 1
        keys.update(id=self.next_id, op=op)
        self.write(json.dumps(keys).encode() + b"\n")
        while True:
            said = self.line()
            if "event" not in said:
                assert said["id"] == self.next_id, said
                return said
            (self.sent if said["event"] == "datagram" else self.events).append(said)

    def wait_event(self, event, seconds=10):
        """Port udp: waits for an event; None when it does not come."""
        end = time.monotonic() + seconds
        while not any(one["event"] == event for one in self.events):
            left = end - time.monotonic()
            if left <= 0 or not (b"\n" in self.rest or select.select([self.process.stdout], [], [], left)[0]):
                return None
            self.events.append(self.line())
        found = next(one for one in self.events if one["event"] == event)
        self.events.remove(found)
        return found

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def quit(self):
        self.ask("quit")
        self.process.stdin.close()
        status = self.process.wait(20)
        self.process.stdout.close()
        return status


class Lab:
    """Virtual time, and a network that takes 1 ms. `meddle(n, datagram)` gives the list of datagrams that arrive."""

    def __init__(self, command):
        self.command, self.peers, self.now, self.queue, self.n = command, {}, 0, [], 0
        self.wire = []
        self.meddle = lambda n, datagram: [datagram]

    def peer(self, name, address, *arguments):
        peer = Peer([self.command, *arguments], name, address)
        self.peers[name] = peer
        peer.ask("hello", port="stdio")
        return peer

    def configure(self, peer, made, roles, group="g", join=(), **more):
        peer.groups.update(join)
        return peer.ask("configure", group=group, context=made, roles=roles, addresses=[peer.address],
                        join=list(join), **more)

    def send(self, name, /, **keys):
        """An operation at the lab's time."""
        peer = self.peers[name]
        peer.next_ms = peer.ask("tick", now_ms=self.now)["next_ms"]
        return peer.ask("send", **keys)

    def gather(self):
        """Takes what peers have sent onto the wire."""
        for peer in self.peers.values():
            while peer.sent:
                datagram = peer.sent.pop(0)
                self.wire.append((self.now, datagram))
                for one in self.meddle(len(self.wire) - 1, datagram):
                    self.n += 1
                    heapq.heappush(self.queue, (self.now + 1, self.n, one))

    def step(self, until):
        """Lets the next thing happen; False: nothing will before `until`."""
        self.gather()
        times = [peer.next_ms for peer in self.peers.values() if peer.next_ms is not None]
        times += [self.queue[0][0]] if self.queue else []
        if not times or min(times) > until:
            return False
        self.now = max(self.now, min(times))
        if self.queue and self.queue[0][0] <= self.now:
            _, _, one = heapq.heappop(self.queue)
            for peer in self.peers.values():
                if one["to"] == peer.address or one["to"] in peer.groups:
                    keys = {key: one[key] for key in ("from", "to", "data")}
                    peer.next_ms = peer.ask("datagram", now_ms=self.now, **keys)["next_ms"]
            return True
        for peer in self.peers.values():
            if peer.next_ms is not None and peer.next_ms <= self.now:
                peer.next_ms = peer.ask("tick", now_ms=self.now)["next_ms"]
        return True

    def run(self, ms=300):
        """Lets ms pass, and everything happen that belongs there."""
        for peer in self.peers.values():
            peer.next_ms = peer.ask("tick", now_ms=self.now)["next_ms"]
        end = self.now + ms
        while self.step(end):
            pass
        self.now = end

    def take(self, name, event):
        """Events of a kind since the last call."""
        peer = self.peers[name]
        found = [one for one in peer.events if one["event"] == event]
        peer.events = [one for one in peer.events if one["event"] != event]
        return found

    def close(self):
        return [peer.quit() for peer in self.peers.values()]
