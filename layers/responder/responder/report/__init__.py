"""The page about one incident, for an engineer and for counsel."""
