"""CSV and XLSX as they come, and what is refused."""

import io
import zipfile
from collections.abc import Iterable
from datetime import date, datetime, time
from xml.sax.saxutils import escape

import openpyxl
import pytest

from gateway.domain.templates.cells import Unusable
from gateway.errors import InputError
from gateway.ports.tables import Table
from gateway.tables import files
from gateway.tables.files import FileTables

MIDNIGHT = datetime.combine(date(2027, 2, 1), time())


def read(content: bytes) -> Table:
    return FileTables().read(io.BytesIO(content))


def rows(content: bytes) -> list[list[object]]:
    return [list(row) for row in read(content).rows]


def workbook(*lines: Iterable[object]) -> bytes:
    made = openpyxl.Workbook()
    assert made.active
    for line in lines:
        made.active.append(list(line))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, part)
    return out.getvalue()


def shared(texts: list[str], lines: list[list[int]]) -> bytes:
    """A workbook whose cells point into a table of texts, as Excel writes them; openpyxl writes them in place."""
    with zipfile.ZipFile(io.BytesIO(workbook(["case"]))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    cells = [
        [f'<c r="{"ABC"[x]}{y}" t="s"><v>{number}</v></c>' for x, number in enumerate(line)]
        for y, line in enumerate(lines, 1)
    ]
    body = "".join(f'<row r="{y}">{"".join(line)}</row>' for y, line in enumerate(cells, 1))
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    head, tail = sheet[: sheet.index("<sheetData>")], sheet[sheet.index("</sheetData>") :]
    parts["xl/worksheets/sheet1.xml"] = f"{head}<sheetData>{body}{tail}".encode()
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    entry = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"</Types>", entry.encode())
    items = "".join(f"<si><t>{escape(text)}</t></si>" for text in texts)
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{space}">{items}</sst>'.encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_csv_is_read_in_every_usual_encoding_and_with_every_usual_delimiter(
    encoding: str, delimiter: str
) -> None:
    text = f'case{delimiter}topic\r\nJC-1{delimiter}"Grüße;\r\n""zweite"", Zeile"\r\n'
    table = read(text.encode(encoding))
    assert list(table.rows) == [["case", "topic"], ["JC-1", 'Grüße;\r\n"zweite", Zeile']]
    expected = ["table-encoding-cp1252"] if encoding == "cp1252" else []
    assert [finding.code for finding in table.findings] == expected


def test_one_foreign_byte_far_down_is_enough_to_be_no_utf_8() -> None:
    table = read(b"case;topic\n" + b"JC-1;x\n" * 300_000 + "JC-2;Grüße\n".encode("cp1252"))
    assert [finding.code for finding in table.findings] == ["table-encoding-cp1252"]


@pytest.mark.parametrize("content", ["case;a\n".encode("utf-16"), b"case;\x81\n", b"case;a\0b\n"])
def test_unknown_encodings_are_refused(content: bytes) -> None:
    with pytest.raises(InputError, match="table-encoding-unknown"):
        read(content)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'case;topic\nJC-1;"never closed', "table-unreadable"),
        (b'case;topic\nJC-1;"' + b"x" * 30_000 + b'"\n', "table-too-wide"),
        (b"case" + b";" * 600 + b"\n", "table-too-wide"),
    ],
)
def test_a_broken_csv_is_refused_with_its_line(content: bytes, code: str) -> None:
    with pytest.raises(InputError, match=code) as caught:
        rows(content)
    assert "Zeile" in caught.value.message


def test_xlsx_keeps_dates_and_numbers_and_marks_formulas_and_errors() -> None:
    content = workbook(
        ["case", "deadline", "at", "amount", "sum", "bad"],
        ["JC-1", date(2027, 2, 1), time(9, 30), 12.5, "=1+1", "#N/A"],
        [None, None],
        ["JC-2"],
    )
    assert rows(content) == [
        ["case", "deadline", "at", "amount", "sum", "bad"],
        ["JC-1", MIDNIGHT, time(9, 30), 12.5, Unusable.FORMULA, Unusable.ERROR],
        [],
        ["JC-2"],
    ]


def test_a_second_sheet_is_mentioned_and_not_read() -> None:
    made = openpyxl.Workbook()
    made.create_sheet("zwei").append(["hidden"])
    out = io.BytesIO()
    made.save(out)
    table = read(out.getvalue())
    assert [finding.code for finding in table.findings] == ["table-more-sheets"]
    assert list(table.rows) == []


def test_macros_are_refused() -> None:
    with pytest.raises(InputError, match="table-macros"):
        read(with_part(workbook(["case"]), "xl/vbaProject.bin", b"x"))


def test_a_bomb_is_refused_unpacked_by_its_directory() -> None:
    with pytest.raises(InputError, match="table-too-large"):
        read(with_part(workbook(["case"]), "xl/worksheets/sheet9.xml", b" " * 20_000_000))


def test_texts_that_cells_share_are_read_as_excel_writes_them() -> None:
    content = shared(["case", "Grüße <&>", "", "x" * 5000], [[0, 1], [2, 3], [0, 1]])
    assert rows(content) == [["case", "Grüße <&>"], ["", "x" * 5000], ["case", "Grüße <&>"]]


def test_a_text_that_is_not_there_makes_a_workbook_unreadable() -> None:
    with pytest.raises(InputError, match="table-unreadable"):
        rows(shared(["case"], [[0], [7]]))


def test_a_large_file_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 10)
    with pytest.raises(InputError, match="table-too-large"):
        read(b"case;topic\n")


def test_old_and_encrypted_workbooks_are_refused() -> None:
    with pytest.raises(InputError, match="table-encrypted-or-old"):
        read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)


def test_broken_workbooks_are_refused_wherever_they_break() -> None:
    whole = workbook(["case"], *(["JC-1", "x" * 50] for _ in range(50)))
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name in ("xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for other, part in parts.items():
                archive.writestr(other, part[: len(part) // 2] if other == name else part)
        with pytest.raises(InputError, match="table-unreadable"):
            rows(out.getvalue())
    with pytest.raises(InputError, match="table-unreadable"):
        rows(whole[: len(whole) // 2])
