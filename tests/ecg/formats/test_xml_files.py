"""XML is known by its root, read without namespaces, and nothing that it refers to is followed."""

from pathlib import Path

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats.xml_files import attribute, numbers, root_name, words, xml_root


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_root_name(encoding):
    text = (
        '<?xml version="1.0"?>\n<!-- <b> is no root -->\n<!DOCTYPE a SYSTEM "a.dtd">\n'
        '<x:Root_1 xmlns:x="y"><c/></x:Root_1>'
    )
    assert root_name(text.encode(encoding)) == "Root_1"


def test_no_root():
    for head in (b"", b"time,ecg\n1,2\n<a>", b"{}", b"<!-- <a> without end", b"\x89HDF\r\n", b"<"):
        assert root_name(head) == ""


def test_xml_root(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text('<a xmlns="u" xmlns:n="v"><b n:c=" 1 ">two <d>words</d></b></a>')
    root = xml_root(path)
    assert root.tag == "a" and attribute(root, "b", "c") == "1" and words(root, "b") == "two words"
    assert attribute(root, "b", "x") == attribute(root, "x", "c") == attribute(None, "b", "c") == ""
    assert words(root, "x") == ""


def test_nothing_is_followed(tmp_path):
    path = tmp_path / "a.xml"
    for inside in (
        '<!ENTITY a "ha"><!ENTITY b "&a;&a;">',
        '<!ENTITY a SYSTEM "file:///etc/hostname">',
        '<!ENTITY % a SYSTEM "http://127.0.0.1:9/a.dtd">%a;',
    ):
        path.write_text(f"<!DOCTYPE a [{inside}]><a>x</a>")
        with pytest.raises(InputError, match="a.xml declares XML entities"):
            xml_root(path)
    path.write_text('<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a>x</a>')
    assert xml_root(path).text == "x"


def test_damaged(tmp_path):
    path = tmp_path / "a.xml"
    for text in ("", "<a>", "<a></b>", "<a>&b;</a>", '<?xml version="1.0" encoding="none"?><a/>'):
        path.write_text(text)
        with pytest.raises(InputError, match="a.xml"):
            xml_root(path)


def test_numbers():
    np.testing.assert_array_equal(numbers(" 1 -2\n3.5\t4e2,5 ", Path("a")), [1, -2, 3.5, 400, 5])
    assert np.isnan(numbers("1e300 nan", Path("a"))).all()
    for text in ("1 two 3", "1 2x", "1;2"):
        with pytest.raises(InputError, match="a.xml: .*no number"):
            numbers(text, Path("a.xml"))
