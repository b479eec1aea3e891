"""The command line; one module per command, imported when it runs."""


def main() -> None:
    """Run the command line on this process's arguments and exit with its code."""
    from modelwright.cli.program import program  # click is loaded only when a command is meant

    program(prog_name="modelwright")
