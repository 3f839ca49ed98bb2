"""Only the tests of the fuzzer are collected: its modules are those of a program that is run, and have no doctests."""

collect_ignore_glob = ["[!t]*.py"]
