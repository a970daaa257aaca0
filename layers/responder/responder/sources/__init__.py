"""Reads what others send: findings by three feeds, calls of IAM, and the shop's own rules.

`feeds` has the catalog. It is not imported here, since one function of all needs it and each pays
for what it imports when it starts.
"""
