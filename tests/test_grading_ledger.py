"""Nothing that was handed in is lost without a word: each member of an archive is in a table, graded or with its reason."""

from __future__ import annotations

import io
import stat
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import pytest
from test_grading_collect import TWO, book, plant, zipped

from course.curriculum import lesson_of
from course.grading.intake import ledger
from course.grading.intake.collection import Intake, take_in
from course.grading.intake.name_encodings import decoded

pytestmark = pytest.mark.one_set

NAME = f"{TWO}.ipynb"


def member(name: str, content: str | bytes = "", **more: Any) -> tuple[zipfile.ZipInfo, str | bytes]:
    info = zipfile.ZipInfo(name)
    # `ZipInfo` cuts a name at a NUL; a program that writes archives itself doesn't.
    info.filename = name
    for key, value in more.items():
        setattr(info, key, value)
    return info, content


def archive(folder: Path, *members: tuple[zipfile.ZipInfo, str | bytes], raw: dict[bytes, bytes] | None = None) -> Path:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for info, content in members:
            file.writestr(info, content)
    data = out.getvalue()
    for placeholder, bytes_of_name in (raw or {}).items():
        assert len(placeholder) == len(bytes_of_name) and placeholder in data
        data = data.replace(placeholder, bytes_of_name)
    (folder / "class.zip").write_bytes(data)
    return folder / "class.zip"


def taken(path: Path, *lessons: str) -> Intake:
    return take_in(path, lessons or (TWO,), path.parent / "work")


ODD = {
    "a folder that begins with a dot": ".ada/" + NAME,
    "a notebook that begins with a dot": ".bea_" + NAME,
    "only an ending": "cleo/.ipynb",
    "a NUL in a file": f"dan/{TWO}.ipynb\0.txt",
    "a NUL in a folder": "e\0ve/" + NAME,
    "a NUL alone": "\0",
    "a trailing space and dots": "fay . ./" + NAME,
    "control characters": "gil\x1b[2J\r\n/" + NAME,
    "signs that turn the text": "hal\u202egpj/" + NAME,
    "long names": "i" * 300 + "/" + "x" * 400 + ".ipynb",
    "macOS' folder": "__MACOSX/joy/._" + NAME,
    "a checkpoint alone": f"kai/.ipynb_checkpoints/{TWO}-checkpoint.ipynb",
    "a hidden file": "kai/.Rhistory",
    "an absolute path": "/lea/" + NAME,
    "a path that leads out": "../../moe/" + NAME,
    "a path of Windows": "C:\\noa\\" + NAME,
    "upper case": "OLA/" + NAME,
    "lower case": "ola/" + NAME,
    "composed": "Zoé/" + NAME,
    "decomposed": unicodedata.normalize("NFD", "Zoé") + "/" + NAME,
    "a reserved name": "con/" + NAME,
    "a reserved file": "pia/aux.ipynb",
    "an empty folder": "quin/",
    "an empty folder beside": "ada2/extra/",
    "a folder called a notebook": "rob.ipynb/",
    "a file in a folder called a notebook": f"sam/{TWO}.ipynb/readme.txt",
    "another file": "photo.jpg",
    "a list": "roster.csv",
    "an index": "index.html",
    "no name": "//",
    "deep": "d/" * 60 + NAME,
    "a file and a folder of one name": "tom",
    "in the folder": "tom/" + NAME,
    "a 7z": "uma/all.7z",
    "no ending": "val/answer",
}


def test_every_member_of_an_archive_of_oddities_is_in_the_table_graded_or_with_its_reason(tmp_path: Path) -> None:
    nested = zipped({NAME: book(mark="n"), "notes.txt": "x", "deeper.zip": zipped({"even.zip": b"x"})})
    members = [member(name, "" if name.endswith("/") else book(mark=key)) for key, name in ODD.items()]
    members += [
        member("link/x.ipynb", "target", external_attr=(stat.S_IFLNK | 0o777) << 16),
        member("pipe/x.ipynb", "", external_attr=stat.S_IFIFO << 16),
        member("secret/x.ipynb", book(), flag_bits=1),
        member("rare/x.ipynb", book(), compress_type=zipfile.ZIP_BZIP2),
        member("nested/all.zip", nested),
        member("broken/all.zip", b"PK"),
    ]
    with pytest.MonkeyPatch.context() as patch:
        # As it is, `zipfile` writes no encrypted member: the mark alone is enough.
        patch.setattr(zipfile.ZipInfo, "_encodeFilenameFlags", _marked)
        path = archive(tmp_path, *members)
    found = taken(path)
    with zipfile.ZipFile(path) as opened:
        count = len(opened.infolist())
    shown = [one.shown for one in found.files]
    folders = {name for name in shown if any(other.startswith(f"{name}/") for other in shown)}
    # A zip file that could be opened is what is in it: three files for one. A folder that holds no file has a line besides.
    assert len(set(shown)) == len(shown) == count + 3 - 1 + len(folders - {"class.zip: tom", "class.zip: _"})
    rows = {(one.learner, one.lesson) for one in found.submissions}
    assert len(rows) == len(found.submissions)
    for one in found.files:
        assert (one.shown.isprintable() and one.became == "") or one.why, one
        assert one.became in (ledger.NO_OWNER, ledger.LEFT) or (one.learner, one.lesson) in rows, one
    # Each row of the grade book is one file's.
    assert sorted((one.learner, one.lesson) for one in found.files if not one.became) == sorted(rows)
    graded = {one.shown.removeprefix("class.zip: ") for one in found.submissions if not one.problem}
    readable = [
        *(
            "a folder that begins with a dot",
            "a notebook that begins with a dot",
            "only an ending",
            "a NUL in a folder",
        ),
        *("upper case", "lower case", "a reserved name", "a reserved file", "in the folder"),
    ]
    assert {ODD[key].replace("\0", "\\x00") for key in readable} <= graded


def _marked(info: zipfile.ZipInfo) -> tuple[bytes, int]:
    if info.filename.isascii():
        return info.filename.encode("ascii"), info.flag_bits
    return info.filename.encode("utf-8"), info.flag_bits | 0x800


@pytest.mark.parametrize(
    ("name", "became", "words"),
    [
        (f"kai/.ipynb_checkpoints/{TWO}-checkpoint.ipynb", ledger.LEFT, "by JupyterLab"),
        (f"__MACOSX/kai/._{NAME}", ledger.LEFT, "by macOS"),
        ("ada/empty/", ledger.NO_OWNER, "is an empty folder"),
        ("ada/notes.txt", ledger.NO_NOTEBOOK, "is no notebook"),
        ("photo.jpg", ledger.NO_OWNER, "nothing says whose it is"),
        ("ada/x.ipynb", ledger.NOT_TAKEN, f"one of several for {TWO}"),
        (f"ada/{TWO} (1).ipynb", "", ""),
        ("ada/cut.ipynb", ledger.NOT_TAKEN, "is not a notebook"),
        (f"ada/{lesson_of('cnn_classification')}.ipynb", ledger.NOT_ASKED, "which was not asked for"),
    ],
)
def test_a_file_that_is_not_graded_says_why(tmp_path: Path, name: str, became: str, words: str) -> None:
    content = "{" if "cut" in name else book(lesson_of("cnn_classification")) if "cnn" in name else book(mark="other")
    if name == "ada/x.ipynb":
        content = book(count=3)
    own = member(name, "" if name.endswith("/") else content)
    found = taken(archive(tmp_path, member("ada/" + NAME, book()), own))
    (one,) = [one for one in found.files if one.shown == f"class.zip: {name.rstrip('/')}"]
    assert one.became == became and words in one.why


def test_who_handed_in_nothing_but_what_a_program_left_has_a_row_that_says_so(tmp_path: Path) -> None:
    path = archive(tmp_path, member("ada/" + NAME, book()), member(f"kai/.ipynb_checkpoints/{NAME}", book()))
    ada, kai = taken(path).submissions
    assert not ada.problem and kai.learner == "kai" and "holds only what programs leave behind" in kai.problem


def test_of_two_files_of_one_name_in_one_zip_the_later_is_taken_and_the_grade_book_says_so(tmp_path: Path) -> None:
    early, late = (2026, 5, 1, 10, 0, 0), (2026, 5, 1, 9, 0, 0)
    with pytest.warns(UserWarning, match="Duplicate"):
        path = archive(
            tmp_path,
            member("ada/" + NAME, book(mark="1"), date_time=early),
            member("ada/" + NAME, book(mark="2"), date_time=late),
        )
    (row,) = taken(path).submissions
    assert '"# 2' in Path(row.file).read_text(encoding="utf-8") and row.notes[0].startswith(
        f"one of 2 notebooks for {TWO}"
    )


@pytest.mark.parametrize("names", [("ada/b.ipynb", "ada/a.ipynb"), ("ada/" + NAME, "ada_" + NAME)])
def test_of_two_files_of_one_time_in_one_zip_the_later_is_taken(tmp_path: Path, names: tuple[str, str]) -> None:
    first, second = names
    (row,) = taken(archive(tmp_path, member(first, book(mark="1")), member(second, book(mark="2")))).submissions
    assert '"# 2' in Path(row.file).read_text(encoding="utf-8") and "one of 2 notebooks" in row.notes[0]


def test_a_folder_is_accounted_for_as_an_archive_is(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        f".ada/{NAME}": book(),
        "photo.jpg": b"x",
        "bob/.ipynb_checkpoints/x.ipynb": book(),
    }
    plant(
        tmp_path / "class",
        files
        | {".git/config": "x", "class.zip": zipped({f"{name}/{NAME}": book(mark=name) for name in ("carl", "cora")})},
    )
    (tmp_path / "class" / "dora").mkdir()
    found = taken(tmp_path / "class")
    assert [one.learner for one in found.submissions] == ["ada", "bob", "carl", "cora", "dora"]
    told = {one.shown: one.became for one in found.files}
    assert told == {
        f".ada/{NAME}": "",
        "photo.jpg": ledger.NO_OWNER,
        "bob": "",
        "bob/.ipynb_checkpoints": ledger.LEFT,
        ".git": ledger.LEFT,
        f"class.zip: carl/{NAME}": "",
        f"class.zip: cora/{NAME}": "",
        "dora": "",
    }


PEOPLE = {
    "cp437": ["Jürgen", "José", "Élodie", "Muñoz", "François"],
    "cp850": ["Søren", "João", "Jürgen"],
    "cp1252": ["Jürgen", "José", "Élodie", "Søren", "Muñoz", "João"],
    "mac-roman": ["Jürgen", "José", "Élodie", "Björn", "Muñoz"],
    "cp932": ["田中太郎", "佐藤花子", "鈴木一郎", "ニューロン", "たなか"],
    "euc-jp": ["田中太郎", "佐藤花子", "たなか"],
    "gbk": ["王小明", "张伟", "诸葛亮", "欧阳修"],
    "big5": ["王小明", "陳怡君", "林志豪"],
    "cp949": ["김철수", "이영희", "홍길동"],
    "cp866": ["Иван Петров", "Ольга", "Щукин"],
    "cp1251": ["Иван Петров", "Ольга", "Щукин"],
    "koi8-r": ["Иван Петров", "Ольга"],
    "cp852": ["Žižka", "Tomáš", "Dvořák", "Łukasz"],
    "cp1250": ["Žižka", "Tomáš", "Wiśniewski", "Łukasz"],
    "cp1253": ["Γιώργος", "Μαρία"],
}


@pytest.mark.parametrize("encoding", PEOPLE)
def test_names_that_no_archive_marks_are_read_in_the_encoding_of_the_system_that_wrote_them(encoding: str) -> None:
    names = [f"{name}/{NAME}" for name in PEOPLE[encoding]]
    assert decoded([name.encode(encoding) for name in names]) == names
    # What is UTF-8 beside them stays so.
    assert decoded([name.encode(encoding) for name in names] + ["Zoë/x".encode()]) == [*names, "Zoë/x"]


@pytest.mark.parametrize("encoding", ["cp932", "gbk", "big5", "cp949", "cp437", "cp1252"])
def test_one_name_alone_is_read_too_and_its_bytes_are_kept(tmp_path: Path, encoding: str) -> None:
    name = PEOPLE[encoding][0]
    raw = name.encode(encoding)
    placeholder = b"Q" * len(raw)
    path = archive(tmp_path, member(f"{placeholder.decode()}/{NAME}", book()), raw={placeholder: raw})
    found = taken(path)
    assert [one.identity["name"] for one in found.submissions] == [name]
    assert found.files[0].raw == raw + f"/{NAME}".encode()
