from hypothesis import given
from hypothesis import strategies as st

from modelwright.search.order import InOrder
from modelwright.search.work import Outcome

TRIALS = ("A", "B", "C")
ALL = [Outcome(name, fold, 1.0) for name in TRIALS for fold in range(3)]


@given(st.permutations(ALL))
def test_first_folds_pass_in_the_order_of_trials_and_folds_in_their_own(outcomes: list[Outcome]) -> None:
    order, passed = InOrder(TRIALS), []
    for outcome in outcomes:
        passed += order.after(outcome)
    assert sorted((o.trial, o.fold) for o in passed) == [(o.trial, o.fold) for o in ALL]
    assert [o.trial for o in passed if o.fold == 0] == list(TRIALS)
    for name in TRIALS:
        assert [o.fold for o in passed if o.trial == name] == [0, 1, 2]
    assert order.rest() == []


def test_what_waits_is_handed_over_at_the_end() -> None:
    order = InOrder(TRIALS)
    late = Outcome("B", 0, 1.0)
    assert order.after(late) == []
    assert order.rest() == [late]
