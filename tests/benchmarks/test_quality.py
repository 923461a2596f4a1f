"""The benchmark of noise with a name, small."""

import re

import numpy as np

from benchmarks import quality as benchmark
from ecg.synthetic import demo_records


def test_beats_lost_and_figures_with_and_without(tmp_path, capsys):
    demo_records(tmp_path / "made", patients=1, duration=60)
    benchmark.main(["--records", str(tmp_path / "made"), "--keep", str(tmp_path / "kept")])
    text = capsys.readouterr().out
    assert "not cross-validated" in text
    lost = float(re.search(r"made: 1 records, ([\d.]+) % of the beats lose", text)[1])
    assert 0 <= lost < 5
    without, with_it = (
        re.search(rf" {key} +Se/\+P: QRS ([\d.]+)", text) for key in ("without", "with")
    )
    assert np.isclose(float(without[1]), float(with_it[1]), atol=0.01), "rows are kept"
