"""`kinetics crossvalidate`: its JSON and text, what it saves for predictions, and bad calls."""

from pathlib import Path

import pytest


def test_folds_are_kept_and_the_discrepancy_widens_predictions(run, project: Path) -> None:
    problem = project / "fits" / "turnover.toml"
    assert run("fit", problem, "--save").status == 0
    folds = project / "folds.json"
    answer = run("crossvalidate", problem, "--by", "visit", "--save", "--out", folds, "--json")
    assert answer.status == 0, answer.err
    content = answer.json
    assert set(content) == {
        *("fit", "data_hash", "model_hash", "seed", "log_score"),
        *("scores", "numbers", "discrepancy", "warnings"),
    }
    assert [(row["fold"][-6:], row["row"]) for row in content["numbers"]] == [
        ("30 day", "day_30"),
        ("90 day", "day_90"),
    ]
    assert (project / "fits" / "turnover.discrepancy.toml").is_file()
    again = run("crossvalidate", problem, "--by", "visit", "--out", folds, "--resume")
    assert again.status == 0, again.err
    assert "turnover: cross-validation, log score" in again.out

    call = ("predict", problem, "--regimen", project / "models" / "regimens" / "once.toml", "--until", "4 month")
    with_it = run(*call, "--every", "1 month", "--draws", "20")
    without = run(*call, "--every", "1 month", "--draws", "20", "--no-discrepancy")
    assert (with_it.status, without.status) == (0, 0), with_it.err + without.err
    assert "with the discrepancy of the model" in with_it.out
    assert "is that of fit 'turnover'" in with_it.out
    assert "discrepancy" not in without.out
    assert run(*call, "--draws", "20", "--json").json["discrepancy"]["fit"] == "turnover"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--by", "week"), "--by: no folds by 'week'; there are row, visit, source"),
        (("--by", "source"), "--by: fit 'turnover' has one source, choice: nothing is left to fit"),
        (("--evidence", "nothing"), "--evidence: no 'nothing' in fits"),
        (("--by", "visit", "--evidence", "nothing"), "--evidence: has numbers of other sources; leave out sources too"),
        (("--resume",), "--resume: goes on with the folds of an earlier call; name them with --out FILE.json"),
        (("--out", "folds.txt"), "end the name in .json"),
        ((), "has no committed result; run 'kinetics fit"),
    ],
)
def test_bad_calls(run, project: Path, options: tuple[str, ...], message: str) -> None:
    answer = run("crossvalidate", project / "fits" / "turnover.toml", *options)
    assert answer.status == 2
    assert message in answer.err


@pytest.mark.parametrize("verb", ["crossvalidate", "identify", "refit", "compare-models"])
def test_what_a_fit_of_facts_cannot_do_is_said(run, verb: str) -> None:
    answer = run(verb, "relapse_activity")
    assert answer.status == 2
    assert any(told in answer.err for told in ("is a fit of facts", "has no table [population]")), answer.err


def test_variants_are_not_fitted_before_their_scores_are_known_to_exist(run, project: Path) -> None:
    answer = run("compare-models", project / "fits" / "turnover.toml", "--crossvalidate", "source")
    assert answer.status == 2
    assert "--crossvalidate: fit 'turnover' has one source, choice: nothing is left to fit" in answer.err
    assert "variants of" not in answer.err
