"""The resources of PROTOCOL.md on aiocoap's Site, behind its OscoreSiteWrapper."""

import asyncio

import aiocoap
import cbor2
import contexts
from aiocoap import error, oscore, resource
from aiocoap.oscore_sitewrapper import OscoreSiteWrapper
from aiocoap.transports.oscore import OSCOREAddress

LARGE = bytes(ord("a") + i // 16 % 26 for i in range(1200))
# aiocoap acknowledges by itself when a handler takes longer than EMPTY_ACK_DELAY (100 ms).
SEPARATE_S = 0.15


class Incoming:
    """One incoming request: what is known of it, and that the application got it."""

    def __init__(self, peer, outer):
        self.peer, self.outer, self.security, self.error = peer, outer, None, None
        self.is_told = self.is_inside = False

    def protected(self, outer):
        pass

    def unprotected(self, security, inner, outer):
        self.security = security

    def refused(self, security, fault, outer):
        self.security, self.error = security, fault

    def deliver(self, request, path):
        self.is_told = True
        self.peer.tell_delivered(self, request, path)


class Front(OscoreSiteWrapper):
    """aiocoap's wrapper, with a record for each request; says what was refused."""

    def __init__(self, peer, inner, credentials):
        super().__init__(inner, credentials)
        self.peer = peer

    async def render_to_pipe(self, pipe):
        record = Incoming(self.peer, pipe.request)
        contexts.current.set(record)
        try:
            await super().render_to_pipe(pipe)
        except Exception as fault:
            record.error = record.error or fault
            raise
        finally:
            if not record.is_inside:
                self.peer.tell_refused_request(record)


class Inner(resource.Site):
    """The application: nothing is delivered unprotected. aiocoap leaves that decision to the application."""

    async def render_to_pipe(self, pipe):
        request = pipe.request
        is_open = request.opt.uri_path == Open.path and not request.remote.is_multicast_locally
        if not isinstance(request.remote, OSCOREAddress) and not is_open:
            contexts.current.get().error = oscore.NotAProtectedMessage("not protected", request)
            if request.remote.is_multicast_locally:
                return  # nobody in a group answers strangers (draft groupcomm-bis, section 6.3)
            raise error.Unauthorized
        contexts.current.get().is_inside = True
        try:
            await super().render_to_pipe(pipe)
        except error.NotFound:
            contexts.current.get().deliver(request, request.opt.uri_path)
            raise


class Told:
    """Tells the harness of each request before it is handled: of a body in blocks once, with all of it."""

    path, secured = (), "osc"

    async def render(self, request):
        record = contexts.current.get()
        if not record.is_told and isinstance(request.remote, OSCOREAddress):  # a notification renders the same request again
            record.deliver(request, self.path)
        return await super().render(request)

    def get_link_description(self):
        return {**super().get_link_description(), self.secured: None}


class Hello(Told, resource.Resource):
    path = ("hello",)

    async def render_get(self, request):
        return aiocoap.Message(payload=b"hello", content_format=0)


class Light(Told, resource.Resource):
    path, value = ("light",), b"off"

    async def render_get(self, request):
        return aiocoap.Message(code=aiocoap.CONTENT, payload=self.value)

    render_fetch = render_get

    async def render_put(self, request):
        if not 1 <= len(request.payload) <= 64:
            raise error.BadRequest
        self.value = request.payload
        return aiocoap.Message(code=aiocoap.CHANGED)

    async def render_post(self, request):
        self.value = b"on" if self.value == b"off" else b"off"
        return aiocoap.Message(code=aiocoap.CHANGED)


class Observed(Told, resource.ObservableResource):
    path, value = ("observe",), b"0"

    async def render_get(self, request):
        return aiocoap.Message(payload=self.value)

    def n_observers(self):
        return len(self._observations)


class Large(Told, resource.Resource):
    path, value = ("large",), LARGE

    async def render_get(self, request):
        return aiocoap.Message(payload=self.value)

    async def render_put(self, request):
        self.value = request.payload
        return aiocoap.Message(code=aiocoap.CHANGED)


class Separate(Told, resource.Resource):
    path = ("separate",)

    async def render_get(self, request):
        await asyncio.sleep(SEPARATE_S)
        return aiocoap.Message(payload=b"separate")


class Firmware(Told, resource.Resource):
    path = ("firmware",)

    def __init__(self):
        super().__init__()
        self.pieces = set()

    async def render_put(self, request):
        numbers = [one[2:] for one in request.opt.uri_query if one.startswith("n=")]
        if len(numbers) != 1 or not numbers[0].isdecimal() or int(numbers[0]) > 255:
            raise error.BadRequest
        self.pieces.add(int(numbers[0]))
        return aiocoap.Message(code=aiocoap.CHANGED)

    async def render_get(self, request):
        return aiocoap.Message(payload=",".join(str(n) for n in sorted(self.pieces)).encode())


class Kids(Told, resource.Resource):
    """Who is named answers with its Sender ID. The others ask aiocoap for silence, which it keeps without OSCORE only."""

    path = ("kids",)

    async def render_fetch(self, request):
        security = request.remote.security_context
        own = getattr(security, "groupcontext", security).sender_id
        try:
            is_named = own in cbor2.loads(request.payload)
        except (ValueError, TypeError, EOFError, cbor2.CBORDecodeError):
            is_named = False
        if is_named:
            return aiocoap.Message(payload=own, content_format=42)
        if not request.remote.underlying_address.is_multicast_locally:
            raise error.NotFound
        return aiocoap.Message(code=aiocoap.NOT_FOUND, no_response=26)


class HelloWorld(Told, resource.Resource):
    """Of the published interop tests; with what its answer has besides the text."""

    def __init__(self, number, **options):
        super().__init__()
        self.path, self.options = ("oscore", "hello", number), options

    async def render_get(self, request):
        return aiocoap.Message(payload=b"Hello World!", content_format=0, **self.options)


class Open(HelloWorld):
    """The one that is there without OSCORE too."""

    path = ("oscore", "hello", "coap")


class Echoed(Told, resource.Resource):
    path = ("oscore", "hello", "6")

    async def render_post(self, request):
        return aiocoap.Message(code=aiocoap.CHANGED, payload=request.payload, content_format=0)


class Conditional(Told, resource.Resource):
    path = ("oscore", "hello", "7")

    async def render_put(self, request):
        is_other = request.opt.if_match and not {b"", b"\x7b"} & set(request.opt.if_match)
        if is_other or request.opt.if_none_match:
            return aiocoap.Message(code=aiocoap.PRECONDITION_FAILED)
        return aiocoap.Message(code=aiocoap.CHANGED)


class ObservedText(Observed):
    value = b"one"

    def __init__(self, name):
        super().__init__()
        self.path = ("oscore", name)

    async def render_get(self, request):
        if self.value == b"Terminate Observe":
            return aiocoap.Message(code=aiocoap.INTERNAL_SERVER_ERROR, payload=self.value)
        return aiocoap.Message(payload=self.value, content_format=0)


class Deletable(Told, resource.Resource):
    path = ("oscore", "test")

    async def render_delete(self, request):
        return aiocoap.Message(code=aiocoap.DELETED)


def of_interop_tests():
    hellos = [Open("coap"), HelloWorld("1"), HelloWorld("2", etag=b"\x2b"), HelloWorld("3", max_age=5)]
    return [*hellos, Echoed(), Conditional(), ObservedText("observe1"), ObservedText("observe2"), Deletable()]


class Core(Told, resource.WKCResource):
    path = (".well-known", "core")


def site():
    """(site, the observable resources by path)"""
    made, observed = Inner(), {}
    for one in (Hello(), Light(), Observed(), Large(), Separate(), Firmware(), Kids(), *of_interop_tests()):
        made.add_resource(one.path, one)
        if isinstance(one, Observed):
            observed["/" + "/".join(one.path)] = one
    made.add_resource(Core.path, Core(made.get_resources_as_linkheader))
    return made, observed
