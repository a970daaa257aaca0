"""The dossier of an incident as a page, an accessible PDF, and a case that checks itself."""
