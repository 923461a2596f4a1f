"""Bedside and wearable monitoring: samples in as they come, beats and alarms out.

    python monitor.py data/mitdb/119 --speed 10             # a recording at ten times real time
    cat samples.txt | python monitor.py - --fs 250 --json   # a pipe: one number a line in, one JSON
                                                            # object a line out
    arecorder | python monitor.py - --fs 360 --format i16   # a pipe: 16-bit little-endian integers

    from monitor import Monitor
    monitor = Monitor(fs=360)
    for event in monitor.push(samples): ...     # any number of samples at a time; Beat or Alarm
    for event in monitor.finish(): ...          # what the end of the stream decides

The memory is bounded for days. A beat's row reaches a fifth of the following RR interval past the
next R peak (ecg.beats.cut_rows), so that two labels are given:

  provisional   at most 0.7 s after the next R peak was; the interval after it is taken to be the
                median of the last eight
  final         at most 0.7 s after the R peak after that: the row is complete, the label is the one
                a whole recording gets; with the context model (ecg.context over the five minutes
                before) within 60 s of the beat instead

The alarms are those of ecg/alarms.py. How well stream and whole recording agree, and how late
labels and alarms are, python benchmarks/monitor.py tells. Not a medical device.
"""

import argparse
import io
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np

import inference
from ecg import cli, context, formats, holter, streaming, weights
from ecg.alarms import Alarm
from ecg.artifacts import InputError
from ecg.prediction import card_of, is_context_model, predict_heartbeat
from ecg.streaming import Beat, Context, Predict

FORMATS = {"text": None, "i16": "<i2", "i32": "<i4", "f32": "<f4", "f64": "<f8"}


class Monitor(streaming.Monitor):
    """ecg.streaming.Monitor, with the best single-beat model that is there where no `predict` is
    given."""

    def __init__(
        self,
        fs: float,
        predict: Predict | None = None,
        context: Context | None = None,
        **limits: float,
    ):
        super().__init__(fs, predict or single_beat(), context, **limits)


# ---------------------------------------------------------------------------------------- models


def single_beat(model: str = "auto", weight: str | Path = "weight") -> Predict:
    """The `predict` of a Monitor. model: `auto` (the best single-beat model that is there), a name,
    or a .pth or .onnx file. Raises InputError when it cannot be had."""
    loaded = inference.load(weights.choose_model(model, 0, weight), weight, threads=1)
    if is_context_model(card_of(loaded)):
        raise InputError(
            f"--model {model} judges whole recordings, not one beat: give it as --final"
        )
    return lambda rows: predict_heartbeat(loaded, rows)


def context_model(model: str = "context", weight: str | Path = "weight") -> Context:
    """The `context` of a Monitor: a name or a .pth or .onnx file. Raises InputError when it cannot
    be had."""
    loaded = inference.load(model, weight, threads=1)
    if not is_context_model(card_of(loaded)):
        raise InputError(f"--final {model} is no context model: give it as --model")
    return lambda signal, fs, r_peaks: context.classify_beats(loaded, signal, fs, r_peaks)[0]


class Models(NamedTuple):
    """What a Monitor asks. predict: for provisional labels; context: for the final ones, None where
    `predict` gives these too."""

    predict: Predict
    context: Context | None


def models_for(args: argparse.Namespace) -> Models:
    """The models of a Monitor as the command line asks."""
    final = args.final
    if final == "auto":
        final = "context" if weights.there("context", args.weight) else "single"
    return Models(
        single_beat(args.model, args.weight),
        None if final == "single" else context_model(final, args.weight),
    )


# --------------------------------------------------------------------------------------- samples


def read_stream(file: io.BufferedIOBase, kind: str) -> Iterator[np.ndarray]:
    """Chunks float64 (n,) of an open binary file, as they come.

    kind: a key of FORMATS. A missing sample is `nan` in text, and in the 16-bit format -32768, as
    in WFDB. Raises InputError for what is no number."""
    rest, line, dtype = b"", 0, FORMATS[kind]
    while chunk := file.read1(1 << 16):
        rest += chunk
        if dtype is None:
            *lines, rest = rest.split(b"\n")
            yield _numbers(lines, line)
            line += len(lines)
        else:
            whole = len(rest) // np.dtype(dtype).itemsize * np.dtype(dtype).itemsize
            values, rest = np.frombuffer(rest[:whole], dtype).astype(np.float64), rest[whole:]
            yield np.where(values == -32768, np.nan, values) if kind == "i16" else values
    if dtype is None:
        yield _numbers([rest] if rest.strip() else [], line)
    elif rest:
        raise InputError(
            f"standard input ends within a sample: {len(rest)} bytes are left over; is it --format "
            f"{kind}?"
        )


def _numbers(lines, before):
    try:
        return np.array([float(text) for text in lines if text.strip()])
    except ValueError:
        for k, text in enumerate(lines):
            try:
                float(text or 0)
            except ValueError:
                raise InputError(
                    f"standard input, line {before + k + 1}: "
                    f"{text[:40].decode(errors='replace')!r} is no number; "
                    "one number a line is expected, or --format i16, i32, f32, f64"
                ) from None
        raise


def replay(signal: np.ndarray, fs: float, speed: float) -> Iterator[np.ndarray]:
    """Chunks of a recording, a tenth of a second at a time, at `speed` times real time; 0: as fast
    as they are taken."""
    size, start = max(1, round(0.1 * fs)), time.monotonic()
    for i in range(0, len(signal), size):
        if speed:
            time.sleep(max(0.0, start + i / fs / speed - time.monotonic()))
        yield signal[i : i + size]


# ---------------------------------------------------------------------------------------- events


def as_json(event: Beat | Alarm) -> str:
    return json.dumps({"type": type(event).__name__.lower(), **event._asdict()})


class Lines:
    """Events as lines for people: every provisional label, the final one where it is another,
    alarms."""

    def __init__(self):
        # provisional labels whose final one has not come, by sample
        self._labels: dict[int, str | None] = {}

    def __call__(self, event: Beat | Alarm) -> str | None:
        """One line, or None for an event that tells a reader nothing new."""
        seconds = event.time_s
        clock = f"{int(seconds // 3600):02d}:{int(seconds // 60 % 60):02d}:{seconds % 60:06.3f}"
        if isinstance(event, Alarm):
            return f"{clock}  {self._alarm(event)}"
        if event.stage == "provisional":
            self._labels[event.sample] = event.label
        elif self._labels.pop(event.sample, "none") in (event.label, "none"):
            return None
        rate = "" if event.rr_s is None else f"{60 / event.rr_s:5.0f}/min"
        sure = "" if event.confidence is None else f"{100 * event.confidence:4.0f} %"
        stage = "" if event.stage == "provisional" else "  final"
        return f"{clock}  {event.label or '?'}  {sure:>6} {rate:>9}{stage}"

    @staticmethod
    def _alarm(alarm):
        name = {"v_run": "run of V", "lead_off": "lead off"}.get(alarm.name, alarm.name)
        figures = [f"{alarm.duration_s:.1f} s"]
        figures += [f"{alarm.beats} beats"] if alarm.beats else []
        figures += [f"{alarm.rate_bpm:.0f}/min"] if alarm.rate_bpm else []
        return f"{'ALARM' if alarm.state == 'on' else 'ended'}  {name}: {', '.join(figures)}"


# -------------------------------------------------------------------------------------- the stage


def options() -> cli.Parser:
    """The parser of the command line."""
    parser = cli.stage_parser(__doc__)
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="to replay; - for a pipe; without it a synthetic minute",
    )
    cli.add_recording_options(parser)
    cli.add(parser, "--invert", choices=("yes", "no"), default="no")
    option = parser.add_argument_group("the stream").add_argument
    option("--format", choices=FORMATS, default="text", help="of a pipe: text, one number a line")
    option(
        "--speed", metavar="X", type=float, help="of a FILE, times real time (default 1; 0: all)"
    )
    option("--json", action="store_true", help="one JSON object a line, both labels of a beat")
    group = parser.add_argument_group("the models")
    cli.add(group, "--model", default="auto", help="name or file of a single-beat model")
    group.add_argument(
        "--final",
        metavar="MODEL",
        default="auto",
        help="what gives the final labels: a context model; single: --model",
    )
    cli.add(group, "--weight")
    option = parser.add_argument_group("alarms").add_argument
    rate: dict[str, Any] = dict(metavar="BPM", type=float)
    option("--pause", metavar="S", type=float, default=holter.LONG_PAUSE, help="s without a beat")
    option("--tachycardia", default=holter.TACHYCARDIA, help="above, over 8 RR intervals", **rate)
    option("--bradycardia", default=holter.BRADYCARDIA, help="below, over 8 RR intervals", **rate)
    cli.add_moved_option(parser, "--agreement", "python benchmarks/monitor.py FILE ...")
    return parser


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    if args.speed is not None and not args.speed >= 0:
        raise InputError(
            f"--speed {args.speed:g}: give how many times real time, or 0 for as fast as possible"
        )
    fs, chunks = samples_for(args)
    monitor = monitor_for(args, fs)
    line = as_json if args.json else Lines()
    sign = -1.0 if args.invert == "yes" else 1.0
    for chunk in chunks:
        print_events(monitor.push(sign * chunk), line)
    print_events(monitor.finish(), line)


def samples_for(args: argparse.Namespace) -> tuple[float, Iterator[np.ndarray]]:
    """(rate in Hz, chunks of samples) of what the command line names: a recording, a pipe, or a
    synthetic minute."""
    if len(args.files) > 1:
        raise InputError(
            f"{len(args.files)} FILEs: one stream at a time (python benchmarks/monitor.py takes "
            "several)"
        )
    pipe = args.files == ["-"]
    if pipe:
        cli.refuse_unused(args, ("lead", "unit", "speed"), "is for a FILE, not for a pipe")
    else:
        cli.refuse_unused(args, ("format",), "is for a pipe: give - as FILE")
    if not args.files:
        cli.refuse_unused(args, ("lead", "unit", "fs", "invert"), "needs a FILE")
    if pipe:
        if args.fs is None:
            raise InputError("a pipe does not tell its sampling rate: give --fs in Hz")
        stream = cast(io.BufferedReader, sys.stdin.buffer)  # hinted as BinaryIO, without read1
        return args.fs, read_stream(stream, args.format)
    if args.files:
        recording = formats.read_recording(args.files[0], args.lead, args.fs, args.unit)
        speed = 1 if args.speed is None else args.speed
        return recording.fs, replay(recording.signal, recording.fs, speed)
    from ecg.synthetic import synthetic_recording

    made = synthetic_recording(60)
    print("no FILE: a synthetic minute, no patient's ECG", file=sys.stderr)
    return made.fs, replay(made.signal, made.fs, args.speed or 0)


def monitor_for(args: argparse.Namespace, fs: float) -> Monitor:
    """The Monitor that the command line asks for."""
    limits = {name: getattr(args, name) for name in ("pause", "tachycardia", "bradycardia")}
    try:
        return Monitor(fs, *models_for(args), **limits)
    except ValueError as error:
        raise InputError(error) from None


def print_events(
    events: Iterable[Beat | Alarm], line: Callable[[Beat | Alarm], str | None]
) -> None:
    for text in map(line, events):
        if text is not None:
            print(text, flush=True)


if __name__ == "__main__":
    cli.run(main)
