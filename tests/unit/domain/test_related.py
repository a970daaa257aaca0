"""A console is shown what findings name, as far as it is an ARN and there is room."""

from responder.domain.finding import Resource
from responder.domain.related import Related, resources_of
from tests.builders import SHOP, a_finding, a_session, a_user

BUCKET = "arn:aws:s3:::orders-archive"


def a_thing(arn: str) -> Resource:
    return Resource(kind="S3Bucket", id=arn)


def test_identities_come_first_and_each_once() -> None:
    one = a_finding(principals=(a_user(), a_session()), resources=(a_thing(BUCKET),))
    other = a_finding(principals=(a_user(),), resources=(a_thing(BUCKET),))
    assert resources_of([one, other]) == (a_user().arn, a_session().arn, BUCKET)


def test_what_looks_like_no_arn_is_no_link() -> None:
    named = ("i-0abc", "https://evil.example.com/", f"{BUCKET}\n{BUCKET}", f"{BUCKET}\u202e", "")
    finding = a_finding(principals=(), resources=tuple(a_thing(one) for one in named))
    assert resources_of([finding]) == ()


def test_no_more_is_listed_than_an_ops_item_holds() -> None:
    short = tuple(a_thing(f"{BUCKET}-{number}") for number in range(150))
    assert len(resources_of([a_finding(principals=(), resources=short)])) == 100
    long = tuple(
        a_thing(f"arn:aws:lambda:us-west-2:{SHOP}:function:{number}{'x' * 800}")
        for number in range(100)
    )
    kept = resources_of([a_finding(principals=(), resources=long)])
    assert 18_000 - 900 < sum(len(one) + 13 for one in kept) <= 18_000


def test_what_is_known_is_not_new() -> None:
    all_of_it = Related(resources=("a", "b"), runbooks=("c",))
    assert all_of_it.without(Related(resources=("a",))) == Related(
        resources=("b",), runbooks=("c",)
    )
    assert all_of_it.without(all_of_it) == Related()
