"""Reads CloudTrail's log objects for what some principals did, many at once, and loses no record.

Knows no AWS: whoever calls hands over the bytes of objects. The fast way and the plain way
(`document.plainly`) give the same answer, which tests hold them to.
"""
