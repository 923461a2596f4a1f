"""The columns of a Shimmer, as its software Consensys names them:
`Shimmer_820D_ECG_LL-RA_24BIT_CAL`."""

import re

from ecg.formats.recording import Facts
from ecg.formats.text.devices import Said

_NAME = re.compile(
    r"(?:(?P<device>\w+?)_)?(?P<signal>(?:Timestamp|System_Timestamp|ECG|EXG|EMG|Accel|Gyro|Mag|GSR"
    r"|PPG|Battery|Temperature|Pressure|Event|Packet|Internal|Quat|IBI|Trial|Resp)\w*?(?:[-_].*?)?)"
    r"_(?P<form>CAL|RAW|UNCAL)",
    re.IGNORECASE,
)


def shimmer_names(names: list[str]) -> Said | None:
    """Names and kinds of the columns of a Shimmer without its own name, `ECG_LL-RA` for
    `Shimmer_820D_ECG_LL-RA_24BIT_CAL`; None where the names are no such."""
    matches = [_NAME.fullmatch(name) for name in names]
    found = [match for match in matches if match]
    if not found or len(found) < 0.7 * len(names):
        return None
    device = next((match["device"] for match in found if match["device"]), "")
    plain = [name if match is None else _signal(match) for name, match in zip(names, matches)]
    kinds = ["ECG" if re.match(r"ECG_(L[AL]|Vx)", name) else "" for name in plain]
    device = re.sub(r"^(Shimmer_|id)", "", device, flags=re.IGNORECASE)
    return Said(plain, kinds=kinds, facts=Facts(device=f"Shimmer {device}".strip()))


def _signal(match):
    """The name of a signal; a RAW one keeps that word: the same in mV stands beside it."""
    signal = re.sub(r"_(?:24|16)BIT$", "", match["signal"])
    return signal if match["form"].upper() == "CAL" else f"{signal}_{match['form']}"
