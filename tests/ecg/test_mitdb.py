"""The MIT-BIH database as a source: its records, the published split, the download."""

import functools
import http.server
import shutil
import threading

import numpy as np
import pytest

from ecg import artifacts
from ecg.artifacts import InputError
from ecg.dataset import Rows
from ecg.mitdb import (
    DS1,
    DS1_VALIDATION,
    DS2,
    PACED,
    download,
    kaggle_split,
    load_test_index,
    record_names,
)
from ecg.synthetic import demo_records


class _Server(http.server.SimpleHTTPRequestHandler):
    """A mirror that answers Range requests, as PhysioNet does."""

    def do_GET(self):
        part = self.headers.get("Range")
        self.server.asked.append((self.path, part))
        path = self.translate_path(self.path)
        try:
            body = open(path, "rb").read()
        except OSError:
            return self.send_error(404)
        first = int(part.split("=")[1].rstrip("-")) if part else 0
        if part and first >= len(body):
            return self.send_error(416)
        self.send_response(206 if part else 200)
        self.send_header("Content-Length", str(len(body) - first))
        self.end_headers()
        self.wfile.write(body[first:])

    def log_message(self, *args):
        pass


@pytest.fixture
def mirror(tmp_path):
    """(folder of the mirror, its server with a list of what it was `asked`, the files' names)"""
    site = tmp_path / "site"
    demo_records(site, patients=2, duration=60)
    names = sorted(path.name for path in site.iterdir() if path.suffix in (".hea", ".dat", ".atr"))
    (site / "RECORDS").write_text("\n".join(sorted({name[:-4] for name in names})) + "\n")
    (site / "SHA256SUMS.txt").write_text(
        "".join(f"{artifacts.sha256(site / name)} {name}\n" for name in names)
    )
    handler = functools.partial(_Server, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield site, server, names
    server.shutdown()


def test_download_is_checked_and_continued(mirror, tmp_path):
    site, server, names = mirror
    url, here = f"http://127.0.0.1:{server.server_port}/", tmp_path / "mitdb"
    here.mkdir()
    dat = next(name for name in names if name.endswith(".dat"))
    (here / f"{dat}.part").write_bytes((site / dat).read_bytes()[:5000])  # an interrupted download
    shutil.copy(site / names[0], here / names[0])  # a file that is there already
    assert download(here, url) == here
    assert ("/" + dat, "bytes=5000-") in server.asked and ("/" + names[0], None) not in server.asked
    assert all((here / name).read_bytes() == (site / name).read_bytes() for name in names)
    (here / dat).rename(here / f"{dat}.part")  # stopped between the last byte and the new name
    download(here, url)
    assert (here / dat).read_bytes() == (site / dat).read_bytes()
    (site / dat).write_bytes(b"something else")  # the mirror is damaged
    (here / dat).unlink()
    with pytest.raises(InputError, match="SHA-256"):
        download(here, url)
    assert not (here / dat).exists()
    with pytest.raises(InputError, match="cannot be downloaded"):
        download(here, url + "absent/")


def test_records_by_name():
    names = sorted({*DS1, *DS2, *PACED})
    assert len(names) == 48 and set(DS1_VALIDATION) < set(DS1)
    assert record_names(["DS1", "100", "101"], names, "here") == [*DS1, "100"]
    with pytest.raises(InputError, match="--only: here has no annotated record 999"):
        record_names(["DS2", "999"], names, "here")


def test_other_rows_have_no_published_split():
    rows = Rows.unknown(np.zeros((3, 187), np.float32), np.zeros(3, np.int64))
    assert kaggle_split(rows) is None
    assert len(load_test_index()) == 21892
