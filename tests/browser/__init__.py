"""Tests in a real browser. A package, so that its browser and help desk end with its last test."""
