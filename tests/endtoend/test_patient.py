"""`kinetics patient`: one patient of a user's own clinic fitted, predicted, drawn and written; what is refused."""

from pathlib import Path

import pytest

from kinetics.results import read_result

ROOT = Path(__file__).parents[2]
COUNTS = """\
patient,day,pool
P07,-3,1.05
P07,20,0.12
P07,40,0.33
P07,90,<0.6
P08,0,0.9
"""
DOSES = "patient,day,drug,amount,unit\nP07,0,drug,10,mg\nP08,0,drug,10,mg\n"
MAPPING = """
[patients]
layout = "wide"
counts = "counts.csv"
doses = "doses.csv"
model = "models/pool.toml"
[columns]
patient = "patient"
time = "day"
[dose_columns]
patient = "patient"
time = "day"
drug = "drug"
amount = "amount"
unit = "unit"
[time]
unit = "day"
[analytes.pool]
output = "pool"
unit = "1e9/L"
[drugs.drug]
dose = "drug"
duration = "0 day"
"""
EVENTS = """
[patients]
layout = "events"
counts = "events.csv"
model = "models/pool.toml"
[columns]
patient = "ID"
time = "TIME"
value = "DV"
event = "EVID"
amount = "AMT"
rate = "RATE"
interval = "II"
additional = "ADDL"
steady_state = "SS"
missing = "MDV"
[time]
unit = "day"
[analytes.DV]
output = "pool"
unit = "1e9/L"
[drugs.AMT]
dose = "drug"
unit = "mg"
"""
ERROR = ("--error", "pool=proportional 0.15")


@pytest.fixture
def clinic(project: Path) -> Path:
    for name, text in (("counts.csv", COUNTS), ("doses.csv", DOSES), ("clinic.toml", MAPPING)):
        (project / name).write_text(text)
    return project / "clinic.toml"


def test_a_patient_is_fitted_predicted_drawn_and_written(run, clinic):
    out, figure = clinic.parent / "P07.nc", clinic.parent / "P07.svg"
    answer = run(
        "patient", clinic, "--id", "P07", "--cohort", "adults", "--retreat", "30 month", *ERROR, "--out", out,
        "--figure", figure,
    )  # fmt: skip
    assert answer.status == 0, answer.err
    assert answer.out.startswith("Patient P07: 4 counts; pool, adults, 1 further course planned\n")
    for part in (
        "parameter",
        "Counts after so many months",
        "What the planned treatment changes",
        "never",
        "pool < 0.4",
    ):
        assert part in answer.out
    assert answer.err.splitlines()[-2:] == [f"wrote {out}", f"wrote {figure}"]
    tree = read_result(out)
    assert tree["course_start"].values.tolist() == [0, 30 * 30.4375]
    assert "counts-pool" in figure.read_text(encoding="utf-8")


def test_a_table_of_events_with_a_steady_state_and_a_reset_is_predicted_after_a_further_course(run, project):
    """The reset ends the steady state: the course behind it is the last, and is given again."""
    rows = (
        "ID,TIME,AMT,RATE,II,ADDL,SS,EVID,DV,MDV", "7,0,2,0,7,3,1,1,.,1", "7,5,.,.,.,.,.,0,0.5,0",
        "7,25,.,.,.,.,.,0,0.4,0", "7,60,10,20,0,0,0,4,.,1", "7,80,.,.,.,.,.,0,0.3,0", "7,100,.,.,.,.,.,0,0.6,0",
    )  # fmt: skip
    (project / "events.csv").write_text("\n".join(rows) + "\n")
    (project / "events.toml").write_text(EVENTS)
    answer = run(
        "patient", project / "events.toml", "--id", "7", *ERROR, "--retreat", "12 month", "--until", "24 month",
        "--draws", 20, "--json",
    )  # fmt: skip
    assert answer.status == 0, answer.err
    assert (answer.json["planned"], answer.json["regimen"]) == (1, "doses of 7, further at 12 month")
    assert [row["course"] for row in answer.json["recovery"]] == [1, 2, 3]
    assert answer.json["difference"][0]["upper"] < 0
    refused = run("patient", project / "events.toml", "--id", "7", *ERROR, "--retreat", "1 month")
    assert refused.status == 2
    assert "1 month is before the last dose of patient 7 is given" in refused.err


def test_numbers_for_a_program(run, clinic):
    answer = run("patient", clinic, "--id", "P07", *ERROR, "--until", "24 month", "--draws", 20, "--json")
    assert answer.status == 0, answer.err
    assert {"patient", "parameters", "counts", "recovery", "below"} <= answer.json.keys()
    assert (answer.json["planned"], answer.json["difference"]) == (0, [])
    (parameter,) = answer.json["parameters"]
    assert parameter["parameter"] == "N0"
    assert parameter["lower"] < parameter["estimate"] < parameter["upper"]
    (row,) = answer.json["recovery"]
    assert row["share_never"] == pytest.approx(1 - row["share_recovered"])
    assert {one["output"] for one in answer.json["below"]} == {"pool"}
    assert all(0 <= one["true"] <= 1 and 0 <= one["measured"] <= 1 for one in answer.json["below"])


def test_what_a_planned_course_changes_is_there_for_a_program(run, clinic):
    answer = run(
        "patient", clinic, "--id", "P07", *ERROR, "--retreat", "12 month", "--until", "24 month", "--draws", 20,
        "--json",
    )  # fmt: skip
    assert answer.status == 0, answer.err
    assert (answer.json["planned"], answer.json["regimen"]) == (1, "doses of P07, further at 12 month")
    first = answer.json["difference"][0]
    assert first["months"] > 12
    assert first["lower"] <= first["value"] <= first["upper"] < 0


def test_a_course_that_is_planned_before_the_last_count_is_told(run, clinic):
    answer = run("patient", clinic, "--id", "P07", *ERROR, "--retreat", "2 month", "--draws", 20)
    assert answer.status == 0, answer.err
    assert (
        "2 month is planned before the last count of patient P07, at 2.957 month: the later counts were" in answer.err
    )


def test_the_same_tables_without_a_mapping_need_a_model(run, clinic):
    counts = clinic.with_name("counts.csv")
    answer = run("patient", counts, "--id", "P07")
    assert (answer.status, answer.out) == (2, "")
    assert "--model: name the model whose outputs were measured" in answer.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--id", "P77"), "no patient 'P77'; the nearest is P07"),
        (("--id", "P07", "--cohort", "adult"), "--cohort: "),
        (("--id", "P07", "--error", "pol=proportional 0.1"), "--error pol: model 'pool' has no such output"),
        (("--id", "P07", "--error", "pool"), "--error pool: write NAME='VALUE UNIT'"),
        (
            ("--id", "P07", *ERROR, "--retreat", "0 day"),
            "0 day is before the last dose of patient P07 is given, at 0 month",
        ),
        (("--id", "P07", *ERROR, "--until", "0 day"), "--until: must be later"),
        (("--id", "P07", *ERROR, "--visits", "nowhere"), "--visits: no 'nowhere'"),
        (("--id", "P07", *ERROR, "--retreat-with", "once"), "--retreat-with: "),
        (("--id", "P07"), "the model states no noise of pool; state one, such as 'proportional 0.15'"),
        (("--id", "P07", "--figure", "P07.gif"), "--figure: end the name in .svg or .pdf or .png"),
    ],
)
def test_what_is_wrong_is_named(run, clinic, options, said):
    answer = run("patient", clinic, *options)
    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err


def test_a_patient_without_counts_gets_what_the_population_says(run, clinic):
    clinic.with_name("doses.csv").write_text(DOSES + "P09,0,drug,10,mg\n")
    answer = run("patient", clinic, "--id", "P09", *ERROR, "--draws", 20)
    assert answer.status == 0, answer.err
    assert "note: 1 patient without counts: P09\n" in answer.err
    assert "patient P09 has no counts: the result is what the population says" in answer.err
    assert "There are no counts: all of this is what the population says." in answer.out


@pytest.mark.slow
def test_a_patient_of_the_clinic_that_ships(run, tmp_path):
    answer = run(
        "patient", ROOT / "fits" / "synthetic_clinic" / "clinic.toml", "--id", "SIM02", "--cohort", "relapsing",
        "--retreat", "48 month", "--visits", "quarterly", "--out", tmp_path / "SIM02.nc",
    )  # fmt: skip
    assert answer.status == 0, answer.err
    assert {line.split()[0] for line in answer.out.splitlines() if line} >= {"cd4_phi", "b_cells_phi", "CD4", "CD8"}
    assert "at visits to come" in " ".join(answer.out.split())  # the title may be of two lines
