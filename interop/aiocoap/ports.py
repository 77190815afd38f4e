"""How datagrams and time reach aiocoap: in memory on port stdio, through its own udp6 transport on port udp."""

import asyncio
import ipaddress
import math
import socket

from aiocoap import Context, error, interfaces
from aiocoap.message import Direction, Message
from aiocoap.transports.oscore import TransportOSCORE
from aiocoap.util import hostportjoin, hostportsplit

COAP_PORT = 5683


def split(text):
    """("fd00::2", 5683) of "[fd00::2]:5683"; ValueError for anything else."""
    host, port = hostportsplit(text)
    if port is None or not 0 <= port <= 65535:
        raise ValueError("expected address:port")
    return str(ipaddress.ip_address(host)), port


def join(host, port):
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def full(hostinfo):
    """address:port of aiocoap's hostinfo, which leaves the usual port out."""
    host, port = hostportsplit(hostinfo)
    return join(host, port or COAP_PORT)


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose clock stands still until it is moved; without virtual time (now None) the usual one."""

    now = 0.0

    def time(self):
        return super().time() if self.now is None else self.now

    def next_due(self):
        """Time of the next timer, None when there is none."""
        return min((one.when() for one in self._scheduled if not one.cancelled()), default=None)

    def next_ms(self):
        due = self.next_due()
        return None if due is None else max(math.ceil(due * 1000 - 1e-6), math.ceil(self.now * 1000 - 1e-6))

    async def settle(self):
        """Returns when nothing is left to do at this very time."""
        while True:
            await asyncio.sleep(0)
            due = self.next_due()
            if not self._ready and (due is None or due > self.now + 1e-9):
                return

    async def advance(self, now_ms):
        """Every timer on the way fires at its own time."""
        to = now_ms / 1000
        while (due := self.next_due()) is not None and due <= to + 1e-9:
            self.now = max(self.now, due)
            await self.settle()
        self.now = max(self.now, to)
        await self.settle()


class Address(interfaces.EndpointAddress):
    """As of aiocoap's udp6: equal by the remote half; the local half says where a datagram came in."""

    scheme = "coap"
    maximum_block_size_exp = 6

    def __init__(self, remote, local):
        self.remote, self.local = remote, local

    def __eq__(self, other):
        return isinstance(other, Address) and self.remote == other.remote

    def __hash__(self):
        return hash(self.remote)

    def __repr__(self):
        return f"<Address {join(*self.remote)} (locally {join(*self.local)})>"

    hostinfo = property(lambda self: _info(self.remote))
    hostinfo_local = property(lambda self: _info(self.local))
    uri_base = property(lambda self: "coap://" + self.hostinfo)
    uri_base_local = property(lambda self: "coap://" + self.hostinfo_local)
    is_multicast = property(lambda self: ipaddress.ip_address(self.remote[0]).is_multicast)
    is_multicast_locally = property(lambda self: ipaddress.ip_address(self.local[0]).is_multicast)
    blockwise_key = property(lambda self: (self.remote, self.local))


def _info(address):
    return hostportjoin(address[0], None if address[1] == COAP_PORT else address[1])


class Memory(interfaces.MessageInterface):
    """aiocoap's stack above, the peer protocol below. One for each own address."""

    def __init__(self, manager, local, peer):
        self.manager, self.local, self.peer = manager, local, peer

    def arrived(self, sender, to, data):
        remote = Address(sender, to)
        try:
            message = Message.decode(data, remote)
        except error.UnparsableMessage:
            return self.peer.tell_refused("coap-malformed", join(*sender))
        message.direction = Direction.INCOMING
        return self.manager.dispatch_message(message)

    def send(self, message):
        self.peer.tell_datagram(join(*self.local), join(*message.remote.remote), message.encode())

    async def recognize_remote(self, remote):
        return isinstance(remote, Address)

    async def determine_remote(self, message):
        if message.requested_scheme not in ("coap", None) or message.unresolved_remote is None:
            return None
        host, port = hostportsplit(message.unresolved_remote)
        made = Address((host, port or COAP_PORT), self.local)
        made.maximum_block_size_exp = min(made.maximum_block_size_exp, message.remote.maximum_block_size_exp)
        return made

    async def shutdown(self):
        pass


async def context_in_memory(loop, local, peer, credentials):
    """An aiocoap Context with its own message and token managers on a Memory. Returns it and the Memory."""
    context, made = Context(loop=loop, loggername="coap-server", server_credentials=credentials), []

    async def connect(manager):
        made.append(Memory(manager, local, peer))
        return made[0]

    context.request_interfaces.append(TransportOSCORE(context, context))  # first, as aiocoap's defaults have it
    await context._append_tokenmanaged_messagemanaged_transport(connect)
    return context, made[0]


async def context_on_udp(loop, local, groups, credentials):
    """An aiocoap Context on a socket of its own. Returns it and the address in use."""
    host, port = local
    pairs = [(group, interface_of(host)) for group, _ in groups]
    # Whoever binds to a unicast address receives no multicast.
    bind = ("::" if ":" in host else "0.0.0.0", port) if pairs else (host, port)
    context = await Context.create_server_context(
        None, bind=bind, multicast=pairs, loop=loop, server_credentials=credentials, transports=["oscore", "udp6"]
    )
    interface = context.request_interfaces[-1].token_interface.message_interface
    return context, (host, interface._local_port())


def interface_of(host):
    """Name of the interface that routes to the own address: the first one that is up and not the loopback, else that."""
    names = [name for _, name in socket.if_nameindex()]
    others = [name for name in names if name != "lo"]
    if ipaddress.ip_address(host).is_loopback or not others:
        return "lo"
    return others[0]
