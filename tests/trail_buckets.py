"""A trail's bucket with a theft in it, among as many honest logs as are wanted."""

import gzip
import json
from datetime import timedelta
from itertools import count, cycle

from tests.builders import REGION, SHOP
from tests.trail_logs import OTHER, STARTS_AT, Logs, by_user

PREFIX = "logs"
ORGANIZATION = "o-exampleorg1"
CORRUPT = f"{SHOP}_CloudTrail_{REGION}_20261123T0207Z_corrupt000000001.json.gz"
ENDLESS = f"{SHOP}_CloudTrail_{REGION}_20261123T0208Z_endless000000001.json.gz"
_REGIONS = (REGION, "us-east-1")
_HOURS = 40


def corpus(objects: int) -> dict[str, bytes]:
    """So many objects by their keys: honest ones, the theft, some of it told by an organization's
    trail as well, one that is corrupt, one that can be read, and digests, which are no logs.
    """
    theft = Logs().honest(hours=6, each=2).theft()
    found = {f"{PREFIX}/{key}": body for key, body in theft.objects().items()}
    again = theft.objects(trail="oooo", without=(0, 2))
    folder = f"{PREFIX}/AWSLogs/{ORGANIZATION}"
    found |= {key.replace("AWSLogs", folder, 1): body for key, body in again.items()}
    day = f"{PREFIX}/AWSLogs/{SHOP}/CloudTrail/{REGION}/2026/11/23"
    whole = _honest(0)
    found[f"{day}/{CORRUPT}"] = whole[: len(whole) // 2]
    found[f"{day}/{ENDLESS}"] = whole
    places = cycle((region, hour) for hour in range(_HOURS) for region in _REGIONS)
    bodies = [_honest(seed) for seed in range(24)]
    for number in count():
        if len(found) >= objects:
            break
        region, hour = next(places)
        at = STARTS_AT - timedelta(hours=_HOURS - 14 - hour, minutes=-(number % 60))
        name = f"{SHOP}_CloudTrail_{region}_{at:%Y%m%dT%H%MZ}_honest{number:010d}.json.gz"
        where = f"{PREFIX}/AWSLogs/{SHOP}/CloudTrail/{region}/{at:%Y/%m/%d}"
        found[f"{where}/{name}"] = bodies[number % len(bodies)]
    digest = f"{SHOP}_CloudTrail-Digest_{REGION}_main_{REGION}_20261123T020000Z.json.gz"
    return found | {f"{day.replace('CloudTrail', 'CloudTrail-Digest')}/{digest}": whole}


def _honest(seed: int) -> bytes:
    logs = Logs(seed + 100)
    for minute in range(1 + seed % 3):
        logs.call(minute, "ec2", "DescribeInstances", by_user("deploy", OTHER))
    records = [record for hour in logs.hours.values() for record in hour]
    document = json.dumps({"Records": records}, separators=(",", ":"))
    return gzip.compress(document.encode(), mtime=0)
