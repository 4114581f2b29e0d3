"""The parts of one supervisor, made and joined in the order in which they need each other.

Must not know what anybody does with them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import trio

from supervisor.audited import Unaudited
from supervisor.cage import Cage
from supervisor.cgroups import GroupPool
from supervisor.changes import PluginChanges
from supervisor.changing import Changing
from supervisor.config import SupervisorConfig
from supervisor.delivery.accounts import JournalLedger
from supervisor.delivery.health import HealthRule
from supervisor.delivery.journal import Journal
from supervisor.delivery.runner import RunnerTools
from supervisor.egress import EgressClient
from supervisor.fetch import Fetcher
from supervisor.hostcalls import HostCalls
from supervisor.installed import Installed
from supervisor.installing import Installing
from supervisor.installs import Installs
from supervisor.modules.artifacts import ArtifactStore
from supervisor.modules.compiler import Compiler
from supervisor.modules.shelf import Shelf
from supervisor.overrides import LimitsInForce
from supervisor.ports import AdminNotices, AuditLog, Database, Outbox, TicketActions
from supervisor.process.forkserver import ForkServer
from supervisor.process.spawn import Spawner
from supervisor.runners import Runners
from supervisor.sandbox import Sandbox
from supervisor.secrets import SecretBox
from supervisor.show import plugin_view
from supervisor.store.plugins import PluginRow
from supervisor.versions import Versions
from supervisor.views import PluginView
from supervisor.vitals import Vitals
from supervisor.watching import Watching


@dataclass(frozen=True, slots=True)
class HelpDeskPorts:
    """What the help desk gives the supervisor."""

    database: Database
    outbox: Outbox
    actions: TicketActions
    notices: AdminNotices
    audit: AuditLog = field(default_factory=Unaudited)
    health_rule: Callable[[], HealthRule] = HealthRule
    """The rule as the admins have it now; asked whenever a delivery has failed."""


class Parts:
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
        self.key_file = config.key_file
        self.database = ports.database
        self.audit = ports.audit
        self.nursery = nursery
        self.artifacts = artifacts
        self.box = box
        self.egress = egress
        self.fork_server = fork_server
        cage = Cage(config.cage)
        self.sandbox = Sandbox(fork_server, config.cage, config.limits, groups)
        compiler = Compiler(fork_server, artifacts, cage, config.limits)
        self.compiler = compiler
        self.journal = Journal(ports.database)
        self.vitals = Vitals(ports.database, self.journal, fork_server)
        self.ledger = JournalLedger(self.journal)
        self.installed = Installed(ports.database, box)
        self.tools = tools = RunnerTools(
            spawner=Spawner(fork_server, cage),
            open_code=lambda row: compiler.open(row.sha256, row.manifest),
            host_calls=HostCalls(egress, ports.actions, self.ledger),
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
            database=ports.database,
            outbox=ports.outbox,
            notices=ports.notices,
            audit=ports.audit,
            active=run_plugins,
        )
        self.watching = Watching(
            self.installed,
            self.runners,
            self.journal,
            database=ports.database,
            outbox=ports.outbox,
            audit=ports.audit,
        )
        self.changing = changing = Changing(
            self.installed,
            self.runners,
            self.journal,
            Shelf(artifacts, self.installed.uses),
            ports.database,
            ports.outbox,
            box,
            ports.audit,
            limits,
        )
        self.changes = PluginChanges(changing)
        self.versions = Versions(changing, config.kept_versions)
        self.installing = Installing(changing, compiler)
        self.fetcher = Fetcher(egress, config.fetch)
        self.installs = Installs(
            nursery, self.installing, self.fetcher, lambda: limits.defaults.module_bytes
        )

    def view(self, row: PluginRow) -> PluginView:
        """Return the snapshot of a plugin."""
        return plugin_view(row, self.installed, self.runners, self.limits)
