"""`responder scope`: what some principals did, and what their keys and roles made, by the logs."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from responder.domain.errors import Broken, Refused
from responder.domain.escaping import one_line
from responder.report.scope_page import render
from responder.scan.answer import answer
from responder.scan.pursuit import seed_of_arn, seed_of_key
from responder.scan.shelf import Shelf
from responder_cli.bars import bar_on_terminal, told_on
from responder_cli.deadlines.told import time_of
from responder_cli.deployed import RegionName, StackName, stopping
from responder_cli.flows.network import Wanted, network_of
from responder_cli.flows.table import show
from responder_cli.scope import starting
from responder_cli.scope.following import follow
from responder_cli.scope.people import facts_of, map_of, people_of
from responder_cli.scope.reading import Readers
from responder_cli.scope.sources import Folder, Source, bucket_of, logs_in

_SHOWN = 20  # of each list
_NOBODY = "000000000000"  # checks a key's form before any log tells its account


def scope(
    logs: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            exists=True,
            file_okay=False,
            help="CloudTrail's log objects, as `aws s3 sync` leaves them. In any folders.",
        ),
    ] = None,
    bucket: Annotated[
        str | None,
        typer.Option(metavar="S3://BUCKET/PREFIX", help="The same where they lie, by your rights."),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            metavar="INCIDENT",
            help="Have the deployed responder read its trail's logs, however large they are.",
        ),
    ] = None,
    principal: Annotated[
        list[str] | None,
        typer.Option(metavar="ARN", help="Of a user, role, role session or root. May be repeated."),
    ] = None,
    access_key: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Of an access key, such as AKIA…. May be repeated."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only calls from then on.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only calls before then.")
    ] = None,
    flow_logs: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            exists=True,
            file_okay=False,
            help="VPC flow logs: what left the machines they had. Earlier days say what is usual.",
        ),
    ] = None,
    data_map: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="What your stores hold, and of whom (docs/data-map.md): whose data it was.",
        ),
    ] = None,
    facts: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="With --data-map: writes whom it may touch, for `responder deadlines --facts`.",
        ),
    ] = None,
    processes: Annotated[int | None, typer.Option(min=1, help="As many as cores, without.")] = None,
    plainly: Annotated[
        bool,
        typer.Option("--plainly", help="By Python's own decoders alone: slower, the same answer."),
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", dir_okay=False, help="Writes a page for people as well."),
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="Of your AWS configuration; your shell's, without it.")
    ] = None,
    stack: StackName = "breach-responder",
    region: RegionName = None,
    index: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            file_okay=False,
            help="Keep there what stands in the logs, so that the next question is quick.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON for programs, in UTC.")] = False,
) -> None:
    """Show what principals did, what they assumed and made, what they read, and what nobody sees.

    Reads every log of a folder or a bucket, and follows what each finds into the others. Exits with
    1 if there are gaps that a person has to close, and with 2 if nothing could be told.
    """
    try:
        if sum(one is not None for one in (logs, bucket, start)) != 1:
            raise Refused("give one of --logs, --bucket and --start: where to look")
        if start is not None:
            begun = starting.start(start, stack=stack, region=region, profile=profile)
            typer.echo(json.dumps(vars(begun)) if as_json else f"{begun.name} reads: {begun.arn}")
            return
        if flow_logs is not None and logs is None:
            raise Refused(
                "--flow-logs needs the logs that tell of machines in a folder: give --logs"
            )
        begins = time_of("--since", since) if since else None
        ends = time_of("--until", until) if until else None
        seeds = [seed_of_arn(arn) for arn in principal or ()]
        keys = [one for one in access_key or () if seed_of_key(one, _NOBODY)]
        if not seeds and not keys:
            raise Refused("give --principal or --access-key: whom to look for")
        if facts is not None and data_map is None:
            raise Refused("--facts needs --data-map: nothing else says whose data it was")
        if data_map is not None:
            map_of(data_map)  # a slip in it is told before hours of reading, and not after
        source: Source
        if bucket is not None:
            source = bucket_of(bucket, profile=profile, region=region, since=begins, until=ends)
        else:
            source = Folder(logs or Path())
        with stopping():
            names = source.names()
        if not names:
            what = bucket or logs
            raise Refused(f"{what} holds no log: no object whose name ends with .json.gz or .json")
        with bar_on_terminal(quiet=as_json) as bar:
            found = follow(
                names,
                seeds,
                keys,
                Readers(source, processes, plainly=plainly, index=_checked(index)),
                told_on(bar),
                since=begins,
                until=ends,
            )
            people = None
            if data_map is not None:
                people = people_of(data_map, found, since=begins, until=ends)
            told = answer(found, since=begins, until=ends, people=people)
            told["network"] = None
            if flow_logs is not None and logs is not None:
                wanted = Wanted(flow_logs, begins, ends)
                told["network"] = network_of(
                    wanted, found.lineage, logs_in(logs), processes, told_on(bar)
                )
        if facts is not None and people is not None:
            facts.write_text(facts_of(people), encoding="utf-8")
        if html is not None:
            html.write_bytes(render(told, made_at=datetime.now(UTC)))
    except (Broken, Refused) as error:
        typer.echo(f"error: {one_line(str(error), 500)}", err=True)
        raise typer.Exit(2) from None
    except OSError as error:
        typer.echo(f"error: {error.filename}: {error.strerror}", err=True)
        raise typer.Exit(2) from None
    if as_json:
        typer.echo(json.dumps(told, indent=2, ensure_ascii=True))
    else:
        _print(told)
    if found.coverage.unreadable or (told["network"] and told["network"]["unreadable"]):
        raise typer.Exit(1)


def _checked(index: Path | None) -> Path | None:
    if index is not None:
        Shelf(index)  # refuses one that cannot be used, before anything is read
    return index


def _print(told: dict[str, Any]) -> None:
    console = Console()
    read = told["read"]
    console.print(
        f"{told['events']:,} calls, {told['denied']:,} of them denied, from "
        f"{told['first_event_at']} to {told['last_event_at']}. {told['objects_read']:,} objects "
        f"read, {told['bytes_read']:,} bytes. Looked at {read['records']:,} records in "
        f"{read['objects']:,} logs.",
        markup=False,
    )
    columns = {
        "principals": ("kind", "id", "events", "denied", "first_event_at", "last_event_at"),
        "source_ips": ("address", "events", "first_event_at", "last_event_at"),
        "calls": ("service", "call", "outcome", "times"),
        "buckets": ("bucket", "objects", "reads", "bytes"),
        **dict.fromkeys(
            (
                "persistence",
                "tampering",
                "retrieval",
                "decryption",
                "copy",
                "reading",
                "destruction",
            ),
            ("service", "call", "about", "outcome", "times", "technique", "first_event_at"),
        ),
    }
    for name, fields in columns.items():
        if told[name]:
            console.print(_table(name, told[name], fields))
    if told["touched"] is not None:
        _print_people(console, told)
    for gap in told["gaps"]:
        console.print(Text(f"gap: {one_line(gap, 400)}", style="yellow"), soft_wrap=True)
    if told["network"] is not None:
        show(told["network"])


def _print_people(console: Console, told: dict[str, Any]) -> None:
    stores = ("store", "had", "why", "plaintext", "elements")
    console.print(_table("stores", told["touched"], stores))
    people = [
        {"lives in": place, "at least": f"{one['low']:,}", "at most": f"{one['high']:,}"}
        for place, one in told["residents"].items()
    ]
    console.print(_table("whose data it was", people, ("lives in", "at least", "at most")))


def _table(name: str, rows: list[dict[str, Any]], fields: tuple[str, ...]) -> Table:
    more = len(rows) - _SHOWN
    caption = f"and {more} more: --json has them" if more > 0 else None
    table = Table(title=name.replace("_", " "), caption=caption)
    for field in fields:
        table.add_column(field.replace("_", " "), overflow="fold")
    for row in rows[:_SHOWN]:
        table.add_row(*(Text(one_line(_text(row[field]), 200)) for field in fields))
    return table


def _text(value: object) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)
