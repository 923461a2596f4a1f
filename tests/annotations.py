"""Annotations made by hand, compared as EC57 asks."""

from ecg import ec57

FS = 100  # Hz


def annotate(events):
    """[(second, symbol) or (second, symbol, subtype)] -> samples, symbols, subtypes"""
    events = [(*event, 0)[:3] for event in events]
    return (
        [round(t * FS) for t, _, _ in events],
        [s for _, s, _ in events],
        [x for _, _, x in events],
    )


def compared(reference, test, **options):
    r, t = annotate(reference), annotate(test)
    return ec57.compare(
        *r[:2], *t[:2], FS, ref_subtypes=r[2], test_subtypes=t[2], **{"learning": 0, **options}
    )


def cell(result, name):
    return int(result.counts["NSVFQOX".index(name[0]), "nsvfqox".index(name[1])])
