"""`kinetics identify`: the verdicts of a fit's arms and of a model, in words and as JSON."""

import pytest


def test_a_fit_names_what_it_measures_and_what_can_be_known(run, project) -> None:
    # a bolus of known amount empties the pool: k, the only unknown, shows in its return
    answer = run("identify", project / "fits" / "turnover.toml", "--json")
    assert answer.status == 0
    assert answer.json["arms"] == ["pool, after the first dose of once, cohort adults"]
    assert answer.json["parameters"]["k"]["identifiable"]
    assert (answer.json["rank"], answer.json["combinations"]) == (1, [])


def test_a_fit_with_a_result_shows_its_verdict_beside(run, project) -> None:
    fit = project / "fits" / "turnover.toml"
    result = """\
[result]
fit = "turnover"
model = "../models/pool.toml"
cohort = "adults"
[estimates]
k = { value = 0.01, unit = "1/day", log_se = 0.1, verdict = "estimated from the data" }
[covariance]
log = [[0.01]]
[response]
given = []
at = []
log = [[]]
"""
    fit.with_name("turnover.result.toml").write_text(result)
    answer = run("identify", fit)
    assert answer.out.splitlines()[-3].split("  ")[-1] == "estimated from the data"
    assert run("identify", fit, "--json").json["parameters"]["k"]["fit"] == "estimated from the data"


def test_of_a_model_killing_and_amount_are_one_unless_the_amount_is_measured(run, project) -> None:
    # N' = k (N0 - N) - s A N sees s A alone, and A starts at an unknown amount
    call = ("identify", project / "models" / "pool.toml", "--parameters", "s,ke,k", "--outputs", "pool")
    answer = run(*call, "--unknown-initial", "A", "--json")
    assert answer.json["combinations"] == ["only the product s*A(0)"]
    rows = answer.json["parameters"]
    assert [name for name, row in rows.items() if row["identifiable"]] == ["ke", "k"]
    assert rows["s"]["measuring_as_well_would_help"] == ["A"]
    text = run(*call, "--unknown-initial", "A").out
    assert "2 of 4 can be known" in text
    assert "no: only the product s*A(0)  A" in text


def test_without_a_dose_it_says_that_one_may_help(run, project) -> None:
    model = project / "models" / "pool.toml"
    call = ("identify", model, "--parameters", "s,ke", "--outputs", "pool")
    resting = run(*call)
    assert "0 of 2 can be known" in resting.out
    assert "no: not seen by these outputs" in resting.out
    assert "--regimen" in resting.err
    assert "Both can be known" in run(*call, "--regimen", project / "models" / "regimens" / "once.toml").out


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("FIT", "--outputs", "pool"), "a fit says itself"),
        (("MODEL",), "--parameters: name at least one"),
        (("MODEL", "--parameters", "q", "--outputs", "puddle"), "no parameter 'q'"),
        (("MODEL", "--parameters", "k", "--outputs", "puddle"), "no output or state 'puddle'"),
        (("REGIMEN",), "is of kind regimen"),
    ],
)
def test_what_cannot_be_asked_is_refused(run, project, call, said: str) -> None:
    files = {
        "FIT": project / "fits" / "turnover.toml",
        "MODEL": project / "models" / "pool.toml",
        "REGIMEN": project / "models" / "regimens" / "once.toml",
    }
    answer = run("identify", *(files.get(word, word) for word in call))
    assert answer.status == 2
    assert said in answer.err
