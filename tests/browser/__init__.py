"""Tests in a real browser. A package, so that its conftest.py and its helpers have names of their own."""
