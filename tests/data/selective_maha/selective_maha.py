"""Makes selective_maha.json: both forms of the selective Mahalanobis distance of fabricated errors, by NumPy.

Written from the formulas: five blocks an error; the scatter of a domain's blocks around their mean, divided by the number of
errors less one; its plain inverse. Published form: the mean over blocks of d' S^-1 d. Form of the code: the mean over all pairs
of blocks of d' S^-1 e. The smaller of source and target. Run: python selective_maha.py
"""

import json
from pathlib import Path

import numpy as np

BLOCK, ERROR = 6, 30
state = 1


def errors(n_errors, first, slope, shift):
    global state
    noise = np.empty(n_errors * ERROR)
    for i in range(len(noise)):
        state = (state * 1664525 + 1013904223) % 2**32
        noise[i] = ((state >> 16) - 32768) / 32768
    noise = noise.reshape(-1, BLOCK)
    before = np.hstack([np.zeros((len(noise), 1)), noise[:, :-1]])
    return (noise + 0.5 * before) * (first + slope * np.arange(BLOCK)) + shift


def inverse(blocks):
    centred = blocks - blocks.mean(axis=0)
    return np.linalg.inv(centred.T @ centred / (len(blocks) // 5 - 1))


def published(blocks, inverses):
    return min(np.mean([d @ inv @ d for d in blocks]) for inv in inverses)


def code(blocks, inverses):
    return min(np.mean(blocks @ inv @ blocks.T) for inv in inverses)


source, target = inverse(errors(40, 1, 0.25, 0)), inverse(errors(7, 2, -0.25, 0.25))
clips = [errors(9, 1, 0.25, 0), errors(3, 2, -0.25, 0.25), errors(5, 1, 0, 1), errors(2, 4, -0.75, 0.125)]
expected = {
    "published": [published(c, [source, target]) for c in clips],
    "code": [code(c, [source, target]) for c in clips],
    "published_without_target": [published(c, [source]) for c in clips],
    "code_without_target": [code(c, [source]) for c in clips],
}
Path(__file__).with_name("selective_maha.json").write_text(json.dumps(expected, indent=1) + "\n")
print(expected)
