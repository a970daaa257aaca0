import random
import signal
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta, timezone
from functools import partial

import pytest

from localcloud.baton import Baton
from localcloud.scheduler import Scheduler, Stuck
from localcloud.virtual_time import VirtualTime

BEGIN = datetime(2026, 3, 2, 9, 30, 0, 123_457, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    before = set(threading.enumerate())
    with VirtualTime(BEGIN) as virtual:
        scheduler = Scheduler(virtual)
        yield scheduler
        scheduler.close()
    assert set(threading.enumerate()) == before


@pytest.fixture
def baton(scheduler: Scheduler) -> Baton:
    return Baton(scheduler)


# Virtual time


def test_the_whole_process_reads_the_virtual_time_to_the_microsecond() -> None:
    with VirtualTime(BEGIN) as virtual:
        for step in range(1, 40):
            virtual.move_to(BEGIN + step * timedelta(days=1, microseconds=333_331))
            assert datetime.now(UTC) == virtual.now()
            assert time.time_ns() == round(virtual.now().timestamp() * 1e6) * 1000
    assert datetime.now(UTC) != virtual.now()


def test_local_time_is_utc_while_time_is_virtual(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/Los_Angeles")
    time.tzset()
    try:
        with VirtualTime(BEGIN.astimezone(timezone(timedelta(hours=5)))) as virtual:
            assert virtual.now().tzinfo is UTC
            assert datetime.now() == BEGIN.replace(tzinfo=None)  # noqa: DTZ005
    finally:
        monkeypatch.undo()
        time.tzset()


def test_time_does_not_run_backwards() -> None:
    with VirtualTime(BEGIN) as virtual:
        virtual.move_to(BEGIN)
        with pytest.raises(ValueError, match="backwards"):
            virtual.move_to(BEGIN - timedelta(microseconds=1))
        assert datetime.now(UTC) == BEGIN


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        VirtualTime(BEGIN.replace(tzinfo=None))


def test_one_process_has_one_virtual_time() -> None:
    with VirtualTime(BEGIN), pytest.raises(RuntimeError, match="already"):
        VirtualTime(BEGIN).__enter__()


# Jobs


def test_jobs_run_in_the_order_they_came_and_only_when_told(scheduler: Scheduler) -> None:
    seen: list[int] = []
    for number in range(5):
        scheduler.later(partial(seen.append, number), name=f"job {number}")
    assert seen == []
    assert scheduler.next_at() == BEGIN
    scheduler.settle()
    assert seen == [0, 1, 2, 3, 4]
    assert scheduler.next_at() is None


def test_chance_says_whose_turn_it_is_and_the_same_chance_the_same(scheduler: Scheduler) -> None:
    orders = list[list[int]]()
    for seed in (1, 1, 2):
        ran = list[int]()
        orders.append(ran)
        scheduler.take_turns_by(random.Random(seed))
        for number in range(9):
            scheduler.later(partial(ran.append, number), name=str(number))
        scheduler.settle()
        assert sorted(ran) == list(range(9))
    assert orders[0] == orders[1] != orders[2]
    assert list(range(9)) not in orders


def test_a_job_for_an_instant_runs_at_that_instant(scheduler: Scheduler) -> None:
    seen: list[datetime] = []
    for minutes in (3, 1, 2, 1):
        scheduler.later(
            lambda: seen.append(datetime.now(UTC)), name="job", at=BEGIN + minutes * MINUTE
        )
    scheduler.settle()
    assert seen == []
    assert scheduler.next_at() == BEGIN + MINUTE
    scheduler.advance_to(BEGIN + 2.5 * MINUTE)
    assert seen == [BEGIN + MINUTE, BEGIN + MINUTE, BEGIN + 2 * MINUTE]
    assert scheduler.now() == BEGIN + 2.5 * MINUTE
    assert scheduler.next_at() == BEGIN + 3 * MINUTE


def test_a_job_for_an_instant_that_has_passed_runs_now(scheduler: Scheduler) -> None:
    seen: list[datetime] = []
    scheduler.later(lambda: seen.append(scheduler.now()), name="late", at=BEGIN - DAY)
    assert scheduler.next_at() == BEGIN
    scheduler.settle()
    assert seen == [BEGIN]


def test_jobs_added_by_a_job_run_in_the_same_settle_after_those_that_waited(
    scheduler: Scheduler,
) -> None:
    seen: list[str] = []

    def first() -> None:
        seen.append("first")
        scheduler.later(lambda: seen.append("third"), name="third")

    scheduler.later(first, name="first")
    scheduler.later(lambda: seen.append("second"), name="second")
    scheduler.settle()
    assert seen == ["first", "second", "third"]


def test_a_sleeping_job_lets_the_others_go_on(scheduler: Scheduler) -> None:
    seen: list[tuple[str, timedelta]] = []

    def sleeper(name: str, seconds: float) -> None:
        for _ in range(2):
            scheduler.sleep(seconds)
            seen.append((name, scheduler.now() - BEGIN))

    scheduler.later(lambda: sleeper("a", 86_400), name="a")
    scheduler.later(lambda: sleeper("b", 43_200), name="b")
    scheduler.advance_to(BEGIN + 30 * DAY)
    # At the first full day both are due; the one that began to wait first goes first.
    assert seen == [("b", DAY / 2), ("a", DAY), ("b", DAY), ("a", 2 * DAY)]


def test_only_one_thread_runs_at_a_time(scheduler: Scheduler) -> None:
    running: list[int] = []
    most: list[int] = []

    def job(number: int) -> None:
        for _ in range(20):
            running.append(number)
            most.append(len(running))
            running.remove(number)
            scheduler.sleep(0)

    for number in range(10):
        scheduler.later(partial(job, number), name=f"job {number}")
    scheduler.settle()
    assert max(most) == 1
    assert len(most) == 200


def test_settle_raises_the_first_error_after_everybody_had_their_turn(scheduler: Scheduler) -> None:
    seen: list[str] = []

    def fail(text: str) -> None:
        raise ValueError(text)

    scheduler.later(lambda: fail("one"), name="job one")
    scheduler.later(lambda: fail("two"), name="job two")
    scheduler.later(lambda: seen.append("ran"), name="job three")
    with pytest.raises(ValueError, match="one") as caught:
        scheduler.settle()
    assert seen == ["ran"]
    assert any("job one" in note for note in caught.value.__notes__)
    assert any("job two" in note for note in caught.value.__notes__)
    assert [(each.name, str(each.error)) for each in scheduler.failures] == [
        ("job one", "one"),
        ("job two", "two"),
    ]
    scheduler.settle()  # each is raised once


def test_a_job_that_exits_the_interpreter_is_a_failure_too(scheduler: Scheduler) -> None:
    scheduler.later(lambda: (_ for _ in ()).throw(SystemExit(3)), name="quitter")
    with pytest.raises(SystemExit):
        scheduler.settle()
    assert scheduler.alive() == []


def test_a_job_has_the_context_of_whoever_added_it(scheduler: Scheduler) -> None:
    who: ContextVar[str] = ContextVar("who", default="nobody")
    seen: list[str] = []

    def job() -> None:
        seen.append(who.get())
        who.set("the job")

    who.set("the driver")
    scheduler.later(job, name="job")
    who.set("somebody else")
    scheduler.settle()
    assert seen == ["the driver"]
    assert who.get() == "somebody else"


def test_a_detached_thread_has_nothing_of_the_context_that_started_it(
    scheduler: Scheduler, baton: Baton
) -> None:
    who: ContextVar[str] = ContextVar("who", default="nobody")
    seen: list[str] = []

    def job() -> None:
        who.set("a handler")
        baton.Thread(target=lambda: seen.append(who.get())).start()
        baton.DetachedThread(target=lambda: seen.append(who.get())).start()

    scheduler.later(job, name="job")
    scheduler.settle()
    assert seen == ["a handler", "nobody"]


# The driver waits


def test_the_driver_sleeps_while_everything_else_goes_on(scheduler: Scheduler) -> None:
    seen: list[datetime] = []
    scheduler.later(lambda: seen.append(scheduler.now()), name="job", at=BEGIN + MINUTE)
    scheduler.sleep(90)
    assert seen == [BEGIN + MINUTE]
    assert scheduler.now() == BEGIN + 1.5 * MINUTE


def test_the_driver_can_wait_for_a_thread(scheduler: Scheduler, baton: Baton) -> None:
    thread = baton.Thread(target=scheduler.sleep, args=(300,))
    thread.start()
    thread.join(timeout=60)
    assert thread.is_alive()
    thread.join()
    assert not thread.is_alive()
    assert scheduler.now() == BEGIN + 5 * MINUTE


def test_a_driver_that_nothing_can_wake_is_told_who_is_left(
    scheduler: Scheduler, baton: Baton
) -> None:
    scheduler.later(lambda: baton.Event().wait(), name="the sulking job")
    with pytest.raises(Stuck, match="the sulking job"):
        baton.Event().wait()


def test_only_the_driver_drives(scheduler: Scheduler) -> None:
    for forbidden in (scheduler.settle, scheduler.close):
        scheduler.later(forbidden, name="usurper")
        with pytest.raises(RuntimeError, match="only the thread that made the scheduler"):
            scheduler.settle()


def test_a_third_thread_is_refused_when_it_would_have_to_wait(
    scheduler: Scheduler, baton: Baton
) -> None:
    event, errors = baton.Event(), list[str]()

    def stranger() -> None:
        event.set()
        assert event.wait()  # it is set: no wait
        try:
            scheduler.sleep(1)
        except RuntimeError as error:
            errors.append(str(error))

    thread = threading.Thread(target=stranger, name="stranger")
    thread.start()
    thread.join()
    assert errors == ["stranger is no thread of this scheduler"]


# The stand-ins for threading


def test_an_event_wakes_everybody_even_when_it_is_cleared_at_once(
    scheduler: Scheduler, baton: Baton
) -> None:
    event, seen = baton.Event(), list[tuple[str, bool]]()

    def waiter(name: str) -> None:
        seen.append((name, event.wait()))

    for name in ("a", "b"):
        scheduler.later(partial(waiter, name), name=name)
    scheduler.settle()
    assert seen == []
    event.set()
    event.clear()
    scheduler.settle()
    assert seen == [("a", True), ("b", True)]


def test_an_event_that_is_not_set_in_time_answers_no(scheduler: Scheduler, baton: Baton) -> None:
    event, seen = baton.Event(), list[tuple[bool, timedelta]]()

    def job() -> None:
        seen.append((event.wait(timeout=60), scheduler.now() - BEGIN))

    scheduler.later(job, name="patient")
    scheduler.later(event.set, name="setter", at=BEGIN + 2 * MINUTE)
    scheduler.later(job, name="later", at=BEGIN + 1.5 * MINUTE)
    scheduler.advance_to(BEGIN + 5 * MINUTE)
    assert seen == [(False, MINUTE), (True, 2 * MINUTE)]
    assert scheduler.next_at() is None


def test_whoever_is_woken_at_its_time_limit_by_somebody_earlier_in_the_queue_goes_on(
    scheduler: Scheduler, baton: Baton
) -> None:
    event, seen = baton.Event(), list[bool]()
    scheduler.later(event.set, name="setter", at=BEGIN + MINUTE)
    scheduler.later(lambda: seen.append(event.wait(timeout=60)), name="waiter")
    scheduler.advance_to(BEGIN + MINUTE)
    assert seen == [True]


def test_a_lock_is_handed_over_in_the_order_they_asked(scheduler: Scheduler, baton: Baton) -> None:
    lock, seen = baton.Lock(), list[str]()

    def job(name: str) -> None:
        with lock:
            seen.append(f"{name} in")
            scheduler.sleep(10)
            seen.append(f"{name} out")

    for name in ("a", "b", "c"):
        scheduler.later(partial(job, name), name=name)
    scheduler.advance_to(BEGIN + MINUTE)
    assert seen == ["a in", "a out", "b in", "b out", "c in", "c out"]
    assert not lock.locked()


def test_a_lock_that_is_not_given_up_in_time_is_not_taken(
    scheduler: Scheduler, baton: Baton
) -> None:
    lock, seen = baton.Lock(), list[bool]()
    assert lock.acquire()
    scheduler.later(lambda: seen.append(lock.acquire(timeout=5)), name="asker")
    scheduler.later(lambda: seen.append(lock.acquire(blocking=False)), name="prober")
    scheduler.advance_to(BEGIN + MINUTE)
    assert seen == [False, False]
    lock.release()
    assert not lock.locked()
    with pytest.raises(RuntimeError, match="nobody holds"):
        lock.release()


def test_a_reentrant_lock_lets_its_holder_in_again_and_nobody_else(
    scheduler: Scheduler, baton: Baton
) -> None:
    lock, seen = baton.RLock(), list[str]()

    def holder() -> None:
        with lock, lock:
            scheduler.sleep(10)
            seen.append("holder")
        with pytest.raises(RuntimeError, match="another holds"):
            lock.release()

    def other() -> None:
        with lock:
            seen.append("other")

    scheduler.later(holder, name="holder")
    scheduler.later(other, name="other")
    scheduler.advance_to(BEGIN + MINUTE)
    assert seen == ["holder", "other"]


def test_a_condition_lets_go_of_its_lock_and_wakes_as_many_as_told(
    scheduler: Scheduler, baton: Baton
) -> None:
    condition, seen = baton.Condition(), list[str]()

    def waiter(name: str) -> None:
        with condition:
            seen.append(f"{name} {condition.wait(timeout=600)}")

    def notifier() -> None:
        with condition:
            condition.notify()
        scheduler.sleep(60)
        with condition:
            condition.notify_all()

    for name in ("a", "b", "c"):
        scheduler.later(partial(waiter, name), name=name)
    scheduler.later(notifier, name="notifier")
    scheduler.settle()
    assert seen == ["a True"]
    scheduler.advance_to(BEGIN + MINUTE)
    assert seen == ["a True", "b True", "c True"]


def test_a_thread_starts_once_and_cannot_be_awaited_before(baton: Baton) -> None:
    thread = baton.Thread(target=list, name="a name")
    assert not thread.is_alive()
    with pytest.raises(RuntimeError, match="before it is started"):
        thread.join()
    thread.start()
    assert thread.name == "a name"
    with pytest.raises(RuntimeError, match="only be started once"):
        thread.start()


# Ends


def test_ending_a_thread_ends_what_it_started_but_not_what_was_detached(
    scheduler: Scheduler, baton: Baton
) -> None:
    seen: list[str] = []

    def sleeper(name: str) -> None:
        try:
            scheduler.sleep(60)
            seen.append(f"{name} woke")
        finally:
            seen.append(f"{name} left")

    def parent() -> None:
        baton.Thread(target=sleeper, args=("child",)).start()
        baton.DetachedThread(target=sleeper, args=("detached",)).start()
        sleeper("parent")

    thread = baton.Thread(target=parent)
    thread.start()
    scheduler.settle()
    thread.end()
    scheduler.settle()
    assert seen == ["parent left", "child left"]
    assert not thread.is_alive()
    scheduler.advance_to(BEGIN + MINUTE)
    assert seen[2:] == ["detached woke", "detached left"]


def test_a_thread_that_is_ended_before_its_first_turn_never_runs(
    scheduler: Scheduler, baton: Baton
) -> None:
    seen: list[str] = []
    thread = baton.Thread(target=lambda: seen.append("ran"))
    thread.start()
    thread.end()
    scheduler.settle()
    assert seen == []
    assert not thread.is_alive()


def test_close_ends_every_thread_however_it_waits(scheduler: Scheduler, baton: Baton) -> None:
    left: list[str] = []
    lock = baton.Lock()
    lock.acquire()
    event, condition = baton.Event(), baton.Condition()

    def waits_for(name: str) -> None:
        try:
            match name:
                case "event":
                    event.wait()
                case "lock":
                    lock.acquire()
                case "condition":
                    with condition:
                        condition.wait()
                case _:
                    scheduler.sleep(10**9)
        finally:
            scheduler_time = scheduler.now()
            left.append(f"{name} at {scheduler_time - BEGIN}")

    for name in ("event", "lock", "condition", "sleep"):
        scheduler.later(partial(waits_for, name), name=name)
    scheduler.later(lambda: left.append("never"), name="never", at=BEGIN + DAY)
    scheduler.settle()
    threads = threading.active_count()
    scheduler.close()
    assert left == [f"{name} at 0:00:00" for name in ("event", "lock", "condition", "sleep")]
    assert threading.active_count() == threads - 4
    assert scheduler.alive() == []
    assert scheduler.failures == []
    assert scheduler.next_at() is None
    scheduler.close()
    with pytest.raises(RuntimeError, match="closed"):
        scheduler.later(list, name="too late")


@pytest.fixture
def interrupted() -> Iterator[threading.Event]:
    """Set by the first Ctrl-C, which interrupts; a process in the background would ignore it."""
    happened = threading.Event()

    def interrupt(*_: object) -> None:
        if not happened.is_set():
            happened.set()
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    yield happened
    signal.signal(signal.SIGINT, before)


def test_an_interrupted_driver_can_still_close(
    scheduler: Scheduler, interrupted: threading.Event
) -> None:
    driver, left, go_on = threading.get_ident(), list[str](), threading.Event()

    def job() -> None:
        # Ctrl-C, while this runs: again, if it came just before the driver began to wait.
        while not interrupted.wait(0.05):
            signal.pthread_kill(driver, signal.SIGINT)
        go_on.wait()
        try:
            scheduler.sleep(60)
        finally:
            left.append("job")

    scheduler.later(job, name="job")
    with pytest.raises(KeyboardInterrupt):
        scheduler.settle()
    go_on.set()
    scheduler.close()
    assert left == ["job"]
    assert scheduler.alive() == []


def test_a_thread_that_is_ended_cannot_wait_again(scheduler: Scheduler) -> None:
    seen: list[str] = []

    def stubborn() -> None:
        try:
            scheduler.sleep(60)
        finally:
            try:
                scheduler.sleep(60)
            finally:
                seen.append("gave up")

    scheduler.later(stubborn, name="stubborn")
    scheduler.settle()
    scheduler.close()
    assert seen == ["gave up"]


def test_the_same_jobs_run_in_the_same_order_every_time() -> None:
    def one_run() -> list[tuple[timedelta, str]]:
        seen: list[tuple[timedelta, str]] = []
        with VirtualTime(BEGIN) as virtual:
            scheduler = Scheduler(virtual)
            baton = Baton(scheduler)
            lock, event = baton.Lock(), baton.Event()

            def job(number: int) -> None:
                for turn in range(4):
                    with lock:
                        seen.append((scheduler.now() - BEGIN, f"{number}.{turn}"))
                        scheduler.sleep(number % 3)
                    if turn == number % 4:
                        event.set()
                        event.clear()
                    event.wait(timeout=number + 1)

            for number in range(8):
                scheduler.later(partial(job, number), name=str(number))
            scheduler.advance_to(BEGIN + DAY)
            scheduler.close()
        return seen

    runs = [one_run() for _ in range(3)]
    assert len(runs[0]) == 32
    assert runs[0] == runs[1] == runs[2]
