"""What a document says of a result of each kind."""

from kinetics.documents.gathering.kinds import document_of

__all__ = ["document_of"]
