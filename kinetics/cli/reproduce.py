"""`kinetics reproduce`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics.cli.arguments.options import AsJson
from kinetics.cli.terminal.failures import INTERRUPTED, tell
from kinetics.cli.terminal.output import page_width, print_json, print_text
from kinetics.cli.terminal.progress import watched


def reproduce(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder for everything that is made.")] = Path(
        "reproduced"
    ),
    plan: Annotated[
        Path | None,
        typer.Option("--plan", metavar="FILE", help="What to run; by default the plan that ships."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The main job: fits, published against fitted, predictions after retreatment, figures, NetCDF files."""
    from kinetics.reproduction import Product, Reproduction, read_plan
    from kinetics.reproduction.reproducing import make_folder, products

    checked = read_plan(plan)
    folder = make_folder(out, "--out")
    made: list[Product] = []
    if not as_json:
        print_text(checked.title)
    try:
        for product in products(checked, folder, watched):
            made.append(product)
            tell("wrote " + ", ".join(map(str, product.files)))
            if product.agreement is not None and product.agreement.differs:
                tell(f"warning: {product.name}: {product.agreement}")
            if not as_json and (text := product.text(page_width())):
                print_text(f"\n{'-' * page_width()}\n{text}")
    except KeyboardInterrupt:
        finished = ", ".join(str(path) for product in made for path in product.files) or "nothing"
        tell(f"interrupted: {finished} finished and kept; a new run starts from the beginning")
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print_json(Reproduction(tuple(made)).json())
