"""What a shell offers at TAB: commands, options, and the names of what the platform has.

It is asked at every TAB, so nothing here imports Typer, pydantic or an HTTP library, nothing waits for long, and
nothing that goes wrong is ever printed. `words.json` is made of the commands by `python -m mlp.cli.manual`.
"""
