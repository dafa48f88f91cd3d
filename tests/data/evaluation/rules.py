"""Score files and truth of 2020, 2021, 2023 and 2024, small, with what scikit-learn and scipy make of them.

The figures follow the formulas of the challenges' task descriptions, not this project's code:

* 2020: AUC and pAUC (max_fpr 0.1) of each machine id, arithmetic mean per machine type.
* 2021: AUC, pAUC, precision, recall, F1 of each section and domain by itself; harmonic mean over all.
* 2023: AUC of the normal clips of a domain against the anomalies of both; one pAUC a section; P, R, F1 of each domain.

Run: python rules.py  (writes rules/<year>/... and rules/expected.json beside itself)
"""
import csv
import json
import pathlib
import shutil
import sys

import numpy as np
from scipy.stats import hmean
from sklearn.metrics import precision_recall_fscore_support, roc_auc_score

EPS = sys.float_info.epsilon
HERE = pathlib.Path(__file__).parent / "rules"
rng = np.random.default_rng(20210706)


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def scores(labels, lift):
    # Rounded, so that ties occur.
    return np.round(rng.normal(size=len(labels)) + lift * labels, 1)


def auc(labels, values):
    return {"auc": roc_auc_score(labels, values), "pauc": roc_auc_score(labels, values, max_fpr=0.1)}


def decided(labels, values, threshold):
    calls = (values >= threshold).astype(int)
    precision, recall, f1, _ = precision_recall_fscore_support(labels, calls, average="binary", zero_division=0)
    return calls, {"precision": precision, "recall": recall, "f1": f1}


def floor_hmean(values):
    return float(hmean(np.maximum(values, EPS)))


def shuffled(rows):
    return [rows[i] for i in rng.permutation(len(rows))]


def of_2020():
    listing, machines, means = [], {}, []
    for machine, ids in [("ToyCar", ["05", "06"]), ("fan", ["01"])]:
        listing.append([machine])
        machines[machine] = {}
        for machine_id in ids:
            labels = rng.permutation(np.arange(36) < 20).astype(int)
            values = scores(labels, 0.8)
            names = [f"id_{machine_id}_{i:08d}.wav" for i in range(len(labels))]
            word = ["normal", "anomaly"]
            listing += [[n, f"{word[y]}_{n}", int(y)] for n, y in zip(names, labels)]
            write(HERE / f"2020/scores/anomaly_score_{machine}_id_{machine_id}.csv", shuffled(list(zip(names, values))))
            machines[machine][machine_id] = auc(labels, values)
        found = machines[machine].values()
        means += [np.mean([f["auc"] for f in found]), np.mean([f["pauc"] for f in found])]
    write(HERE / "2020/truth/eval_data_list.csv", listing)
    return {"machines": machines, "official_score": float(np.mean(means))}


def of_2021():
    machines, figures = {}, []
    for machine, lift in [("fan", 0.9), ("pump", 0.4)]:
        machines[machine] = {}
        for section in ["03", "04", "05"]:
            machines[machine][section] = {}
            for domain in ["source", "target"]:
                labels = rng.permutation(np.arange(50) < 24).astype(int)
                values = scores(labels, lift if domain == "source" else lift / 2)
                # One detector that calls nothing anomalous: precision and recall of 0.
                calls, found = decided(labels, values, 99.0 if (machine, section) == ("pump", "05") else 0.7)
                found |= auc(labels, values)
                names = [f"section_{section}_{domain}_test_{i:04d}.wav" for i in range(len(labels))]
                file = f"{machine}_section_{section}_{domain}_test.csv"
                write(HERE / f"2021/truth/ground_truth_{file}", list(zip(names, labels)))
                write(HERE / f"2021/scores/anomaly_score_{file}", shuffled(list(zip(names, values))))
                write(HERE / f"2021/scores/decision_result_{file}", shuffled(list(zip(names, calls))))
                machines[machine][section][domain] = found
                figures += [found["auc"], found["pauc"]]
    rows = [d for m in machines.values() for s in m.values() for d in s.values()]
    columns = ["auc", "pauc", "precision", "recall", "f1"]
    return {
        "machines": machines,
        "official_score": floor_hmean(figures),
        "arithmetic": {c: float(np.mean([r[c] for r in rows])) for c in columns},
        "harmonic": {c: floor_hmean([r[c] for r in rows]) for c in columns},
    }


def of_2023(year, machine_names, number_from):
    """Truth in the three folders of the evaluator; score files as the NTT baseline names them, clips under labelled names."""
    machines, figures = {}, []
    for machine in machine_names:
        n = 60
        labels = rng.permutation(np.arange(n) < 28).astype(int)
        is_target = rng.permutation(np.arange(n) < 30).astype(int)
        values = scores(labels, 0.7)
        anonymous = [f"section_00_{i + number_from:04d}.wav" for i in range(n)]
        tail = {"ToyDrone": "car_C1_spd_1.5_mic_2", "AirCompressor": "noAttribute"}[machine]
        labelled = [
            f"section_00_{['source', 'target'][t]}_test_{['normal', 'anomaly'][y]}_{i + 1:04d}_{tail}"
            for i, (y, t) in enumerate(zip(labels, is_target))
        ]
        spelled = labelled
        if tail == "noAttribute":
            spelled = [name.replace("noAttribute", "mdl_X_volt_1.5") for name in labelled]
        for folder, column in [("data", labels), ("domain", is_target), ("attributes", labelled)]:
            name = f"ground_truth_{folder}/ground_truth_{machine}_section_00_test.csv"
            write(HERE / f"{year}/truth/{name}", list(zip(anonymous, column)))
        file = f"DCASE{year}T2{machine}_section_00_test_seed13711_id(0_)_Eval.csv"
        calls, _ = decided(labels, values, 0.6)
        write(HERE / f"{year}/scores/anomaly_score_{file}", shuffled([(f"{n}.wav", v) for n, v in zip(spelled, values)]))
        write(HERE / f"{year}/scores/decision_result_{file}", shuffled([(f"{n}.wav", c) for n, c in zip(spelled, calls)]))
        found = auc(labels, values)
        for t, domain in enumerate(["source", "target"]):
            mask = (is_target == t) | (labels == 1)
            found[f"auc_{domain}"] = roc_auc_score(labels[mask], values[mask])
            of_domain = is_target == t
            _, rates = decided(labels[of_domain], values[of_domain], 0.6)
            found |= {f"{name}_{domain}": value for name, value in rates.items()}
        machines[machine] = found
        figures += [found["auc_source"], found["auc_target"], found["pauc"]]
    return {"machines": machines, "official_score": floor_hmean(figures)}


shutil.rmtree(HERE, ignore_errors=True)
expected = {
    "2020": of_2020(),
    "2021": of_2021(),
    "2023": of_2023("2023", ["ToyDrone"], 0),
    "2024": of_2023("2024", ["AirCompressor"], 1),
}
(HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
