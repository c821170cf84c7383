"""What people write: from the sentences of a language, with addresses, code and emoji between them."""

import re
from collections.abc import Sequence

from .dice import Dice, Odds
from .languages import LANGUAGES, Language

POOL = 500
"""Sentences made once for each language; texts are put together of them."""
EMOJI = ("👍", "😀", "🎉", "❤️", "🤔", "🙌", "☕", "🌱", "🚲", "🔭", "🥖", "♟️", "😂", "👀")
_SITES = ("notes.example", "albums.example", "maps.example", "wiki.example", "shop.example")
_CODE = (
    "for path in sorted(found):\n    print(path)",
    "SELECT name, count(*) FROM seeds GROUP BY name;",
    "git log --oneline -5",
    "const late = days.filter((day) => day > 30)",
    "rsync -av photos/ attic:photos/",
)
_GAP = re.compile(r"\{(\w+)\}")
_LISTED = 3
_MESSAGES = Odds(short=20, asked=15, said=40, long=25)
_SPICES = Odds(nothing=80, emoji=13, address=5, code=2)
_QUOTED = 0.1
_COMMENT_MAX = 5
"""Sentences."""


class Writer:
    """Writes in every language."""

    def __init__(self, dice: Dice) -> None:
        self._said = {
            language.code: [_fill(dice, language, language.said) for _ in range(POOL)]
            for language in LANGUAGES
        }
        self._asked = {
            language.code: [_fill(dice, language, language.asked) for _ in range(POOL // 5)]
            for language in LANGUAGES
        }

    def message(self, dice: Dice, language: Language) -> str:
        """What somebody says in a conversation: mostly a line."""
        said = self._said[language.code]
        match _MESSAGES.draw(dice):
            case "short":
                text = dice.choice(language.short)
            case "asked":
                text = dice.choice(self._asked[language.code])
            case "long":
                text = " ".join(dice.choices(said, k=2))
            case _:
                text = dice.choice(said)
        return self._spiced(dice, text)

    def comment(self, dice: Dice, language: Language) -> str:
        """What somebody answers in a forum, as Markdown."""
        count = 1 + int(dice.random() ** 2 * _COMMENT_MAX)
        text = " ".join(dice.choices(self._said[language.code], k=count))
        if dice.chance(_QUOTED):
            text = f"> {dice.choice(self._asked[language.code])}\n\n{text}"
        return self._spiced(dice, text)

    def title(self, dice: Dice, language: Language) -> str:
        """Of a post."""
        if dice.chance(0.5):
            return dice.choice(self._asked[language.code])
        return dice.choice(self._said[language.code]).rstrip(".。")

    def post(self, dice: Dice, language: Language) -> str:
        """Some paragraphs of Markdown, now and then with a list."""
        paragraphs = [
            " ".join(dice.choices(self._said[language.code], k=dice.randint(1, 5)))
            for _ in range(dice.randint(1, 4))
        ]
        if dice.chance(0.2):
            points = dice.choices(self._said[language.code], k=_LISTED)
            paragraphs.insert(1, "\n".join(f"- {point}" for point in points))
        return self._spiced(dice, "\n\n".join(paragraphs))

    def about(self, dice: Dice, language: Language) -> str:
        """One sentence of what a place is for."""
        return dice.choice(self._said[language.code])

    def address(self, dice: Dice) -> str:
        """A link that leads nowhere."""
        return f"https://{dice.choice(_SITES)}/{dice.getrandbits(32):08x}"

    def _spiced(self, dice: Dice, text: str) -> str:
        match _SPICES.draw(dice):
            case "emoji":
                return f"{text} {dice.choice(EMOJI)}"
            case "address":
                return f"{text} {self.address(dice)}"
            case "code":
                return f"{text}\n```\n{dice.choice(_CODE)}\n```"
            case _:
                return text


def speak(dice: Dice) -> Language:
    """The language of a community."""
    return dice.choices(LANGUAGES, weights=[language.weight for language in LANGUAGES])[0]


def _fill(dice: Dice, language: Language, sentences: Sequence[str]) -> str:
    sentence = dice.choice(sentences)
    return _capital(_GAP.sub(lambda gap: dice.choice(language.gaps[gap[1]]), sentence))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
