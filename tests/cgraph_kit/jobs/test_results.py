"""How long a job waits before it is tried again."""

import pytest

from cgraph_kit.jobs import backoff


class TestBackoff:
    @pytest.mark.parametrize(
        ("attempt", "seconds"), [(1, 17), (2, 19), (3, 23), (4, 31), (5, 47), (6, 79), (10, 1039)]
    )
    def test_doubles_above_its_padding_and_adds_at_most_a_tenth(
        self, attempt: int, seconds: float
    ) -> None:
        for _ in range(50):
            assert seconds <= backoff(attempt) <= seconds * 1.1

    def test_differs_from_job_to_job(self) -> None:
        assert len({backoff(5) for _ in range(20)}) > 1

    def test_goes_the_same_way_in_smaller_steps_with_more_attempts(self) -> None:
        assert backoff(100, 100) <= (15 + 2**20) * 1.1
        assert 17 <= backoff(5, 100) <= 17 * 1.1
