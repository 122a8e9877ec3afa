"""The registry's rules. No HTTP and no SQL: rows come from a repository, bytes go to a store."""
