"""Rows of a table and their bootstrap intervals by scikit-learn and scipy: table_figures.json.

    python make_reference.py

Two machines of two sections with 12 clips a domain and label. Each figure of a machine is the harmonic mean over its sections,
each of the last row the harmonic mean over the machines. 4000 resamples, stratified by section, domain and label.
"""

import json

import numpy as np
from scipy.stats import hmean
from sklearn.metrics import roc_auc_score

rng = np.random.default_rng(20231)
N, RESAMPLES = 12, 4000
SHIFTS = {"m0": [(1.2, 0.5), (0.6, 0.4)], "m1": [(2.0, 1.0), (0.3, -0.1)]}


def section(shift_source, shift_target):
    rows = []
    for is_target, shift in ((False, shift_source), (True, shift_target)):
        for is_anomaly in (False, True):
            for score in rng.normal(shift if is_anomaly else 0.0, 1.0, N):
                rows.append((round(float(score), 3), is_anomaly, is_target))
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


def resampled(rows):
    drawn = []
    for start in range(0, len(rows), N):
        drawn += [rows[start + int(i)] for i in rng.integers(0, N, N)]
    return drawn


def table(sections):
    """`sections[machine]`: figures of each section, [n_sections, 3]."""
    machines = np.array([hmean(np.array(parts), axis=0) for parts in sections.values()])
    with_mean = np.column_stack([machines, hmean(machines, axis=1)])
    return np.vstack([with_mean, hmean(with_mean, axis=0)])


data = {machine: [section(*shifts) for shifts in sections] for machine, sections in SHIFTS.items()}
values = table({machine: [figures(rows) for rows in sections] for machine, sections in data.items()})
draws = np.array([
    table({machine: [figures(resampled(rows)) for rows in sections] for machine, sections in data.items()})
    for _ in range(RESAMPLES)
])
low, high = np.quantile(draws, [0.025, 0.975], axis=0)
with open("table_figures.json", "w") as file:
    json.dump({"scores": data, "values": values.tolist(), "low": low.tolist(), "high": high.tolist()}, file)
    file.write("\n")
print(np.round(values, 4), np.round(low, 3), np.round(high, 3), sep="\n")
