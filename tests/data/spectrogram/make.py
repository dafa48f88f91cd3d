"""Levels and measurements of a known sound, by librosa and scipy: writes expected.json beside this file.

The sound (3 s at 16 kHz, float32) is made by the formula in `sound`, here and in the test: a sine of -20 dBFS at 1234.5 Hz, one of
-40 dBFS at 6000 Hz that begins at 1 s, and noise that is uniform between -0.01 and 0.01.
"""

import json
from pathlib import Path

import librosa
import numpy as np
import scipy.signal

RATE_HZ = 16_000
N_SAMPLES = 3 * RATE_HZ


def sound():
    t = np.arange(N_SAMPLES) / RATE_HZ
    x = np.empty(N_SAMPLES, dtype=np.uint64)
    state = 1
    for i in range(N_SAMPLES):
        state = (1_664_525 * state + 1_013_904_223) % 2**32
        x[i] = state
    noise = (x >> np.uint64(8)).astype(np.float64) / 2**24 - 0.5
    y = 0.1 * np.sin(2 * np.pi * 1234.5 * t)
    y += np.where(t >= 1.0, 0.01 * np.sin(2 * np.pi * 6000.0 * t), 0.0)
    return (y + 0.02 * noise).astype(np.float32)


def power(y, n_fft, hop):
    """In units of a full-scale sine, [n_bins, n_frames]."""
    stft = librosa.stft(y.astype(np.float64), n_fft=n_fft, hop_length=hop, window="hann", center=True, pad_mode="constant")
    return (np.abs(stft) / (n_fft / 4)) ** 2


def db(power):
    return float(10 * np.log10(power))


def cells(y):
    found = []
    for n_fft, hop in [(512, 128), (2048, 512), (8192, 1024)]:
        levels = power(y, n_fft, hop)
        for frame in [0, 3, levels.shape[1] // 2, levels.shape[1] - 1]:
            for hz in [0, 100, 1234.5, 3000, 6000, 8000]:
                bin_idx = round(hz * n_fft / RATE_HZ)
                found.append({"n_fft": n_fft, "hop": hop, "frame": frame, "bin": bin_idx, "db": db(levels[bin_idx, frame])})
    return found


def band_db_by_filter(y, start, end, low, high):
    """What a meter behind a steep band filter shows, dB re a full-scale sine."""
    sos = scipy.signal.butter(24, [low, high], btype="bandpass", fs=RATE_HZ, output="sos")
    filtered = scipy.signal.sosfiltfilt(sos, y.astype(np.float64))
    return db(2 * np.mean(filtered[round(start * RATE_HZ) : round(end * RATE_HZ)] ** 2))


def band_db_by_density(y, start, end, low, high):
    """Integral of Welch's power density, dB re a full-scale sine."""
    part = y[round(start * RATE_HZ) : round(end * RATE_HZ)].astype(np.float64)
    hz, density = scipy.signal.welch(part, RATE_HZ, "hann", 2048, 1536, detrend=False)
    inside = (hz >= low) & (hz <= high)
    return db(2 * np.sum(density[inside]) * (hz[1] - hz[0]))


def boxes(y):
    n_fft, hop = 2048, 512
    levels = power(y, n_fft, hop)
    found = []
    for start, end, low, high in [(0.5, 2.0, 1000, 1500), (1.5, 2.5, 5000, 7000), (0.2, 0.9, 3000, 7000), (0.3, 2.7, 100, 7900)]:
        frames = np.arange(levels.shape[1]) * hop / RATE_HZ
        bins = np.arange(levels.shape[0]) * RATE_HZ / n_fft
        inside = levels[np.ix_((bins >= low) & (bins <= high), (frames >= start) & (frames <= end))]
        found.append(
            {
                "box": [start, end, low, high],
                "mean_db": db(np.mean(inside)),
                "loudest_bin_db": db(np.max(inside)),
                "band_db_by_filter": band_db_by_filter(y, start, end, low, high),
                "band_db_by_density": band_db_by_density(y, start, end, low, high),
            }
        )
    return found


def percentiles(y):
    levels = 10 * np.log10(np.maximum(power(y, 2048, 512), 1e-20))
    return [float(np.percentile(levels, percent)) for percent in [1, 50, 99.5, 100]]


def main():
    y = sound()
    expected = {
        "versions": {"librosa": librosa.__version__, "scipy": scipy.__version__},
        "cells": cells(y),
        "boxes": boxes(y),
        "percentiles": percentiles(y),
    }
    Path(__file__).with_name("expected.json").write_text(json.dumps(expected, indent=1) + "\n")


main()
