import pytest

from modelwright.serve.admission import SHORTEST_WAIT, Admission
from modelwright.serve.refusal import RefusedRequestError


def learned(threads: int, seconds: float, wait: float | None = None) -> Admission:
    admission = Admission(threads, wait, 100)
    admission.enter()
    admission.leave(seconds)
    return admission


def accepted(admission: Admission, most: int = 1000) -> int:
    for count in range(most):
        try:
            admission.enter()
        except RefusedRequestError as error:
            assert (error.status, error.code) == (503, "unavailable")
            assert error.retry_after is not None
            assert error.retry_after >= 1
            return count
    return most


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_slow_answers_are_waited_for_as_long_as_they_take(threads: int) -> None:
    assert accepted(learned(threads, 1.0)) == 2 * threads


def test_quick_answers_may_queue_for_a_moment() -> None:
    assert accepted(learned(1, 0.001)) == 1 + round(SHORTEST_WAIT / 0.001)


def test_the_wait_can_be_set() -> None:
    assert accepted(learned(1, 1.0, wait=10.0)) == 11
    assert accepted(learned(2, 1.0, wait=0.0)) == 2


def test_a_place_given_back_is_free_again() -> None:
    admission = learned(1, 1.0)
    assert accepted(admission) == 2
    assert (admission.in_hand, admission.waiting) == (2, 1)
    admission.leave(1.0)
    admission.enter()
    assert admission.in_hand == 2


def test_before_anything_was_measured_everybody_is_let_in() -> None:
    assert accepted(Admission(1, None, 100), 50) == 50


def test_all_bodies_together_are_bounded() -> None:
    admission = Admission(1, None, 100)
    admission.hold(60)
    with pytest.raises(RefusedRequestError):
        admission.hold(41)
    admission.hold(40)
    admission.release(60)
    admission.hold(60)
