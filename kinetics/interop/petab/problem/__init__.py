"""Problems of PEtab as their tables say them."""
