"""The fit of a PEtab problem: measurements beside the fitted observables, and where its searches ended."""
