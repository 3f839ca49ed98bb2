"""Texts of files are drawn as written, numbers of files have limits, and what leaves no room is refused."""

import xml.etree.ElementTree as ET

import pytest

from kinetics.errors import InputError
from kinetics.figures import draw, read_figure

from .cases import write_case
from .conftest import FIGURE

HOSTILE = r"$\frac{1}{$ $x_$ \$ $\input{/etc/passwd}$ <b>&amp;]]> %(s)s {0}"
SVG = "{http://www.w3.org/2000/svg}"


def shown(path):
    """All words of a picture, as a reader of XML has them."""
    return " ".join(" ".join(text.itertext()) for text in ET.parse(path).iter(f"{SVG}text")).split()


def test_a_time_course_shows_titles_notes_and_labels_as_written(folder, tree):
    text = FIGURE.replace("width = 85", "width = 400").replace("height = 90", "height = 120")
    for what in ('"A figure"', '"A note."', '"N cells"', '"M cells"'):
        text = text.replace(what, f"'{what[1]}: {HOSTILE}'")
    text = text.replace('unit = "1e9/L"\n', f"unit = \"1e9/L\"\ntitle = '{HOSTILE}'\nlabel = '{HOSTILE}'\n", 1)
    (folder / "figure.toml").write_text(text)
    draw(folder / "figure.toml", folder / "picture.svg", input=tree)
    words = " ".join(shown(folder / "picture.svg"))
    assert words.count(HOSTILE) >= 4  # heading, axis, two curves
    written = (folder / "picture.md").read_text(encoding="utf-8").replace("\\", "")
    assert written.count(HOSTILE.replace("\\", "")) >= 2  # title and note
    for suffix in ("png", "pdf"):
        draw(folder / "figure.toml", folder / f"picture.{suffix}", input=tree)


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    return write_case(tmp_path_factory.mktemp("hostile"))


@pytest.mark.parametrize("kind", ["check", "agreement", "prior_posterior", "tornado"])
def test_so_does_every_figure_of_a_fit(figures, kind):
    path = figures / f"{kind}.toml"
    lines = path.read_text().splitlines()
    lines[2:3] = [f"title = 'a {HOSTILE}'", f"note = 'b {HOSTILE}'"]
    changed = "\n".join(line for number, line in enumerate(lines) if number == 3 or not line.startswith('note = "'))
    hostile = figures / f"{kind}_hostile.toml"
    hostile.write_text(changed + "\n")
    draw(hostile, figures / f"{kind}.svg")
    written = (figures / f"{kind}.md").read_text(encoding="utf-8")
    assert "<b>" not in written.replace("\\<b\\>", "")
    assert written.replace("\\", "").count(HOSTILE.replace("\\", "")) >= 2


def test_what_a_result_brings_is_escaped(folder, tree):
    tree.attrs.update(regimen="own\x1b[2J\u202e\ufffe", regimen_hash="another")
    draw(folder / "figure.toml", folder / "picture.svg", input=tree)
    assert "own\\\\x1b\\[2J\\\\u202e\\\\ufffe" in (folder / "picture.md").read_text(encoding="utf-8")


def many(name, table, number):
    return "".join(f"[{name}]\n{table}".replace("NUMBER", str(n)) for n in range(number))


@pytest.mark.parametrize(
    ("old", "new", "key", "told"),
    [
        (
            "[panels.counts]",
            '[time]\nticks = "1 second"\n[panels.counts]',
            "time.ticks",
            "ticks until 24 month; at most",
        ),
        ('every = "1 month"', 'every = "1 minute"', "figure.every", "times until 24 month; at most"),
        ('until = "24 month"', 'until = "9999999 year"', "time.ticks", "ticks until 9999999 year; at most"),
        ('title = "A figure"', f'title = "{"x" * 301}"', "figure.title", "at most 300"),
        ('note = "A note."', f'note = "{"x " * 2000}"', "figure.note", "at most 3000"),
        ('label = "M cells"', f'label = "{"x" * 201}"', "curves.1.label", "at most 200"),
        ("upper = 2", "upper = 1e300", "panels.counts.upper", "less than or equal to"),
        ("lower = 0.01", "lower = 1.99999999", "panels.counts.lower", "lower is not below upper"),
        ("width = 85", "width = 1e9", "size.width", "mm from 40 to 400"),
        ("[panels.counts]", many("panels.pNUMBER", 'unit = "1"\n', 49) + "[panels.counts]", "panels", "at most 48"),
        (
            "[panels.counts]",
            many("[curves]", 'panel = "counts"\noutput = "N"\nlabel = "NUMBER"\n', 201) + "[panels.counts]",
            "curves",
            "at most 200",
        ),
    ],
)
@pytest.mark.processor_time(20)
def test_a_number_that_sizes_something_has_a_limit_that_is_told(folder, old, new, key, told):
    (folder / "figure.toml").write_text(FIGURE.replace(old, new, 1))
    with pytest.raises(InputError) as refused:
        read_figure(folder / "figure.toml")
    assert any(fault.name == key and told in fault.message for fault in refused.value.faults), refused.value.faults


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('note = "A note."', f'note = "{"word " * 500}"', ""),
        ('scale = "log"', f'label = "{"wide " * 39}"\nscale = "log"', "the figure does not fit in 85 mm: 'wide wide"),
    ],
)
def test_words_that_leave_no_room_are_refused_or_drawn(folder, tree, old, new, told):
    (folder / "figure.toml").write_text(FIGURE.replace(old, new, 1))
    if told:
        with pytest.raises(InputError, match=told):
            draw(folder / "figure.toml", folder / "picture.svg", input=tree)
        assert not (folder / "picture.svg").exists()
    else:
        draw(folder / "figure.toml", folder / "picture.svg", input=tree)


def test_the_regimen_of_a_row_is_a_file_beside_its_table(folder, tree, monkeypatch):
    (folder / "tables").mkdir()
    (folder / "one.toml").rename(folder / "tables" / "one.toml")
    table = (folder / "table.csv").read_text().replace(str(folder / "one.toml"), "./one.toml")
    (folder / "tables" / "table.csv").write_text(table)
    (folder / "figure.toml").write_text(FIGURE.replace('"table.csv"', '"tables/table.csv"'))
    monkeypatch.chdir("/")
    read_figure(folder / "figure.toml").check(tree)


def test_a_recovery_counts_from_the_first_dose(folder, tree):
    """A recovery 7 months after a first dose at month 2 stands at month 9, with its interval."""
    for name in ("regimen.toml", "one.toml"):
        text = (folder / name).read_text().replace('start = "0 month"', 'start = "2 month"')
        (folder / name).write_text(text)
    from kinetics.figures.base.style import style
    from kinetics.regimen import Regimen

    tree.attrs["regimen_hash"] = Regimen.load(folder / "regimen.toml").content_hash
    figure = read_figure(folder / "figure.toml")
    with style():
        picture = figure.draw(tree).figure
    (mark,) = picture.findobj(lambda each: each.get_gid() == "published-recovery")
    assert list(mark.get_xdata()) == pytest.approx([9])
    (count,) = picture.findobj(lambda each: each.get_gid() == "published-count_6")
    assert list(count.get_xdata()) == pytest.approx([6])
