"""What is looked for, as the text of a tsquery."""

from collections.abc import Sequence

from .backend import AllOf, AnyOf, Match, NoneOf, Phrase, Word

_TITLES = "A"


def tsquery_of(match: Match | None) -> str | None:
    """None: everything matches. An empty text: nothing does."""
    return None if match is None or _is_everything(match) else _text(match)


def _is_everything(match: Match) -> bool:
    match match:
        case AllOf(of):
            return all(map(_is_everything, of))
        case AnyOf(of):
            return any(map(_is_everything, of))
        case NoneOf(of):
            return not any(_is_everything(one) or _text(one) for one in of)
    return False


def _text(match: Match) -> str:
    match match:
        case Word():
            return _word(match)
        case Phrase(parts, steps):
            return _phrase(parts, steps)
        case AllOf(of):
            return _all([_text(one) for one in of if not _is_everything(one)])
        case AnyOf(of):
            return _joined(" | ", [text for one in of if (text := _text(one))])
        case NoneOf(of):
            if any(map(_is_everything, of)):
                return ""
            return f"!{_joined(' | ', [text for one in of if (text := _text(one))])}"


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
