"""Reads VPC flow logs: how many bytes left which machine to which address, and what nobody can say.

Knows no AWS: whoever calls hands over the bytes of objects. Two rounds: a survey that finds the
interfaces, their own addresses and the peers that weigh most, and a count that knows all three.
"""
