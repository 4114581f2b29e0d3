"""Views of the supervisor: frozen snapshots for pages, the API and the command line.

::

    figures     health checks, and the figures for monitors
    plugins     an installed plugin, its versions, permissions, limits and panels
    deliveries  deliveries and log lines
    egress      entries of the egress log
    processes   processes, their figures over time, the lockdown
    published   events that plugins publish
"""

from supervisor.views.deliveries import (
    ANY_DELIVERY,
    DeliveryDetail,
    DeliveryFilter,
    DeliveryView,
    HostCallRecord,
    LogLine,
)
from supervisor.views.egress import EgressEntry, EgressFilter
from supervisor.views.figures import HealthCheck, PluginCounts, SupervisorFigures
from supervisor.views.plugins import (
    BoxedPlugin,
    CallResult,
    ConfigFieldView,
    InstallView,
    JobView,
    KeyRotation,
    LimitView,
    PanelResult,
    PanelSlot,
    PermissionView,
    PluginView,
    RecordCount,
    RecordWrite,
    RefusedCall,
    SignatureView,
    StoredFile,
    StoredRecord,
    VersionComparison,
    VersionView,
)
from supervisor.views.processes import (
    ControlView,
    HistoryPoint,
    PluginHistory,
    ProcessPart,
    ProcessView,
    SandboxView,
)
from supervisor.views.published import PublishedEvent

__all__ = [
    "ANY_DELIVERY",
    "BoxedPlugin",
    "CallResult",
    "ConfigFieldView",
    "ControlView",
    "DeliveryDetail",
    "DeliveryFilter",
    "DeliveryView",
    "EgressEntry",
    "EgressFilter",
    "HealthCheck",
    "HistoryPoint",
    "HostCallRecord",
    "InstallView",
    "JobView",
    "KeyRotation",
    "LimitView",
    "LogLine",
    "PanelResult",
    "PanelSlot",
    "PermissionView",
    "PluginCounts",
    "PluginHistory",
    "PluginView",
    "ProcessPart",
    "ProcessView",
    "PublishedEvent",
    "RecordCount",
    "RecordWrite",
    "RefusedCall",
    "SandboxView",
    "SignatureView",
    "StoredFile",
    "StoredRecord",
    "SupervisorFigures",
    "VersionComparison",
    "VersionView",
]
