"""Two versions of a plugin side by side: what one asks for and has, and the other does not. Pure.

Must not know where versions are kept, or how one takes the place of the other.
"""

from collections.abc import Iterable
from dataclasses import replace

from supervisor.manifest import ConfigField
from supervisor.plugins.signatures import SignatureRules
from supervisor.states import VersionStatus
from supervisor.store.versions import VersionRow
from supervisor.text import timestamp
from supervisor.views import VersionComparison, VersionView


def version_view(
    version: VersionRow, withheld: frozenset[str], rules: SignatureRules
) -> VersionView:
    """Return the snapshot of a version that keeps ``withheld`` from its plugin."""
    return VersionView(
        version=version.manifest.version,
        sha256=version.sha256,
        size=version.size,
        status=version.status,
        source=version.source,
        installed_at=timestamp(version.installed_at),
        installed_by=version.installed_by,
        installed_by_name=version.installed_by,
        toolchain=version.report.toolchain or None,
        imports=tuple(f"{line.module}.{line.name}" for line in version.report.imports),
        config_fields=tuple(version.manifest.config_schema),
        permissions=version.description.views(version.asks_for, withheld),
        signature=rules.look(version.report, version.sha256).view(),
    )


def withheld_after(active: VersionRow, other: VersionRow) -> frozenset[str]:
    """Return what ``other`` would not get in the place of ``active``, if nobody said any more.

    What is denied stays so; of what is asked for again, what was denied when it ran before.
    """
    before = other.withheld - set(active.asks_for)
    return frozenset((active.withheld | before) & set(other.asks_for))


def asked_anew(active: VersionRow, other: VersionRow) -> tuple[str, ...]:
    """Return the permissions that ``other`` asks for and ``active`` does not."""
    return _missing(other.asks_for, active.asks_for)


def compare(active: VersionRow, other: VersionRow, rules: SignatureRules) -> VersionComparison:
    """Return both versions, and where they differ."""
    withheld = withheld_after(active, other)
    before = version_view(active, active.withheld, rules)
    after = version_view(other, withheld, rules)
    old, new = active.manifest.config_schema, other.manifest.config_schema
    return VersionComparison(
        active=before,
        other=after,
        asked_anew=other.description.views(asked_anew(active, other), withheld),
        given_up=active.description.views(
            _missing(active.asks_for, other.asks_for), active.withheld
        ),
        imports_added=_missing(after.imports, before.imports),
        imports_removed=_missing(before.imports, after.imports),
        fields_added=_missing(new, old),
        fields_removed=_missing(old, new),
        fields_changed=tuple(
            name for name in new if name in old and _means(new[name]) != _means(old[name])
        ),
        is_older=other.status is VersionStatus.KEPT
        or precedence(other.manifest.version) < precedence(active.manifest.version),
    )


def precedence(version: str) -> tuple[object, ...]:
    """Return what sorts versions as Semantic Versioning 2.0.0 does (its section 11)."""
    plain, _, _build = version.partition("+")
    core, _, pre = plain.partition("-")
    # GoatKit versions are free text: what is no number comes before every one.
    numbers = tuple(int(part) if part.isdecimal() else -1 for part in core.split("."))
    # A number is lower than a word, fewer parts are lower, and none at all is the highest.
    parts = tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in pre.split(".") if pre)
    return (numbers, not pre, parts)


def _missing(of: Iterable[str], among: Iterable[str]) -> tuple[str, ...]:
    there = set(among)
    return tuple(each for each in of if each not in there)


def _means(field: ConfigField) -> ConfigField:
    """Return a field without its words."""
    return replace(field, label="", description="")
