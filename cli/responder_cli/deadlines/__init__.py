"""`responder deadlines`, in rooms: what is told, and the table, calendar and page of it."""
