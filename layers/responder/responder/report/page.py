"""One page of HTML about one incident: no script, no request, every string escaped."""

from responder.domain.clock import Clock, ClockKind
from responder.domain.custody import verify_chain
from responder.report import coverage, deadline_chart, order_lines, summary, wording
from responder.report.markup import fill
from responder.report.model import Report


def render(report: Report) -> bytes:
    """The page, UTF-8. The same report gives the same bytes."""
    lines = order_lines.lines(report)
    waiting = summary.decisions(report, lines)
    return fill(
        "page.html.jinja",
        report=report,
        what_happened=summary.what_happened(report),
        what_was_cut=summary.what_was_cut(report, lines),
        what_waits=summary.what_waits(waiting),
        next_date=summary.next_date(report),
        decisions=waiting,
        lines=lines,
        touched=summary.touched(lines),
        left=[line for line in lines if summary.is_left(line)],
        contained=summary.contained_from_to(lines),
        missed=[c for c in summary.missed(report) if c.kind is not ClockKind.POLICY],
        next_clock=summary.next_clock(report),
        clocks=sorted(report.clocks, key=_urgency),
        chart=deadline_chart.draw(report.clocks, now=report.made_at),
        coverage=coverage.lines(report),
        covered=coverage.summary(coverage.lines(report)),
        chain_fault=verify_chain(report.custody) if report.custody else None,
    )


def _urgency(clock: Clock) -> tuple[bool, str, str]:
    """Dates first, earliest first; then what has no date yet."""
    return (
        clock.due_at is None,
        wording.in_utc(clock.due_at) if clock.due_at else "",
        clock.clock_id,
    )
