"""Faults on purpose: what happens when files are spoilt and programs are killed (stage: none).

Run by `make fuzz` and `make chaos`; nothing of it is used when photos are placed.
"""
