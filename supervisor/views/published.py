"""Views of what plugins publish."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PublishedEvent:
    """An event of a plugin, for the pages that show the plugin."""

    plugin_id: str
    person: str | None
    """Id of the person for whom it was published: they and staff get it. None: staff alone."""
    type: str
    channel: str
    """Empty where the plugin named none."""
    data: object
    """Any JSON value."""
