"""What is looked for, as the text of a tsquery."""

from collections.abc import Sequence

from .backend import AllOf, AnyOf, Match, NoneOf, Phrase, Word

_TITLES = "A"


def tsquery_of(match: Match | None) -> str | None:
    """None: everything matches. An empty text: nothing does."""
    if match is None or match == AllOf(()):
        return None
    return _text(match)


def _text(match: Match) -> str:
    match match:
        case Word():
            return _word(match)
        case Phrase(parts, steps):
            return _phrase(parts, steps)
        case AllOf(of):
            return _all([_text(one) for one in of if one != AllOf(())])
        case AnyOf(of):
            return _joined(" | ", [text for one in of if (text := _text(one))])
        case NoneOf(of):
            unwanted = _joined(" | ", [text for one in of if (text := _text(one))])
            return f"!{unwanted}" if unwanted else ""


def _word(word: Word) -> str:
    options = "*" * word.prefix + _TITLES * word.titles
    quoted = word.text.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}'" + (f":{options}" if options else "")


def _phrase(parts: Sequence[Word | AnyOf], steps: Sequence[int] | None) -> str:
    texts = [_text(part) for part in parts]
    if not all(texts):
        return ""
    phrase = texts[0]
    for step, text in zip(steps or [1] * (len(texts) - 1), texts[1:], strict=True):
        phrase = f"{phrase} <{step}> {text}"
    return f"({phrase})" if len(texts) > 1 else phrase


def _all(texts: Sequence[str]) -> str:
    """Nothing, if one of them can be nowhere; of those without one of which nothing is wanted, the rest."""
    return _joined(" & ", texts) if all(texts) else ""


def _joined(operator: str, texts: Sequence[str]) -> str:
    return f"({operator.join(texts)})" if len(texts) > 1 else "".join(texts)
