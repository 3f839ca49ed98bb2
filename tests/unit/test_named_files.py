"""A file that another file names and that is missing or broken: both are told, the one that names it by line."""

import pytest

from kinetics import simulate
from kinetics.comparison import read_comparison
from kinetics.errors import Faults, InputError
from kinetics.estimate import FitProblem
from kinetics.figures import read_figure
from kinetics.files.library import library_folder
from kinetics.files.tables import read_table
from kinetics.model import Model
from kinetics.published import EvidenceRow, read_facts
from kinetics.regimen import Regimen
from kinetics.reproduction.plan import read_plan
from tests.unit.conftest import ROW

FIT = """
[fit]
title = "x"
model = "{model}"
tables = ["{table}"]
[free]
A0 = {{ lower = 1, upper = 3, unit = "1e9/L" }}
"""
ROWS = """\
name,use,kind,statistic,output,regimen,cohort,time,value,unit,sd,n,source
n5,fit,count,mean,A_blood,./gone.toml,plain,1 day,1,1e9/L,0.1,9,choice
"""
SEEN = """\
name,use,kind,statistic,output,regimen,cohort,level,visits,value,unit,lower,upper,n,source
n5,fit,time_to_threshold,median,N_blood,../models/regimens/once.toml,plain,0.4 1e9/L,./gone.toml,45,day,30,60,9,choice
"""
POPULATION = """
[population]
patients = 100
"""
EVIDENCE = """\
name,section,mark,use,statement,kind,statistic,model,cohort,regimen,output,time,relation,value,unit,source
one,0 all,S,fit,so it is,count,mean,{model},plain,{regimen},A_blood,1 day,above,1,1e9/L,choice
"""
COMPARED = """
[comparison]
title = "x"
model = "./gone.toml"
until = "9 day"
every = "1 day"
unit = "day"
[[rows]]
output = "A_blood"
label = "A"
measures = ["nadir"]
"""
PLAN = """
[reproduce]
title = "x"
fits = []
"""
PREDICTION = """
[[predictions]]
name = "a"
fit = "b"
cohort = "plain"
until = "9 day"
every = "1 day"
regimen = "./gone.toml"
"""
FIGURE = """
[figure]
kind = "{kind}"
title = "x"
{rest}
"""
SIMULATED = """\
model = "{model}"
regimen = "{regimen}"
cohort = "plain"
until = "9 day"
"""
CURVE = """
[time]
unit = "day"
ticks = "3 day"
[panels.a]
title = "a"
unit = "1e9/L"
label = "a"
[[curves]]
panel = "a"
output = "A_blood"
label = "A"
"""
TOY, NONE, GONE = "../models/toy.toml", "../models/regimens/none.toml", "./gone.toml"


def simulated(kind, rest="", *, model=TOY, regimen=NONE):
    return FIGURE.format(kind=kind, rest=SIMULATED.format(model=model, regimen=regimen) + rest)


def checked_facts(path):
    faults = Faults()
    read_facts(read_table(path, EvidenceRow, faults), faults)
    faults.raise_if_any()


def fit(model=TOY, table="gone.csv"):
    return FIT.format(model=model, table=table)


COURSE_FIGURE, FACTS = 'every = "1 day"\n{}\n' + CURVE, 'every = "1 day"\nevidence = "gone.csv"\n' + CURVE
OVER_TIME, TORNADO = 'every = "1 day"\n' + CURVE, 'unit = "day"\npercent = 10\n'
CASES = {
    "model of a fit": (FitProblem.load, fit(GONE)),
    "table of a fit": (FitProblem.load, fit()),
    "regimen of a row": (FitProblem.load, fit(table="named.csv"), ROWS),
    "visits of a row": (FitProblem.load, fit(table="named.csv") + POPULATION, SEEN),
    "model used by a model": (Model.load, '[model]\ntitle = "x"\ntime = "day"\n[uses]\na = "./gone.toml"\n'),
    "model extended by a model": (Model.load, '[model]\nextends = "./gone.toml"\n'),
    "model of a comparison": (read_comparison, COMPARED),
    "fit of a plan": (read_plan, PLAN.replace("[]", f'["{GONE}"]')),
    "figure of a plan": (read_plan, PLAN + f'[[figures]]\nname = "{GONE}"\n'),
    "regimen of a plan": (read_plan, PLAN + PREDICTION),
    "model of evidence": (checked_facts, EVIDENCE.format(model=GONE, regimen=NONE)),
    "regimen of evidence": (checked_facts, EVIDENCE.format(model=TOY, regimen=GONE)),
    "fit of a figure": (read_figure, FIGURE.format(kind="agreement", rest=f'fit = "{GONE}"')),
    "comparison of a figure": (
        read_figure, FIGURE.format(kind="comparison", rest='regimens = ["ms_licensed"]\ncomparison = "gone.toml"'),
    ),
    "regimen of a compared figure": (
        read_figure, FIGURE.format(kind="comparison", rest=f'cohort = "relapsing"\nregimens = ["{GONE}"]'),
    ),
    "model of a tornado": (read_figure, simulated("tornado", TORNADO, model=GONE)),
    "regimen of a tornado": (read_figure, simulated("tornado", TORNADO, regimen=GONE)),
    "fit of a tornado": (read_figure, simulated("tornado", TORNADO + f'fit = "{GONE}"\n')),
    "model of a map": (read_figure, simulated("map", 'unit = "day"\n', model=GONE)),
    "regimen of a map": (read_figure, simulated("map", 'unit = "day"\n', regimen=GONE)),
    "model of a time course": (read_figure, simulated("time_course", OVER_TIME, model=GONE)),
    "regimen of a time course": (read_figure, simulated("time_course", OVER_TIME, regimen=GONE)),
    "table of a time course": (read_figure, simulated("time_course", COURSE_FIGURE.format('tables = ["gone.csv"]'))),
    "fit of a time course": (read_figure, simulated("time_course", COURSE_FIGURE.format(f'fit = "{GONE}"'))),
    "evidence of a figure": (read_figure, simulated("facts", FACTS).replace(f'regimen = "{NONE}"\n', "")),
}  # fmt: skip


@pytest.mark.parametrize("there", [False, True], ids=["missing", "broken"])
@pytest.mark.parametrize("case", CASES)
def test_a_fault_of_a_named_file_says_where_it_is_named(project, case, there):
    read, *texts = CASES[case]
    naming = project.fits / ("named.csv" if texts[-1].startswith("name,") else "naming.toml")
    for path, text in zip([project.fits / "naming.toml", naming] if len(texts) > 1 else [naming], texts, strict=True):
        path.write_text(text)
    suffix = "csv" if "gone.csv" in texts[-1] else "toml"
    if there:
        (project.fits / f"gone.{suffix}").write_bytes(b"\xff[")
    with pytest.raises(InputError) as error:
        read(project.fits / "naming.toml" if len(texts) > 1 else naming)
    line = next(n for n, one in enumerate(naming.read_text().splitlines(), 1) if f"gone.{suffix}" in one)
    told = [fault for fault in error.value.faults if f"gone.{suffix}" in fault.where]
    assert told, error.value
    for fault in told:
        assert fault.named_at[0].removesuffix(f":{line}") == str(naming), str(fault)
        assert fault.where in str(fault)
        assert f"(named at {naming}:{line})" in str(fault)


def test_what_many_rows_name_is_told_once_with_the_first_of_them(project):
    row = {**ROW, "regimen": "./gone.toml", "value": 1, "sd": 0.1, "n": 9, "time": "1 day"}
    path = project.fit(*[row] * 9, free={"A0": 'lower = 1, upper = 3, unit = "1e9/L"'})
    (project.fits / "gone.toml").write_text("[regimen]\ntitle = 3\nsource = 'choice'\n")
    with pytest.raises(InputError) as error:
        FitProblem.load(path)
    (fault,) = (fault for fault in error.value.faults if fault.file == str(project.fits / "gone.toml"))
    rows = ", ".join(f"{project.fits / 'one.csv'}:{line}" for line in (2, 3, 4))
    assert str(fault).endswith(f"(named at {rows} and 6 more)")


def test_a_file_of_another_kind_is_named_as_what_it_is():
    regimen = library_folder("models") / "regimens" / "ms_licensed.toml"
    with pytest.raises(InputError, match="is a file of kind regimen, and one of kind model is needed; --regimen takes"):
        Model.load(regimen)
    with pytest.raises(InputError, match="of kind model, and one of kind fit is needed; 'kinetics simulate' takes"):
        FitProblem.load(library_folder("models") / "nk.toml")


def test_a_name_of_another_kind_is_said_to_be_one_of_it():
    with pytest.raises(InputError, match="no 'ms_licensed' in models; it is one of models/regimens"):
        Model.load("ms_licensed")


def test_a_name_that_is_not_there_comes_with_the_nearest_and_the_list():
    with pytest.raises(InputError, match=r"did you mean 'ms_licensed'\?; there are .*ms_licensed, oncology_12_weeks"):
        Regimen.load("ms_licensd")


@pytest.mark.parametrize("text", ["2026-03-01", "1.3.2026", "3/1/26"])
def test_a_date_is_no_time_of_a_simulation(text):
    with pytest.raises(InputError, match="it looks like a date, and times count from the first dose"):
        simulate("nk", until=text)
