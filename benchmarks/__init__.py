"""Measurements that stand beside the course: run by hand on a quiet machine, stored, and shown in README.md."""
