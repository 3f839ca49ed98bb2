"""Fixed words: every language has all of them with the same places, the code uses all and no others."""

import ast
import re
from pathlib import Path

import pytest

from kinetics.errors import InputError
from kinetics.figures import draw
from kinetics.figures.base.words import Words, languages, read_language, speaking
from kinetics.figures.treatments import rule_text
from kinetics.regimen.rule import Rule

from .conftest import FIGURE

FOLDER = Path(__file__).parents[2] / "kinetics" / "figures"
ENGLISH = read_language("en")


def places(text):
    return sorted(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("language", languages())
def test_a_language_has_every_word_with_its_places(language):
    words = read_language(language)
    assert words.keys() == ENGLISH.keys()
    assert {key: places(text) for key, text in words.items()} == {key: places(text) for key, text in ENGLISH.items()}
    own = (FOLDER / "languages" / f"{language}.toml").read_text(encoding="utf-8")
    assert set(re.findall(r"^(\w+) = ", own, re.MULTILINE)) == set(ENGLISH)


def said():
    """The keys that the code says: whole, and the beginnings of those that it puts together."""
    whole, beginnings = set(), set()
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
                for each in ast.walk(node.args[0]):
                    if isinstance(each, ast.Constant) and isinstance(each.value, str):
                        whole.add(each.value)
                    if isinstance(each, ast.JoinedStr) and isinstance(each.values[0], ast.Constant):
                        beginnings.add(each.values[0].value)
    return whole, beginnings


def test_every_key_that_is_said_is_a_word():
    whole, beginnings = said()
    unknown = {key for key in whole if key not in ENGLISH and key not in beginnings and not key.startswith("_")}
    assert unknown <= {"s"}
    assert all(any(key.startswith(each) for key in ENGLISH) for each in beginnings)


def test_a_figure_speaks_german_in_picture_and_caption(folder, tree):
    drawn = draw(folder / "figure.toml", folder / "a.svg", input=tree, language="de", labels={"N": "Zellen"})
    assert drawn.figure.axes[0].get_xlabel() == "Zeit seit der ersten Dosis (Monate)"
    assert "untere Normgrenze (UNG)" in (folder / "a.svg").read_text(encoding="utf-8")
    assert "Dreiecke: drug a, 12 mg zu Monat 0, 6 mg zu Monat 12." in drawn.caption
    assert "Alternativtext: " in (folder / "a.md").read_text(encoding="utf-8")
    assert {"Zellen", "M cells"} <= set(drawn.data["series"])


def test_a_file_and_keywords_change_words_labels_title_and_key(folder, tree):
    look = '[look]\nkey = false\n[look.words]\ntime_since_first_dose = "t"\n[look.labels]\nM = "m"\n[size]'
    (folder / "figure.toml").write_text(FIGURE.replace("[size]", look))
    drawn = draw(folder / "figure.toml", input=tree, words={"count": "n"}, title="Mine")
    assert drawn.axes[0].get_xlabel() == "t (months)"
    assert drawn.axes[0].get_ylabel() == "n (10⁹/L)"
    assert "m" in set(drawn.data["series"])
    assert drawn.caption.startswith("**Mine.**")
    assert not drawn.figure.legends


def test_a_file_of_words_of_ones_own(folder, tree):
    (folder / "words.toml").write_text('[words]\ncount = "tal"\n')
    assert draw(folder / "figure.toml", input=tree, language="words.toml").axes[0].get_ylabel() == "tal (10⁹/L)"
    (folder / "words.toml").write_text('[words]\ncuont = "tal"\nlimit_of = "{lable}"\n')
    with pytest.raises(InputError) as refused:
        draw(folder / "figure.toml", input=tree, language="words.toml")
    text = str(refused.value)
    assert "no word 'cuont' in figures; did you mean 'count'" in text
    assert "'limit_of' has no {lable}" in text


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"language": "dee"}, "no language 'dee'; did you mean 'de'"),
        ({"words": {"conut": "n"}}, "no word 'conut' in figures; did you mean 'count'"),
    ],
)
def test_what_is_no_language_or_word_is_refused(folder, tree, option, message):
    with pytest.raises(InputError, match=message):
        draw(folder / "figure.toml", input=tree, **option)


def test_a_rule_is_said_in_the_language_of_the_figure():
    rule = Rule("N", "40 % of baseline", "drug_a", "12 mg", "4 hour", direction="down", most=2, after_course=1)
    with speaking(Words(read_language("de"), {"N": "N-Zellen"})):
        text = rule_text(rule)
    assert (
        text
        == "wenn N-Zellen auf 40 % des Ausgangswerts fällt nach Zyklus 1: drug a, 12 mg über 4 Stunden, höchstens 2-mal"
    )
