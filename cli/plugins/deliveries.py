"""``ohd plugin deliveries``, ``delivery`` and ``redeliver``: what a plugin was given, and again."""

from dataclasses import asdict
from pathlib import Path

import click
import msgspec

from cli.config import load_config
from cli.errors import run
from cli.plugins.switching import actor, open_admin, print_json, with_data
from cli.tables import print_table
from supervisor.states import DeliveryKind, Outcome
from supervisor.text import clean_text
from supervisor.views import DeliveryFilter, DeliveryView
from supervisor.watching.delivery_document import DeliveryDocument, HostCallPart

_LONGEST_ERROR = 80
_LONGEST_TEXT = 100_000
_COLUMNS = ("id", "at", "kind", "event", "ticket", "outcome", "ms", "host calls", "again", "error")


@click.command()
@click.argument("plugin_id")
@click.option("--outcome", type=click.Choice([outcome.value for outcome in Outcome]))
@click.option("--errors", is_flag=True, help="Only failed deliveries.")
@click.option("--ticket", help="Ticket ID.")
@click.option("--event", help="Event name, such as ticket.created, or what a call was made for.")
@click.option("--kind", type=click.Choice([kind.value for kind in DeliveryKind]))
@click.option("--function", help="Only calls of this function.")
@click.option("--redelivered", is_flag=True, help="Only redeliveries.")
@click.option("-n", "--lines", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--before", help="Only deliveries before this one (the next page).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_data
def deliveries(
    plugin_id: str,
    *,
    outcome: str | None,
    errors: bool,
    ticket: str | None,
    event: str | None,
    kind: str | None,
    function: str | None,
    redelivered: bool,
    lines: int,
    before: str | None,
    as_json: bool,
    config: Path | None,
    data: Path | None,
) -> None:
    """Show the latest deliveries of a plugin: events, and calls of its functions."""
    wanted = DeliveryFilter(
        outcome=Outcome(outcome) if outcome else None,
        only_errors=errors,
        event=event,
        kind=DeliveryKind(kind) if kind else None,
        function=function,
        ticket_id=ticket,
        redelivered=True if redelivered else None,
    )

    async def go() -> None:
        async with open_admin(load_config(config, data=data)) as admin:
            found = await admin.deliveries.page(
                plugin_id, wanted=wanted, limit=lines, before=before
            )
        if as_json:
            print_json([asdict(view) for view in found])
        else:
            print_table(_COLUMNS, [_row(view) for view in found], nothing="No deliveries.")

    run(go)


@click.command()
@click.argument("plugin_id")
@click.argument("delivery_id")
@click.option("--json", "as_json", is_flag=True, help="Print JSON that a plugin author can replay.")
@with_data
def delivery(
    plugin_id: str, delivery_id: str, as_json: bool, config: Path | None, data: Path | None
) -> None:
    """Show one delivery: the event, host calls, log lines, the error. Secrets are redacted."""

    async def go() -> None:
        async with open_admin(load_config(config, data=data)) as admin:
            document = await admin.deliveries.document(plugin_id, delivery_id)
        if as_json:
            print_json(msgspec.to_builtins(document))
        else:
            # Everything in there is the plugin's, or a stranger's, to choose.
            click.echo(clean_text("\n".join(_lines(document)), _LONGEST_TEXT))

    run(go)


@click.command()
@click.argument("plugin_id")
@click.argument("delivery_ids", nargs=-1, required=True, metavar="DELIVERY...")
@with_data
def redeliver(
    plugin_id: str, delivery_ids: tuple[str, ...], config: Path | None, data: Path | None
) -> None:
    """Redeliver the events of one or more deliveries: all of them, or none."""

    async def go() -> None:
        async with open_admin(load_config(config, data=data)) as admin:
            queued = await admin.deliveries.redeliver(plugin_id, delivery_ids, actor=actor())
        plural = "y is" if queued == 1 else "ies are"
        click.echo(f"{queued} deliver{plural} queued for redelivery to {plugin_id}")
        if waiting := len(set(delivery_ids)) - queued:
            click.echo(f"{waiting} already waiting")

    run(go)


def _row(view: DeliveryView) -> tuple[str, ...]:
    error = (view.error or "").partition("\n")[0]
    return (
        view.id,
        view.started_at,
        view.kind.value,
        view.event,
        view.ticket_id,
        view.outcome.value,
        f"{view.duration_ms:.2f}",
        str(len(view.host_calls)),
        "again" if view.redelivered else "",
        error if len(error) <= _LONGEST_ERROR else f"{error[:_LONGEST_ERROR]}…",
    )


def _lines(document: DeliveryDocument) -> list[str]:
    made, plugin = document.delivery, document.plugin
    again = ", redelivered" if made.redelivered else ""
    lines = [
        f"delivery {made.id} of {plugin.id} {plugin.version}{again}",
        f"{made.started_at}  {made.outcome} in {made.duration_ms:.2f} ms",
    ]
    if made.error:
        lines += ["", "error", *_set_in(made.error)]
    if document.host_calls:
        lines += ["", "host calls", *(_call(call) for call in document.host_calls)]
    if document.logs:
        lines += ["", "log"]
        lines += [f"  {line.at} {line.level:5} {line.message}" for line in document.logs]
    if made.kind != DeliveryKind.EVENT:
        lines += ["", f"{made.kind} {made.called_for or ''}".rstrip()]
        lines += [f"  {made.function}", *_set_in(document.arguments or "no arguments")]
        return lines
    lines += ["", "event"]
    if document.event is None:
        return [*lines, "  has been deleted"]
    return [*lines, *_set_in(msgspec.json.format(msgspec.json.encode(document.event)).decode())]


def _call(call: HostCallPart) -> str:
    asked = " ".join(str(value) for value in call.request.values() if value not in (None, ""))
    detail = f"  {call.detail}" if call.detail else ""
    return f"  {call.name} {asked} -> {call.status} in {call.duration_ms:.1f} ms{detail}"


def _set_in(text: str) -> list[str]:
    return [f"  {line}" for line in text.splitlines()]
