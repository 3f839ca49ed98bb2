"""Models as texts of other languages, and a regimen as records of NONMEM."""
