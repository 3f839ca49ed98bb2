"""Data of patients: individual counts and doses, and what is estimated from them."""
