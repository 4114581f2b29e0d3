"""Module files: kept by content hash, compiled in throwaway children, their code cached."""
