"""Telling others what happened here: outside of requests, at least once, and only hosts that the settings name."""
