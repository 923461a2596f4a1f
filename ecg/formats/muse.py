"""GE MUSE XML (RestingECG), by ecgdatakit; tried on files built after its published structure."""

from functools import partial
from pathlib import Path

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.kit import channels_of, facts_of, read_by_kit
from ecg.formats.recording import Channel, Contents, Given
from ecg.formats.xml_files import root_name

# Einthoven and Goldberger: what of I, and of II, a lead is that MUSE does not store
_DERIVED = {"III": (-1.0, 1.0), "aVR": (-0.5, -0.5), "aVL": (1.0, -0.5), "aVF": (-0.5, 1.0)}


def is_muse(head: bytes) -> bool:
    """Whether a file that begins with `head` is XML of GE's MUSE."""
    return root_name(head).lower() == "restingecg"


def from_muse(path: Path, given: Given) -> Contents:
    """The leads of the rhythm of a MUSE file, and the four limb leads that follow from I and II."""
    record, notes = read_by_kit(path, "ge_muse_xml", "GEMuseXMLParser")
    if not record.leads:
        raise InputError(f"{path} holds no rhythm")
    channels = channels_of(record, "ECG")
    derived = _derived({channel.name: channel for channel in channels})
    if derived:
        names = ", ".join(channel.name for channel in derived)
        notes += (f"{names} are not stored: computed from I and II",)
    return Contents(channels + derived, facts_of(record), notes)


def _derived(stored: dict[str, Channel]) -> list[Channel]:
    """The limb leads that are not `stored` but follow from I and II, where these are."""
    one, two = stored.get("I"), stored.get("II")
    if one is None or two is None or (one.unit, one.fs) != (two.unit, two.fs):
        return []
    adc = one.adc if one.adc == two.adc else None
    return [
        one._replace(name=name, read=partial(_sum, shares, one, two), adc=adc)
        for name, shares in _DERIVED.items()
        if name not in stored
    ]


def _sum(shares: tuple[float, float], one: Channel, two: Channel) -> np.ndarray:
    """(n,) what the `shares` of two leads add up to."""
    return shares[0] * one.read() + shares[1] * two.read()
