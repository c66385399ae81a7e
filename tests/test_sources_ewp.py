"""Erasmus Without Paper: answers of the IIA and outgoing mobilities APIs in the layouts of their versions, hand-made and hostile ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.records import clean
from pipeline.sources import discover
from pipeline.sources.overview import summary

SPACE = "https://github.com/erasmus-without-paper/ewp-specs-api-{api}/blob/stable-v{version}/endpoints/get-response.xsd"
CONTACT = "https://github.com/erasmus-without-paper/ewp-specs-types-contact/tree/stable-v1"


def spec(sender: str, receiver: str, places: str = "2", years: str = "", kind: str = "student-studies") -> str:
    return f"""
            <{kind}-mobility-spec>
                <sending-hei-id>{sender}</sending-hei-id>
                <receiving-hei-id>{receiver}</receiving-hei-id>
                {years}
                {places}
                <subject-area><isced-f-code v6-value="031">0314</isced-f-code></subject-area>
                <total-months-per-year>10</total-months-per-year>
                <blended>false</blended>
                <eqf-level>7</eqf-level>
            </{kind}-mobility-spec>"""


V6 = "".join(f"<receiving-academic-year-id>{y}/{y + 1}</receiving-academic-year-id>" for y in (2022, 2023, 2021))
V7 = (
    "<receiving-first-academic-year-id>2022/2023</receiving-first-academic-year-id>"
    "<receiving-last-academic-year-id>2028/2029</receiving-last-academic-year-id>"
)


def places(number: object, more: str = "") -> str:
    return f"<mobilities-per-year{more}>{number}</mobilities-per-year>"


def iia(
    specs: str,
    number: str = "iia-1",
    partner: str = "hibo.no",
    in_effect: str = "true",
    own: str = "uw.edu.pl",
    more: str = "",
) -> str:
    return f"""
    <iia>
        <partner>
            <hei-id>{own}</hei-id>
            <iia-id>{number}</iia-id>
            <iia-code>983/E+/III14&amp;15</iia-code>
            <signing-contact><c:contact-name>Ewa Demo</c:contact-name></signing-contact>
            <signing-date>2021-11-30</signing-date>
        </partner>
        <partner>
            <hei-id>{partner}</hei-id>
            <iia-id>their-{number}</iia-id>
            <signing-date>2021-12-15</signing-date>
        </partner>
        <in-effect>{in_effect}</in-effect>{more}
        <cooperation-conditions>{specs}
        </cooperation-conditions>
    </iia>"""


def iias(body: str, version: int = 7) -> str:
    space = SPACE.format(api="iias", version=version)
    return f'<iias-get-response xmlns="{space}" xmlns:c="{CONTACT}">{body}\n</iias-get-response>\n'


def raw(folder: Path, text: str, card: str = "", name: str = "answer.xml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    if card:
        (folder / "source.yml").write_text(card, encoding="utf-8")
    return folder


def balanced(done: Any) -> bool:
    ledger = done.ledger
    return bool((ledger["rows_read"] == ledger[["rows_kept", "rows_rejected", "rows_merged"]].sum(axis=1)).all())


def test_an_agreement_of_version_7(tmp_path: Path) -> None:
    both = spec("uw.edu.pl", "hibo.no", places(2), V7) + spec("uw.edu.pl", "hibo.no", places(3), V7)
    both += spec("hibo.no", "uw.edu.pl", places(4), V7) + spec("uw.edu.pl", "hibo.no", places(9), V7, "staff-teacher")
    done = clean(raw(tmp_path / "ewp", iias(iia(both))))
    (row,) = done.agreements.to_dict("records")
    assert (row["agreement_id"], row["partner"], row["country"]) == ("iia-1", "hibo.no", "NOR")
    assert (row["mode"], row["quota_out"], row["quota_in"], row["line"]) == ("exchange", 5, 4, 2)
    assert (str(row["signed"].date()), str(row["expires"].date())) == ("2021-12-15", "2029-08-31")
    assert done.institutions[["name", "country"]].values.tolist() == [["hibo.no", "NOR"]]
    assert balanced(done)


def test_version_6_lists_every_academic_year(tmp_path: Path) -> None:
    done = clean(raw(tmp_path / "ewp", iias(iia(spec("uw.edu.pl", "hibo.no", places(2), V6)), 6)))
    assert str(done.agreements["expires"].item().date()) == "2024-08-31"


def test_places_that_are_not_settled_are_unknown_not_nought(tmp_path: Path) -> None:
    open_ = spec("uw.edu.pl", "hibo.no", places(2, ' not-yet-defined="true"'), V7) + spec(
        "hibo.no", "uw.edu.pl", "", V7
    )
    more = iia(spec("uw.edu.pl", "kuleuven.be", places(1), V7), "iia-2", "kuleuven.be")
    staff = iia(spec("uw.edu.pl", "ox.ac.uk", places(1), V7, "staff-training"), "iia-3", "ox.ac.uk")
    done = clean(raw(tmp_path / "ewp", iias(iia(open_) + more + staff)))
    rows = done.agreements.set_index("agreement_id")
    assert rows["quota_in"].isna().all()
    assert rows["quota_out"].isna().to_dict() == {"iia-1": True, "iia-2": False, "iia-3": True}
    assert rows["mode"].fillna("").to_dict() == {"iia-1": "exchange", "iia-2": "exchange", "iia-3": ""}
    assert rows["country"].tolist() == ["NOR", "BEL", "GBR"]


def test_drafts_and_ended_agreements_are_set_aside_with_a_reason(tmp_path: Path) -> None:
    one = spec("uw.edu.pl", "hibo.no", places(2), V7)
    ended = iia(one, "iia-2", more="<terminated-as-a-whole>true</terminated-as-a-whole>")
    done = clean(raw(tmp_path / "ewp", iias(iia(one, in_effect="false") + ended + iia(one, "iia-3", "ceu.edu"))))
    assert done.rejected["reason"].tolist() == [
        "a draft: the agreement is not in effect",
        "the agreement was terminated",
        "not a known country",
    ]
    assert balanced(done)
    card = "title: Demo\npublisher: Demo\ncountries: {CEU.edu: AUT}\n"
    assert clean(raw(tmp_path / "ewp", iias(iia(one, "i", "ceu.edu")), card)).agreements["country"].tolist() == ["AUT"]


def test_the_card_says_whose_agreements_they_are(tmp_path: Path) -> None:
    card = "title: Demo\npublisher: Demo\ninstitution: HIBO.no\n"
    both = spec("uw.edu.pl", "hibo.no", places(2), V7) + spec("hibo.no", "uw.edu.pl", places(4), V7)
    stranger = iia(both, "iia-9", "kuleuven.be")
    done = clean(raw(tmp_path / "ewp", iias(iia(both) + stranger), card))
    (row,) = done.agreements.to_dict("records")
    assert (row["partner"], row["country"], row["quota_out"], row["quota_in"]) == ("uw.edu.pl", "POL", 4, 2)
    assert row["agreement_id"] == "their-iia-1"
    assert done.rejected["reason"].tolist() == ["HIBO.no is not a partner of the agreement"]


HEIS = """
        <sending-hei><hei-id>{home}</hei-id><iia-id>iia-1</iia-id></sending-hei>
        <receiving-hei><hei-id>{host}</hei-id><iia-id>their-iia-1</iia-id></receiving-hei>"""
TERM = """
        <sending-academic-term-ewp-id>2022/2023-2/2</sending-academic-term-ewp-id>
        <receiving-academic-year-id>2022/2023</receiving-academic-year-id>"""
DATES = (
    "<planned-arrival-date>2023-02-01</planned-arrival-date><planned-departure-date>2023-06-30</planned-departure-date>"
)


def student(number: str = "1") -> str:
    return f"""
        <student>
            <given-names>Ivan</given-names><family-name xml:lang="ru-Cyrl">Сидоров</family-name>
            <global-id>urn:schac:personalUniqueCode:int:esi:uio.no:{number}</global-id>
            <birth-date>2001-05-05</birth-date><citizenship>NO</citizenship><gender>2</gender><email>ivan@example.com</email>
        </student>"""


def mobility(
    home: str = "uio.no",
    host: str = "uw.edu.pl",
    status: str = "live",
    dates: str = DATES,
    number: str = "1",
    kind: str = "student-studies",
    attributes: str = "long-term",
) -> str:
    return f"""
    <student-mobility>
        <omobility-id>m-{number}</omobility-id>{HEIS.format(home=home, host=host)}{TERM}{student(number)}
        <status>{status}</status>
        <activity-type>{kind}</activity-type>
        <activity-attributes>{attributes}</activity-attributes>
        {dates}
        <eqf-level-studied-at-nomination>6</eqf-level-studied-at-nomination>
        <eqf-level-studied-at-departure>7</eqf-level-studied-at-departure>
        <nominee-isced-f-code>0215</nominee-isced-f-code>
    </student-mobility>"""


def mobilities(body: str, version: int = 2) -> str:
    space = SPACE.format(api="omobilities", version=version)
    return f'<omobilities-get-response xmlns="{space}">{body}\n</omobilities-get-response>\n'


def test_a_mobility_of_version_2(tmp_path: Path) -> None:
    done = clean(raw(tmp_path / "ewp", mobilities(mobility())))
    (row,) = done.stays.to_dict("records")
    assert (row["direction"], row["origin"], row["destination"]) == ("outbound", "NOR", "POL")
    assert (row["home_institution"], row["host_institution"], row["agreement_id"]) == ("uio.no", "uw.edu.pl", "iia-1")
    assert (row["mode"], row["level"], row["field"], row["gender"], row["birth_year"]) == (
        "exchange",
        "7",
        "02",
        "female",
        2001,
    )
    assert (str(row["start"].date()), str(row["end"].date()), row["outcome"]) == ("2023-02-01", "2023-06-30", "ongoing")
    assert (row["academic_year"], row["origin_basis"], row["line"]) == ("2022/23", "prior_education", 2)
    assert "Ivan" not in done.stays.to_csv()
    assert balanced(done)


def test_a_mobility_of_version_1_with_the_days_as_they_were(tmp_path: Path) -> None:
    dates = f"{DATES}<actual-arrival-date>2023-02-05</actual-arrival-date><actual-departure-date>2023-07-02</actual-departure-date>"
    body = f"""
    <student-mobility-for-studies>
        <mobility-id>m-1</mobility-id>{HEIS.format(home="uio.no", host="uw.edu.pl")}
        <student><given-names>Ivan</given-names><family-name>Sidorov</family-name><gender>0</gender></student>
        <status>recognized</status>{dates}
        <eqf-level-studied-at-nomination>7</eqf-level-studied-at-nomination>
        <nominee-isced-f-code>1234</nominee-isced-f-code>
    </student-mobility-for-studies>"""
    done = clean(raw(tmp_path / "ewp", f"<mobilities-get-response>{body}</mobilities-get-response>"))
    (row,) = done.stays.to_dict("records")
    assert (str(row["start"].date()), str(row["end"].date())) == ("2023-02-05", "2023-07-02")
    assert (row["mode"], row["level"], row["outcome"]) == ("exchange", "7", "completed")
    assert done.stays[["field", "gender"]].isna().all(axis=None)
    assert done.unresolved[["column", "value"]].values.tolist() == [["field", "1234"]]


def test_particulars_may_stand_in_a_nomination(tmp_path: Path) -> None:
    inner = f"{HEIS.format(home='a.no', host='b.se')}{TERM}<activity-type>student-studies</activity-type>"
    body = f"""
    <student-mobility>
        <omobility-id>m-1</omobility-id>{student()}
        <nomination proposal-id="AE61">{inner}<activity-attributes>long-term</activity-attributes>
            <agreement-isced-f-code>0215</agreement-isced-f-code>{DATES}
            <eqf-level-studied-at-departure>7</eqf-level-studied-at-departure>
        </nomination>
        <status>pending</status>
    </student-mobility>"""
    (row,) = clean(raw(tmp_path / "ewp", mobilities(body, 3))).stays.to_dict("records")
    assert (row["home_institution"], row["host_institution"], row["field"], row["mode"]) == (
        "a.no",
        "b.se",
        "02",
        "exchange",
    )
    assert row["outcome"] is None or row["outcome"] != row["outcome"]


def test_what_is_no_stay_is_set_aside_with_a_reason(tmp_path: Path) -> None:
    body = mobility(status="cancelled") + mobility(status="rejected", number="2") + mobility(dates="", number="3")
    done = clean(raw(tmp_path / "ewp", mobilities(body + mobility(number="4"))))
    assert done.rejected["reason"].tolist() == [
        "the mobility was cancelled",
        "the nomination was rejected",
        "no day of arrival, planned or actual (only 2022/2023-2/2)",
    ]
    assert len(done.stays) == 1
    assert balanced(done)


def test_modes_follow_activity_and_attributes(tmp_path: Path) -> None:
    body = mobility(attributes="short-term-blended")
    body += mobility(number="2", kind="student-traineeship") + mobility(number="3", attributes="long-term")
    done = clean(raw(tmp_path / "ewp", mobilities(body)))
    assert done.stays["mode"].fillna("").tolist() == ["short_programme", "", "exchange"]


def test_direction_is_the_senders_unless_the_file_or_the_card_says_otherwise(tmp_path: Path) -> None:
    collected = mobilities(mobility("uio.no") + mobility("kuleuven.be", number="2"))
    done = clean(raw(tmp_path / "a", collected))
    assert done.stays[["direction", "agreement_id"]].values.tolist() == [["inbound", "their-iia-1"]] * 2
    sent = mobilities(mobility(host="uw.edu.pl") + mobility(host="kuleuven.be", number="2"))
    assert set(clean(raw(tmp_path / "b", sent)).stays["direction"]) == {"outbound"}
    card = "title: Demo\npublisher: Demo\ninstitution: kuleuven.be\nname: {en: Leuven}\n"
    done = clean(raw(tmp_path / "c", sent, card))
    assert done.stays["direction"].tolist() == ["inbound"]
    assert done.rejected["reason"].tolist() == ["kuleuven.be neither sends nor receives the student"]


def test_records_on_one_line_are_numbered(tmp_path: Path) -> None:
    body = "".join(mobility(number=str(n)) for n in range(3)).replace("\n", "")
    done = clean(raw(tmp_path / "ewp", mobilities(body).replace("\n", "")))
    assert done.stays["line"].tolist() == [1, 2, 3]


def test_both_are_recognised_by_shape_and_other_xml_is_not(tmp_path: Path) -> None:
    raw(tmp_path / "a", iias(iia("")), name="x.xml")
    raw(tmp_path / "b", mobilities(mobility()), name="y.xml")
    told = summary(discover([tmp_path]))
    assert told[["table", "rows", "first"]].values.tolist() == [["agreements", 1, "2021"], ["stays", 1, "2023"]]
    assert told["recognised_as"].unique().tolist() == ["Erasmus Without Paper (IIA and outgoing mobilities, XML)"]
    with pytest.raises(InputError, match="XML of the kind courses-response is not read"):
        discover([raw(tmp_path / "c", "<courses-response/>")])


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">{more}]>'
MORE = "".join(f'<!ENTITY {c} "{f"&{chr(ord(c) - 1)};" * 10}">' for c in "cdefghijk")


@pytest.mark.parametrize(
    "text",
    [
        BOMB.format(more=MORE) + mobilities(mobility(number="&k;")),
        '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>' + mobilities(mobility(number="&f;")),
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">' + mobilities(mobility()),
        mobilities(mobility(number="&undeclared;")),
    ],
    ids=["bomb", "file", "outside", "undeclared"],
)
def test_hostile_xml_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="document type or entities") as caught:
        clean(raw(tmp_path / "ewp", text), out=tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "out").rglob("*.parquet"))


@pytest.mark.parametrize(
    "text", ["<iias-get-response><iia>", "no XML at all", iias(iia("")) + "<more/>", "<iias-get-response/>"]
)
def test_damaged_xml_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"answer\.xml: (line \d+: is not well-formed XML|holds no iia)"):
        clean(raw(tmp_path / "ewp", text))


HEI = st.sampled_from(["uio.no", "uw.edu.pl", "ceu.edu", "ox.ac.uk", "", "x", "su.se"])
MOBILITY = st.builds(
    mobility,
    home=HEI,
    host=HEI,
    status=st.sampled_from(["nomination", "live", "recognized", "cancelled", "rejected", ""]),
    dates=st.sampled_from(
        [DATES, "", "<planned-arrival-date>2023-09-31</planned-arrival-date>", DATES.replace("-06-", "-01-")]
    ),
    number=st.sampled_from(["1", "2", "3", "4"]),
    attributes=st.sampled_from(["long-term", "short-term-doctoral", "blended-short-term", ""]),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(MOBILITY, min_size=1, max_size=8), engine=st.sampled_from(["duckdb", "pandas"]))
def test_every_mobility_is_kept_rejected_or_merged(tmp_path_factory: Any, records: list[str], engine: str) -> None:
    done = clean(raw(tmp_path_factory.mktemp("raw") / "ewp", mobilities("".join(records))), engine=engine)
    assert done.ledger["rows_read"].tolist() == [len(records)]
    assert balanced(done)
    lines = [*done.stays["line"], *done.rejected["line"], *done.merged["line"]]
    assert len(set(lines)) == len(lines) == len(records)
