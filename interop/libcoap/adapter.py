"""libcoap's own programs behind the peer protocol (interop/PROTOCOL.md): coap-server with a configuration file, coap-client once a request.

What happened is read from their log (-v 8), which names every PDU before and after OSCORE. What their command lines cannot do is answered
`unsupported`. Options in events are those the log gives as bytes or text.
"""

import fcntl
import glob
import hashlib
import ipaddress
import json
import os
import pathlib
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

LINE_MAX = 1 << 20
KEYS = {
    "hello": ("", "port"),
    "configure": ("group context roles addresses", "join policy keep"),
    "send": ("exchange group to method", "mode target type path query observe options payload token open_ms"),
    "finish": ("exchange", ""),
    "forget": ("group what", ""),
    "notify": ("group path", "payload"),
    "quit": ("", ""),
}
CONTEXT_KEYS = set("""dialect reading hkdf aead group_enc signature agreement master_secret master_salt id_context cred_format gm_cred sender recipients
members max_recipients window_size windows freshness_ms""".split())
METHODS = ("GET", "POST", "PUT", "DELETE", "FETCH", "PATCH", "IPATCH")
POLICY = {"leisure_ms": (0,), "echo": ("auto",), "freshness_ms": (0,), "retry_echo": (True,), "suppress": ([],), "error_replies": (True,), "synchronisation": ("echo",)}
# Those 4.3.4 on OpenSSL takes. With any other coap-server logs a word and runs on without OSCORE, so they are not tried.
AEADS, HKDFS = (10, 11), {5: -10, 7: -11}
LARGE = b"".join(bytes([letter]) * 16 for letter in b"abcdefghijklmnopqrstuvwxyz" * 3)[:1200]
RESOURCES = {"hello": b"hello", "light": b"off", "observe": b"0", "large": LARGE}
BLOCK_OVER, BLOCK_SIZE = 512, 512
WHOLE = ("-L", "3")  # handlers are given a body in blocks at once
OPTIONS = {"If-Match": 1, "Uri-Host": 3, "ETag": 4, "If-None-Match": 5, "Observe": 6, "Uri-Port": 7, "Content-Format": 12, "Max-Age": 14, "Uri-Query": 15, "Accept": 17,
           "Echo": 252, "Request-Tag": 292}
# Names its log has where others write a code.
NAMES = {name: f"0.0{n}" for n, name in enumerate(METHODS, 1)} | {"CSM": "7.01", "PING": "7.02", "PONG": "7.03", "RELEASE": "7.04", "ABORT": "7.05"}
FORMATS = {"text/plain": 0, "application/link-format": 40, "application/octet-stream": 42}
OPEN_MS, START_S, REST_S = 247000, 5, 2
SCRATCH, SWEEP_S = "muster-libcoap-", 60

PDU = re.compile(r"^v:1 t:(\w+) c:([\w.]+) i:\w+ \{(\w*)\} \[ (.*?) ?\](?: :: (.*))?$")
RECEIVED = re.compile(r"(\S+) <-> (\S+) (?:\(\S+\) )?UDP : netif: recv")
REASONS = (("Replayed or old message", "replay"), ("SEQ larger than SEQ_MAX", "replay"), ("OSCORE: Decryption Failure", "decryption-failed"),
           ("Security Context not found", "context-not-found"), ("association not found", "no-association"), ("Option cannot be decoded", "option-malformed"),
           ("No protected payload", "payload-short"), ("Appendix B.1.2 server plain response", "echo-required"), ("unknown critical option", "option-unknown"))


class Unsupported(Exception):
    pass


class Fault(Exception):
    pass


def split(text):
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        raise Fault(f"expected address:port, found {text}")
    return str(ipaddress.ip_address(host.strip("[]"))), int(port)


def join(host, port):
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def free_port(host):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind((host, 0))
        return one.getsockname()[1]


def unescape(text):
    """Bytes of 'text' as the log prints it, or None."""
    if not (len(text) >= 2 and text[0] == text[-1] == "'"):
        return None
    return re.sub(rb"\\x([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), text[1:-1].encode("latin-1", "replace"))


class Log:
    """The log of one process, line by line: gives what each line completes."""

    def __init__(self):
        self.expected, self.outer, self.inner, self.peer, self.path, self.dump = None, None, None, None, None, False

    def feed(self, line):
        """None, or (what, ...) with what one of outer, inner, handler, shown, refused, reply, sent."""
        if line.startswith("<<"):
            if self.expected == "bytes" and not self.dump:
                self.dump = True
                self.inner = (*self.inner[:4], line[2:-2])
            return None
        found = PDU.match(line)
        if found and self.expected in ("recv", "sent", "inner", "reply"):
            kind, self.expected = self.expected, None
            whole = (found[1], found[2], found[3], found[4], found[5])
            if kind == "inner":
                self.inner, self.dump = whole, False
                if (found[5] or "").startswith("binary"):
                    self.expected = "bytes"
                return ("inner", whole)
            if kind == "recv":
                self.outer, self.inner = whole, None
                return ("outer", whole)
            return (kind, whole)
        text = line.split(" ", 4)[-1] if re.match(r"\w{3} \d\d ", line) else line
        arrived = RECEIVED.search(line)
        if arrived:
            self.expected, self.peer = "recv", arrived[2]
        elif "netif: sent" in line:
            self.expected = "sent"
        elif text.strip() == "Decrypted PDU":
            self.expected = "inner"
        elif text.strip() == "PDU to encrypt":
            self.expected = "reply"
        elif "call custom handler for resource" in line or "GET well-known" in line:
            return ("handler",)
        elif "** process incoming" in line:
            return ("shown",)
        elif not line.startswith("v:1 "):
            for words, reason in REASONS:
                if words in line:
                    return ("refused", reason)
        return None


def partial_iv_of(outer):
    found = re.search(r"pIV=0x(\w+)", outer[3])
    return None if not found else (bytes.fromhex(found[1]).lstrip(b"\0") or b"\0").hex()


def kid_of(outer):
    found = re.search(r"kid=0x(\w*)", outer[3])
    return found[1] if found else ""  # the log leaves an empty one out


def options_of(inner):
    made = []
    for one in inner[3].split(", "):
        name, _, value = one.partition(":")
        if name not in OPTIONS:
            continue
        if value.startswith("0x"):
            made.append([OPTIONS[name], value[2:]])
        elif name in ("Uri-Host", "Uri-Query"):
            made.append([OPTIONS[name], value.encode().hex()])
        else:
            number = FORMATS.get(value, int(value or "0") if value.isdecimal() or not value else None)
            if number is not None:
                made.append([OPTIONS[name], number.to_bytes((number.bit_length() + 7) // 8, "big").hex()])
    return sorted(made)


def path_of(inner):
    return "/" + "/".join(one[9:] for one in inner[3].split(", ") if one.startswith("Uri-Path:"))


def payload_of(inner):
    if inner[4] is None:
        return None
    data = unescape(inner[4])
    return data.hex() if data is not None else re.sub(r"[^0-9a-f]", "", inner[4]) or None


class Process:
    """A program of libcoap and its log."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
        self.rest, self.log, self.is_end = b"", Log(), False

    def lines(self):
        data = os.read(self.process.stdout.fileno(), 65536)
        self.is_end = not data
        *lines, self.rest = (self.rest + data).split(b"\n")
        return [one.decode("utf-8", "replace") for one in lines]

    def is_idle(self, port):
        """It sleeps, and nothing has arrived at that port that it has not read."""
        try:
            at = pathlib.Path(f"/proc/{self.process.pid}")
            state = (at / "stat").read_text().rpartition(")")[2].split()[0]
            rows = [one.split() for name in ("udp", "udp6") for one in (at / "net" / name).read_text().splitlines()[1:]]
        except OSError:
            return True
        waiting = [one for one in rows if one[1].endswith(f":{port:04X}") and not one[4].endswith(":00000000")]
        return state in "SZX" and not waiting

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(2)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Tree:
    """Where libcoap is: a root directory to change into, or (plain) programs and libraries of this system."""

    def __init__(self, folder, is_plain, is_b_1_2):
        self.folder, self.is_plain, self.is_b_1_2 = pathlib.Path(folder), is_plain, is_b_1_2
        above = pathlib.Path(tempfile.gettempdir()) if is_plain else self.folder / "tmp"
        self.sweep(above)
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix=SCRATCH, dir=above))
        self.lock = (self.scratch / "lock").open("w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C"}
        self.enter = []
        if is_plain:
            self.environment["LD_LIBRARY_PATH"] = ":".join(glob.glob(f"{folder}/usr/lib/*-linux-*"))
        else:
            # The user namespace comes first: in a chroot none can be made.
            self.enter = [*([] if os.geteuid() == 0 else ["unshare", "--map-root-user"]), "chroot", str(self.folder)]

    @staticmethod
    def sweep(above):
        """Removes what adapters that were killed have left: nobody holds its lock."""
        for one in above.glob(SCRATCH + "*"):
            try:
                if time.time() - one.stat().st_mtime > SWEEP_S:
                    with (one / "lock").open("a") as lock:
                        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        shutil.rmtree(one, ignore_errors=True)
            except OSError:
                pass  # in use, or of another user

    def program(self, name):
        return [*self.enter, f"{self.folder}/usr/bin/{name}-notls" if self.is_plain else f"/usr/bin/{name}-openssl"]

    def inside(self, name):
        path = self.scratch / name
        return str(path) if self.is_plain else "/" + str(path.relative_to(self.folder))

    def version(self):
        out = subprocess.run([*self.program("coap-client"), "-h"], capture_output=True, text=True, env=self.environment, timeout=5, check=False)
        found = re.search(r" v(\d[\w.]*)", out.stdout + out.stderr)
        return found[1] if found else "unknown"

    def start(self, program, *arguments):
        # A PDU in their log is not flushed: behind a pipe it would come with whatever is logged next.
        lines = ["stdbuf", "-oL"]
        return Process([*self.enter, *lines, *self.program(program)[len(self.enter) :], *arguments], self.environment)


class Group:
    def __init__(self, name, context, roles, address, tree, keep):
        self.name, self.roles, self.address, self.tree = name, roles, address, tree
        self.context, self.server, self.n_observers, self.body = context, None, 0, None
        self.is_windows_lost = bool(context) and context.get("windows", "valid") == "invalid"
        self.kept, self.lock, self.sequence = None, None, tree.scratch / f"{name}.seq"
        if not tree.is_plain:
            self.sequence.write_text(f"{context['sender'].get('ssn', 0)}\n")
            if keep is not None:
                self.keep(pathlib.Path(keep))

    def keep(self, folder):
        """Its sequence number is a file in the tree of libcoap; a copy of it is what outlives us, and says that the windows are lost."""
        folder.mkdir(parents=True, exist_ok=True)
        self.lock = (folder / "lock").open("w")
        fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # a directory in use is an error
        known = [self.context.get(key) for key in ("master_secret", "master_salt", "id_context")] + [self.context["sender"]["id"]]
        self.kept = folder / (hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16] + ".seq")
        if self.kept.exists():
            shutil.copy(self.kept, self.sequence)
            self.is_windows_lost = True

    def save(self):
        if self.kept is not None:
            shutil.copy(self.sequence, self.kept.with_suffix(".new"))
            self.kept.with_suffix(".new").rename(self.kept)

    def write(self):
        """coap-oscore-conf(5); the sequence number lives beside it."""
        context = self.context
        lines = [("master_secret", "hex", context["master_secret"])]
        for key in ("master_salt", "id_context"):
            if context.get(key) is not None:
                lines.append((key, "hex", context[key]))
        lines.append(("sender_id", "hex", context["sender"]["id"]))
        lines += [("recipient_id", "hex", one["id"]) for one in context["recipients"]]
        lines += [("replay_window", "integer", context.get("window_size", 32)), ("aead_alg", "integer", context.get("aead", 10))]
        lines += [("hkdf_alg", "integer", HKDFS[context.get("hkdf", 5)]), ("rfc8613_b_1_2", "bool", "true" if self.is_windows_lost or self.tree.is_b_1_2 else "false")]
        text = "".join(f'{key},{kind},"{value}"\n' if kind == "hex" else f"{key},{kind},{value}\n" for key, kind, value in lines)
        (self.tree.scratch / f"{self.name}.conf").write_text(text)

    def oscore(self):
        if self.tree.is_plain:
            return []
        self.write()
        return ["-E", self.tree.inside(f"{self.name}.conf") + "," + self.tree.inside(f"{self.name}.seq")]


class Exchange:
    def __init__(self, name, group, process, is_observed, ends, to, output):
        self.name, self.group, self.process, self.is_observed, self.ends, self.to = name, group, process, is_observed, ends, to
        self.token, self.n, self.output, self.n_read = None, 0, output, 0

    def written(self):
        """What the handler of the client has written since it was asked last: it does so at once, but behind the line that tells of it."""
        end, data = time.monotonic() + START_S, b""
        while time.monotonic() < end and len(data) <= self.n_read:
            data = self.output.read_bytes() if self.output.exists() else b""
            time.sleep(0.005)
        fresh, self.n_read = data[self.n_read :], len(data)
        return fresh


class Peer:
    def __init__(self, tree):
        self.tree, self.groups, self.exchanges, self.is_quit = tree, {}, {}, False
        self.selector = selectors.PollSelector()
        self.rest = b""

    def put(self, line):
        sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
        sys.stdout.flush()

    def tell(self, event, **keys):
        self.put({"event": event, **keys})

    def line(self, text):
        try:
            request = json.loads(text) if len(text) <= LINE_MAX else None
        except (ValueError, RecursionError):
            request = None
        number = request.get("id") if isinstance(request, dict) else None
        if type(number) is not int or number < 0 or not isinstance(request.get("op"), str):
            return self.put({"id": number if type(number) is int and number >= 0 else None, "error": "expected an object with id and op, in a line of at most 1 MiB"})
        op = request["op"]
        try:
            if op not in KEYS:
                self.settle()
                raise Unsupported(f"{op}: libcoap's programs have no such thing")
            needed, optional = (one.split() for one in KEYS[op])
            keys = set(request) - {"id", "op"}
            for fault, wrong in (("no", set(needed) - keys), ("unknown", keys - set(needed) - set(optional))):
                if wrong:
                    raise Fault(f"{op}: {fault} {sorted(wrong)[0]}")
            answer = getattr(self, "op_" + op)(request)
        except Unsupported as lacking:
            self.tell("note", text=f"unsupported: {lacking}")
            return self.put({"id": number, "unsupported": op})
        except (Fault, ValueError, TypeError, KeyError, AttributeError, OSError) as fault:
            return self.put({"id": number, "error": f"{op}: {fault}".replace("\n", " ")})
        return self.put({"id": number, "ok": True, **(answer or {})})

    def op_hello(self, request):
        if request.get("port") not in (None, "udp"):
            raise Unsupported(f"port {request['port']}: its programs have sockets")
        row = {"dialect": "oscore", "readings": [], "modes": [], "aead": list(AEADS), "group_enc": [], "signature": [], "agreement": [], "hkdf": sorted(HKDFS), "cred_formats": []}
        return {
            "name": "libcoap" + ("-plain" if self.tree.is_plain else ""), "version": self.tree.version(), "protocol": 1, "ports": ["udp"],
            "roles": ["server"] if self.tree.is_plain else ["client", "server"], "dialects": [] if self.tree.is_plain else [row],
            "features": [] if self.tree.is_plain else ["echo", "forget", "observe", "post", "plain", "block"],
        }

    def op_configure(self, request):
        name, roles, context = request["group"], request["roles"], request["context"]
        if name in self.groups or not re.fullmatch(r"[\w-]{1,64}", name):
            raise Fault("a group of that name exists, or the name is none for a file")
        for key, value in (request.get("policy") or {}).items():
            if key != "exchange_ms" and value is not None and value not in POLICY.get(key, ()):
                raise Unsupported(f"policy.{key}: {json.dumps(value)}")
        if request.get("join"):
            raise Unsupported("join: no group requests with OSCORE")
        if len(request["addresses"]) != 1 or "silent" in roles or (self.tree.is_plain and roles != ["server"]):
            raise Unsupported("other than one address, a silent server, or a client without OSCORE")
        if not self.tree.is_plain:
            self.check(context, roles)
        host, port = split(request["addresses"][0])
        address = (host, port or free_port(host))
        if any(one.address == address and {"server"} <= {*one.roles} & {*roles} for one in self.groups.values()):
            raise Unsupported("a second context at one address: coap-server takes one configuration")
        group = Group(name, None if self.tree.is_plain else context, roles, address, self.tree, request.get("keep"))
        if "server" in roles:
            self.serve(group)
        self.groups[name] = group
        if self.tree.is_plain:
            self.tell("note", text="the context is not installed: this libcoap has no OSCORE")
        return {"addresses": [join(*address)]}

    @staticmethod
    def check(context, roles):
        if context.get("dialect") != "oscore" or context.get("sender") is None:
            raise Unsupported("dialects but oscore")
        if set(context) - CONTEXT_KEYS:
            raise Fault(f"context: unknown {sorted(set(context) - CONTEXT_KEYS)[0]}")
        if context.get("aead", 10) not in AEADS or context.get("hkdf", 5) not in HKDFS:
            raise Unsupported("algorithms its OpenSSL flavour does not take")
        if not context["recipients"] or ("client" in roles and len(context["recipients"]) != 1):
            raise Unsupported("no recipient, or several for a client")
        if context.get("window_size", 32) > 63 or context.get("freshness_ms") or context.get("members"):
            raise Unsupported("window of 64, freshness or members")

    # ---- server ----

    def serve(self, group):
        host, port = group.address
        group.server = self.tree.start("coap-server", "-v", "8", "-d", "100", *WHOLE, "-A", host, "-p", str(port), *group.oscore())
        end, seen, wanted = time.monotonic() + START_S, [], 0 if self.tree.is_plain else len(group.context["recipients"])
        while time.monotonic() < end and not group.server.is_end:
            seen += group.server.lines()
            is_open = any("created UDP" in one for one in seen)
            if is_open and sum("Recipient Key" in one for one in seen) >= wanted:
                break
        else:
            group.server.end()
            raise Fault("coap-server does not start: " + (seen[-1] if seen else "no word"))
        for path, value in RESOURCES.items():
            self.put_plain(group, "/" + path, value)
        # What that left in its log is nobody's event.
        while self.is_readable(group.server):
            for one in group.server.lines():
                group.server.log.feed(one)
        self.selector.register(group.server.process.stdout, selectors.EVENT_READ, ("server", group))

    def put_plain(self, group, path, payload):
        """Its resources are made and changed as anybody could: by requests without OSCORE, which it takes as well."""
        (self.tree.scratch / "value").write_bytes(payload)
        self.plain(group, path, "-m", "put", "-f", self.tree.inside("value"))

    def get_plain(self, group, path):
        (self.tree.scratch / "got").unlink(missing_ok=True)
        self.plain(group, path, "-o", self.tree.inside("got"))
        return (self.tree.scratch / "got").read_bytes()

    def plain(self, group, path, *arguments):
        command = [*self.tree.program("coap-client"), *arguments, *WHOLE, "-B", "3", f"coap://{join(*group.address)}{path}"]
        subprocess.run(command, env=self.tree.environment, capture_output=True, timeout=10, check=False)

    @staticmethod
    def is_readable(process):
        with selectors.PollSelector() as one:
            one.register(process.process.stdout, selectors.EVENT_READ)
            return bool(one.select(0.1)) and not process.is_end

    def heard(self, group):
        for line in group.server.lines():
            what = group.server.log.feed(line)
            log = group.server.log
            group.n_observers += ("create new subscription" in line) - ("removed subscription" in line)
            if what is None:
                continue
            if what[0] == "handler" and log.inner is not None:
                if "Block1:" in log.inner[3]:
                    group.body = log.outer, log.inner, log.peer
                else:
                    self.tell_delivered(group, log.outer, log.inner, log.peer, payload_of(log.inner))
                log.inner = None
            elif what[0] == "reply" and group.body is not None:
                # The log has the last block only: what the handler was given is what it keeps, unless it refuses a piece of a body (5.00).
                if re.match("2.0", what[1][1]):
                    self.tell_delivered(group, *group.body, self.get_plain(group, path_of(group.body[1])).hex())
                else:
                    self.tell("note", text=f"coap-server answers a block by {what[1][1]}")
                group.body = None
            elif what[0] == "handler" and log.outer is not None and not self.tree.is_plain:
                self.tell("note", text=f"served without OSCORE: {log.outer[1]} {path_of(log.outer)} of {log.peer}")
            elif what[0] == "refused":
                self.tell("rejected", reason=what[1], group=group.name, exchange=None, **{"from": log.peer})
        if group.server.is_end:
            self.selector.unregister(group.server.process.stdout)
            self.tell("note", text=f"coap-server ended with {group.server.process.wait()}")

    def tell_delivered(self, group, outer, inner, peer, payload):
        self.tell("delivered", group=group.name, kid=kid_of(outer), mode=None, partial_iv=partial_iv_of(outer), multicast=False, method=inner[1], path=path_of(inner),
                  payload=payload, options=options_of(inner), **{"from": peer})

    def op_notify(self, request):
        group = self.group(request["group"])
        if group.server is None:
            raise Fault("not a server")
        while self.is_readable(group.server):
            self.heard(group)
        n = group.n_observers
        self.put_plain(group, request["path"], bytes.fromhex(request.get("payload") or ""))
        return {"n_observers": n}

    def op_forget(self, request):
        group = self.group(request["group"])
        if request["what"] != "windows":
            raise Unsupported("forget all")
        group.is_windows_lost = True
        if group.server is not None:
            self.selector.unregister(group.server.process.stdout)
            group.server.end()
            group.n_observers = 0
            self.serve(group)

    def group(self, name):
        if name not in self.groups:
            raise Fault("no such group")
        return self.groups[name]

    # ---- client ----

    def op_send(self, request):
        group, name = self.group(request["group"]), request["exchange"]
        if "client" not in group.roles:
            raise Fault("not a client")
        if any(one.group is group for one in self.exchanges.values()):
            raise Unsupported("send: one process a request, and one port: the exchange before is open")
        if request.get("mode") not in (None, "plain") or request.get("token") is not None or request.get("observe") == 1:
            raise Unsupported("send: mode, token or observe 1")
        if request["method"] not in METHODS:
            raise Fault("method")
        host, port = split(request["to"])
        if ipaddress.ip_address(host).is_multicast:
            raise Unsupported("send: group addresses")
        open_ms = OPEN_MS if request.get("open_ms") is None else request["open_ms"]
        arguments = ["-v", "8", "-m", request["method"].lower(), "-a", group.address[0], "-p", str(group.address[1]), "-B", str(-(-open_ms // 1000))]
        if request.get("type") == "NON":
            arguments.append("-N")
        if request.get("observe") == 0:
            arguments += ["-s", str(-(-open_ms // 1000))]
        if request.get("payload") is not None:
            payload = bytes.fromhex(request["payload"])
            (self.tree.scratch / "payload").write_bytes(payload)
            arguments += ["-f", self.tree.inside("payload"), *(["-b", str(BLOCK_SIZE)] if len(payload) > BLOCK_OVER else [])]
        output = self.tree.scratch / "output"
        output.unlink(missing_ok=True)
        arguments += [*WHOLE, "-o", self.tree.inside("output")]
        for number, value in request.get("options") or []:
            arguments += ["-O", f"{int(number)},0x{bytes.fromhex(value).hex()}"]
        query = "&".join(urllib.parse.quote(one, safe="=") for one in request.get("query") or [])
        uri = f"coap://{join(host, port)}{request.get('path') or ''}" + ("?" + query if query else "")
        process = self.tree.start("coap-client", *arguments, *([] if request.get("mode") == "plain" else group.oscore()), uri)
        exchange = Exchange(name, group, process, request.get("observe") == 0, time.monotonic() + open_ms / 1000, join(host, port), output)
        self.exchanges[name] = exchange
        end = time.monotonic() + START_S
        while exchange.token is None and not process.is_end and time.monotonic() < end:
            self.answered(exchange, process.lines())
        group.save()
        if exchange.token is None:
            del self.exchanges[name]
            process.end()
            status = process.process.poll()
            raise Fault("coap-client sent nothing" + (f" and ended by signal {-status}" if status is not None and status < 0 else ""))
        if process.is_end:
            self.close(exchange)
        else:
            self.selector.register(process.process.stdout, selectors.EVENT_READ, ("client", exchange))
        return {"token": exchange.token}

    def answered(self, exchange, lines):
        for line in lines:
            log = exchange.process.log
            what = log.feed(line)
            if what is None:
                continue
            if what[0] == "sent" and exchange.token is None and what[1][1] != "0.00":
                exchange.token = what[1][2]
            elif what[0] == "inner" and what[1][1] == "4.01" and "Echo:" in what[1][3]:
                self.tell("challenged", exchange=exchange.name, kid=self.peer_of(exchange), **{"from": log.peer})
            elif what[0] == "shown" and log.outer is not None:
                self.tell_response(exchange, log)
            elif what[0] == "refused":
                self.tell("rejected", reason=what[1], group=exchange.group.name, exchange=exchange.name, **{"from": log.peer})

    @staticmethod
    def peer_of(exchange):
        return exchange.group.context["recipients"][0]["id"]

    def tell_response(self, exchange, log):
        """What its response handler was given: the PDU the log showed last."""
        is_protected = log.inner is not None
        pdu = log.inner if is_protected else log.outer
        payload = payload_of(pdu) if "Block2:" not in pdu[3] else exchange.written().hex()
        exchange.n += is_protected
        self.tell("response", exchange=exchange.name, group=exchange.group.name, kid=self.peer_of(exchange) if is_protected else None, mode=None,
                  partial_iv=partial_iv_of(log.outer) if is_protected else None, code=NAMES.get(pdu[1], pdu[1]), payload=payload, options=options_of(pdu),
                  protected=is_protected, **{"from": log.peer})

    def close(self, exchange, why=None):
        exchange.process.end()
        del self.exchanges[exchange.name]
        self.tell("closed", exchange=exchange.name, why=why or ("answered" if exchange.n else "failed"))

    def op_finish(self, request):
        exchange = self.exchanges.get(request["exchange"])
        if exchange is None:
            raise Fault("no such exchange")
        self.selector.unregister(exchange.process.process.stdout)
        self.close(exchange, "finished")

    def op_quit(self, request):
        self.is_quit = True

    # ---- driving ----

    def expire(self):
        now = time.monotonic()
        for one in [one for one in self.exchanges.values() if one.ends <= now]:
            self.selector.unregister(one.process.process.stdout)
            self.close(one, None if one.n and not one.is_observed else "expired")

    def run(self):
        self.selector.register(0, selectors.EVENT_READ, ("lines", None))
        while not self.is_quit:
            # Operations last: they may read what a program has said themselves.
            for key, _ in sorted(self.selector.select(0.1), key=lambda one: one[0].data[0] == "lines"):
                self.take(key)
            self.expire()

    def take(self, key):
        kind, one = key.data
        if kind == "server":
            self.heard(one)
            one.save()
        elif kind == "client" and one.name in self.exchanges:
            self.answered(one, one.process.lines())
            one.group.save()
            if one.process.is_end:
                self.selector.unregister(key.fileobj)
                self.close(one)
        elif kind == "lines":
            self.read()

    def settle(self):
        """On a busy host its programs may be kept from running: whoever asks us for nonsense wants to know that nothing is under way."""
        end, is_idle, keys = time.monotonic() + REST_S, False, []
        while time.monotonic() < end and not (is_idle and not keys):
            programs = [(one.server, one.address[1]) for one in self.groups.values() if one.server is not None]
            programs += [(one.process, one.group.address[1]) for one in self.exchanges.values()]
            is_idle = all(one.is_idle(port) for one, port in programs)
            keys = [key for key, _ in self.selector.select(0 if is_idle else 0.002) if key.data[0] != "lines"]
            for key in keys:
                self.take(key)

    def read(self):
        data = os.read(0, 65536)
        *lines, self.rest = (self.rest + data).split(b"\n")
        for one in lines:
            if not self.is_quit:
                self.line(one)
        self.is_quit = self.is_quit or not data

    def end(self):
        for one in list(self.exchanges.values()):
            one.process.end()
        for one in self.groups.values():
            if one.server is not None:
                one.server.end()
        shutil.rmtree(self.tree.scratch, ignore_errors=True)


def main():
    peer = Peer(Tree(sys.argv[1], "--plain" in sys.argv[2:], "--b-1-2" in sys.argv[2:]))
    try:
        peer.run()
    finally:
        peer.end()


main()
