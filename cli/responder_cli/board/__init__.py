"""The incident board, on a page of our own."""
