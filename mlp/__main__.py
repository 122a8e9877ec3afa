"""`python -m mlp` is `mlp`."""

from mlp.cli.app import main

if __name__ == "__main__":
    main()
