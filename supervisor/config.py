"""Settings of the supervisor, as config.toml gives them."""

from dataclasses import dataclass, field
from pathlib import Path

from supervisor.administration.fetch import FetchRules
from supervisor.delivery.restart_backoff import RestartRule
from supervisor.egress import EgressPolicy
from supervisor.limits import Limits
from supervisor.plugins.signatures import SignatureRules
from supervisor.process.cage import CageSettings


@dataclass(frozen=True, slots=True)
class SupervisorConfig:
    """Everything that an operator can set about plugins."""

    data_directory: Path
    """Where module files, compiled code and the key lie; readable by the server's user alone."""
    limits: Limits = field(default_factory=Limits)
    cage: CageSettings = field(default_factory=CageSettings)
    egress: EgressPolicy = field(default_factory=EgressPolicy)
    restart: RestartRule = field(default_factory=RestartRule)
    plain_http_panels: bool = False
    """Whether panels may be framed over http, for development."""
    source_lines: bool = False
    """Whether backtraces name source lines: for authors, on their own machine."""
    fetch: FetchRules = field(default_factory=FetchRules)
    """For modules that are installed from a URL."""
    signatures: SignatureRules = field(default_factory=SignatureRules)
    kept_versions: int = 5
    """Of each plugin: how many that were installed before are kept to roll back to."""

    box: Path | None = None
    """Folder of the plugins that come with the help desk; None: there are none."""

    native: bool = False
    """Whether native plugins may be installed and run."""

    @property
    def key_file(self) -> Path:
        """Where the keys lie that secrets are encrypted with."""
        return self.data_directory / "secret.key"
