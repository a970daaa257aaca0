"""Rehearse an incident: the shipped templates and machines, run in a pretend account."""
