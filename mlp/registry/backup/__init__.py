"""The whole registry as one file: written while it serves, and read into an empty one, whatever either is kept on."""
