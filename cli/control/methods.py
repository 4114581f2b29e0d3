"""Methods that a running server serves to the command line: the only list of them.

Requests are checked against the signatures of these methods, and answers are read by them.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

from helpdesk.inbound.intake import Intake
from supervisor.administration.box import Box
from supervisor.administration.controls import PluginControls
from supervisor.administration.install_jobs import InstallJobs
from supervisor.administration.key_rotation import EncryptionKey
from supervisor.administration.versions import Versions
from supervisor.delivery.jobs import Jobs
from supervisor.watching.delivery_log import DeliveryLog
from supervisor.watching.logs import PluginLogs
from supervisor.watching.overview import Overview

METHODS: Mapping[str, Callable[..., Any]] = {
    "overview.plugins": Overview.plugins,
    "overview.processes": Overview.processes,
    "jobs.all": Jobs.all,
    "jobs.run_now": Jobs.run_now,
    "logs.read": PluginLogs.read,
    "deliveries.page": DeliveryLog.page,
    "deliveries.document": DeliveryLog.document,
    "deliveries.redeliver": DeliveryLog.redeliver,
    "box.all": Box.all,
    "box.install": Box.install,
    "installs.install": InstallJobs.install,
    "installs.from_url": InstallJobs.from_url,
    "versions.all": Versions.all,
    "versions.compare": Versions.compare,
    "versions.accept": Versions.accept,
    "versions.discard": Versions.discard,
    "controls.grant": PluginControls.grant,
    "controls.revoke": PluginControls.revoke,
    "controls.withhold": PluginControls.withhold,
    "controls.restart": PluginControls.restart,
    "controls.set_enabled": PluginControls.set_enabled,
    "controls.set_config": PluginControls.set_config,
    "controls.set_limits": PluginControls.set_limits,
    "controls.uninstall": PluginControls.uninstall,
    "key.rotate": EncryptionKey.rotate,
    "intake.receive": Intake.receive,
}
"""Rooms are attributes of ``supervisor.service.Supervisor``, but ``intake``: the help desk's."""


def types_of(method: str) -> Mapping[str, Any]:
    """Return the types of a method's parameters, and of its ``return``."""
    return get_type_hints(METHODS[method], vars(inspect.getmodule(METHODS[method])))
