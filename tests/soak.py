"""A day through the monitor: is its memory flat, are the planted alarms found, how many are false?

    make soak                               one day; DAYS=7 a week
    python -m tests.soak --days 0.1 --state soak.json

The signal is made block by block of five minutes, all of one patient: sinus rhythm with a few
ectopic beats, and planted in it what raises every alarm: tachycardia, bradycardia, a standstill, an
electrode that falls off, muscle noise, a couplet and a run of V, fibrillation of the ventricles and
of the atria; and samples that are missing. After each block the state is written; stopped and
started again, it goes on with the next block. Its figures say that the program lasts, not how it
does on patients (python benchmarks/monitor.py --alarms)."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import monitor
from ecg import artifacts, cli, ranges
from ecg.alarms import Alarm
from ecg.noise import add_noise
from ecg.synthetic import beats_at, draw_patient, synthetic_recording

FS = 250.0  # Hz
BLOCK_S = 300  # of signal
BEFORE_S, AFTER_S = 10, 20  # around a planted event, in which its alarm belongs to it
GROWTH_MB = 20.0  # that a day may cost; a leak of a byte a sample would be as much
WARM_BLOCKS = 6  # before which memory is still filled

PATIENT = draw_patient(np.random.default_rng(1))


class Planted(NamedTuple):
    """An event: the alarm that must come; start, stop in s of the block."""

    alarm: str
    start: float
    stop: float


def rhythm(seconds: float, seed: int, rate: float = 70, **shares: float) -> np.ndarray:
    """(n,) mV of the patient."""
    return synthetic_recording(seconds, FS, seed, rate, 0.04, shares, PATIENT).signal


def with_v(count: int) -> np.ndarray:
    """(n,) mV of the patient, 12 s of sinus rhythm in which so many V follow each other."""
    first = 0.5 + 0.85 * np.arange(6)
    v = first[-1] + 0.45 + 0.4 * np.arange(count)
    rest = np.arange(v[-1] + 1.1, 11.5, 0.85)
    n = round(12 * FS)
    sinus = beats_at(np.concatenate([first, rest]), PATIENT["N"], n, FS)
    return sinus + beats_at(v, PATIENT["V"], n, FS)


def fibrillation(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """(n,) mV of ventricles that fibrillate: a wave whose rate and height wander."""
    n = round(seconds * FS)
    t = np.arange(n) / FS
    rate = 5 + 0.8 * np.sin(2 * np.pi * 0.3 * t) + 0.5 * np.sin(2 * np.pi * 0.9 * t)
    height = 0.5 + 0.2 * np.sin(2 * np.pi * 0.4 * t + 1) + 0.1 * np.sin(2 * np.pi * 1.3 * t)
    return height * np.sin(2 * np.pi * np.cumsum(rate) / FS) + 0.02 * rng.standard_normal(n)


def atrial_fibrillation(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """(n,) mV of the patient in atrial fibrillation: no P waves, no rhythm."""
    n = round(seconds * FS)
    times = np.cumsum(rng.uniform(0.4, 1.0, round(seconds / 0.4)))
    t = np.arange(n) / FS
    waves = 0.05 * np.sin(2 * np.pi * (6 * t + 0.3 * np.sin(2 * np.pi * 0.5 * t)))
    waves += 0.01 * rng.standard_normal(n)
    without_p = PATIENT["N"][1:]
    return waves + beats_at(times[times < seconds - 0.6], without_p, n, FS)


def silence(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """(n,) mV without a beat, over a baseline that lives."""
    t = np.arange(round(seconds * FS)) / FS
    return 0.02 * np.sin(2 * np.pi * 0.3 * t) + 0.01 * rng.standard_normal(len(t))


def block(seed: int) -> tuple[np.ndarray, list[Planted]]:
    """(signal (n,) in mV, NaN where samples are missing; what is planted in it)."""
    rng = np.random.default_rng(seed)
    muscle = add_noise(rhythm(12, seed), FS, "muscle", -15, rng)
    rest = (), rhythm(14, seed)
    first = rhythm(25, seed, S=0.03, V=0.03)
    first[len(first) // 2 : len(first) // 2 + round(0.5 * FS)] = np.nan
    pieces = (
        ((), first),
        (("tachycardia",), rhythm(16, seed, 165)),
        rest,
        (("bradycardia",), rhythm(20, seed, 36)),
        rest,
        (("pause", "asystole"), silence(8, rng)),
        rest,
        (("lead_off",), np.zeros(round(8 * FS))),
        rest,
        (("v_run",), with_v(6)),
        rest,
        (("v_couplet",), with_v(2)),
        rest,
        (("noise",), muscle),
        rest,
        (("ventricular_fibrillation",), fibrillation(14, rng)),
        rest,
    )
    planted, parts, at = [], [], 0.0
    for names, signal in pieces:
        stop = at + len(signal) / FS
        planted += [Planted(name, at, stop) for name in names]
        parts.append(signal)
        at = stop
    planted.append(Planted("atrial_fibrillation", at, BLOCK_S))
    last = atrial_fibrillation(BLOCK_S - at, rng)
    return np.concatenate([*parts, last])[: round(BLOCK_S * FS)], planted


class Counts(NamedTuple):
    """Of one or more blocks: planted alarms that did not come by name, false ones by name."""

    missed: dict[str, int]
    false: dict[str, int]


def count(alarms: Sequence[Alarm], planted: Sequence[Planted], start_s: float) -> Counts:
    """What of the alarms of a block that began at `start_s` belongs to what was planted."""
    missed: dict[str, int] = {}
    false: dict[str, int] = {}
    on = [alarm for alarm in alarms if alarm.state == "on"]
    windows = [(p.alarm, start_s + p.start - BEFORE_S, start_s + p.stop + AFTER_S) for p in planted]
    for name, start, stop in windows:
        if not any(a.name == name and start <= a.time_s <= stop for a in on):
            missed[name] = missed.get(name, 0) + 1
    back = {(alarm.name, alarm.sample) for alarm in alarms if alarm.state == "withdrawn"}
    for alarm in on:
        near = any(start <= alarm.time_s <= stop for _, start, stop in windows)
        if not near and (alarm.name, alarm.sample) not in back:
            false[alarm.name] = false.get(alarm.name, 0) + 1
    return Counts(missed, false)


def memory_mb() -> float:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def soak(blocks: int, state_file: Path, seed: int, report: Callable[[str], Any]) -> dict:
    """Run the blocks that `state_file` does not hold yet. Returns what it holds then: of every
    block the missed and false alarms and the memory in MB, and the first block of each run."""
    state: dict = {"seed": seed, "starts": [], "blocks": []}
    if state_file.exists():
        state = artifacts.load_json(state_file, "python -m tests.soak")
    args = monitor.options().parse_args([])
    watch = monitor.monitor_for(args, FS)
    first = len(state["blocks"])
    state["starts"].append(first)
    for k in range(first, blocks):
        begun = time.monotonic()
        signal, planted = block(state["seed"] + k)
        start_s = (k - first) * BLOCK_S
        events = [event for part in np.array_split(signal, BLOCK_S) for event in watch.push(part)]
        found = count([e for e in events if isinstance(e, Alarm)], planted, start_s)
        took = {
            "planted": len(planted),
            "memory_mb": memory_mb(),
            "seconds": time.monotonic() - begun,
        }
        state["blocks"].append({**found._asdict(), **took})
        artifacts.save_json(state_file, state)
        if (k + 1) % 12 == 0:
            report(f"hour {(k + 1) // 12}: {took['memory_mb']:.0f} MB, {took['seconds']:.1f} s")
    return state


def summary(state: dict) -> tuple[str, bool]:
    """(what is said of it, whether memory was flat and nothing planted was missed)."""
    blocks = state["blocks"]
    hours = len(blocks) * BLOCK_S / 3600

    def total(kind):
        names = {name for each in blocks for name in each[kind]}
        return {name: sum(each[kind].get(name, 0) for each in blocks) for name in sorted(names)}

    missed, false = total("missed"), total("false")
    edges = [*state["starts"], len(blocks)]
    growth = [
        blocks[stop - 1]["memory_mb"] - blocks[start + WARM_BLOCKS]["memory_mb"]
        for start, stop in zip(edges, edges[1:])
        if stop - start > WARM_BLOCKS + 1
    ]
    planted = sum(each.get("planted", 0) for each in blocks)
    lines = [
        f"{hours:.1f} h, {planted} planted alarms, missed: {missed or 'none'}",
        f"false alarms an hour: {sum(false.values()) / max(hours, 1e-9):.2f} {false or ''}",
        f"memory after half an hour: + {max(growth, default=0):.1f} MB (allowed {GROWTH_MB:g})",
    ]
    return "\n".join(lines), not missed and max(growth, default=0) <= GROWTH_MB


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tests.soak", description=__doc__)
    parser.add_argument("--days", type=ranges.above(0, 366), default=1.0, help="of signal")
    parser.add_argument("--seed", type=ranges.SEED, default=0, help="of the signal")
    parser.add_argument("--state", type=Path, default=Path("soak.json"), help="goes on from it")
    args = parser.parse_args(argv)
    blocks = max(1, round(args.days * 86400 / BLOCK_S))
    state = soak(blocks, args.state, args.seed, cli.print_line)
    text, good = summary(state)
    print(text)
    print(json.dumps({"starts": state["starts"]}))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
