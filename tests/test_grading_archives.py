"""Archives of people whom one does not know: nothing leads out of the folder, nothing floods it, the rest is read."""

from __future__ import annotations

import stat
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.grading.intake import archives
from course.grading.intake.archives import Member, is_other_archive, unpack

pytestmark = pytest.mark.one_set


def packed(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes], how: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", how) as file:
        for name, content in members:
            file.writestr(name, content)
    return path


def opened(archive: Path, total: int = archives.TOTAL) -> dict[str, Member]:
    """The members by their path; "" is the archive as a whole."""
    members = unpack(archive, archive.parent / "out", lambda name: name.endswith((".ipynb", ".zip")), total=total)
    return {"/".join(member.parts): member for member in members}


def written(archive: Path) -> list[Path]:
    """All files in the test's folder but the archive: what was unpacked, wherever it went."""
    return [path for path in archive.parent.rglob("*") if path.is_file() and path != archive]


def raw_name(archive: Path, name: str, raw: bytes) -> Path:
    """Write a name's bytes into the archive, as programs do that know nothing of UTF-8."""
    assert len(name) == len(raw)
    archive.write_bytes(archive.read_bytes().replace(name.encode(), raw))
    return archive


def test_notebooks_are_unpacked_and_other_files_only_listed(tmp_path: Path) -> None:
    members = opened(packed(tmp_path / "a.zip", ("ada/x.ipynb", b"{}"), ("ada/data.csv", b"1"), ("ada/", b"")))
    assert list(members) == ["ada/x.ipynb", "ada/data.csv"]
    path = members["ada/x.ipynb"].path
    assert path is not None and path.read_bytes() == b"{}" and members["ada/x.ipynb"].modified > 0
    assert members["ada/data.csv"].path is None and not members["ada/data.csv"].problem


@pytest.mark.parametrize(
    "name",
    [
        "../x.ipynb",
        "a/../../x.ipynb",
        "/tmp/x.ipynb",
        "C:/x.ipynb",
        "c:x.ipynb",
        "..\\x.ipynb",
        "\\\\host\\x.ipynb",
        "a\\..\\..\\x.ipynb",
    ],
)
def test_a_path_that_leads_out_is_reported_and_writes_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "deep").mkdir()
    archive = packed(tmp_path / "deep" / "a.zip", (name, b"{}"), ("good.ipynb", b"{}"))
    members = opened(archive)
    (bad,) = [member for member in members.values() if member.problem]
    assert "leads out" in str(bad.problem) and bad.path is None
    assert members["good.ipynb"].path is not None and written(archive) == [members["good.ipynb"].path]
    assert list(tmp_path.rglob("*.ipynb")) == [members["good.ipynb"].path]


@settings(max_examples=60, deadline=None)
@given(name=st.text(min_size=1, max_size=40))
def test_no_name_leads_out_of_the_folder(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = tmp_path_factory.mktemp("zip")
    name = name.encode("utf-8", "ignore").decode().lstrip("\0") or "x"  # zipfile can't write an empty name
    archive = packed(folder / "a.zip", (f"{name}.ipynb", b"{}"))
    members = opened(archive)
    out = folder / "out"
    assert all(path.parent == out for path in written(archive))
    assert all(part not in ("", ".", "..") and "/" not in part for member in members.values() for part in member.parts)


def test_backslashes_of_old_windows_programs_part_folders(tmp_path: Path) -> None:
    assert "ada/week 1/x.ipynb" in opened(packed(tmp_path / "a.zip", ("ada\\week 1\\x.ipynb", b"{}")))


@pytest.mark.parametrize(
    ("kind", "word"), [(stat.S_IFLNK, "link"), (stat.S_IFIFO, "ordinary"), (stat.S_IFCHR, "ordinary")]
)
def test_links_and_devices_are_reported_and_not_made(tmp_path: Path, kind: int, word: str) -> None:
    info = zipfile.ZipInfo("x.ipynb")
    info.external_attr = (kind | 0o777) << 16
    archive = packed(tmp_path / "a.zip", (info, b"/etc/passwd"))
    assert word in str(opened(archive)["x.ipynb"].problem) and not written(archive)


def test_a_bomb_is_stopped_while_it_unpacks(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", ("x.ipynb", bytes(5 * 10**6)), ("y.ipynb", b"{}"))
    members = opened(archive)
    assert "200 times" in str(members["x.ipynb"].problem) and written(archive) == [members["y.ipynb"].path]


def test_a_notebook_of_more_than_20_mb_is_not_unpacked_whatever_its_header_says(tmp_path: Path) -> None:
    content = bytes(range(256)) * 80_000  # 20.48 MB
    archive = packed(tmp_path / "a.zip", ("x.ipynb", content), how=zipfile.ZIP_STORED)
    assert "20 MB" in str(opened(archive)["x.ipynb"].problem) and not written(archive)


def test_a_header_that_lies_about_the_size_gives_nothing(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", ("x.ipynb", b"[" * 1000))
    data = archive.read_bytes()
    archive.write_bytes(data.replace(struct.pack("<I", 1000), struct.pack("<I", 10)))
    assert "damaged" in str(opened(archive)["x.ipynb"].problem) and not written(archive)


def test_an_archive_holds_so_much_and_no_more(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", *((f"{n}.ipynb", bytes([65 + n]) * 400) for n in range(3)))
    members = opened(archive, total=1000)
    assert [bool(member.problem) for member in members.values()] == [False, False, True]
    assert "holds too much" in str(members["2.ipynb"].problem) and len(written(archive)) == 2


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = packed(tmp_path / "a.zip", *((f"{n}.ipynb", b"") for n in range(200)))
    monkeypatch.setattr(archives, "ENTRIES", 100)
    assert "200 files" in str(opened(archive)[""].problem) and not written(archive)


def test_a_huge_table_of_contents_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = packed(tmp_path / "a.zip", *((f"{n}.ipynb", b"") for n in range(200)))
    monkeypatch.setattr(archives, "TABLE", 5000)
    assert list(opened(archive)) == [""] and not written(archive)


def test_encrypted_members_are_reported_and_the_others_read(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", ("x.ipynb", b"{}"), ("y.ipynb", b"{}"))
    data = bytearray(archive.read_bytes())
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + place] |= 1
    archive.write_bytes(data)
    members = opened(archive)
    assert "without a password" in str(members["x.ipynb"].problem) and members["y.ipynb"].path is not None


def test_rare_ways_of_packing_are_reported(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", ("x.ipynb", b"{}"), how=zipfile.ZIP_LZMA)
    assert "unusual method" in str(opened(archive)["x.ipynb"].problem) and not written(archive)


@pytest.mark.parametrize(
    "content", [b"", b"no zip file at all", b"PK\x03\x04 and then nothing", b"PK\x05\x06" + b"\xff" * 18]
)
def test_what_is_no_zip_file_is_one_problem(tmp_path: Path, content: bytes) -> None:
    archive = tmp_path / "a.zip"
    archive.write_bytes(content)
    (member,) = unpack(archive, tmp_path / "out", lambda _: True)
    assert member.parts == () and "zip file" in str(member.problem)


def test_a_zip_file_cut_off_anywhere_never_raises(tmp_path: Path) -> None:
    whole = packed(tmp_path / "whole.zip", ("ada/x.ipynb", b"{}" * 50), ("bob/y.ipynb", b"[]" * 50)).read_bytes()
    for end in range(0, len(whole), 7):
        (tmp_path / "cut.zip").write_bytes(whole[:end])
        members = unpack(tmp_path / "cut.zip", tmp_path / f"cut-{end}", lambda _: True)
        assert members[0].problem and members[0].parts == ()


@settings(max_examples=80, deadline=None)
@given(place=st.integers(0, 10**6), value=st.integers(0, 255))
def test_a_damaged_byte_never_raises(tmp_path_factory: pytest.TempPathFactory, place: int, value: int) -> None:
    folder = tmp_path_factory.mktemp("zip")
    archive = packed(folder / "a.zip", ("ada/x.ipynb", b"{}" * 50), ("bob/ü.ipynb", b"[]" * 50))
    data = bytearray(archive.read_bytes())
    data[place % len(data)] = value
    archive.write_bytes(data)
    members = opened(archive).values()
    # Each file that was unpacked is a member's, whole: its check sum was right.
    assert set(written(archive)) == {member.path for member in members if member.path}
    assert all(member.path.read_bytes() in (b"{}" * 50, b"[]" * 50) for member in members if member.path)


def test_equal_names_are_kept_apart(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        archive = packed(tmp_path / "a.zip", ("x.ipynb", b"1"), ("x.ipynb", b"2"), ("x (2).ipynb", b"3"))
    members = opened(archive)
    contents = {name: member.path.read_bytes() for name, member in members.items() if member.path}
    assert contents == {"x.ipynb": b"1", "x (2).ipynb": b"2", "x (2) (2).ipynb": b"3"}


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        (encoding, name)
        for encoding in ("utf-8", "cp437", "cp1252")
        for name in ("Jürgen", "José", "Élodie", "Åsa Öberg")
    ]
    + [("utf-8", "Søren Łukasz"), ("cp1252", "Søren-Ülo"), ("utf-8", "Ада"), ("utf-8", "阿達")],
)
def test_names_come_out_right_in_every_encoding_that_programs_write(tmp_path: Path, encoding: str, name: str) -> None:
    raw = name.encode(encoding)
    archive = raw_name(packed(tmp_path / "a.zip", ("Q" * len(raw) + ".ipynb", b"{}")), "Q" * len(raw), raw)
    assert list(opened(archive)) == [f"{name}.ipynb"]


def test_names_with_the_flag_for_utf8_come_out_right(tmp_path: Path) -> None:
    assert list(opened(packed(tmp_path / "a.zip", ("阿達/Ωmega.ipynb", b"{}")))) == ["阿達/Ωmega.ipynb"]


def test_long_names_are_cut_and_keep_their_ending_and_deep_folders_are_refused(tmp_path: Path) -> None:
    members = opened(packed(tmp_path / "a.zip", ("x" * 3000 + ".ipynb", b"{}"), ("d/" * 500 + "x.ipynb", b"{}")))
    names = [member.parts[-1] for member in members.values()]
    assert names[0].endswith(".ipynb") and len(names[0]) == archives.NAME
    assert ["deeper" in str(member.problem) for member in members.values()] == [False, True]


def test_other_archives_are_told_by_name() -> None:
    assert all(map(is_other_archive, ["x.tar.gz", "x.TGZ", "x.7z", "x.rar"])) and not is_other_archive("x.zip")
