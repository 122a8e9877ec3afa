"""One module a command. Each has a `run`, takes a Session, and imports what it needs when it runs."""
