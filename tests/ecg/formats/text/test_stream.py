"""The bytes of a text table: encodings, comments, places of lines."""

import gzip
import io

import pytest

from ecg.artifacts import InputError
from ecg.formats.text import stream as text_stream
from ecg.formats.text.stream import Rows, decoded, find_encoding, find_lines, open_lines

HEAD = {
    "utf-8-sig": "Einheit: µV\n",
    "latin-1": "Einheit: µV\n",
    "gb18030": "采样率：250\n单位：mV\n",
    "big5": "取樣頻率：250\n",
    "cp932": "サンプリング周波数: 250\n",
    "euc-kr": "샘플링 주파수: 250\n",
    "cp1251": "Частота дискретизации: 250\n",
    "utf-16": "采样率: 250\n",
    "utf-16-le": "fs: 250\n",
    "utf-16-be": "fs: 250\n",
}


@pytest.mark.parametrize("encoding", HEAD)
def test_encodings(tmp_path, encoding):
    raw = HEAD[encoding].encode(encoding) + "1,2\n3,4\n".encode(
        encoding.replace("utf-16", "utf-16-le")
        if encoding == "utf-16"
        else encoding.replace("-sig", "")
    )
    path = tmp_path / "a.txt"
    path.write_bytes(raw)
    found = find_encoding(raw, path)
    assert found == encoding or {found, encoding} <= {"utf-8-sig", "utf-8"}
    with open_lines(path, found) as lines:
        read = lines.read().splitlines()
    assert [decoded(line, found) for line in read] == [*HEAD[encoding].splitlines(), "1,2", "3,4"]
    start = sum(len(line) + 1 for line in read[:-2])
    with open_lines(path, found, start) as lines:
        assert lines.read() == b"1,2\n3,4\n"


def test_a_cut_sign_at_the_end_is_no_other_encoding(tmp_path):
    assert find_encoding("fs: 250 µ".encode()[:-1], tmp_path) == "utf-8-sig"


def test_binary_data_is_refused(tmp_path):
    with pytest.raises(InputError, match="binary"):
        find_encoding(b"\x00\x01\x02" * 100, tmp_path)


@pytest.mark.parametrize(
    "raw, rows",
    [
        (b"1\t2\t#* cough; twice\n3\t4\n", b"1\t2\n3\t4\n"),
        (b"1\t2\t#1 x\r\n3\t4\r\n", b"1\t2\r\n3\t4\r\n"),
        (b"1,2,#note\n# whole line\n3,4", b"1,2\n\n3,4"),
        (b'1,2,"#note"\n', b"1,2\n"),
        (b"1,#N/A,2\n#DIV/0!,1,2\n", b"1,#N/A,2\n#DIV/0!,1,2\n"),
        (b"1,2\n%stopped\n3,4%\n", b"1,2\n\n3,4%\n"),
        (b"1\t2\n", b"1\t2\n"),
        (b"", b""),
    ],
)
def test_rows_without_comments(monkeypatch, raw, rows):
    for block in (1 << 18, 16, 5, 1):
        monkeypatch.setattr(text_stream, "BLOCK", block)
        assert b"".join(Rows(io.BytesIO(raw), "utf-8-sig")) == rows
    assert b"".join(Rows(io.BytesIO(b"1\n2\n3\n"), "latin-1", 4)) == b"1\n2\n"
    assert b"".join(Rows(io.BytesIO("1\tµ\n".encode("latin-1")), "latin-1")) == "1\tµ\n".encode()


def test_a_line_longer_than_a_block_is_whole(monkeypatch):
    monkeypatch.setattr(text_stream, "BLOCK", 7)
    raw = b"1,2\n" + b"3," * 100 + b"4 # x\n5,6\n"
    assert b"".join(Rows(io.BytesIO(raw), "utf-8")) == raw.replace(b" # x", b"")
    monkeypatch.setattr(text_stream, "LONGEST_ROW", 50)
    with pytest.raises(InputError, match="night.csv has a line of more than"):
        b"".join(Rows(io.BytesIO(raw), "utf-8", where="night.csv"))


def test_where_lines_begin(tmp_path, monkeypatch):
    raw = b"Interval=\t1\n1\t2\nInterval=\t2\n3\tInterval=\n" * 5
    at = [k for k in range(len(raw)) if raw.startswith(b"Interval=\t", k)]
    (tmp_path / "a.txt").write_bytes(raw)
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(raw))
    (tmp_path / "b.txt").write_bytes(raw.decode().encode("utf-16"))
    for block in (1 << 18, 64, 11, 3):
        monkeypatch.setattr(text_stream, "BLOCK", block)
        assert find_lines(tmp_path / "a.txt", "utf-8-sig", b"Interval=") == at
        assert find_lines(tmp_path / "a.txt.gz", "utf-8-sig", b"Interval=") == at
        assert find_lines(tmp_path / "b.txt", "utf-16", b"Interval=") == at
