"""What the files beside this script say, read without auscult: expected.json.

The label tracks are the examples of Audacity's manual ("Importing and Exporting Labels"). The selection tables are written by hand
after Raven's manual: a row for each selection in each view; `File Offset (s)` counts from the beginning of the row's own recording.
Tables are read by Python's csv (a `Waveform` row is passed over where the selection has a `Spectrogram` row, and has no frequencies where
it begins at 0 Hz), label tracks line by line.

    python expected.py
"""
import csv
import json
from pathlib import Path

HERE = Path(__file__).parent


def box(start, end, low, high, label, note="", recording=None):
    return {"start": start, "end": end, "low": low, "high": high, "label": label, "note": note, "recording": recording}


def audacity(name):
    boxes = []
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        cells = line.split("\t")
        if cells[0] == "\\":
            low, high = (None if float(cell) == -1 else float(cell) for cell in cells[1:])
            boxes[-1].update(low=low, high=high)
        else:
            boxes.append(box(float(cells[0]), float(cells[1]), None, None, cells[2]))
    return boxes


def raven(name, label, encoding="utf-8", decimal=".", note=None):
    with open(HERE / name, encoding=encoding, newline="") as file:
        rows = [{heading.lower(): cell for heading, cell in row.items()}
                for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]

    def number(row, column):
        return float(row[column].replace(decimal, ".")) if column in row else None

    boxes = []
    for row in rows:
        is_wave = row.get("view", "").startswith("Waveform")
        both = any(o["selection"] == row["selection"] and o["view"].startswith("Spec") for o in rows if "selection" in o)
        if is_wave and both:
            continue
        begin, end = number(row, "begin time (s)"), number(row, "end time (s)")
        offset = number(row, "file offset (s)")
        start = begin if offset is None else offset
        low, high = number(row, "low freq (hz)"), number(row, "high freq (hz)")
        if is_wave and low == 0:
            low = high = None
        path = row["begin path"].replace("\\", "/") if "begin path" in row else None
        end = float(f"{start + (end - begin):.9f}")
        boxes.append(box(start, end, low, high, row[label], row[note] if note else "", path))
    return boxes


expected = {
    "audacity_manual.txt": audacity("audacity_manual.txt"),
    "audacity_plain.txt": audacity("audacity_plain.txt"),
    "raven_two_views.Table.1.selections.txt": raven("raven_two_views.Table.1.selections.txt", "annotation", note="notes"),
    "raven_many.txt": raven("raven_many.txt", "species", encoding="utf-8-sig"),
    "raven_comma_utf16.txt": raven("raven_comma_utf16.txt", "klasse", encoding="utf-16", decimal=","),
    "raven_times_latin1.txt": raven("raven_times_latin1.txt", "label", encoding="latin-1"),
}
(HERE / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
