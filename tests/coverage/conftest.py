"""Only the tests of the coverage are collected: its modules are a program that is run, and have no doctests."""

collect_ignore_glob = ["[!t]*.py"]
