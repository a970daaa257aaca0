"""The local engine: the shipped template and machines, run without an AWS account."""
