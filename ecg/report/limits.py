"""What the page cannot judge, in plain words: of any recording, and of this one."""

import pandas as pd

from ecg.formats.recording import Recording
from ecg.orientation import unlike_training
from ecg.rhythm.episodes import SHORTEST as SHORTEST_AF
from ecg.rhythm.fibrillation import SHORTEST as SHORTEST_VF

ALWAYS = (
    "Ischaemia and infarction: ST segments and T waves are not measured.",
    "Intervals and axis: PR, QRS and QT are not measured.",
    "Conduction: bundle branch block counts as normal; AV block shows only as a pause or a slow "
    "rate.",
)
OF_A_MODEL = (
    "Atrial fibrillation: flutter is counted with it, and what lasts less than {af:g} s can be "
    "missed.",
    "Ventricular fibrillation: what lasts less than {vf:g} s is not told, and fast ventricular "
    "tachycardia without distinct complexes may be called so.",
    "Pacemakers: paced beats are class Q; whether a pacemaker senses and captures is not judged.",
    "Other hearts and leads: the models of this program learnt from adults, in leads II, V1, V2, "
    "V4 and V5. In children and in other leads expect more errors.",
)
OF_AN_ANNOTATION = (
    "The labels are those of the annotation {annotation}. The program counted them and did not "
    "check them."
)


def find_limits(recording: Recording, table: pd.DataFrame) -> list[tuple[str, dict]]:
    """Sentences and their numbers, to be translated: what holds for this recording first. Arguments
    as of ecg.report.write_report."""
    if annotation := table.attrs.get("annotation"):
        return [(OF_AN_ANNOTATION, {"annotation": annotation}), *((text, {}) for text in ALWAYS)]
    numbers = {"af": SHORTEST_AF, "vf": SHORTEST_VF}
    general = [*((text, {}) for text in ALWAYS), *((text, numbers) for text in OF_A_MODEL)]
    return [*_of_this_one(recording, table), *general]


def _of_this_one(recording, table):
    """What this recording does not show because of its leads, or was not asked."""
    if recording.second is None:
        text = (
            "One lead only ({lead}): supraventricular beats are told from normal ones less surely, "
            "and noise cannot be told by the other lead."
        )
        yield text, {"lead": recording.lead}
    single, peaks = table.attrs.get("single_beat", True), table["sample"].to_numpy()
    if unlike_training(recording.lead, recording.signal, recording.fs, peaks, single):
        text = "Lead {lead} is unlike those that the model learnt from: expect more errors."
        yield text, {"lead": recording.lead}
    if not table.attrs.get("rhythm"):
        yield "Rhythm: it was not looked for in this recording.", {}
