"""``python -m kinetics.cli``."""

from kinetics.cli.app import main

main()
