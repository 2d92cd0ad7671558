"""Characters that can't be seen, or that change how others are read, made visible."""

import unicodedata
from typing import Any

KEPT = frozenset("\t\n\u200c\u200d")
"""White space that means something, and the joiners that some scripts are written with."""

HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def visible(text: str) -> str:
    r"""`text` with control, format and unassigned characters as their code points.

    Marks that reverse the direction of text, and others that deceive a reader, so stand where all can see them.

    Example:
        >>> visible("age\u202eega")
        'age⟨U+202E⟩ega'
    """
    if text.isprintable():
        return text
    return "".join(code_point(character) if _hidden(character) else character for character in text)


def visible_in(value: Any) -> Any:
    """The same for every text in a document of plain values, keys included."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {visible(key): visible_in(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [visible_in(item) for item in value]
    return value


def code_point(character: str) -> str:
    """How a character that can't be shown is written."""
    return f"⟨U+{ord(character):04X}⟩"


def _hidden(character: str) -> bool:
    return character not in KEPT and unicodedata.category(character) in HIDDEN
