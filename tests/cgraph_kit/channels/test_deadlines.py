"""A wheel of time-outs on a clock that the test turns."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, cast

import pytest

from cgraph_kit.channels.deadlines import Deadlines, Watched


class Clock:
    """As much of an event loop as a wheel needs, with a clock to turn by hand."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.calls: list[tuple[float, Callable[..., None], tuple[Any, ...]]] = []

    def time(self) -> float:
        return self.now

    def call_at(self, at: float, call: Callable[..., None], *args: Any) -> None:
        self.calls.append((at, call, args))

    def turn(self, seconds: float) -> None:
        end = self.now + seconds
        while self.calls and min(self.calls)[0] <= end:
            next_ = min(self.calls, key=lambda call: call[0])
            self.calls.remove(next_)
            self.now = max(self.now, next_[0])
            next_[1](*next_[2])
        self.now = end


class Subject(Watched):
    def __init__(self, clock: Clock, *again: float) -> None:
        self.bucket = None
        self.clock = clock
        self.again = list(again)
        self.looked: list[float] = []

    def look(self, now: float) -> float | None:
        self.looked.append(self.clock.now)
        return now + self.again.pop(0) if self.again else None


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: cast("Any", clock))
    return clock


class TestDeadlines:
    @pytest.mark.parametrize("seconds", [0, 0.1, 0.5, 0.9, 1, 7.3, 60])
    def test_looks_never_early_and_at_most_a_tick_late(self, clock: Clock, seconds: float) -> None:
        wheel, subject = Deadlines(0.5), Subject(clock)
        clock.turn(0.37)
        wheel.watch(subject, seconds)
        due = clock.now + seconds
        clock.turn(100)
        (looked,) = subject.looked
        assert due <= looked <= due + 0.5

    def test_looks_again_when_told_to(self, clock: Clock) -> None:
        wheel, subject = Deadlines(1), Subject(clock, 10, 0, 5)
        wheel.watch(subject, 3)
        clock.turn(100)
        gaps = [b - a for a, b in zip([1000.0, *subject.looked], subject.looked, strict=False)]
        assert all(want <= gap <= want + 1 for want, gap in zip([3, 10, 0, 5], gaps, strict=True))

    def test_only_the_newest_time_counts(self, clock: Clock) -> None:
        wheel, subject = Deadlines(1), Subject(clock)
        wheel.watch(subject, 50)
        wheel.watch(subject, 5)
        clock.turn(100)
        assert [1005 <= at <= 1006 for at in subject.looked] == [True]

    def test_lets_go(self, clock: Clock) -> None:
        wheel, subject = Deadlines(1), Subject(clock)
        wheel.watch(subject, 5)
        wheel.unwatch(subject)
        wheel.unwatch(subject)
        clock.turn(100)
        assert subject.looked == []

    def test_a_look_can_let_another_go(self, clock: Clock) -> None:
        wheel = Deadlines(1)
        one, two = Subject(clock), Subject(clock)
        one.look = lambda _now: wheel.unwatch(two)  # type: ignore[method-assign]
        two.look = lambda _now: wheel.unwatch(one)  # type: ignore[method-assign]
        looks = []
        for subject in (one, two):
            let_go = subject.look
            subject.look = lambda now, call=let_go: looks.append(call(now))  # type: ignore[method-assign]
            wheel.watch(subject, 5)
        clock.turn(100)
        assert len(looks) == 1

    def test_sleeps_when_it_watches_nothing(self, clock: Clock) -> None:
        wheel = Deadlines(1)
        wheel.watch(Subject(clock), 5)
        clock.turn(100)
        assert clock.calls == []
        subject = Subject(clock)
        wheel.watch(subject, 5)
        clock.turn(100)
        assert len(subject.looked) == 1

    def test_catches_up_after_a_loop_that_stood_still(self, clock: Clock) -> None:
        wheel = Deadlines(1)
        subjects = [Subject(clock) for _ in range(10)]
        for seconds, subject in enumerate(subjects):
            wheel.watch(subject, seconds)
        clock.now += 50
        clock.turn(1)
        assert [len(subject.looked) for subject in subjects] == [1] * 10

    def test_a_failing_look_spares_the_others(
        self, clock: Clock, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(_now: float) -> float:
            message = "broken on purpose"
            raise RuntimeError(message)

        wheel = Deadlines(1)
        broken, sound = Subject(clock), Subject(clock)
        broken.look = fail  # type: ignore[method-assign]
        for subject in (broken, sound):
            wheel.watch(subject, 5)
        clock.turn(100)
        assert len(sound.looked) == 1
        assert [record.levelno for record in caplog.records] == [logging.ERROR]

    def test_tells_the_time_of_the_last_tick(self, clock: Clock) -> None:
        wheel = Deadlines(1)
        wheel.watch(Subject(clock), 50)
        for _ in range(30):
            clock.turn(0.7)
            assert clock.now - 1 <= wheel.now <= clock.now
