"""Breach Responder: from a finding to containment, evidence, clocks and a report."""

__version__ = "0.1.0"
