import numpy as np
import pytest
import scipy.sparse

from modelwright.transform import projection
from modelwright.transform.projection import Documents, principal, ridge


@pytest.fixture
def documents(rng):
    counts = scipy.sparse.random(80, 30, 0.3, "csr", rng=rng)
    rows = scipy.sparse.random(30, 25, 0.3, "csr", rng=rng)
    return Documents(counts, rows)


def test_ridge_equals_the_closed_form(documents, rng, monkeypatch):
    monkeypatch.setattr(projection, "TOLERANCE", 1e-12)
    dense = (documents.counts @ documents.rows).toarray()
    answers, weight = rng.normal(size=(80, 2)) + 3.0, rng.uniform(0.5, 2, 80)
    penalties = np.array([0.5, 5.0])
    coefficients, intercept = ridge(documents, answers, weight, penalties)
    mean, level = np.average(dense, axis=0, weights=weight), np.average(answers, axis=0, weights=weight)
    for i, penalty in enumerate(penalties):
        centred = dense - mean
        normal = centred.T @ (weight[:, None] * centred) + penalty * np.eye(25)
        expected = np.linalg.solve(normal, centred.T @ (weight * (answers[:, i] - level[i])))
        np.testing.assert_allclose(coefficients[:, i], expected, atol=1e-7)
        assert intercept[i] == pytest.approx(-mean @ expected, abs=1e-7)


def test_principal_directions_equal_the_exact_ones(documents, rng):
    dense = (documents.counts @ documents.rows).toarray()
    directions = principal(documents, 2, rng)
    _, sizes, exact = np.linalg.svd(dense)
    np.testing.assert_allclose(np.linalg.norm(dense @ directions, axis=0), sizes[:2], rtol=1e-2)
    assert abs(directions[:, 0] @ exact[0]) == pytest.approx(1.0, abs=1e-3)
    assert (directions[np.abs(directions).argmax(axis=0), [0, 1]] > 0).all()


def test_nothing_asked_or_nothing_there_gives_nothing(documents, rng):
    assert principal(documents, 0, rng).shape == (25, 0)
    empty = Documents(scipy.sparse.csr_matrix((5, 3)), scipy.sparse.csr_matrix((3, 4)))
    assert not np.isnan(principal(empty, 2, rng)).any()
    assert not ridge(empty, np.ones((5, 1)), np.ones(5), np.ones(1))[0].any()
