"""What is found of fast, slow and absent hearts, as tables."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.rpeaks_parts import rhythms
from benchmarks.rpeaks_parts.leads import annotated
from benchmarks.rpeaks_parts.records import read_record
from ecg.rpeaks import find_beats_in_leads

RATES = (20, 30, 60, 100, 150, 180, 200, 222, 230, 240, 260, 280, 300)
SAMPLING = (100, 250, 360, 1000)  # Hz
NOISE = None, 18, 12  # dB below the ECG
WITHIN = 0.03  # of the true number of beats: the rate is found
SPLICED = (180, 200, 222, 240, 260, 280, 300)
# what is to be seen in standstill: (P waves a minute, their size, spikes in mV)
STILL = ((60, 1, 0), (80, 1, 0), (100, 1, 0), (80, 2, 0), (0, 1, 1), (0, 1, 5), (80, 1, 1))


def all_rhythms(folders: Iterable[Path] = ()) -> dict:
    """All the tables, printed: {table: {row: figures}}. folders: of annotated records, whose beats
    are put close together too."""
    made = {
        "steady, without P and T waves": lambda rate, fs, snr: rhythms.tachycardia(
            rate, fs, False, snr
        ),
        "steady, with P and T waves": lambda rate, fs, snr: rhythms.tachycardia(
            rate, fs, True, snr
        ),
        "80, for 20 s faster, 80": rhythms.paroxysm,
    }
    out = {"still": standstill()}
    for name, make in made.items():
        faster = [rate for rate in RATES if rate > 100 or make is not rhythms.paroxysm]
        out[name] = rates(name, make, faster)
    for folder in folders:
        out[f"{folder.name} spliced"] = spliced(folder)
    return out


def rates(
    name: str,
    make: Callable[[float, float, float | None], rhythms.Made],
    wanted: Sequence[float] = RATES,
    sampling: Sequence[float] = SAMPLING,
) -> dict:
    """{(rate, leads): beats found over beats that are there, least and greatest over sampling rates
    and noise}, printed."""
    print(f"\n{name}: beats found for 100, at {sampling} Hz, noise {NOISE} dB below")
    out = {}
    for rate in tqdm(wanted, desc=name, disable=None):
        cells = []
        for leads in (1, 2):
            share = [_found(make(rate, fs, snr), leads) for fs in sampling for snr in NOISE]
            out[rate, leads] = min(share), max(share)
            cells.append(f"{100 * min(share):6.1f} to {100 * max(share):5.1f}")
        print(f"{rate:6}/min   one lead {cells[0]}   two leads {cells[1]}")
    return out


def _found(made, leads):
    return len(find_beats_in_leads(made.leads[:leads], made.fs).peaks) / len(made.beats)


def standstill(
    still: Sequence[float] = (10, 60, 300), sampling: Sequence[float] = (250, 360)
) -> dict:
    """{(P waves, size, spikes, seconds, leads): (beats counted in standstill, beats missed before
    and after it)}, the most over sampling rates and noise, printed."""
    print("\nstandstill after 60 s: beats counted in it, beats missed outside, one and two leads")
    out = {}
    for p_rate, gain, spikes in tqdm(STILL, desc="standstill", disable=None):
        for seconds in still:
            cells = []
            for leads in (1, 2):
                made = [
                    rhythms.standstill(fs, seconds, p_rate, spikes, snr, gain=gain)
                    for fs in sampling
                    for snr in NOISE[:2]
                ]
                counts = np.max([_counted(each, leads) for each in made], axis=0)
                out[p_rate, gain, spikes, seconds, leads] = tuple(counts.tolist())
                cells.append(f"{counts[0]:4d} {counts[1]:3d}")
            what = f"{p_rate} P a minute of {0.15 * gain:.2f} mV" if p_rate else "no P waves"
            what += f", spikes of {spikes} mV" if spikes else ""
            print(f"{seconds:5} s, {what:45}" + "   ".join(cells))
    return out


def _counted(made, leads):
    """(beats counted in standstill, beats missed outside)."""
    found = find_beats_in_leads(made.leads[:leads], made.fs).peaks / made.fs
    (start, stop), true = made.absent[0], len(made.beats)
    inside = ((found > start) & (found < stop)).sum()
    return int(inside), int(true - (len(found) - inside))


def spliced(folder: Path, wanted: Sequence[float] = SPLICED) -> dict:
    """{rate: share of the records whose real beats, put so close together, are found within 3 %},
    printed."""
    print(f"\n{folder.name}: real beats put closer together, one lead")
    records = [read_record(base) for base in tqdm(annotated(folder), disable=None)]
    out = {}
    for rate in wanted:
        made = [each for each in (rhythms.spliced(r, rate) for r in records) if each is not None]
        share = np.array([_found(each, 1) for each in made])
        out[rate] = float(np.mean(np.abs(share - 1) <= WITHIN))
        print(
            f"{rate:6}/min   {len(made)} records, rate within 3 %: {100 * out[rate]:5.1f} %, "
            f"half of it: {100 * np.mean(share < 0.6):4.1f} %"
        )
    return out
