"""Adapters to AWS. The only place that opens a client."""
