"""The classifier for patients never seen: a small network over the numbers of ecg/context.py, many beats in a row.

    python model_context.py --records data/mitdb                                        # trained on DS1: comparable with the literature
    python model_context.py --records data/mitdb data/svdb --protocol interpatient_plus  # DS1 and the other folders, scored on DS2 too
    python model_context.py --records data/mitdb data/svdb --protocol all                # every patient there is: weight/model_context.pth
    python model_context.py --records data/mitdb data/svdb --cv                          # cross-validation by record, nothing is written

`python train.py --model context ...` is the same. A beat is described against its own patient (ecg/context.py), standardised, and judged
together with its neighbours by residual convolutions; a few such networks from different seeds are averaged inside one graph; then the
patient's beats that are alike agree on what they are (ecg.context.agreed). It learns from two leads of a recording, one at a time, and at
use each lead is asked by itself and the answers are averaged (ecg.context.over_leads); --second none: the first lead alone. DS2 is never
opened for training or selection except under `all`, whose weights therefore must not be scored on it. The temperature comes from
predictions on patients left out (cross-validation by record within the training patients). Paced records are left out of training;
paced beats are found by ecg.context.paced. No beat of class Q is learnt.
"""
import argparse
import copy
import itertools
import logging
import time
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

from data_preprocess import DS1, DS2
from ecg import artifacts, context, ec57, records
from ecg.artifacts import InputError
from ecg.beats import classes_of, detect_r_peaks
from ecg.scores import fit_temperature

CLASSES = ["N", "S", "V", "F"]
PROTOCOLS = ("interpatient", "interpatient_plus", "all")
LENGTH = 64                 # beats of a training sequence
BATCH = 24                  # sequences a step
PACED_SHARE = 0.1           # a record with more paced beats than this is not trained on
# Class biases of N, S, V, F: training makes the rare classes weigh more than they occur, this takes part of it back. The same for every
# training: of two biases chosen on one half of the records the other half had less (mean F1 of N, S, V 0.893) than of these (0.900).
BIAS = (0.0, -1.0, -1.0, -1.5)
TOLERANCE = 0.15            # s within which a detected peak is the annotated beat
RHYTHMS = ("tachycardia", "fibrillation", "bigeminy", "block", "sinus")
ALL_RHYTHMS = (*RHYTHMS, "ectopic")     # by default the last is left out: what it gains in one record it costs elsewhere
SEEN = ("annotated", "detected", "moving")
VIEWS = (*SEEN, *RHYTHMS)


class Residual(nn.Module):
    """x + linear map of the beats `step` before, here and `step` after (a dilated convolution of width 3), on (batch, beats, channels)."""

    def __init__(self, channels, step, dropout):
        super().__init__()
        self.step, self.norm, self.dropout = step, nn.LayerNorm(channels), nn.Dropout(dropout)
        self.mix = nn.Linear(3 * channels, channels)

    def forward(self, x):
        h = self.dropout(F.relu(self.norm(x)))
        wide = F.pad(h, (0, 0, self.step, self.step))
        n = x.shape[1]
        return x + self.mix(torch.cat([wide[:, :n], h, wide[:, 2 * self.step:]], dim=2))


class Member(nn.Sequential):
    """One network: standardised numbers (batch, beats, numbers) -> logits (batch, beats, 4)."""

    def __init__(self, numbers, channels, dilations, dropout):
        super().__init__(nn.Linear(numbers, channels), *(Residual(channels, step, dropout) for step in dilations),
                         nn.ReLU(), nn.Linear(channels, len(CLASSES)))


class ContextNet(nn.Module):
    """Several `Member`s averaged, with standardisation and class biases inside.

    Input: float32 (batch, beats, numbers), the output of ecg.context.describe, successive beats of one recording. Output: logits
    (batch, beats, 4) for N, S, V, F: the logarithm of the members' mean probability plus the class biases."""

    def __init__(self, numbers=len(context.NAMES), channels=48, dilations=(1, 2, 4), members=3, dropout=0.1):
        super().__init__()
        self.register_buffer("mean", torch.zeros(numbers))
        self.register_buffer("scale", torch.ones(numbers))
        self.register_buffer("bias", torch.zeros(len(CLASSES)))
        self.members = nn.ModuleList(Member(numbers, channels, dilations, dropout) for _ in range(members))

    def standardise(self, numbers):
        return torch.clamp((numbers - self.mean) / self.scale, -5.0, 5.0)

    def forward(self, numbers):
        x = self.standardise(numbers)
        mean = torch.stack([torch.softmax(member(x), dim=2) for member in self.members]).mean(dim=0)
        return torch.log(mean + 1e-7) + self.bias


# ------------------------------------------------------------------------------------------------- patients

class View(NamedTuple):
    """One way to see a recording: R peaks (m,), these beats described in each lead, their class 0..3 or -1 (Q, or no annotated beat), (m,)."""
    peaks: np.ndarray
    leads: list
    classes: np.ndarray


class Patient(NamedTuple):
    """A record with its reference annotation and its views; `name` is FOLDER/RECORD."""
    name: str
    fs: float
    n_samples: int
    samples: np.ndarray
    symbols: list
    views: dict

    @property
    def record(self):
        return self.name.split("/")[-1]


def match(peaks, samples, fs):
    """Index into `samples` of the annotated beat that each peak is, -1 for none: within 150 ms, one to one, as EC57 pairs them."""
    index = np.full(len(peaks), -1)
    for i, j in ec57._match(list(samples), list(peaks), TOLERANCE * fs):
        if i >= 0 and j >= 0:
            index[j] = i
    return index


def shaken(samples, fs, n_samples, rng):
    """R peaks as a poor detector gives them: 15 ms of jitter, 1 % missed, 1 % extra."""
    peaks = samples + np.rint(rng.normal(0, 0.015 * fs, len(samples))).astype(np.int64)
    peaks = peaks[rng.random(len(peaks)) > 0.01]
    extra = rng.integers(0, n_samples, len(samples) // 100)
    return np.unique(np.clip(np.concatenate([peaks, extra]), 0, n_samples - 1))


def load_patients(folders, annotator="atr", views=VIEWS, wanted=None, keep_paced=False, second="auto"):
    """The records of WFDB folders as Patients, without the paced ones. wanted: None or a function of the record's name;
    second: the lead beside the first, as in ecg.records.read_recording."""
    files = [(folder, name) for folder in map(Path, folders) for name in _records(folder, annotator)]
    patients = []
    for folder, name in tqdm(files, desc="describing", unit="record", disable=None):
        if wanted and not wanted(name):
            continue
        samples, symbols, _ = records.read_annotation(folder / name, annotator)
        classes = classes_of(symbols)
        is_beat = classes >= 0
        if not keep_paced and np.isin(np.array(symbols)[is_beat], ["/", "f"]).mean() > PACED_SHARE:
            continue
        recording = records.read_recording(folder / name, lead=0, second=second)
        at, first = np.unique(samples[is_beat], return_index=True)
        true = classes[is_beat][first]
        inside = at < len(recording.signal)
        at, true = at[inside], np.where(true < len(CLASSES), true, -1)[inside]
        seen = {view: _view(view, recording, at, true) for view in views}
        patients.append(Patient(f"{folder.name}/{name}", recording.fs, len(recording.signal), samples, symbols, seen))
    return patients


def _records(folder, annotator):
    if not folder.is_dir():
        raise InputError(f"--records {folder}: there is no such folder")
    names = sorted(path.stem for path in folder.glob(f"*.{annotator}") if path.with_suffix(".hea").exists())
    if not names:
        raise InputError(f"--records {folder}: no WFDB record with an annotation .{annotator} lies there")
    return names


def _view(view, recording, at, true):
    """annotated: the reference's beats. detected: what the detector finds. moving: a poor detector's beats, and five minutes of past only.
    One of ALL_RHYTHMS: the annotated beats of a recording into which that rhythm has been spliced (`with_rhythm`)."""
    fs, leads = recording.fs, [signal for signal in (recording.signal, recording.second) if signal is not None]
    seed = len(leads[0]) + len(at)
    if view in ALL_RHYTHMS:                                   # the same seed for every lead: the same beats, cut at the same samples
        spliced = [with_rhythm(view, signal, fs, at, true, np.random.default_rng(seed)) for signal in leads]
        peaks, classes = spliced[0][1:]
        return View(peaks, [context.describe(signal, fs, peaks) for signal, *_ in spliced], classes)
    peaks = (at if view == "annotated" else detect_r_peaks(leads[0], fs) if view == "detected" else
             shaken(at, fs, len(leads[0]), np.random.default_rng(seed)))
    index = match(peaks, at, fs)
    moving = dict(past=300, delay=60, hop=300) if view == "moving" else {}
    return View(peaks, [context.describe(signal, fs, peaks, **moving) for signal in leads], np.where(index >= 0, true[index], -1))


def with_rhythm(kind, signal, fs, peaks, classes, rng):
    """(signal, R peaks, classes) of a recording into which another rhythm, made of the patient's own beats, has been spliced.

    Each of these is a matter of a few patients in the databases, too few to learn from, and common among patients elsewhere:
    tachycardia   In up to three stretches and six short runs, normal beats follow each other at 0.45 to 0.72 of the usual RR interval,
                  steadily and from one beat to the next, P wave cut away or kept: class S. Or, in two long stretches of five, the
                  rate rises and falls slowly to at most 1.6 times, as the sinus node does: class N.
    fibrillation  In up to three long stretches the P waves are cut away and the RR intervals are drawn at random: normal beats stay N
                  and ventricular ones V, however early they come.
    bigeminy      In up to three stretches every second to fourth normal beat comes at 0.5 to 0.85 of the usual interval, with a pause
                  after it: class S.
    block         In up to four stretches every second to seventh beat is dropped where it is a normal one, its P wave left (the
                  atrioventricular node blocks it) or gone too (the sinus node pauses): the others keep their classes, although those
                  that follow each other directly now come at half the interval of the rest.
    sinus         In up to three long stretches the RR interval of the normal beats goes up and down by 5 to 25 % every 3 to 9 beats, as
                  breathing makes it do: class N.
    ectopic       In one stretch of half the recording or more, another pacemaker in the atria leads: beats at a steady 0.5 to 0.75 of the usual
                  interval, P wave cut away or kept, are S; every few beats it pauses for 1 to 1.8 of it, and the beat after that is N.
    classes: 0..3 or -1 of every peak. Other ectopic beats inside a stretch are dropped. Where an interval is longer than it was, the
    signal stays at its last level. A joint is spread over 60 ms."""
    n = len(peaks)
    if n < 4:
        return signal, peaks, classes
    usual = np.median(np.diff(peaks))
    second = min(usual, fs)                                   # leads are shares of the RR interval, of one second at most
    label, keep = classes.copy(), np.ones(n, bool)
    rr = np.full(n, np.nan)                                   # samples to the next beat; NaN: as it was
    lead = np.full(n, 0.25 * second)                          # samples before the R peak that belong to a beat: with its P wave

    def stretches(count, shortest, longest):
        for length in rng.uniform(shortest, longest, count).astype(int):
            start = int(rng.integers(max(1, n - length)))
            yield np.arange(start, min(start + length, n - 1))

    if kind == "block":
        signal, dropped = signal.copy(), np.zeros(n, bool)
        for k in stretches(rng.integers(1, 5), 0.05 * n, 0.3 * n):
            for part in np.array_split(k, max(1, len(k) // int(rng.integers(8, 60)))):
                dropped[part[rng.integers(2)::rng.choice([2, 2, 2, 3, 3, 4, 5, 7])]] = True
        dropped &= (classes == 0) & (np.arange(n) > 0) & (np.arange(n) < n - 1)
        for k, start in zip(np.flatnonzero(dropped), np.where(rng.random(dropped.sum()) < 0.7, 0.06 * fs, 0.25 * second)):
            after = peaks[k + 1] - peaks[k]
            start, stop = max(int(peaks[k] - start), 0), int(peaks[k + 1] - 0.25 * min(after, second))
            signal[start:stop] = np.linspace(signal[start], signal[max(stop, start + 1)], max(stop - start, 0))
        return signal, peaks[~dropped], classes[~dropped]

    if kind == "tachycardia":
        for k in [*stretches(rng.integers(1, 4), 0.05 * n, 0.3 * n), *stretches(rng.integers(0, 7), 3, 25)]:
            keep[k] = classes[k] == 0
            if len(k) > 40 and rng.random() < 0.4:
                share, label[k], lead[k] = 1 - rng.uniform(0.15, 0.4) * np.sin(np.linspace(0, np.pi, len(k))), 0, 0.25 * second
            else:
                share, label[k], lead[k] = rng.uniform(0.45, 0.72), 1, rng.choice([0.08, 0.22]) * second
            rr[k] = share * usual * (1 + 0.01 * rng.standard_normal(len(k)))
    elif kind == "fibrillation":
        for k in stretches(rng.integers(1, 4), 0.15 * n, 0.6 * n):
            keep[k] = classes[k] != 1
            mean, spread = rng.uniform(0.55, 0.95), rng.uniform(0.12, 0.28)
            rr[k] = usual * np.clip(mean * np.exp(spread * rng.standard_normal(len(k))), 0.38, 1.3)
            lead[k] = np.where(classes[k] == 0, 0.08, 0.12) * fs
    elif kind == "ectopic":
        for k in stretches(1, 0.5 * n, 0.95 * n):
            keep[k] = classes[k] == 0
            k = k[keep[k]]
            late = np.zeros(len(k), bool)
            after_pause = np.cumsum(rng.geometric(rng.uniform(0.12, 0.4), len(k)) + 1)
            late[after_pause[after_pause < len(k)]] = True
            share = rng.uniform(0.5, 0.75) * (1 + 0.02 * rng.standard_normal(len(k)))
            rr[k[:-1]] = usual * np.where(late, rng.uniform(1.0, 1.8, len(k)), share)[1:]
            label[k], lead[k] = np.where(late, 0, 1), np.where(late, lead[k], rng.choice([0.08, 0.22]) * second)
    elif kind == "sinus":
        for k in stretches(rng.integers(1, 4), 0.1 * n, 0.5 * n):
            keep[k] = classes[k] == 0
            phase = 2 * np.pi * np.cumsum(1 / (rng.uniform(3, 9) * (1 + 0.15 * rng.standard_normal(len(k))).clip(0.6)))
            rr[k] = usual * rng.uniform(0.8, 1.15) * (1 + rng.uniform(0.05, 0.25) * np.sin(phase) + 0.02 * rng.standard_normal(len(k)))
    else:
        for k in stretches(rng.integers(1, 4), 0.03 * n, 0.25 * n):
            keep[k] = classes[k] == 0
            k = k[keep[k]]
            early = np.arange(len(k)) % rng.choice([2, 2, 2, 3, 4]) == 1
            share = np.where(early, rng.uniform(1.0, 1.25), 1.0)
            share[np.flatnonzero(early) - 1] = rng.uniform(0.5, 0.85)
            rr[k] = usual * share * (1 + 0.025 * rng.standard_normal(len(k)))
            label[k], lead[k] = early.astype(int), np.where(early, rng.choice([0.08, 0.15, 0.22]) * second, lead[k])

    kept, lead = np.flatnonzero(keep), lead.astype(int)
    pieces, at, labels, length = [], [], [], 0
    for k, following in zip(kept[:-1], kept[1:]):
        after, spliced = peaks[k + 1] - peaks[k], np.isfinite(rr[k])
        wanted = (max(int(rr[k]), int(0.28 * fs)) if spliced else after if following == k + 1 else int(usual)) - lead[following]
        until_p = max(after - int(0.25 * min(after, usual)), int(0.1 * fs))
        body = signal[peaks[k]:peaks[k] + (min(wanted, until_p) if spliced or following > k + 1 else wanted)]
        if len(body) == 0:
            continue
        start = max(peaks[k] - lead[k], 0)
        level = body[-max(1, int(0.02 * fs)):].mean()
        piece = np.concatenate([signal[start:peaks[k]], body, np.full(max(0, wanted - len(body)), level)])
        if pieces:
            ramp = min(len(piece), int(0.06 * fs))
            piece[:ramp] += np.linspace(1, 0, ramp) * (pieces[-1][-1] - piece[0])
        pieces.append(piece)
        at.append(length + peaks[k] - start)
        labels.append(label[k])
        length += len(piece)
    at, first = np.unique(np.minimum(at, length - 1), return_index=True)
    return np.concatenate(pieces), at, np.array(labels)[first]


# ------------------------------------------------------------------------------------------------- training

class Recipe(NamedTuple):
    """How the network is trained; chosen by cross-validation over DS1 and SVDB."""
    epochs: int = 16
    rate: float = 3e-3           # peak of the learning rate: up over 15 % of the steps, then a cosine down
    decay: float = 0.05          # AdamW's weight decay
    noise: float = 0.4           # standard deviations added to every number
    drop: float = 0.15           # share of the numbers hidden from a whole sequence
    skip: float = 0.6            # share of the sequences without any ectopic beat that an epoch leaves out (the others weigh more)
    balance: float = 0.5         # weight of a beat: (beats of its class in its record)^-balance x (that sum over the class)^-balance


def beat_weights(patients, balance):
    """Weights [view][patient] -> (5,) of a beat by class; the last, for beats of no class, is 0. At most 30, mean 1."""
    views = list(patients[0].views)
    count = np.array([[np.bincount(p.views[v].classes + 1, minlength=5)[1:] for p in patients] for v in views], dtype=float)
    weight = np.where(count > 0, np.maximum(count, 10) ** -balance, 0)
    weight *= np.maximum((weight * count).sum(axis=(0, 1)), 1) ** -balance
    weight /= (weight * count).sum() / count.sum()
    return np.concatenate([np.minimum(weight, 30), np.zeros((*weight.shape[:2], 1))], axis=2).astype(np.float32)


def standardisation(patients):
    numbers = np.concatenate([beats.numbers[::4] for p in patients for beats in p.views["annotated"].leads])
    return numbers.mean(axis=0), numbers.std(axis=0) + 1e-6


def fit(patients, seed=0, members=1, recipe=Recipe(), progress=False):
    """Train a ContextNet (eval mode) on all views of the patients, one member after the other with seeds of their own."""
    net = ContextNet(members=members)
    mean, scale = standardisation(patients)
    net.mean.copy_(torch.from_numpy(mean))
    net.scale.copy_(torch.from_numpy(scale))
    net.bias.copy_(torch.tensor(BIAS))
    store = _store(net, patients, beat_weights(patients, recipe.balance))
    for k, member in enumerate(net.members):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1000 * seed + k)
            for layer in member.modules():
                if hasattr(layer, "reset_parameters"):
                    layer.reset_parameters()
            _fit_member(member, store, np.random.default_rng([seed, k]), recipe, progress)
    return net.eval()


def _store(net, patients, weight):
    """All views in all leads end to end, LENGTH empty beats between them: (numbers, classes, weights, place[view][patient] = (the
    leads' starts, beats))."""
    gap = np.zeros((LENGTH, len(net.mean)), np.float32)
    numbers, classes, weights, place, at = [gap], [np.full(LENGTH, -1)], [np.zeros(LENGTH, np.float32)], [], LENGTH
    views = list(patients[0].views)
    for view, by_patient in zip(views, weight):
        place.append([])
        for patient, w in zip(patients, by_patient):
            seen = patient.views[view]
            starts = at + (len(seen.peaks) + LENGTH) * np.arange(len(seen.leads))
            for beats in seen.leads:
                numbers += [net.standardise(torch.from_numpy(beats.numbers)).numpy(), gap]
                classes += [seen.classes, np.full(LENGTH, -1)]
                weights += [w[seen.classes], np.zeros(LENGTH, np.float32)]
            place[-1].append((starts, len(seen.peaks)))
            at += (len(seen.peaks) + LENGTH) * len(seen.leads)
    return torch.from_numpy(np.concatenate(numbers)), np.concatenate(classes), torch.from_numpy(np.concatenate(weights)), place


def _fit_member(member, store, rng, recipe, progress):
    numbers, classes, weights, place = store
    ectopic = np.concatenate([[0], np.cumsum(classes > 0)])
    target = torch.from_numpy(classes).clamp(min=0)
    optimizer = torch.optim.AdamW(member.parameters(), recipe.rate, weight_decay=recipe.decay)
    average = torch.optim.swa_utils.AveragedModel(member, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.98))
    member.train()
    step, steps = 0, None
    for _ in tqdm(range(recipe.epochs), desc="training", unit="epoch", disable=None if progress else True, leave=False):
        starts, share = _sequences(place, ectopic, rng, recipe.skip)
        steps = steps or recipe.epochs * len(starts) / BATCH
        for chosen in np.array_split(np.arange(len(starts)), max(1, len(starts) // BATCH)):
            done = step / steps
            rise, fall = done / 0.15, 0.5 * (1 + np.cos(np.pi * min(1.0, (done - 0.15) / 0.85)))
            optimizer.param_groups[0]["lr"] = recipe.rate * (rise if done < 0.15 else max(0.01, fall))
            step += 1
            index = torch.from_numpy(starts[chosen])[:, None] + torch.arange(LENGTH)
            x = numbers[index]
            x = x + recipe.noise * torch.randn_like(x)
            x = x * ((torch.rand(len(chosen), 1, x.shape[2]) > recipe.drop) / (1 - recipe.drop))
            each = F.cross_entropy(member(x).reshape(-1, len(CLASSES)), target[index].reshape(-1), reduction="none")
            loss = (each * (weights[index] * torch.from_numpy(share[chosen])[:, None]).reshape(-1)).mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(member.parameters(), 1.0)
            optimizer.step()
            average.update_parameters(member)
    member.load_state_dict(average.module.state_dict())
    member.eval()


def _sequences(place, ectopic, rng, skip):
    """First beats of an epoch's sequences, in random order, and their weights: each patient in one view drawn at random, each
    sequence in one lead drawn at random."""
    starts = []
    for patient in range(len(place[0])):
        leads, count = place[rng.integers(len(place))][patient]
        first = np.arange(-rng.integers(LENGTH), count, LENGTH)
        starts.append(first + rng.choice(leads, len(first)))
    starts = np.concatenate(starts)
    has = ectopic[starts + LENGTH] > ectopic[starts]
    kept = np.flatnonzero(has | (rng.random(len(starts)) > skip))
    kept = rng.permutation(kept)
    return starts[kept], np.where(has, 1.0, 1 / (1 - skip)).astype(np.float32)[kept]


# ------------------------------------------------------------------------------------------------- cross-validation, temperature

def folds(patients, k=5, seed=0):
    """Fold 0..k-1 of every patient, (n,): each folder's records dealt out in random order; the same for the same seed."""
    rng = np.random.default_rng(seed)
    fold = np.zeros(len(patients), int)
    group = np.array([p.name.split("/")[0] for p in patients])
    for name in sorted(set(group)):
        rows = np.flatnonzero(group == name)
        fold[rng.permutation(rows)] = np.arange(len(rows)) % k
    return fold


def cross_validate(patients, k=5, seed=0, members=1, recipe=Recipe(), always=(), views=("annotated", "detected")):
    """Logits of every patient by a network that never saw it: {name: {view: (m, 4)}}. The arguments are those of `left_out`."""
    return {p.name: {view: context.logits(net, p.views[view].leads) for view in views}
            for net, out in left_out(patients, k, seed, members, recipe, always) for p in out}


def left_out(patients, k=5, seed=0, members=1, recipe=Recipe(), always=()):
    """Fold by fold (a network, the patients that it never saw). always: patients added to every training set."""
    fold = folds(patients, k, seed)
    for j in tqdm(range(k), desc="cross-validation", unit="fold", disable=None):
        yield (fit([p for p, f in zip(patients, fold) if f != j] + list(always), seed * k + j, members, recipe),
               list(itertools.compress(patients, fold == j)))


def temperature_left_out(patients, found, view="detected"):
    """The temperature that fits predictions on patients left out, `found` as `cross_validate` gives them."""
    y = np.concatenate([p.views[view].classes for p in patients])
    z = np.concatenate([found[p.name][view] for p in patients])[y >= 0]
    return fit_temperature(z, y[y >= 0])


# ------------------------------------------------------------------------------------------------- one patient

def adapt(net, leads, classes, steps=40, rate=1e-3, hold=0.02, seed=0):
    """A copy of the network fine-tuned on the labelled beats of one patient.

    leads: the beats as described in each lead; classes (m,) 0..3, -1 where a person has not labelled. All weights move, by Adam over
    the whole sequence of all leads at once, held back by hold x the squared distance from where they were; a class weighs as the root
    of its number. After Kiranyaz 2016 (five minutes of the patient's own beats, as EC57 allows), but from a network that knows other
    patients. Returns a network in eval mode; with no labelled beat, an equal one."""
    tuned = copy.deepcopy(net)
    known = np.flatnonzero(np.asarray(classes) >= 0)
    if len(known) == 0:
        return tuned
    x = torch.from_numpy(np.stack([beats.numbers for beats in leads]))
    target = torch.from_numpy(np.asarray(classes, np.int64)[known])
    weight = np.bincount(target.numpy(), minlength=len(CLASSES)).clip(1) ** -0.5
    weight = torch.from_numpy((weight[target.numpy()] / weight[target.numpy()].mean()).astype(np.float32))
    weights = [p for p in tuned.parameters()]
    before = [p.detach().clone() for p in weights]
    optimizer = torch.optim.Adam(weights, rate)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for _ in range(steps):
            noisy = x + 0.2 * tuned.scale * torch.randn_like(x)
            each = torch.stack([F.cross_entropy(said[known], target, reduction="none") for said in tuned(noisy)]).mean(dim=0)
            distance = sum(((p - q) ** 2).sum() for p, q in zip(weights, before))
            loss = (each * weight).mean() + hold * distance
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return tuned.eval()


def labelled_minutes(patient, minutes, view="detected"):
    """Classes (m,) of the view's beats in the first `minutes`, -1 after them: what a person has labelled."""
    seen = patient.views[view]
    return np.where(seen.peaks < minutes * 60 * patient.fs, seen.classes, -1)


# ------------------------------------------------------------------------------------------------- scores

def confusion(patient, view, labels, learning=0):
    """Counts (6, 6) of one recording, rows the truth and columns the prediction: N S V F Q and O (no beat there), whole recording, AAMI classes.

    labels: class 0..4 of every peak of the view; learning: s at the start that do not count. VF episodes do not either (ecg/ec57.py)."""
    symbols = [CLASSES[c] if c < len(CLASSES) else "Q" for c in labels]
    counts = ec57.compare(patient.samples, patient.symbols, patient.views[view].peaks, symbols, patient.fs, patient.n_samples,
                          learning=learning, class_map="aami").counts
    both = counts[:, :6].copy()
    both[:, 5] += counts[:, 6]
    both[5] += both[6]
    return both[:6]


def figures(counts):
    """{"accuracy", "N": (Se, +P, F1), "S", "V", "F", "QRS": (Se, +P)} of summed counts (6, 6), as shares of 1, nan where undefined.

    Every confusion counts, a missed beat and a false one too; beats that the reference calls Q are left out."""
    with np.errstate(invalid="ignore", divide="ignore"):
        rows, known = counts.sum(axis=1), np.delete(counts, 4, axis=0)
        columns = known.sum(axis=0)
        hits = np.diag(counts)[:4]
        table = {"accuracy": np.float64(hits.sum()) / counts[:4].sum(),
                 "QRS": (counts[:5, :5].sum() / np.float64(counts[:5].sum()), counts[:5, :5].sum() / np.float64(counts[:, :5].sum()))}
        for k, name in enumerate(CLASSES):
            table[name] = (hits[k] / np.float64(rows[k]), hits[k] / np.float64(columns[k]), 2 * hits[k] / np.float64(rows[k] + columns[k]))
    return table


def intervals(matrices, rounds=1000, seed=0):
    """95 % bootstrap intervals over records: the dict of `figures` with (low, high) in place of every number. matrices: (records, 6, 6)."""
    rng = np.random.default_rng(seed)
    draws = [figures(matrices[rng.integers(len(matrices), size=len(matrices))].sum(axis=0)) for _ in range(rounds)]
    return {key: np.nanpercentile(np.array([d[key] for d in draws]), [2.5, 97.5], axis=0) for key in draws[0]}


def score_line(title, matrices, rounds=1000):
    """Two lines of text: Se / +P / F1 in percent and F1 by class, and the intervals of F1 over records."""
    matrices = np.asarray(matrices)
    table, span = figures(matrices.sum(axis=0)), intervals(matrices, rounds)
    def cell(name):
        se, ppv, f1 = table[name]
        return f"{name} {100 * se:5.1f}/{100 * ppv:5.1f}/{f1:.3f}"
    def bounds(name):
        low, high = span[name][:, 2]
        return f"{name} {low:.3f}-{high:.3f}"
    return (f"{title:<44} accuracy {100 * table['accuracy']:.2f}  " + "  ".join(map(cell, CLASSES)) + "\n"
            + f"{f'  {len(matrices)} records, F1 in 95 % of resamplings':<44} {'':<14}  "
            + "  ".join(f"{bounds(name):<20}" for name in CLASSES)).rstrip()


def score_patients(patients, found, view):
    """Counts (records, 6, 6) of the patients under logits `found` = {name: {view: (m, 4)}}."""
    return np.array([confusion(p, view, found[p.name][view].argmax(axis=1)) for p in patients])


# ------------------------------------------------------------------------------------------------- the stage

def select(patients, protocol):
    """The patients a protocol trains on. `all`: every one; `interpatient`: DS1; `interpatient_plus`: DS1 and every folder without DS2 in it."""
    if protocol == "all":
        return patients
    held_out = {p.name.split("/")[0] for p in patients if p.record in DS2}
    chosen = [p for p in patients if p.record in DS1 or (protocol == "interpatient_plus" and p.name.split("/")[0] not in held_out)]
    found = {p.record for p in chosen}
    missing = sorted(set(DS1) - found)
    if missing:
        raise InputError(f"--protocol {protocol} trains on DS1 of the MIT-BIH Arrhythmia Database, but record {missing[0]} is not in --records "
                         f"({len(missing)} of {len(DS1)} missing): download mitdb, or take --protocol all for your own records")
    return chosen


def print_cv(patients, found):
    """The table of the cross-validation."""
    print(f"Cross-validation by record, {len(patients)} records; temperature {temperature_left_out(patients, found):.2f}")
    print("Se/+P in percent, F1; every confusion, missed and extra beat counts; whole recordings")
    groups = {"all": patients}
    for p in patients:
        groups.setdefault(p.name.split("/")[0], []).append(p)
    for name, view in itertools.product(groups, ("annotated", "detected")):
        print(score_line(f"{name}, {view} peaks", score_patients(groups[name], found, view)))
    rhythms = [view for view in patients[0].views if view in ALL_RHYTHMS]
    if rhythms:
        print("Rhythms spliced into these recordings, percent of beats: " + "; ".join(
            f"{kind} " + ", ".join(f"{said} {100 * share:.1f}" for said, share in _spliced(patients, found, kind)) for kind in rhythms))


def _spliced(patients, found, kind):
    """(what, share of beats): N beats called S, and S beats found where the rhythm has any, in the recordings with that rhythm."""
    true = np.concatenate([p.views[kind].classes for p in patients])
    said = np.concatenate([found[p.name][kind].argmax(axis=1) for p in patients])
    wrong = (said[true == 0] == 1).mean()
    return [("N called S", wrong)] + ([("S found", (said[true == 1] == 1).mean())] if kind in ("tachycardia", "bigeminy", "ectopic") else [])


def export(net, path, card):
    """Write the network (eval mode) as ONNX, numbers (batch, beats, numbers) -> logits (batch, beats, 4), with the card in its metadata."""
    import onnx
    from export_onnx import add_card
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    batch, beats = torch.export.Dim("batch_size", min=1), torch.export.Dim("beats", min=2)
    with artifacts.writing(path) as temporary:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(net, (torch.zeros(2, LENGTH, len(net.mean)),), str(temporary), dynamo=True, external_data=False, optimize=True,
                              verbose=False, input_names=["numbers"], output_names=["logits"], opset_version=18,
                              dynamic_shapes=({0: batch, 1: beats},))
        model = onnx.load(str(temporary))
        add_card(model, card)
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, str(temporary))


def parity(net, path, patients):
    """Largest difference of a logit between PyTorch and ONNX Runtime over the patients' first view. Raises InputError above 1e-3."""
    import onnxruntime as ort
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    worst = max(float(np.abs(context.network_logits(net, beats.numbers) - context.network_logits(session, beats.numbers)).max())
                for p in patients for beats in next(iter(p.views.values())).leads)
    if worst > 1e-3:
        raise InputError(f"{path}: ONNX Runtime differs from PyTorch by {worst:.1e} in a logit")
    return worst


def adapt_main(argv=None):
    """Adapt the model to single patients: the stage behind `continue_train.py --model context --records DIR --annotator cor`."""
    parser = argparse.ArgumentParser(description="Adapt the context model to one patient: fine-tune it on the first minutes that a person has "
                                     "labelled or corrected. Writes weight/model_context_RECORD_finetuned.pth, .json and .onnx for every record.",
                                     formatter_class=artifacts.HelpFormatter)
    parser.add_argument("--records", metavar="DIR", required=True, help="folder of WFDB records with the person's annotation")
    parser.add_argument("--annotator", default="cor", help="suffix of the person's annotation files")
    parser.add_argument("--reference", metavar="SUFFIX", help="annotation to score against after the labelled minutes (default: --annotator)")
    parser.add_argument("--minutes", type=float, default=5, help="labelled minutes at the start of the recording that are learnt")
    parser.add_argument("--steps", type=int, default=40, help="steps of fine-tuning")
    parser.add_argument("--from", dest="start", metavar="FILE", help="weights to start from (default: WEIGHT/model_context.pth)")
    parser.add_argument("--weight", default="weight", metavar="DIR", help="folder of the weights")
    records.add_second(parser)
    args = parser.parse_args(argv)
    if args.minutes <= 0 or args.steps < 1:
        raise InputError("--minutes must be above 0 and --steps at least 1")
    torch.set_num_threads(1)
    start = Path(args.start) if args.start else artifacts.weights_path(artifacts.locate(args.weight), "context")
    net, card = load(start)
    patients = load_patients([artifacts.locate(args.records)], args.annotator, views=("detected",), keep_paced=True,
                             second=args.second)
    before, after = [], []
    for patient in patients:
        leads, labels = patient.views["detected"].leads, labelled_minutes(patient, args.minutes)
        tuned = adapt(net, leads, labels, args.steps)
        counts = {c: int((labels == k).sum()) for k, c in enumerate(CLASSES)}
        path = artifacts.weights_path(args.weight, "context", patient.record, "_finetuned")
        new = {**card, "patient": patient.name, "finetuned": {"from": start.name, "annotator": args.annotator, "minutes": args.minutes,
                                                              "beats": counts, "steps": args.steps}}
        artifacts.save_weights(path, tuned.state_dict(), new)
        export(tuned, artifacts.onnx_path(path), new)
        print(f"{patient.name}: {sum(counts.values())} labelled beats ({', '.join(f'{c} {n}' for c, n in counts.items())}) -> {path}")
        truth = patient if args.reference is None else _with_reference(patient, args)
        for model, rows in ((net, before), (tuned, after)):
            rows.append(confusion(truth, "detected", context.logits(model, leads).argmax(axis=1), learning=60 * args.minutes))
    if np.sum(before):
        print(f"Against .{args.reference or args.annotator} after minute {args.minutes:g}: Se/+P in percent, F1")
        print(score_line("before", before))
        print(score_line("after", after))


def _with_reference(patient, args):
    samples, symbols, _ = records.read_annotation(artifacts.locate(args.records) / patient.record, args.reference)
    return patient._replace(samples=samples, symbols=symbols)


def load(path):
    """(ContextNet in eval mode, its card) of a .pth file with its card beside it."""
    card = artifacts.load_card(path)
    if card["architecture"] != "ContextNet":
        raise InputError(f"{path} is a model of single beats ({card['architecture']}), no context model")
    net = artifacts.fill(ContextNet(**card["arguments"]), artifacts.load_state(path), path).eval()
    net.card = card
    return net, card


def make_card(net, protocol, patients, temperature, metrics, args):
    return {"name": "context", "architecture": "ContextNet",
            "arguments": {"numbers": len(context.NAMES), "members": len(net.members)},
            "input": {"kind": "numbers of ecg.context.describe, successive beats of one lead", "tensor": "numbers (batch, beats, numbers) float32",
                      "names": list(context.NAMES), "rate_hz": context.RATE, "mean": net.mean.tolist(), "scale": net.scale.tolist(),
                      "standardised_inside": True, "past_s": "whole recording in pages of 1800, or 300 with a delay of 60"},
            "output": "logits of the beats in one lead, class biases inside; labels are given after ecg.context.agreed and over_leads",
            "classes": CLASSES, "class_bias": net.bias.tolist(), "temperature": temperature, "protocol": protocol,
            "manifest": {"synthetic": False, "protocol": protocol, "seed": args.seed, "annotator": args.annotator,
                         "second": args.second, "rhythms": list(args.rhythms),
                         "records": [p.name for p in patients],
                         "beats": {c: int(sum((p.views["annotated"].classes == k).sum() for p in patients)) for k, c in enumerate(CLASSES)}},
            "metrics": metrics, "versions": artifacts.versions()}


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], epilog=__doc__.split("\n\n", 1)[1],
                                     formatter_class=artifacts.HelpFormatter)
    parser.add_argument("--records", nargs="+", metavar="DIR", default=["data/mitdb"], help="folders of annotated WFDB records")
    parser.add_argument("--annotator", default="atr", help="suffix of the annotation files")
    parser.add_argument("--protocol", choices=PROTOCOLS, default="interpatient",
                        help="interpatient: DS1; interpatient_plus: DS1 and the folders without DS2; all: every record")
    parser.add_argument("--cv", action="store_true", help="print the cross-validation by record and write nothing")
    parser.add_argument("--rhythms", nargs="*", choices=ALL_RHYTHMS, default=list(RHYTHMS), metavar="NAME",
                        help=f"rhythms spliced into the recordings that are learnt, of {', '.join(ALL_RHYTHMS)}")
    parser.add_argument("--folds", type=int, default=5, help="parts of the cross-validation")
    parser.add_argument("--members", type=int, default=3, help="networks averaged")
    parser.add_argument("--epochs", type=int, default=Recipe().epochs, help="passes over the training beats")
    parser.add_argument("--seed", type=int, default=0, help="of folds, weights and augmentation")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (the network is small: more than 2 do not help)")
    parser.add_argument("--weight", default="weight", metavar="DIR", help="folder of the weights")
    records.add_second(parser)
    args = parser.parse_args(argv)
    for option, least in (("folds", 2), ("members", 1), ("epochs", 1), ("threads", 1)):
        if getattr(args, option) < least:
            raise InputError(f"--{option} {getattr(args, option)} must be at least {least}")
    torch.set_num_threads(args.threads)
    began = time.perf_counter()
    wanted = None if args.protocol == "all" else lambda name: name not in DS2
    folders = [artifacts.locate(folder) for folder in args.records]
    patients = select(load_patients(folders, args.annotator, (*SEEN, *args.rhythms), wanted, second=args.second), args.protocol)
    if len(patients) < args.folds:
        raise InputError(f"--records: {len(patients)} records without pacing are too few for --folds {args.folds}")
    recipe = Recipe(epochs=args.epochs)
    found = cross_validate(patients, args.folds, args.seed, 1 if not args.cv else args.members, recipe,
                           views=("annotated", "detected", *args.rhythms))
    print_cv(patients, found)
    if args.cv:
        return
    net = fit(patients, args.seed, args.members, recipe, progress=True)
    metrics = {"cross_validation": {view: figures(score_patients(patients, found, view).sum(axis=0)) for view in ("annotated", "detected")},
               "folds": args.folds}
    path = artifacts.weights_path(args.weight, "context", "kaggle" if args.protocol == "all" else args.protocol)
    card = make_card(net, args.protocol, patients, temperature_left_out(patients, found), metrics, args)
    artifacts.save_weights(path, net.state_dict(), card)
    export(net, artifacts.onnx_path(path), card)
    worst = parity(net, artifacts.onnx_path(path), patients)
    print(f"wrote {path} and {artifacts.onnx_path(path)} ({artifacts.onnx_path(path).stat().st_size / 1e3:.0f} kB): {len(patients)} records, "
          f"{args.members} networks; ONNX within {worst:.1e} of PyTorch in every logit; {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    artifacts.run(main)
