"""Bedside and wearable monitoring: samples in as they come, beats and alarms out.

    python monitor.py data/mitdb/119 --speed 10             # a recording at ten times real time
    cat samples.txt | python monitor.py - --fs 250 --json   # a pipe: one number a line in, one JSON
                                                            # object a line out
    cat two.txt | python monitor.py - --fs 250 --leads 2    # a pipe: two numbers a line
    arecorder | python monitor.py - --fs 360 --format i16   # a pipe: 16-bit little-endian integers

    from monitor import Monitor
    monitor = Monitor(fs=360)
    for event in monitor.push(samples): ...     # (n,) or (n, leads), any n: Beat, Alarm or Rhythm
    for event in monitor.finish(): ...          # what the end of the stream decides

Several leads: R peaks are found in all of them together, beats are marked and labelled in the first
that can be read, the context model asks the first two. A recording gives all its ECG leads; a pipe
so many numbers a line as --leads says. The memory is bounded for days. Two labels are given:

  provisional   at most 0.7 s after the next R peak was, by the context model with the half minute
                before (or by --model, where that is given: the next interval is taken to be usual)
  final         by the context model with the five minutes before and 44 s after, within 55 s of the
                beat; without one at most 0.7 s after the second R peak after it, when the beat's
                row is complete (ecg.beats.cut_rows): the label a whole recording gets

Every 10 s the rhythm of the last half minute is told, by the rhythm network: sinus rhythm (N), AF
(flutter with it), other, noise; VF while that alarm is on.

What an alarm waits for, and how long after the moment that defines it it comes at most:

  alarm        is on when ...                            waits for                          delay
  v_run        3 or more successive V                    the context model's look at all    8 s
  v_couplet    exactly 2 successive V                    beats so far, every 5 s (10 s      8 s
                                                         where none is unlike the usual)
  tachycardia  8 RR intervals, mean above 100/min        the R peak                         0.7 s
  bradycardia  8 RR intervals, mean below 50/min         the R peak                         0.7 s
  pause        3 s of readable signal without a beat     the clock                          0.7 s
  asystole     4 s of readable signal without a beat     the clock                          0.7 s
  lead_off     2 s without a living signal in any lead   the clock                          0.3 s
  noise        5 s that no lead can be read in           the R peaks that are none, or      1.5 s
                                                         the quality network, every 2.5 s   3 s
  atrial_fibrillation       the rhythm is AF, three      the rhythm network, every 10 s     1 min
                            looks in a row
  ventricular_fibrillation  no QRS complexes can be      the fibrillation network, every    8 s
                            told apart, twice in a row   second, twice

Without a context model v_run and v_couplet go by the single-beat labels, at most 0.7 s after the
next R peak. Silence is believed as in a recording (ecg.pauses): where nothing in it is as high as a
QRS complex, and the baseline stays in one lead at least; else it is noise. What is known later may
contradict an alarm: then it is withdrawn, `"state": "withdrawn"` with the sample and time of the
alarm. A pause that no beat ends stays on; so does asystole, through P waves too. While the signal
oscillates as in ventricular fibrillation, pause, asystole, noise and runs of V wait; they come when
it turns out to be none. R peaks in fibrillation have no label, and are no rate. In atrial
fibrillation tachycardia and bradycardia go by the same rule as always. Strong hum is found within
10 s and taken out, as from a whole recording.

How many alarms are false, how many events are missed: python benchmarks/monitor.py --alarms. How
well stream and whole recording agree: python benchmarks/monitor.py FILE. Not a medical device.
"""

import ecg.start  # noqa: F401

# isort: split
import argparse
import functools
import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np

import inference
from ecg import cli, context, demo, formats, holter, quality, ranges, streaming, weights
from ecg.alarms import Alarm
from ecg.artifacts import InputError
from ecg.formats.recording import MAX_LEADS
from ecg.notes import leads_note
from ecg.prediction import card_of, is_context_model, predict_heartbeat
from ecg.rhythm import fibrillation, network
from ecg.streaming import Context, Event, FibrillationNow, Noise, Predict, Rhythm, RhythmNow
from ecg.streaming.samples import FORMATS, read_stream, replay


class Monitor(streaming.Monitor):
    """ecg.streaming.Monitor, with the best single-beat model that is there where no `predict` is
    given."""

    def __init__(
        self, fs: float, predict: Predict | None = None, context: Context | None = None, **more: Any
    ):
        super().__init__(fs, predict or single_beat(), context, **more)


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
    return as_context(loaded)


def as_context(model: Any) -> Context:
    """The `context` of a Monitor: a context model that is loaded."""

    def context_of(leads, fs, r_peaks, by_second):
        second = leads[1] if len(leads) > 1 else None
        return context.classify_beats(
            model, leads[0], fs, r_peaks, second=second, by_second=by_second
        )[0]

    return context_of


def noise_model(weight: str | Path = "weight") -> Noise | None:
    """The `noise` of a Monitor: the quality network of a folder of weights; None where there is
    none."""
    model = quality.open_model(weight)
    if model is None:
        return None
    return functools.partial(quality.noise_now, model)


def rhythm_model(weight: str | Path = "weight") -> RhythmNow | None:
    """The `rhythm` of a Monitor: the rhythm network of a folder of weights; None where there is
    none."""
    model = network.open_model(weight)
    return functools.partial(network.rhythm_now, model) if model is not None else None


def fibrillation_model(weight: str | Path = "weight") -> FibrillationNow | None:
    """The `fibrillation` of a Monitor: the network for ventricular fibrillation of a folder of
    weights; None where there is none."""
    model = fibrillation.open_model(weight)
    if model is None:
        return None
    limits = fibrillation.limits_of(model)

    def ask(leads, fs):
        likely = fibrillation.fibrillation_now(model, leads, fs)
        return int(likely > limits.low) + int(likely > limits.high)

    return ask


class Models(NamedTuple):
    """What a Monitor asks. predict: of single beats; context: where there is one; single: whether
    provisional labels are by `predict` all the same; noise: whether the signal is noise, rhythm:
    for the rhythm of half a minute, fibrillation: whether the ventricles fibrillate, where there
    are models for these."""

    predict: Predict
    context: Context | None
    single: bool
    noise: Noise | None = None
    rhythm: RhythmNow | None = None
    fibrillation: FibrillationNow | None = None


def models_for(args: argparse.Namespace) -> Models:
    """The models of a Monitor as the command line asks."""
    final = args.final
    if final == "auto":
        final = "context" if weights.there("context", args.weight) else "single"
    return Models(
        single_beat(args.model, args.weight),
        None if final == "single" else context_model(final, args.weight),
        args.model != "auto",
        noise_model(args.weight),
        rhythm_model(args.weight),
        fibrillation_model(args.weight),
    )


# ---------------------------------------------------------------------------------------- events


def as_json(event: Event) -> str:
    return json.dumps({"type": type(event).__name__.lower(), **event._asdict()})


class Lines:
    """Events as lines for people: every provisional label, the final one where it is another,
    alarms, the rhythm."""

    def __init__(self):
        # provisional labels whose final one has not come, by sample
        self._labels: dict[int, str | None] = {}

    def __call__(self, event: Event) -> str | None:
        """One line, or None for an event that tells a reader nothing new."""
        seconds = event.time_s
        clock = f"{int(seconds // 3600):02d}:{int(seconds // 60 % 60):02d}:{seconds % 60:06.3f}"
        if isinstance(event, Alarm):
            return f"{clock}  {self._alarm(event)}"
        if isinstance(event, Rhythm):
            return f"{clock}  {self._rhythm(event)}"
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
        words = {"v_run": "run of V", "v_couplet": "couplet of V"}
        name = words.get(alarm.name, alarm.name.replace("_", " "))
        figures = [f"{alarm.duration_s:.1f} s"]
        figures += [f"{alarm.beats} beats"] if alarm.beats else []
        figures += [f"{alarm.rate_bpm:.0f}/min"] if alarm.rate_bpm else []
        state = {"on": "ALARM", "off": "ended", "withdrawn": "TAKEN BACK"}[alarm.state]
        return f"{state}  {name}: {', '.join(figures)}"

    @staticmethod
    def _rhythm(event):
        sure = f" {100 * event.probabilities[event.rhythm]:.0f} %" if event.probabilities else ""
        figures = [f"{event.rhythm or '?'}{sure}"]
        figures += [f"{event.rate_bpm:.0f}/min"] if event.rate_bpm else []
        return f"rhythm of {event.duration_s:.0f} s: {', '.join(figures)}"


# -------------------------------------------------------------------------------------- the stage


def options() -> cli.Parser:
    """The parser of the command line."""
    parser = cli.stage_parser(__doc__, writes=False)
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="to replay; - for a pipe; without it the excerpt in data/demo",
    )
    cli.add_recording_options(parser, "--second")
    cli.add(parser, "--invert", choices=("yes", "no"), default="no")
    option = parser.add_argument_group("the stream").add_argument
    option("--format", choices=FORMATS, default="text", help="of a pipe: text, a line a sample")
    several = ranges.whole(1, MAX_LEADS)
    option("--leads", metavar="N", type=several, default=1, help="of a pipe: numbers a sample")
    text = "of a FILE, times real time (default 1; 0: all)"
    option("--speed", metavar="X", type=ranges.real(0, 10_000), help=text)
    option("--json", action="store_true", help="one JSON object a line, both labels of a beat")
    add_models_and_limits(parser)
    cli.add_moved_option(parser, "--agreement", "python benchmarks/monitor.py FILE ...")
    return parser


def add_models_and_limits(parser: cli.Parser) -> None:
    """The options that say what a Monitor asks, and when it alarms."""
    group = parser.add_argument_group("the models")
    text = "single-beat model; one named gives provisional labels too"
    cli.add(group, "--model", default="auto", help=text)
    group.add_argument(
        "--final",
        metavar="MODEL",
        default="auto",
        help="what gives the final labels: a context model; single: --model",
    )
    cli.add(group, "--weight")
    option = parser.add_argument_group("alarms").add_argument
    rate: dict[str, Any] = dict(metavar="BPM", type=ranges.HEART_RATE)
    pause, least = holter.LONG_PAUSE, ranges.real(1, 3600)
    option("--pause", metavar="S", type=least, default=pause, help="s without a beat")
    option("--tachycardia", default=holter.TACHYCARDIA, help="above, over 8 RR intervals", **rate)
    option("--bradycardia", default=holter.BRADYCARDIA, help="below, over 8 RR intervals", **rate)


def limits_of(args: argparse.Namespace) -> dict[str, Any]:
    """The limits of the alarms as the command line has them."""
    return {name: getattr(args, name) for name in ("pause", "tachycardia", "bradycardia")}


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    for name in {args.model, args.final} - {"single"}:
        weights.refuse_unknown(name, args.weight)
    fs, chunks = samples_for(args)
    monitor = monitor_for(args, fs)
    line = as_json if args.json else Lines()
    for chunk in chunks:
        if args.invert == "yes":  # the lead that is labelled
            chunk = chunk * np.array([-1.0] + [1.0] * (chunk.shape[1] - 1))
        print_events(monitor.push(chunk), line)
    print_events(monitor.finish(), line)


def samples_for(args: argparse.Namespace) -> tuple[float, Iterator[np.ndarray]]:
    """(rate in Hz, chunks of samples) of what the command line names: a recording, a pipe, or the
    excerpt that comes with the program."""
    if len(args.files) > 1:
        raise InputError(
            f"{len(args.files)} FILEs: one stream at a time (python benchmarks/monitor.py takes "
            "several)"
        )
    pipe = args.files == ["-"]
    if pipe:
        cli.refuse_unused(
            args, ("lead", "second", "unit", "speed"), "is for a FILE, not for a pipe"
        )
    else:
        cli.refuse_unused(args, ("format", "leads"), "is for a pipe: give - as FILE")
    if not args.files:
        cli.refuse_unused(args, ("lead", "second", "unit", "fs", "invert"), "needs a FILE")
    if pipe:
        if args.fs is None:
            raise InputError("a pipe does not tell its sampling rate: give --fs in Hz")
        stream = cast(io.BufferedReader, sys.stdin.buffer)  # hinted as BinaryIO, without read1
        return args.fs, read_stream(stream, args.format, args.leads)
    file, speed = (args.files or [demo.excerpt()])[0], args.speed
    if not args.files:
        print(f"no FILE: {demo.WHAT}, as fast as it goes", file=sys.stderr)
        speed = speed or 0
    recording = formats.read_recording(file, args.lead, args.fs, args.unit, args.second)
    for note in leads_note(recording):
        print(note, file=sys.stderr)
    speed = 1 if speed is None else speed
    return recording.fs, replay(np.column_stack(recording.signals()), recording.fs, speed)


def monitor_for(args: argparse.Namespace, fs: float) -> Monitor:
    """The Monitor that the command line asks for."""
    try:
        return Monitor(fs, **models_for(args)._asdict(), **limits_of(args))
    except ValueError as error:
        raise InputError(error) from None


def print_events(events: Iterable[Event], line: Callable[[Event], str | None]) -> None:
    for text in map(line, events):
        if text is not None:
            print(text, flush=True)


if __name__ == "__main__":
    cli.run(main)
