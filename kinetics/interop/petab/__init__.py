"""Parameter estimation problems in PEtab: read, checked, and their objective."""
