"""The checked data of patients, and what is made of them: a dataset, a tidy table."""
