"""The parts of one supervisor, made and joined in the order in which they need each other.

Must not know what anybody does with them.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import trio

from supervisor.administration.box import Box
from supervisor.administration.change import ChangeContext
from supervisor.administration.controls import PluginControls
from supervisor.administration.fetch import Fetcher
from supervisor.administration.install_jobs import InstallJobs
from supervisor.administration.installer import Installer
from supervisor.administration.key_rotation import EncryptionKey
from supervisor.administration.refusals import Refusals
from supervisor.administration.versions import Versions
from supervisor.calls.desk_functions import DeskFunctions
from supervisor.calls.host_calls import Egress, HostCalls
from supervisor.calls.host_functions import HostFunctions, Site
from supervisor.calls.kept_functions import KeptFunctions
from supervisor.calls.published import PublishedEvents
from supervisor.calls.queries import Queries
from supervisor.calls.record_functions import RecordFunctions
from supervisor.config import SupervisorConfig
from supervisor.delivery.children import Children
from supervisor.delivery.error_threshold import ErrorThreshold
from supervisor.delivery.functions import NeighbourCalls, PluginFunctions
from supervisor.delivery.jobs import Jobs
from supervisor.delivery.journal import Journal, JournalLedger
from supervisor.delivery.offers import PluginOffers
from supervisor.delivery.runner import RunnerTools
from supervisor.delivery.runners import Runners
from supervisor.delivery.ticket_panels import TicketPanels
from supervisor.delivery.webhooks import Webhooks
from supervisor.egress import EgressClient
from supervisor.mail.reader import MailReader
from supervisor.native.child import NativeTools
from supervisor.pictures.maker import PictureMaker
from supervisor.plugins.artifacts import ArtifactStore
from supervisor.plugins.audit import Unaudited
from supervisor.plugins.compiler import Compiler, KeptCode
from supervisor.plugins.limits import LimitsInForce
from supervisor.plugins.module_files import ModuleFiles
from supervisor.plugins.registry import PluginRegistry
from supervisor.plugins.start_trial import StartTrial
from supervisor.ports import (
    AdminNotices,
    AuditLog,
    Database,
    DeskCalls,
    Names,
    Outbox,
    Reseal,
    TicketActions,
)
from supervisor.process.cage import Cage
from supervisor.process.cgroups import GroupPool
from supervisor.process.forkserver import ForkServer
from supervisor.process.spawn import Spawner
from supervisor.query.files import PluginQueries
from supervisor.query.zones import server_zone
from supervisor.sandbox_check.sandbox import Sandbox
from supervisor.secrets.box import SecretBox
from supervisor.store.plugin_store import PluginStore
from supervisor.watching.delivery_log import DeliveryLog
from supervisor.watching.egress_log import EgressLog
from supervisor.watching.health_checks import HealthChecks
from supervisor.watching.logs import PluginLogs
from supervisor.watching.overview import Overview


async def _keep_nothing(_plugin_id: str) -> None:
    """Have no databases of plugins."""


async def nobody(_ids: Collection[str]) -> Mapping[str, str]:
    """Know no user, as where there is no help desk."""
    return {}


@dataclass(frozen=True, slots=True)
class StandIns:
    """What an author's tools put in the place of a server's parts; a server has none of them."""

    egress: Egress | None = None
    """Answers the requests of guests."""
    kept_code: KeptCode | None = None


@dataclass(frozen=True, slots=True)
class HelpDeskPorts:
    """Interfaces that the help desk gives the supervisor."""

    database: Database
    outbox: Outbox
    actions: TicketActions
    notices: AdminNotices
    audit: AuditLog = field(default_factory=Unaudited)
    names: Names = nobody
    database_file: Path | None = None
    """Where the database lies; None where plugins cannot query it."""
    desk: DeskCalls | None = None
    """For plugins that know tickets by integers; None where there is no help desk."""
    site_name: Callable[[], str] = lambda: "Open Help Desk"
    health_rule: Callable[[], ErrorThreshold] = ErrorThreshold
    """The rule as the admins have it now; asked whenever a delivery has failed."""
    reseal: Reseal | None = None
    """Seals the help desk's own secrets with the key that seals now."""
    stand_ins: StandIns = StandIns()


class Assembly:
    """See the module."""

    def __init__(
        self,
        config: SupervisorConfig,
        ports: HelpDeskPorts,
        box: SecretBox,
        fork_server: ForkServer,
        egress: EgressClient,
        *,
        artifacts: ArtifactStore,
        groups: GroupPool,
        nursery: trio.Nursery,
        run_plugins: bool,
    ) -> None:
        self.limits = limits = LimitsInForce(config.limits)
        self.store = store = PluginStore.over(ports.database, box)
        self.audit = ports.audit
        self.nursery = nursery
        self.artifacts = artifacts
        self.box = box
        self.egress = egress
        self.fork_server = fork_server
        cage = Cage(config.cage)
        self.sandbox = Sandbox(fork_server, config.cage, config.limits, groups)
        stand_ins = ports.stand_ins
        compiler = Compiler(fork_server, artifacts, cage, config.limits, stand_ins.kept_code)
        self.compiler = compiler
        self.mail = MailReader(fork_server, cage)
        self.pictures = PictureMaker(fork_server, cage)
        self.journal = Journal(store.recorded)
        self.ledger = JournalLedger(self.journal)
        self.installed = PluginRegistry(store.installed)
        spawner = Spawner(fork_server, cage)
        self.tools = tools = RunnerTools(
            children=Children(spawner, compiler, NativeTools(fork_server, cage)),
            host_calls=HostCalls(stand_ins.egress or egress, ports.actions, self.ledger),
            limits=limits,
            health_rule=ports.health_rule,
            restart_rule=config.restart,
            plain_http_panels=config.plain_http_panels,
        )
        self.runners = Runners(
            nursery,
            self.installed,
            tools,
            self.journal,
            store=store.running,
            outbox=ports.outbox,
            notices=ports.notices,
            audit=ports.audit,
            active=run_plugins,
            native=config.native,
        )
        self.signatures = config.signatures
        self.overview = Overview(
            self.installed, self.runners, limits, store.recorded, lambda: self.signatures
        )
        self.deliveries = DeliveryLog(
            self.installed,
            self.runners,
            self.journal,
            store=store,
            outbox=ports.outbox,
            audit=ports.audit,
            limits=limits,
        )
        self.logs = PluginLogs(self.installed, self.journal, store.recorded)
        self.refusals = Refusals(self.installed, self.journal, store.recorded)
        self.egress_log = EgressLog(self.journal, store.recorded)
        self.health = HealthChecks(
            store.recorded,
            self.journal,
            fork_server,
            overview=self.overview,
            runners=self.runners,
            ledger=self.ledger,
        )
        self.panels = TicketPanels(self.installed, self.runners)
        self.functions = PluginFunctions(self.installed, self.runners)
        self.webhooks = Webhooks(self.installed, store.data.secret)
        self.offers = PluginOffers(self.installed)
        self.published = PublishedEvents()
        zone = server_zone()
        self.jobs = Jobs(nursery, self.installed, self.functions, store.jobs, ZoneInfo(zone))
        drop_data: Callable[[str], Awaitable[None]] = _keep_nothing
        if ports.database_file is not None:
            queries = PluginQueries(
                fork_server, cage, ports.database_file, config.data_directory / "plugin-data", zone
            )
            drop_data = queries.forget
            tools.host_calls.functions = self._host_functions(ports, queries)
        context = ChangeContext(
            self.installed,
            self.runners,
            self.journal,
            ModuleFiles(artifacts, self.installed.uses),
            store,
            ports.outbox,
            ports.audit,
            limits,
            self.overview.view,
            lambda: self.signatures,
            drop_data,
            self.overview.forget,
        )
        self.controls = PluginControls(context)
        self.versions = Versions(context, config.kept_versions, ports.names)
        self.fetcher = Fetcher(egress, config.fetch)
        self.installs = InstallJobs(
            nursery,
            Installer(context, compiler, StartTrial(spawner, compiler)),
            self.fetcher,
            lambda: limits.defaults.module_bytes,
            self.overview.view,
        )
        self.box_of_plugins = Box(config.box, self.installed, self.installs, self.overview.view)
        self.key = EncryptionKey(store.installed, box, config.key_file, ports.audit, ports.reseal)

    def _host_functions(self, ports: HelpDeskPorts, queries: PluginQueries) -> HostFunctions:
        """Make what GoatKit guests call by name."""
        calls, zone = self.tools.host_calls, queries.zone
        more = {**KeptFunctions(self.store.data).table, **self.published.table}
        more |= RecordFunctions(self.store.records, ports.desk).table
        if ports.desk is not None:
            more |= DeskFunctions(ports.desk, calls).table
        made = HostFunctions(
            calls,
            Queries(queries.open, queries.open_for_jobs),
            Site(ports.site_name, ZoneInfo(zone), zone),
            more,
        )
        made.neighbours = NeighbourCalls(self.installed, self.functions)
        return made
