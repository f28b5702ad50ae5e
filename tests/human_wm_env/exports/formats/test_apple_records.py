"""What an expression takes out of Apple's XML is what the parser would have found there."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from human_wm_env import DataError, import_logs
from human_wm_env.exports import xml_stream
from human_wm_env.exports.formats.apple_records import AppleRecords
from tests.human_wm_env.exports.grids import check_balance, grids

DEVICE = 'device="&lt;&lt;HKDevice: 0x2&gt;, name:Apple Watch&gt;"'
WATCH = f'sourceName="Ann’s Watch" sourceVersion="10.1" {DEVICE}'
PHONE = 'sourceName="Phone" sourceVersion="17.1"'
APP = 'sourceName="Steps &amp; More"'


def quantity(kind: str, source: str, unit: str, span: tuple[str, str], value: object) -> str:
    begun, ended = (f"{stamp} +0100" for stamp in span)
    return (
        f'<Record type="HKQuantityTypeIdentifier{kind}" {source} unit="{unit}" '
        f'creationDate="{ended}" startDate="{begun}" endDate="{ended}" value="{value}"'
    )


def a_day(day: str, number: int) -> list[str]:
    hour = [(f"{day} {h:02}:00:00", f"{day} {h:02}:40:00") for h in range(8, 20)]
    lines = []
    for span in hour:
        lines.append(quantity("StepCount", WATCH, "count", span, 100 + number) + "/>")
        lines.append(quantity("StepCount", PHONE, "count", span, 90 + number) + "/>")
        lines.append(quantity("BodyMass", PHONE, "kg", span, 70) + "/>")
        rate = quantity("HeartRate", WATCH, "count/min", (span[0], span[0]), 60 + number % 30)
        motion = '<MetadataEntry key="HKMetadataKeyHeartRateMotionContext" value="1"/>'
        lines.append(f"{rate}>\n  {motion}\n </Record>")
    # A zone of its own, which must not be taken away with the record.
    zone = '<MetadataEntry key="HKTimeZone" value="Europe/Oslo"/>'
    span = hour[3]
    lines.append(
        quantity("ActiveEnergyBurned", WATCH, "kcal", span, 50) + f">\n  {zone}\n </Record>"
    )
    lines.append(quantity("StepCount", APP, "count", span, 5) + "/>")
    lines.append(quantity("StepCount", PHONE, "furlong", span, 5) + "/>")
    lines.append(quantity("StepCount", PHONE, "count", span, "-7") + "/>")
    food = quantity("StepCount", PHONE, "count", span, 999) + "/>"
    if number % 5 == 0:
        lines.append(f'<Correlation type="Food">\n  {food}\n </Correlation>')
    return lines


def an_export(folder: Path, extra: str = "", days: int = 12) -> Path:
    doctype = "<!DOCTYPE HealthData [\n<!ELEMENT HealthData (Record)>\n]>\n"
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'{doctype}<HealthData locale="nb_NO">',
        ' <ExportDate value="2021-11-20 10:00:00 +0100"/>',
    ]
    for number in range(days):
        day = (date(2021, 3, 1) + timedelta(number)).isoformat()
        lines += [f" {line}" for line in a_day(day, number)]
        if number == 6 and extra:
            lines.append(extra)
    file = folder / "export.xml"
    file.write_text("\n".join([*lines, "</HealthData>", ""]), encoding="utf-8")
    return file


def found(file: Path) -> object:
    logs = import_logs(file)
    check_balance(logs)
    return grids(logs, {"me": "2021-03-02"}), logs.manifest, logs.rejected


@pytest.fixture(params=[300, 1000, 5000, 1 << 18])
def piece(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(xml_stream, "_CHUNK", request.param)
    return int(request.param)


@pytest.mark.parametrize(
    "extra",
    [
        "",
        # What looks like records is none, here and in all that follows.
        f"<!-- {quantity('StepCount', PHONE, 'count', ('2021-03-02 10:00:00',) * 2, 77)}/> -->",
        '<ExportDate value="2021-03-10 12:00:00 +0100"/>',
        f"<![CDATA[{quantity('StepCount', PHONE, 'count', ('2021-03-02 10:00:00',) * 2, 77)}/>]]>",
    ],
)
def test_the_same_is_found_as_by_the_parser_alone(
    tmp_path: Path, piece: int, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = an_export(tmp_path, extra)
    quick = found(file)
    monkeypatch.setattr(AppleRecords, "take", lambda self, text: text)
    assert quick == found(file)


def test_most_records_never_reach_the_parser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xml_stream, "_CHUNK", 5000)
    parsed: list[str] = []
    start = AppleRecords.start

    def counted(self: AppleRecords, name: str, attributes: dict[str, str]) -> None:
        parsed.append(name)
        start(self, name, attributes)

    monkeypatch.setattr(AppleRecords, "start", counted)
    file = an_export(tmp_path)
    import_logs(file)
    assert parsed.count("Record") < 0.5 * file.read_text(encoding="utf-8").count("<Record")


def test_what_is_rejected_is_named_by_its_line(tmp_path: Path, piece: int) -> None:
    file = an_export(tmp_path)
    text = file.read_text(encoding="utf-8").splitlines()
    rejected = [row for row in import_logs(file).rejected if row["value"] in ("furlong", "-7")]
    assert len(rejected) == 24
    for row in rejected:
        number = int(str(row["place"]).removeprefix("line "))
        assert f'"{row["value"]}"' in text[number - 1]


def test_a_comment_that_begins_in_the_first_piece(
    tmp_path: Path, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = an_export(tmp_path)
    text = file.read_text(encoding="utf-8")
    head, mark, rest = text.partition('+0100"/>\n')
    lines = rest.splitlines(keepends=True)
    cut = next(at for at in range(200, len(lines)) if lines[at].startswith(" <Record"))
    commented = "".join(["<!--\n", *lines[:cut], "-->\n", *lines[cut:]])
    file.write_text(head + mark + commented, encoding="utf-8")
    quick = import_logs(file)
    monkeypatch.setattr(AppleRecords, "take", lambda self, text: text)
    slow = import_logs(file)
    assert quick.dataset.fingerprint == slow.dataset.fingerprint
    assert (quick.manifest, quick.rejected) == (slow.manifest, slow.rejected)


@pytest.mark.parametrize(
    ("written", "instead"),
    [("&gt;, name", "&foo;, name"), ('sourceVersion="17', 'sourceVersion="&')],
)
def test_what_is_no_xml_is_none_for_the_expression_either(
    tmp_path: Path, written: str, instead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xml_stream, "_CHUNK", 3000)
    file = an_export(tmp_path)
    text = file.read_text(encoding="utf-8")
    place = text.index(written, len(text) // 2)
    file.write_text(text[:place] + instead + text[place + len(written) :], encoding="utf-8")
    with pytest.raises(DataError, match="a whole XML file"):
        import_logs(file, format="apple_health")
