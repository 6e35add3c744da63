"""Part of a package beside the flow files."""


def shout(text: str) -> str:
    return text.upper() + "!"
