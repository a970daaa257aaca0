"""`responder flows`: how many bytes left which machine to which address, by VPC flow logs."""

import ipaddress
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from responder.domain.errors import Broken, Refused
from responder.domain.escaping import one_line
from responder.scan.flow.machines import Machines
from responder.scan.flow.peers import Network
from responder_cli.bars import bar_on_terminal, told_on
from responder_cli.deadlines.told import time_of
from responder_cli.flows.joining import add_interfaces
from responder_cli.flows.network import Wanted, network
from responder_cli.flows.table import show
from responder_cli.scope.sources import logs_in as trail_in

_INSTANCE, _INTERFACE = re.compile(r"i-[0-9a-f]{8,17}"), re.compile(r"eni-[0-9a-f]{8,17}")
_FIELD = re.compile(r"\$\{([a-z0-9-]+)\}|([a-z][a-z0-9-]*)")
_ASKED = "a person asked for it"


def flows(
    logs: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER",
            exists=True,
            file_okay=False,
            help="Flow logs, as `aws s3 sync` leaves them or CloudWatch Logs exports them.",
        ),
    ],
    instance: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Such as i-…. May be repeated.")
    ] = None,
    interface: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Such as eni-…. May be repeated.")
    ] = None,
    trail: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            exists=True,
            file_okay=False,
            help="CloudTrail's logs: whose interfaces are, where flow logs name no instance.",
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="What lies before, in these logs, says what is usual."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only what left before then.")
    ] = None,
    inside: Annotated[
        list[str] | None,
        typer.Option(
            "--network", metavar="CIDR", help="Ours, though its addresses are public or IPv6."
        ),
    ] = None,
    fields: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="The flow log's format, where no heading names it."),
    ] = None,
    processes: Annotated[int | None, typer.Option(min=1, help="As many as cores, without.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON for programs, in UTC.")] = False,
) -> None:
    """Show what left machines, to whom, whether it is more than usual, and what nobody can say.

    Without --instance and --interface, of every interface. Exits with 1 if a log could not be
    read, and with 2 if nothing could be told.
    """
    try:
        begins = time_of("--since", since) if since else None
        ends = time_of("--until", until) if until else None
        if begins and ends and ends <= begins:
            raise Refused("--until has to lie after --since")
        machines = Machines()
        for one in _ids("--instance", instance, _INSTANCE):
            machines.add(one, _ASKED)
        interfaces = frozenset(_ids("--interface", interface, _INTERFACE))
        wanted = Wanted(logs, begins, ends, interfaces, _networks(inside), _fields(fields))
        with bar_on_terminal(quiet=as_json) as bar:
            if trail is not None:
                calls = trail_in(trail)
                add_interfaces(machines, sorted(machines.why), calls, processes, told_on(bar))
            gaps = [f"{name} could not be read: {why}" for name, why in machines.unreadable.items()]
            told = network(wanted, machines, processes, told_on(bar), sorted(gaps))
    except (Broken, Refused) as error:
        typer.echo(f"error: {one_line(str(error), 500)}", err=True)
        raise typer.Exit(2) from None
    if as_json:
        typer.echo(json.dumps(told, indent=2, ensure_ascii=True))
    else:
        show(told)
    if told["unreadable"] or machines.unreadable:
        raise typer.Exit(1)


def _ids(option: str, told: Sequence[str] | None, rule: re.Pattern[str]) -> list[str]:
    """What somebody named, held to its form. Raises `Refused`."""
    for one in told or ():
        if rule.fullmatch(one) is None:
            looks = rule.pattern.partition("[")[0]
            raise Refused(f"{option} {one[:40]!r} is no id, such as {looks}0a1b2c3d4e5f60718")
    return list(told or ())


def _networks(told: Sequence[str] | None) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(one) for one in told or ())
    except ValueError as error:
        raise Refused(f"--network: {error}") from None


def _fields(told: str | None) -> tuple[str, ...] | None:
    """Names with blanks between, also as a flow log's format has them: `${version} ${start}`."""
    if told is None:
        return None
    found = [_FIELD.fullmatch(word) for word in told.split()]
    names = tuple((one[1] or one[2]) for one in found if one is not None)
    if len(names) != len(found) or not names:
        raise Refused("--fields takes the names of fields with blanks between, such as 'version …'")
    return names
