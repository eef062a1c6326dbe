"""The `gateway` command."""


def run() -> None:
    """Entry point."""
