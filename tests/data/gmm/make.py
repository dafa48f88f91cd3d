"""scikit-learn's mixtures of Gaussians, and Density KNN by its definition in NumPy, on the same clips.

    python make.py        writes expected.json beside itself
"""
import json
import pathlib

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.mixture import GaussianMixture
from sklearn.mixture._gaussian_mixture import _estimate_gaussian_parameters

RIDGE, TOLERANCE = 1e-6, 1e-6


def clips(random, n, n_features):
    """Two overlapping clouds, the second of a quarter of the clips."""
    mixing = random.normal(size=(2, n_features, n_features)) / n_features**0.5
    centres = 0.3 * random.normal(size=(2, n_features))
    cloud = (np.arange(n) % 4 == 3).astype(int)
    rows = np.einsum("nij,nj->ni", mixing[cloud], random.normal(size=(n, n_features))) + centres[cloud]
    return rows.astype(np.float32), cloud


def mixture(bank, queries, shares):
    """The fit that begins with these shares of the clips."""
    bank, queries = bank.astype(np.float64), queries.astype(np.float64)
    n_clips, means, covariances = _estimate_gaussian_parameters(bank, shares, RIDGE, "full")
    fitted = GaussianMixture(
        shares.shape[1],
        reg_covar=RIDGE,
        tol=TOLERANCE,
        max_iter=100,
        weights_init=n_clips / n_clips.sum(),
        means_init=means,
        precisions_init=np.linalg.inv(covariances),
    ).fit(bank)
    assert fitted.converged_
    nearest = -fitted._estimate_log_prob(queries).max(axis=1)
    return {
        "n_steps": fitted.n_iter_,
        "weights": fitted.weights_.tolist(),
        "means": fitted.means_.tolist(),
        "nearest_gaussian": nearest.tolist(),
        "likelihood": (-fitted.score_samples(queries)).tolist(),
    }


def density_knn(bank, queries, k, metric):
    bank, queries = bank.astype(np.float64), queries.astype(np.float64)
    between = np.sort(cdist(bank, bank, metric) + np.where(np.eye(len(bank)), np.inf, 0), axis=1)
    return (cdist(queries, bank, metric) / between[:, :k].mean(axis=1)).min(axis=1)


def main():
    random = np.random.default_rng(5)
    bank, cloud = clips(random, 80, 6)
    queries, _ = clips(random, 12, 6)
    # Wrong for a third of the clips, so that there is something to find out.
    begun = np.eye(2)[np.where(np.arange(80) % 3 == 0, 1 - cloud, cloud)]
    cases = {}
    for k in (1, 4, 16):
        for metric in ("cosine", "euclidean"):
            rows = [density_knn(np.delete(bank, i, 0), bank[i : i + 1], k, metric)[0] for i in range(80)]
            cases[f"{metric} {k}"] = {"scores": density_knn(bank, queries, k, metric).tolist(), "left_out": rows}
    found = {
        "n_features": 6,
        "bank": bank.ravel().tolist(),
        "queries": queries.ravel().tolist(),
        "begun_with": begun[:, 1].tolist(),
        "one": mixture(bank, queries, np.ones((80, 1))),
        "two": mixture(bank, queries, begun),
        "density_knn": cases,
    }
    pathlib.Path(__file__).with_name("expected.json").write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
