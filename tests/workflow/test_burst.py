"""A small burst, throttled: `bench/burst.py` runs ten thousand findings."""

import random

from bench.burst import run
from bench.burst_events import Victim, burst
from bench.burst_table import shown

FINDINGS, CAMPAIGNS, BREAKER = 100, 2, 3
ORDERS = 2  # of one campaign, each cut at once: deny the user, switch the key off
IN_CAMPAIGNS = 20


def test_a_burst_loses_nothing_and_cuts_no_more_than_an_hour_may_see() -> None:
    outcome = run(FINDINGS, CAMPAIGNS, percent=4.0, breaker=BREAKER, seed=3)
    assert outcome.findings == FINDINGS
    assert outcome.lost == []
    assert (outcome.incidents, outcome.in_two_incidents) == (CAMPAIGNS, 0)
    assert outcome.recorded == FINDINGS - IN_CAMPAIGNS
    assert outcome.throttled > 0
    assert outcome.failed == []
    assert outcome.cuts == outcome.most_cuts_in_an_hour == BREAKER
    assert outcome.asked >= CAMPAIGNS * ORDERS - BREAKER
    assert outcome.read_units > 0
    assert outcome.write_units > FINDINGS
    assert sum(outcome.calls.values()) > FINDINGS
    assert outcome.transitions > outcome.incidents * 20
    assert "together" in shown(outcome, breaker=BREAKER, seconds=0.5)


def test_each_finding_of_a_burst_is_of_its_own_and_campaigns_share_nobody() -> None:
    victims = [Victim(f"user-{n}", f"AKIA{n:016}", f"AIDA{n:016}") for n in range(CAMPAIGNS)]
    sent = burst(FINDINGS, victims, random.Random(1))
    assert len({one.key for one in sent}) == len(sent) == FINDINGS
    assert sum(one.campaign is not None for one in sent) == IN_CAMPAIGNS
    for number, victim in enumerate(victims):
        about = [one for one in sent if victim.name in str(one.event)]
        assert {one.campaign for one in about} == {number}
    assert burst(FINDINGS, victims, random.Random(1)) == sent
