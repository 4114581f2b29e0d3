"""What a page process serves: lists, tickets and static files, on connections that it was lent.

It has the database open to read and nothing else: no key, no plugin, no listener. What it cannot
answer it gives back (``webapp.processes``).
"""

import secrets
import socket
from typing import cast

import trio
from hypercorn.config import Config
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import AppWrapper
from quart import Response
from quart_trio import QuartTrio

from helpdesk.service import HelpDesk
from helpdesk.settings import SettingValues
from helpdesk.storage.database import ReadsOnly
from supervisor.delivery.shown import ShownPlugins
from supervisor.service import Supervisor
from webapp import context
from webapp.admission.exchanges import Admission, AdmittedApp
from webapp.admission.known import KnownCredentials
from webapp.app import bare_app
from webapp.config import WebConfig
from webapp.connections import Connection, Connections
from webapp.http import failures, guard, requests
from webapp.live.hub import Hub
from webapp.live.presence import Presence
from webapp.live.process_watch import ProcessWatch
from webapp.pages import ticket, ticket_list
from webapp.plugin_documents import PluginDocuments
from webapp.processes.lent import Loan, Loans, PlainAnswers
from webapp.processes.newness import Newness
from webapp.processes.tally import Tally
from webapp.processes.wire import Abort, Begin, Counted, Lend, Link, Ready, Stop
from webapp.rendering import assets, templating
from webapp.rendering.formatting_pool import FormattingPool
from webapp.security.throttle import Throttle
from webapp.server import FORCE_S, GRACE_S, running, server_config

REPORT_S = 1.0
_REPORTED = 1_000
"""Requests, and sessions, in one message."""


class Mind:
    """What the process keeps in mind of the database: the plugins, and the name of the site."""

    def __init__(self, helpdesk: HelpDesk, newness: Newness) -> None:
        self.plugins = ShownPlugins(helpdesk.database)
        self.site = context.Site(SettingValues().site_name)
        self._helpdesk = helpdesk
        self._newness = newness
        self._of = -1
        self._wanted = trio.Event()

    def is_new(self) -> bool:
        """Tell whether it is still true; where not, have it read again."""
        if self._of == self._newness.now():
            return True
        self._wanted.set()
        return False

    async def refresh(self) -> None:
        """Read it now."""
        count = self._newness.now()
        self.site.follow(await self._helpdesk.settings.all())
        await self.plugins.refresh()
        self._of = count

    async def run(self) -> None:
        """Read it again whenever that is wanted, until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted = trio.Event()
            await self.refresh()


def create_page_app(helpdesk: HelpDesk, mind: Mind, config: WebConfig, tally: Tally) -> QuartTrio:
    """Return the app of a page process: the routes of few pages, with the same guard as all."""
    app = bare_app(config)
    # The pages ask a supervisor for no more than ShownPlugins has.
    supervisor = cast(Supervisor, mind.plugins)
    live = Hub(helpdesk.news)
    context.install(
        app.extensions,
        context.AppContext(
            helpdesk,
            supervisor,
            config,
            Throttle(window_s=config.login_window_s),
            Throttle(window_s=config.code_window_s),
            live,
            Presence(live.tell_presence),
            ProcessWatch(supervisor),
            FormattingPool(),
            mind.site,
            PluginDocuments(),
            Admission(KnownCredentials()),
            secrets.token_urlsafe(16),
        ),
    )
    tally.install(app)
    guard.install(app)
    failures.install(app)
    app.register_error_handler(ReadsOnly, _give_back)
    for section in (assets.blueprint, ticket_list.blueprint, ticket.blueprint):
        app.register_blueprint(section)
    app.request_class = requests.request_class(config, {})
    return app


async def _give_back(_: ReadsOnly) -> Response:
    """Answer with what is no plain answer, and so is never sent."""
    return Response("", status=503)


async def serve_pages(helpdesk: HelpDesk, begin: Begin, link: Link, newness: Newness) -> None:
    """Serve the connections that are lent over ``link``, until told to stop or the link ends."""
    await trio.to_thread.run_sync(templating.load_all)
    mind, tally, config = Mind(helpdesk, newness), Tally(), begin.config
    await mind.refresh()
    app = create_page_app(helpdesk, mind, config, tally)
    admission, server = context.context_of(app.extensions).admission, server_config(config)
    asgi = AdmittedApp(PlainAnswers(app), admission, config)
    async with running(app, asgi, server) as wrapped, trio.open_nursery() as helping:
        helping.start_soon(link.run)
        helping.start_soon(mind.run)
        helping.start_soon(_report, helpdesk, tally, link)
        loans = Loans(link, admission.known, mind)
        await _Desk(wrapped, server, admission, loans).serve(link)
        _report_now(helpdesk, tally, link)
        helping.cancel_scope.cancel()


class _Desk:
    """Serves connections."""

    def __init__(
        self, wrapped: AppWrapper, server: Config, admission: Admission, loans: Loans
    ) -> None:
        self._wrapped = wrapped
        self._server = server
        self._admission = admission
        self._loans = loans
        self._context = WorkerContext(None)
        # The serving process counts them, those of all processes together.
        self._connections = Connections(1_000_000, None)

    async def serve(self, link: Link) -> None:
        """Serve until told to stop; then what is under way has as long as everywhere."""
        async with trio.open_nursery() as forcing:
            async with trio.open_nursery() as serving:
                link.send(Ready())
                while (received := await link.receive()) is not None:
                    message, descriptor = received
                    match message:
                        case Lend():
                            sock = socket.socket(fileno=descriptor)
                            serving.start_soon(self._serve_one, message, sock)
                        case Abort(id=number):
                            self._loans.abort(number)
                        case Stop():
                            break
                await self._context.terminated.set()
                serving.cancel_scope.deadline = trio.current_time() + GRACE_S
                forcing.start_soon(self._end_by_force)
            forcing.cancel_scope.cancel()

    async def _serve_one(self, lend: Lend, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._admission.known.note_digest(lend.credential, lend.person)
        loan = Loan(self._loans, lend.id)
        connection = Connection(
            self._wrapped,
            self._server,
            self._context,
            trio.SocketStream(trio.socket.from_stdlib_socket(sock)),
            self._connections,
            admission=self._admission,
            http2=False,
            elsewhere=loan,
            begins_here=False,
        )
        self._loans.connections[lend.id] = connection
        try:
            await connection.serve(lend.said, lend.address, lend.person)
        finally:
            loan.end()

    async def _end_by_force(self) -> None:
        await trio.sleep(GRACE_S + FORCE_S)
        self._connections.abort_all()


async def _report(helpdesk: HelpDesk, tally: Tally, link: Link) -> None:
    while True:
        _report_now(helpdesk, tally, link)
        await trio.sleep(REPORT_S)


def _report_now(helpdesk: HelpDesk, tally: Tally, link: Link) -> None:
    requests_, uses = tally.take(), list(helpdesk.sessions.take_uses().items())
    for start in range(0, max(len(requests_), len(uses), 1), _REPORTED):
        end = start + _REPORTED
        link.send(Counted(requests_[start:end], uses[start:end]))
