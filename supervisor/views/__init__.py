"""What the supervisor shows of itself: frozen snapshots for pages, the API and the command line."""

from supervisor.views.deliveries import (
    DeliveryDetail,
    DeliveryFilter,
    DeliveryView,
    LogLine,
    Outcome,
)
from supervisor.views.egress import EgressEntry, EgressFilter, EgressOutcome
from supervisor.views.figures import HealthCheck, PluginCounts, SupervisorFigures
from supervisor.views.plugins import (
    ConfigFieldView,
    InstallStep,
    InstallView,
    KeyRotation,
    LimitView,
    PanelResult,
    PanelSlot,
    PermissionView,
    PluginView,
    VersionComparison,
    VersionStatus,
    VersionView,
)
from supervisor.views.processes import (
    ControlView,
    HistoryPoint,
    PluginHistory,
    PluginState,
    ProcessView,
    SandboxView,
)

__all__ = [
    "ConfigFieldView",
    "ControlView",
    "DeliveryDetail",
    "DeliveryFilter",
    "DeliveryView",
    "EgressEntry",
    "EgressFilter",
    "EgressOutcome",
    "HealthCheck",
    "HistoryPoint",
    "InstallStep",
    "InstallView",
    "KeyRotation",
    "LimitView",
    "LogLine",
    "Outcome",
    "PanelResult",
    "PanelSlot",
    "PermissionView",
    "PluginCounts",
    "PluginHistory",
    "PluginState",
    "PluginView",
    "ProcessView",
    "SandboxView",
    "SupervisorFigures",
    "VersionComparison",
    "VersionStatus",
    "VersionView",
]
