"""Results as documents: one file of HTML, PDF or Word with tables, equations, figures and sources."""

from kinetics.documents.writing import write_report

__all__ = ["write_report"]
