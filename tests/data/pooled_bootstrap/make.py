"""Harmonic means of three sections with intervals, by numpy and scikit-learn alone: what the bootstrap is held against.

python make.py > expected.json
"""

import json

import numpy as np
from sklearn.metrics import roc_auc_score

rng = np.random.default_rng(3)
N_RESAMPLES = 5_000


def section(lift):
    """Rows of score, is_anomaly, is_target: 24 source and 12 target normals, 20 and 16 anomalies."""
    rows = []
    for n, anomaly, target in [(24, 0, 0), (12, 0, 1), (20, 1, 0), (16, 1, 1)]:
        scores = rng.normal(lift * anomaly + 0.4 * target, 1.0, n).round(4)
        rows += [[float(score), anomaly, target] for score in scores]
    return rows


def figures(rows):
    score, anomaly, target = rows[:, 0], rows[:, 1] == 1, rows[:, 2] == 1
    parts = []
    for wanted in [False, True]:
        kept = anomaly | (target == wanted)
        parts.append(roc_auc_score(anomaly[kept], score[kept]))
    parts.append(roc_auc_score(anomaly, score, max_fpr=0.1))
    return parts


def resampled(rows):
    strata = [np.flatnonzero((rows[:, 1] == a) & (rows[:, 2] == t)) for a in (0, 1) for t in (0, 1)]
    return rows[np.concatenate([rng.choice(stratum, len(stratum)) for stratum in strata])]


def hmean(parts):
    return len(parts) / sum(1 / part for part in parts)


sections = [section(lift) for lift in (0.6, 1.1, 1.8)]
arrays = [np.array(rows) for rows in sections]
value = hmean([part for rows in arrays for part in figures(rows)])
drawn = [hmean([part for rows in arrays for part in figures(resampled(rows))]) for _ in range(N_RESAMPLES)]
low, high = np.quantile(drawn, [0.025, 0.975])
print(json.dumps({"sections": sections, "hmean": value, "low": low, "high": high}))
