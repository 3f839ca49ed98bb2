"""The command `kinetics`: one subcommand a file. Nothing heavy is imported before a subcommand runs."""

from kinetics.cli.app import app, main

__all__ = ["app", "main"]
