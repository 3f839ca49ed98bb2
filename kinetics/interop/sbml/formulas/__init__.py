"""Mathematics of SBML as text of our grammar."""
