"""The bibliography that ships: complete, cited, and short in tables; what could not be verified is named here."""

import csv
import re
import tomllib
from pathlib import Path

import pytest

from kinetics.files.bibliography import CHOICE, Source, cited, read_bibliography

ROOT = Path(__file__).parents[2]
PATH = ROOT / "models" / "references.bib"
SOURCES = read_bibliography(PATH)
# the whole list of authors was not seen
AUTHORS_UNVERIFIED = {"daikeler_2011", "autoimmunity_2024", "rolfes_cladribine"}
# known from a secondary source alone, or several publications in one entry: no author, title or year to give
UNVERIFIED = {
    "rolfes_cladribine",
    "ribeiro_2008",
    "alemtuzumab_review",
    "camms223_figure",
    "care_ms_figure",
    "treg_gates",
}
DOI = re.compile(r"10\.\d{4,9}/[-._;()/:A-Za-z0-9]+")


def keys_of(value):
    """The text of every field ``source`` in a TOML document."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from [item] if name == "source" and isinstance(item, str) else keys_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from keys_of(item)


def cited_keys():
    for path in [*(ROOT / "models").rglob("*.toml"), *(ROOT / "fits").rglob("*.toml")]:
        yield from keys_of(tomllib.loads(path.read_text(encoding="utf-8")))
    for path in (ROOT / "fits").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            yield from (row["source"] for row in csv.DictReader(file) if row.get("source"))


def test_every_key_that_is_cited_has_an_entry():
    keys = {*cited_keys()} - {CHOICE}
    assert len(keys) > 40
    assert keys - SOURCES.keys() == set()


@pytest.mark.parametrize("key", sorted(SOURCES.keys() - UNVERIFIED))
def test_an_entry_says_who_what_and_when_and_leads_to_the_publication(key):
    fields = SOURCES[key].fields
    assert fields.keys() >= {"author", "title", "year"}
    assert re.fullmatch(r"(19|20)\d\d", fields["year"])
    assert DOI.fullmatch(fields["doi"]) if "doi" in fields else fields["howpublished"]
    if SOURCES[key].entry_type == "article":
        assert fields.keys() >= {"journal", "volume", "doi"}


def test_authors_are_cut_short_only_where_they_could_not_be_verified():
    assert {key for key, source in SOURCES.items() if "others" in source.fields.get("author", "")} == AUTHORS_UNVERIFIED


def test_names_are_written_family_first_or_as_those_of_a_body():
    names = [
        name
        for key in SOURCES.keys() - UNVERIFIED
        for name in SOURCES[key].fields["author"].split(" and ")
        if name != "others"
    ]
    assert len(names) > 300
    assert [name for name in names if not re.fullmatch(r"\{[^{}]+\}|[^,{}]+, [^,{}]+", name)] == []


def test_no_publication_is_entered_twice():
    dois = [source.fields["doi"].casefold() for source in SOURCES.values() if "doi" in source.fields]
    assert len(dois) > 40
    assert len({*dois}) == len(dois)


@pytest.mark.parametrize(
    ("author", "short"),
    [
        ("den Braber, Ineke and de Boer, Rob J.", "den Braber 2012"),
        ("{den Braber} and others", "den Braber 2012"),
        ("Ineke den Braber", "den Braber 2012"),
        ("{Genzyme Corporation}", "Genzyme Corporation 2012"),
        ("Hill-Cawthorne, Grant A.", "Hill-Cawthorne 2012"),
    ],
)
def test_a_source_in_short_is_the_family_name_and_the_year(author, short):
    assert Source("key", {"author": author, "year": "2012"}).short == short


def test_sources_that_ship_are_cited_in_short():
    folder = PATH.parent
    assert cited("den_braber_2012", folder) == "den Braber 2012"
    assert cited("lemtrada_label", folder) == "Lemtrada label 2014"
    assert cited("nobody_1999", folder) == "nobody_1999"
