"""Makes gwrp.json: mel filters on HTK's scale, and a pooled log-mel, by librosa and NumPy.

torchaudio's MelSpectrogram takes librosa's filters with htk=True, norm=None, pads by reflection, and AmplitudeToDB("power")
is 10 log10 of what is at least 1e-10. Run: python gwrp.py
"""

import json
from pathlib import Path

import librosa
import numpy as np


def noise(n):
    """A linear congruential generator, in 16 bits: exact in float32 everywhere."""
    state, samples = 1, []
    for _ in range(n):
        state = (state * 1664525 + 1013904223) % 2**32
        samples.append((state >> 16) - 32768)
    return np.array(samples, dtype=np.float32) / 32768


def ranking_pooled(levels, decay):
    """`levels`: bands, frames."""
    weights = decay ** np.arange(levels.shape[1])
    return np.sort(levels, axis=1)[:, ::-1] @ weights / weights.sum()


n = 40_000
swell = np.where(np.arange(n) // 4000 % 2 == 0, 1.0, 0.125).astype(np.float32)
samples = 0.25 * noise(n) * swell
samples[30_000:] = 0
spectrum = np.abs(librosa.stft(samples, n_fft=1024, hop_length=512, pad_mode="reflect")).astype(np.float64) ** 2
filters = librosa.filters.mel(sr=16_000, n_fft=1024, n_mels=128, htk=True, norm=None, dtype=np.float64)
levels = 10 * np.log10(np.maximum(filters @ spectrum, 1e-10))
bands, bins = np.nonzero(filters)
expected = {
    "weights": [[int(m), int(k), round(float(filters[m, k]), 9)] for m, k in zip(bands, bins)],
    "pooled": {str(decay): [round(float(x), 6) for x in ranking_pooled(levels, decay)] for decay in (1.0, 0.98, 0.5, 0.0)},
}
Path(__file__).with_name("gwrp.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
print(levels.shape, (filters.sum(axis=1) == 0).sum(), "empty bands")
