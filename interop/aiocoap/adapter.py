"""aiocoap behind the peer protocol (interop/PROTOCOL.md): its Context, its OSCORE transport and its OscoreSiteWrapper, driven by lines.

What aiocoap does not have is answered `unsupported`, with the reason in a note; nothing it does is put right here.
"""

import asyncio
import hashlib
import importlib.metadata
import json
import logging
import os
import sys
import urllib.parse
import warnings

try:
    import aiocoap
    import contexts
    import ports
    import resources
except ImportError as lacking:
    print(f"aiocoap/peer: expected aiocoap[oscore], {lacking}: run make interop-deps", file=sys.stderr)
    sys.exit(3)
from aiocoap import error, oscore
from aiocoap.credentials import CredentialsMap
from aiocoap.message import UndecidedRemote
from aiocoap.numbers.optionnumbers import OptionNumber
from aiocoap.transports.oscore import OSCOREAddress
from contexts import Fault, Unsupported

LINE_MAX = 1 << 20
METHODS = {name: getattr(aiocoap, name if name != "IPATCH" else "iPATCH") for name in ("GET", "POST", "PUT", "DELETE", "FETCH", "PATCH", "IPATCH")}
OPEN_MULTICAST_MS, OPEN_UNICAST_MS = 2000, 247000
BLOCK_512 = 5

# op: (keys that must be there, keys that may)
KEYS = {
    "hello": ("", "port"),
    "configure": ("group context roles addresses", "join policy keep"),
    "send": ("exchange group to method", "mode target type path query observe options payload token open_ms"),
    "finish": ("exchange", ""),
    "notify": ("group path", "payload"),
    "forget": ("group what", ""),
    "join": ("address", "port"),
    "leave": ("address", "port"),
    "state": ("group", ""),
    "datagram": ("from to data now_ms", ""),
    "tick": ("now_ms", ""),
    "quit": ("", ""),
}

# What aiocoap's policy is; any other is unsupported. Null is taken as it is.
POLICY = {
    "leisure_ms": (0,),
    "echo": ("auto",),
    "freshness_ms": (0,),
    "retry_echo": (True,),
    "suppress": ([],),
    "error_replies": (True,),
    "synchronisation": ("echo",),
}

# Words of vectors/README.md for what aiocoap says; by type, then by the start of the text.
REASONS = [
    (oscore.ReplayErrorWithEcho, "", "echo-required"),
    (oscore.ReplayError, "", "replay"),
    (oscore.NotAProtectedMessage, "", "not-oscore"),
    (oscore.DecodeError, "Group server failed", "kid-missing"),
    (oscore.DecodeError, "Response coming from a different", "responder-mismatch"),
    (oscore.DecodeError, "Message too short", "payload-short"),
    (oscore.DecodeError, "", "option-malformed"),
    (oscore.ProtectionInvalid, "Tag invalid", "decryption-failed"),
    (oscore.ProtectionInvalid, "Signature mismatch", "signature-invalid"),
    (oscore.ProtectionInvalid, "Ciphertext too short", "payload-short"),
    (oscore.ProtectionInvalid, "No sequence number", "partial-iv-missing"),
    (oscore.ProtectionInvalid, "Sender ID context", "context-not-found"),
    (oscore.ProtectionInvalid, "Sender ID does", "responder-mismatch"),
    (error.Unauthorized, "", "context-not-found"),
    (error.UnparsableMessage, "", "inner-malformed"),
]


def reason_of(fault):
    if fault is None:
        return "context-not-found"  # the wrapper returns without a word only then
    for kind, start, reason in REASONS:
        if isinstance(fault, kind) and str(fault).startswith(start):
            return reason
    return f"{type(fault).__name__}: {fault}"


def hexed(data):
    return data.hex() if data else None


def shortest(partial_iv):
    return None if partial_iv is None else (partial_iv.lstrip(b"\0") or b"\0").hex()


def options_of(message, without=()):
    return [[int(one.number), one.encode().hex()] for one in message.opt.option_list() if one.number not in without]


def partial_iv_of(outer):
    return shortest(oscore.verify_start(outer).get(oscore.COSE_PIV))


class Exchange:
    """An exchange of the client: what the watched context tells of it while aiocoap's tasks run."""

    def __init__(self, peer, name, group):
        self.peer, self.name, self.group = peer, name, group
        self.outer = self.outer_in = self.task = self.timer = None
        self.why, self.is_refused = "failed", False

    def protected(self, outer):
        self.outer = outer

    def unprotected(self, security, inner, outer):
        inner.muster_outer = self.outer_in = outer
        if inner.code == aiocoap.UNAUTHORIZED and inner.opt.echo is not None:
            self.peer.tell("challenged", exchange=self.name, kid=security.recipient_id.hex(), **{"from": ports.full(outer.remote.hostinfo)})

    def refused(self, security, fault, outer):
        self.is_refused = True
        self.peer.tell_refused(reason_of(fault), ports.full(outer.remote.hostinfo), self.group, self.name)

    async def run(self, context, message, is_observed):
        contexts.current.set(self)
        request = None
        try:
            request = context.request(message, handle_blockwise=self.outer is not message)
            self.got(await request.response)
            if is_observed and request.observation is not None:
                async for one in request.observation:
                    self.got(one)
            self.why = "answered"
        except asyncio.CancelledError:  # whoever cancelled has said why
            if request is not None and request.observation is not None and not request.observation.cancelled:
                request.observation.cancel()
        except (error.NotObservable, error.ObservationCancelled):
            self.why = "answered"
        except oscore.NotAProtectedMessage as fault:
            self.got_plain(fault.plain_message)
        except Exception as fault:
            if not self.is_refused and isinstance(fault, (oscore.ProtectionInvalid, oscore.ContextUnavailable)):
                self.peer.tell_refused(reason_of(fault), None, self.group, self.name)
            self.peer.tell("note", text=f"{self.name}: {type(fault).__name__}: {fault}")
        finally:
            if self.timer is not None:
                self.timer.cancel()
            self.peer.tell_closed(self)

    def got(self, response):
        if not isinstance(response.remote, OSCOREAddress):
            return self.got_plain(response)
        security = response.remote.security_context
        outer = getattr(response, "muster_outer", self.outer_in)
        self.tell(response, security.recipient_id.hex(), security.mode, partial_iv_of(outer), outer, True)

    def got_plain(self, response):
        self.tell(response, None, None, None, response, False)

    def tell(self, response, kid, mode, partial_iv, outer, is_protected):
        self.peer.tell(
            "response", exchange=self.name, group=self.group, kid=kid, mode=mode, partial_iv=partial_iv, code=response.code.dotted,
            payload=hexed(response.payload), options=told_options(response), protected=is_protected,
            **{"from": ports.full(outer.remote.hostinfo)},
        )

    def end(self, why):
        self.why = why
        self.task.cancel()


def told_options(response):
    """aiocoap puts a number of its own where Observe of a response is, -1 or longer than the option may be: not from the wire."""
    made = []
    for one in response.opt.option_list():
        made.append([int(one.number), "" if one.number == OptionNumber.OBSERVE else one.encode().hex()])
    return made


class GroupEntry:
    def __init__(self, name, security, roles, own, exchange_ms):
        self.name, self.security, self.roles, self.own, self.exchange_ms = name, security, roles, own, exchange_ms


class Peer:
    def __init__(self, loop):
        self.loop, self.port, self.is_quit = loop, "stdio", False
        self.groups, self.exchanges, self.nodes, self.joined = {}, {}, {}, set()
        self.credentials = CredentialsMap()
        inner, self.observed = resources.site()
        self.front = resources.Front(self, inner, self.credentials)

    # ---- what the peer says ----

    @staticmethod
    def put(line):
        sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
        sys.stdout.flush()

    def tell(self, event, **keys):
        self.put({"event": event, **keys})

    def tell_datagram(self, sender, to, data):
        self.tell("datagram", to=to, data=data.hex(), **{"from": sender})

    def tell_refused(self, reason, sender, group=None, exchange=None):
        self.tell("rejected", reason=reason, group=group, exchange=exchange, **{"from": sender})

    def tell_refused_request(self, record):
        group = self.group_of(record.security)
        self.tell_refused(reason_of(record.error), ports.full(record.outer.remote.hostinfo), group)

    def tell_delivered(self, record, request, path):
        outer, security = record.outer, request.remote.security_context
        self.tell(
            "delivered", group=self.group_of(security), kid=security.recipient_id.hex(), mode=security.mode, partial_iv=partial_iv_of(outer),
            multicast=outer.remote.is_multicast_locally, method=str(request.code).upper(), payload=hexed(request.payload),
            path="/" + "/".join(urllib.parse.quote(one, safe="") for one in path),
            options=options_of(request, (OptionNumber.URI_PATH,)), **{"from": ports.full(outer.remote.hostinfo)},
        )

    def tell_closed(self, exchange):
        if self.exchanges.get(exchange.name) is exchange:
            del self.exchanges[exchange.name]
            if exchange.outer is not None and exchange.outer.token:
                self.tell("closed", exchange=exchange.name, why=exchange.why)

    def group_of(self, security):
        made = getattr(security, "groupcontext", security)
        return next((name for name, one in self.groups.items() if one.security.made is made), None)

    # ---- lines ----

    async def line(self, text):
        try:
            request = json.loads(text) if len(text) <= LINE_MAX else None
        except (ValueError, RecursionError):
            request = None
        number = request.get("id") if isinstance(request, dict) else None
        if type(number) is not int or number < 0:
            return self.put({"id": None, "error": "expected an object with an id, in a line of at most 1 MiB"})
        op = request.get("op")
        if not isinstance(op, str):
            return self.put({"id": number, "error": "expected an op (a text)"})
        try:
            if op not in KEYS:
                raise Unsupported(f"{op}: aiocoap's adapter has no such operation")
            needed, optional = (one.split() for one in KEYS[op])
            keys = set(request) - {"id", "op"}
            for fault, wrong in (("no", set(needed) - keys), ("unknown", keys - set(needed) - set(optional))):
                if wrong:
                    raise Fault(f"{op}: {fault} {sorted(wrong)[0]}")
            answer = await getattr(self, "op_" + op)(request)
            if self.loop.now is not None:
                await self.loop.settle()
        except Unsupported as lacking:
            self.tell("note", text=f"unsupported: {lacking}")
            return self.put({"id": number, "unsupported": op})
        except (Fault, ValueError, TypeError, KeyError, AttributeError) as fault:
            text = str(fault) if isinstance(fault, Fault) else f"{op}: {type(fault).__name__}: {fault}"
            return self.put({"id": number, "error": text.replace("\n", " ")})
        return self.put({"id": number, "ok": True, **(answer or {})})

    async def op_hello(self, request):
        port = request.get("port")
        if port not in (None, "stdio", "udp"):
            raise Unsupported(f"port {port}")
        if port is not None and port != self.port:
            if self.groups:
                raise Fault("the port cannot change any more")
            self.port = port
            self.loop.now = None if port == "udp" else 0.0
        aeads, signatures = sorted(contexts.AEADS), [-8, -7]
        row = {"readings": [], "modes": [], "aead": aeads, "group_enc": [], "signature": [], "agreement": [], "hkdf": [5, 7], "cred_formats": []}
        group = {"readings": ["CS5"], "modes": ["group", "pairwise"], "group_enc": aeads, "signature": signatures, "agreement": [-27]}
        return {
            "name": "aiocoap",
            "version": importlib.metadata.version("aiocoap"),
            "protocol": 1,
            "ports": ["stdio", "udp"],
            "roles": ["client", "server"],
            "dialects": [{"dialect": "oscore", **row}, {"dialect": "group-28", **row, **group, "cred_formats": ["ccs", "cwt", "x509"]}],
            "features": ["echo", "observe", "block", "state", "forget", "multicast", "resources", "plain", "interop-tests"],
        }

    # ---- contexts and addresses ----

    async def op_configure(self, request):
        name, roles, policy = request["group"], request["roles"], request.get("policy") or {}
        if name in self.groups:
            raise Fault("a group of that name exists")
        for key, value in policy.items():
            if key != "exchange_ms" and key not in POLICY:
                raise Fault(f"policy: unknown {key}")
            if key in POLICY and value is not None and value not in POLICY[key]:
                raise Unsupported(f"policy.{key}: {json.dumps(value)}")
        own = [ports.split(one) for one in request["addresses"]]
        groups = [ports.split(one) for one in request.get("join") or []]
        if self.port == "udp" and groups and any(one in self.nodes for one in own):
            raise Unsupported("join after the socket is open: aiocoap joins when it makes it")
        keep = request.get("keep")
        if keep is not None:  # a directory of aiocoap holds one context
            keep = os.path.join(keep, urllib.parse.quote(name, safe=""))
        security = contexts.make(request["context"], keep, roles)
        own = [await self.open(one, groups) for one in own]
        exchange_ms = policy.get("exchange_ms")
        self.groups[name] = GroupEntry(name, security, roles, own, OPEN_MULTICAST_MS if exchange_ms is None else exchange_ms)
        if "server" in roles:
            self.credentials[":" + name] = security.made
            for one in own:
                self.nodes[one][0].serversite = self.front
        return {"addresses": [ports.join(*one) for one in own]}

    async def open(self, address, groups):
        if self.port == "stdio":
            self.joined.update(groups)
        if address in self.nodes:
            return address
        if self.port == "stdio":
            self.nodes[address] = await ports.context_in_memory(self.loop, address, self, self.credentials)
            return address
        same = [one for one in groups if (":" in one[0]) == (":" in address[0])]
        try:
            context, used = await ports.context_on_udp(self.loop, address, same, self.credentials)
        except (OSError, error.Error) as fault:
            raise Fault(f"{ports.join(*address)}: {fault}") from fault
        self.nodes[used] = (context, None)
        return used

    def entry(self, name):
        if name not in self.groups:
            raise Fault("no such group")
        return self.groups[name]

    def on_stdio(self, what):
        if self.port != "stdio":
            raise Unsupported(f"{what} on port udp")

    async def op_join(self, request):
        self.on_stdio("join after set-up: aiocoap joins when it makes its socket")
        self.joined.add(ports.split(ports.join(request["address"], request.get("port") or ports.COAP_PORT)))

    async def op_leave(self, request):
        self.on_stdio("leave: aiocoap cannot leave a group")
        address = ports.split(ports.join(request["address"], request.get("port") or ports.COAP_PORT))
        if address not in self.joined:
            raise Fault("not joined")
        self.joined.remove(address)

    async def op_state(self, request):
        security = self.entry(request["group"]).security
        recipients = []
        for one, window in security.windows():
            seen = window.is_initialized() and window._bitfield != 0
            highest = window._index + window._bitfield.bit_length() - 1 if seen else None
            recipients.append({"id": one.hex(), "valid": window.is_initialized(), "highest": highest})
        ssn = security.made.sender_sequence_number
        whole = json.dumps([ssn, [(one.hex(), window.persist()) for one, window in security.windows()]])
        return {"ssn": ssn, "recipients": recipients, "digest": hashlib.sha256(whole.encode()).hexdigest()[:32], "derivations": 1}

    async def op_forget(self, request):
        entry = self.entry(request["group"])
        if request["what"] != "windows":
            raise Unsupported("forget all: a context of aiocoap never lacks its keys")
        entry.security.lose_windows()
        if "server" in entry.roles:
            self.credentials[":" + entry.name] = entry.security.made
        for one in [self.nodes[own][0] for own in entry.own]:  # the observers are lost with the process
            for interface in one.request_interfaces:
                for _, stop in list(getattr(interface, "incoming_requests", {}).values()):
                    stop()

    # ---- exchanges ----

    async def op_send(self, request):
        entry, name = self.entry(request["group"]), request["exchange"]
        if name in self.exchanges:
            raise Fault("an exchange of that name is open")
        if "client" not in entry.roles:
            raise Fault("not a client")
        if request.get("token") is not None:
            raise Unsupported("token: aiocoap chooses it")
        if request.get("observe") == 1:
            raise Unsupported("observe 1: aiocoap does not cancel observations")
        host, port = ports.split(request["to"])
        own = next((one for one in entry.own if (":" in one[0]) == (":" in host)), None)
        if own is None:
            raise Fault("to: no own address of that family")
        message = self.message_of(request)
        remote = UndecidedRemote("coap", ports.join(host, port))
        is_plain = request.get("mode") == "plain"
        message.remote = remote if is_plain else OSCOREAddress(entry.security.for_sending(request.get("mode"), request.get("target")), remote)
        message.remote.maximum_block_size_exp = BLOCK_512
        is_multicast = ports.Address((host, port), own).is_multicast
        if is_multicast and request.get("type") == "CON":
            raise Fault("type: no CON to a group")
        exchange = Exchange(self, name, entry.name)
        exchange.outer = message if is_plain else None  # which aiocoap gives its Token
        self.exchanges[name] = exchange
        is_observed = request.get("observe") == 0
        exchange.task = self.loop.create_task(exchange.run(self.nodes[own][0], message, is_observed))
        open_ms = request.get("open_ms")
        if open_ms is None and not is_observed:
            open_ms = entry.exchange_ms if is_multicast else OPEN_UNICAST_MS
        if open_ms is not None:
            exchange.timer = self.loop.call_later(open_ms / 1000, exchange.end, "expired")
        return {"token": await self.token_of(exchange)}

    async def token_of(self, exchange):
        """aiocoap's tasks choose the Token; they are let run until they have."""
        for _ in range(200):
            if exchange.outer is not None and exchange.outer.token:
                return exchange.outer.token.hex()
            if exchange.task.done():
                break
            await asyncio.sleep(0 if self.loop.now is not None else 0.005)
        self.exchanges.pop(exchange.name, None)
        exchange.task.cancel()
        raise Fault("send: aiocoap protected and sent nothing")

    def message_of(self, request):
        reliability = {"CON": aiocoap.Reliable, "NON": aiocoap.Unreliable, None: None}[request.get("type")]
        message = aiocoap.Message(code=METHODS[request["method"]], payload=contexts.unhex(request.get("payload")) or b"", transport_tuning=reliability)
        path = request.get("path")
        if path not in (None, "", "/"):
            message.opt.uri_path = [urllib.parse.unquote(one, errors="strict") for one in path.removeprefix("/").split("/")]
        message.opt.uri_query = request.get("query") or []
        if request.get("observe") is not None:
            message.opt.observe = request["observe"]
        for number, value in request.get("options") or []:
            message.opt.add_option(OptionNumber(number).create_option(decode=bytes.fromhex(value)))
        return message

    async def op_finish(self, request):
        if request["exchange"] not in self.exchanges:
            raise Fault("no such exchange")
        exchange = self.exchanges[request["exchange"]]
        exchange.end("finished")
        await asyncio.wait([exchange.task])

    async def op_notify(self, request):
        self.entry(request["group"])
        if request["path"] not in self.observed:
            raise Fault("no observable resource there")
        one = self.observed[request["path"]]
        n = one.n_observers()
        one.value = contexts.unhex(request.get("payload")) or b""
        one.updated_state()
        return {"n_observers": n}

    # ---- port stdio ----

    async def move_to(self, now_ms):
        self.on_stdio("time")
        if now_ms < self.loop.now * 1000 - 1e-6:
            raise Fault("now_ms goes back")
        await self.loop.advance(now_ms)

    async def op_tick(self, request):
        await self.move_to(request["now_ms"])
        return {"next_ms": self.loop.next_ms()}

    async def op_datagram(self, request):
        sender, to, data = ports.split(request["from"]), ports.split(request["to"]), bytes.fromhex(request["data"])
        await self.move_to(request["now_ms"])
        node = self.nodes.get(to)
        if node is None and to in self.joined:
            node = next((one for own, one in self.nodes.items() if (":" in own[0]) == (":" in to[0])), None)
        if node is None:
            self.tell_refused("not-mine", request["from"])
        else:
            node[1].arrived(sender, to, data)
            await self.loop.settle()
        return {"next_ms": self.loop.next_ms()}

    async def op_quit(self, request):
        self.close()
        self.is_quit = True

    def close(self):
        for one in self.groups.values():
            one.security.close()


# ---- driving ----


class Lines:
    """Lines of standard input, from a blocking or an event-driven read."""

    def __init__(self):
        self.rest, self.is_end = b"", False

    def read(self):
        data = os.read(0, 65536)
        self.is_end = not data
        *lines, self.rest = (self.rest + data).split(b"\n")
        return lines


async def feed(peer, lines):
    for one in lines:
        if not peer.is_quit:
            await peer.line(one)


async def serve(peer, source):
    """Port udp: standard input is one more thing that wakes the loop."""
    queue = asyncio.Queue()
    peer.loop.add_reader(0, lambda: queue.put_nowait(source.read()))
    while not peer.is_quit and not source.is_end:
        await feed(peer, await queue.get())
    peer.loop.remove_reader(0)


class Unmatched(logging.Handler):
    """aiocoap drops responses it has no request for with a word in its log; the harness is told."""

    def __init__(self, peer):
        super().__init__(logging.INFO)
        self.peer = peer

    def emit(self, record):
        if str(record.msg).startswith("Response %r could not be matched"):
            self.peer.tell_refused("token-mismatch", ports.full(record.args[0].remote.hostinfo))


def main():
    warnings.simplefilter("ignore", DeprecationWarning)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    loop = ports.Loop()
    asyncio.set_event_loop(loop)
    peer, source = Peer(loop), Lines()
    log = logging.getLogger("coap-server")
    log.setLevel(logging.INFO)
    log.addHandler(Unmatched(peer))
    logging.getLogger().handlers[0].setLevel(logging.WARNING)
    while not peer.is_quit and not source.is_end:
        if peer.port == "stdio":
            loop.run_until_complete(feed(peer, source.read()))
        else:
            loop.run_until_complete(serve(peer, source))
    if not peer.is_quit:
        peer.close()
    sys.stdout.flush()
    os._exit(0)  # aiocoap's open exchanges have nothing to say any more


main()
