"""Files: TOML documents, the library that ships, safe reading and writing, limits on what is declared, checksums."""
