"""Rows of a table and their bootstrap intervals by scikit-learn and scipy: table_figures.json.

    python make_reference.py

Two machines of two sections with 12 clips a domain and label. Each figure of a machine is the harmonic mean over its sections,
each of the last row the harmonic mean over the machines. 20000 resamples, stratified by section, domain and label.
"""

import json

import numpy as np
from scipy.stats import hmean
from sklearn.metrics import roc_auc_score

rng = np.random.default_rng(20231)
N, RESAMPLES = 12, 20000
SHIFTS = {"m0": [(1.2, 0.5), (0.6, 0.4)], "m1": [(2.0, 1.0), (0.3, -0.1)]}


def section(shift_source, shift_target):
    rows = []
    for is_target, shift in ((False, shift_source), (True, shift_target)):
        for is_anomaly in (False, True):
            for score in rng.normal(shift if is_anomaly else 0.0, 1.0, N):
                rows.append((round(float(score), 6), is_anomaly, is_target))
    return rows


def figures(rows):
    score = np.array([row[0] for row in rows])
    anomaly = np.array([row[1] for row in rows])
    target = np.array([row[2] for row in rows])
    source_part, target_part = anomaly | ~target, anomaly | target
    return np.array([
        roc_auc_score(anomaly[source_part], score[source_part]),
        roc_auc_score(anomaly[target_part], score[target_part]),
        roc_auc_score(anomaly, score, max_fpr=0.1),
    ])


def drawn_figures(rows):
    """The same figures of every resample, [RESAMPLES, 3]: counted pair by pair, and the first held against scikit-learn."""
    score = np.array([row[0] for row in rows])
    picks = np.concatenate([start + rng.integers(0, N, (RESAMPLES, N)) for start in range(0, len(rows), N)], axis=1)
    normals = {False: score[picks[:, :N]], True: score[picks[:, 2 * N : 3 * N]]}
    anomalies = np.concatenate([score[picks[:, N : 2 * N]], score[picks[:, 3 * N :]]], axis=1)

    def n_above(normals):
        above = (anomalies[:, None, :] > normals[:, :, None]).sum(2)
        return above + 0.5 * (anomalies[:, None, :] == normals[:, :, None]).sum(2)

    aucs = [n_above(normals[is_target]).mean(1) / (2 * N) for is_target in (False, True)]
    highest = -np.sort(-np.concatenate([normals[False], normals[True]], axis=1), axis=1)
    n_wanted = 0.1 * 2 * N
    weights = np.clip(n_wanted - np.arange(2 * N), 0.0, 1.0)
    area = (n_above(highest) * weights).sum(1) / (2 * N) ** 2
    pauc = 0.5 * (1.0 + (area - 0.005) / (0.1 - 0.005))
    drawn = np.column_stack([*aucs, pauc])
    for row, pick in zip(drawn[:100], picks):
        assert np.allclose(row, figures([rows[i] for i in pick]))
    return drawn


def table(sections):
    """`sections[machine]`: figures of each section, [n_sections, 3]."""
    machines = np.array([hmean(np.array(parts), axis=0) for parts in sections.values()])
    with_mean = np.column_stack([machines, hmean(machines, axis=1)])
    return np.vstack([with_mean, hmean(with_mean, axis=0)])


data = {machine: [section(*shifts) for shifts in sections] for machine, sections in SHIFTS.items()}
values = table({machine: [figures(rows) for rows in sections] for machine, sections in data.items()})
by_section = {machine: [drawn_figures(rows) for rows in sections] for machine, sections in data.items()}
draws = np.array([
    table({machine: [drawn[i] for drawn in sections] for machine, sections in by_section.items()}) for i in range(RESAMPLES)
])
low, high = np.quantile(draws, [0.025, 0.975], axis=0)
with open("table_figures.json", "w") as file:
    json.dump({"scores": data, "values": values.tolist(), "low": low.tolist(), "high": high.tolist()}, file)
    file.write("\n")
print(np.round(values, 4), np.round(low, 3), np.round(high, 3), sep="\n")
