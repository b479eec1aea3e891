import numpy as np

from modelwright.core.task import looks_like_classes


def test_few_dense_codes_are_classes_and_amounts_are_not() -> None:
    codes = np.arange(1.0, 6.0)
    assert looks_like_classes(codes, 200, is_category=False)
    assert not looks_like_classes(codes, 20, is_category=False)  # hardly repeated
    assert not looks_like_classes(codes * 10, 200, is_category=False)  # gaps
    assert looks_like_classes(codes * 10, 200, is_category=True)
    assert not looks_like_classes(np.arange(30.0), 10_000, is_category=False)
    assert looks_like_classes(np.array([0.0, 7.0]), 2, is_category=False)
    assert not looks_like_classes(np.array([0.25, 0.5]), 100, is_category=True)
