"""The label-free fusion by its definition: NumPy, and scikit-learn for the Ledoit-Wolf covariance.

    python make.py        writes expected.json beside itself
"""
import json
import pathlib

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.covariance import LedoitWolf


def maha(bank, queries):
    fitted = LedoitWolf().fit(bank)
    return np.sqrt(fitted.mahalanobis(queries))


def density_knn(bank, queries):
    between = cdist(bank, bank, "cosine") + np.where(np.eye(len(bank)), np.inf, 0)
    return (cdist(queries, bank, "cosine") / between.min(axis=1)).min(axis=1)


def without(rows, i):
    return np.delete(rows, i, axis=0)


def left_out(detector, bank):
    return np.array([detector(without(bank, i), bank[i : i + 1])[0] for i in range(len(bank))])


def levels(scores, is_target):
    """Of source and target: the mean of the domain's clips and one more that scores the mean of all."""
    return [(scores[is_target == d].sum() + scores.mean()) / ((is_target == d).sum() + 1) for d in (False, True)]


def scale(scores, is_target, near):
    level = np.array(levels(scores, is_target))
    beyond = scores - level[near.astype(int)]
    return lambda score, n: (score - level[int(n)] - beyond.mean()) / beyond.std(ddof=1)


def nearest(bank, is_target, queries):
    return is_target[cdist(queries, bank, "cosine").argmin(axis=1)]


def nearest_others(bank, is_target):
    between = cdist(bank, bank, "cosine") + np.where(np.eye(len(bank)), np.inf, 0)
    return is_target[between.argmin(axis=1)]


def parts(bank, own):
    """Leave-one-out scores of the bank, and how to score queries."""
    found = [(left_out(detector, bank), detector) for detector in (maha, density_knn)]
    return [(scores, lambda queries, _, d=d: d(bank, queries)) for scores, d in found] + [(own, lambda _, own: own)]


def fusion(bank, own, is_target, queries, own_of_queries):
    near, near_queries = nearest_others(bank, is_target), nearest(bank, is_target, queries)
    of_parts = []
    for scores, score in parts(bank, own):
        normalised = scale(scores, is_target, near)
        found = score(queries, own_of_queries)
        of_parts.append([normalised(s, n) for s, n in zip(found, near_queries)])
    return np.mean(of_parts, axis=0)


def refitted(bank, own, is_target):
    """Every clip by a fusion of the others: small banks."""
    one = lambda i: fusion(*(without(x, i) for x in (bank, own, is_target)), bank[i : i + 1], own[i : i + 1])[0]
    return np.array([one(i) for i in range(len(bank))])


def rescaled(bank, own, is_target):
    """Every clip's leave-one-out scores on the scale of those of the others: large banks."""
    near = nearest_others(bank, is_target)
    of_parts = []
    for scores, _ in parts(bank, own):
        scales = [scale(*(without(x, i) for x in (scores, is_target, near))) for i in range(len(bank))]
        of_parts.append([scales[i](scores[i], near[i]) for i in range(len(bank))])
    return np.mean(of_parts, axis=0)


def main():
    random = np.random.default_rng(11)
    cases = []
    for n_source, n_target, n_features in [(20, 3, 5), (9, 0, 12), (70, 5, 8), (12, 1, 4)]:
        n = n_source + n_target
        is_target = np.arange(n) >= n_source
        mixing = random.normal(size=(n_features, n_features)) / n_features**0.5
        away = 2.0 * random.normal(size=n_features)
        # Target clips lie apart and thinly; queries around both.
        clips = lambda target: random.normal(size=(len(target), n_features)) @ mixing * (1 + target[:, None]) + target[:, None] * away + 1.0
        bank = clips(is_target).astype(np.float32).astype(np.float64)
        asked = np.arange(10) % 2 == 1
        queries = clips(asked).astype(np.float32).astype(np.float64)
        own = (random.gamma(4, size=n) + 3 * is_target).astype(np.float32).astype(np.float64)
        own_of_queries = (random.gamma(4, size=10) + 3 * asked).astype(np.float32).astype(np.float64)
        by_left_out = refitted if n <= 50 else rescaled
        cases.append(
            {
                "n_features": n_features,
                "is_target": is_target.tolist(),
                "bank": bank.ravel().tolist(),
                "own": own.tolist(),
                "queries": queries.ravel().tolist(),
                "own_of_queries": own_of_queries.tolist(),
                "scores": fusion(bank, own, is_target, queries, own_of_queries).tolist(),
                "left_out": by_left_out(bank, own, is_target).tolist(),
            }
        )
    pathlib.Path(__file__).with_name("expected.json").write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
