"""What AWS charges for one of each, in US East (N. Virginia) and US West (Oregon), in US dollars.

Free tiers are left out, and so is storage: a burst adds megabytes. Lambda's duration depends on
how long AWS takes to answer, which nothing here can measure: it is assumed, and printed as such.
A price with `read_on` was read that day in a copy of the page, or in an article that quotes it; the
others are what the list said when last known: look before you quote them.
"""

from dataclasses import dataclass
from datetime import date

AS_OF = date(2026, 11, 26)
_MILLION = 1_000_000


@dataclass(frozen=True)
class Price:
    """One unit price."""

    unit: str
    usd: float
    source: str  # the page of AWS that lists it
    read_on: date | None = None


STATE_TRANSITION = Price(
    "state transition", 0.025 / 1000, "AWS Step Functions Pricing, Standard Workflows", AS_OF
)
WRITE_UNIT = Price(
    "write request unit", 0.625 / _MILLION, "Amazon DynamoDB pricing, on-demand", AS_OF
)
READ_UNIT = Price(
    "read request unit", 0.125 / _MILLION, "Amazon DynamoDB pricing, on-demand", AS_OF
)
INVOCATION = Price("invocation", 0.20 / _MILLION, "AWS Lambda Pricing, requests")
GB_SECOND = Price("GB-second, arm64", 0.0000133334, "AWS Lambda Pricing, Arm")
QUEUE_REQUEST = Price("queue request", 0.40 / _MILLION, "Amazon SQS pricing, standard queues")
PUT = Price("object put", 0.005 / 1000, "Amazon S3 pricing, S3 Standard")
GET = Price("object get", 0.0004 / 1000, "Amazon S3 pricing, S3 Standard")
LIST = Price("object list", 0.005 / 1000, "Amazon S3 pricing, S3 Standard")
KEY_REQUEST = Price("KMS request", 0.03 / 10_000, "AWS Key Management Service Pricing")
SIGNATURE = Price(
    "KMS signature, ECC", 0.15 / 10_000, "AWS Key Management Service Pricing, asymmetric"
)
OPS_ITEM = Price("OpsItem", 2.97 / 1000, "AWS Systems Manager pricing, OpsCenter")
AUTOMATION_STEP = Price("Automation step", 0.002, "AWS Systems Manager pricing, Automation")
MAIL = Price("mail by SNS", 2.00 / 100_000, "Amazon SNS pricing, email")
LOG_GB = Price("GB of logs", 0.50, "Amazon CloudWatch Pricing, log ingestion")
