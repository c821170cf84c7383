"""What people and communities are called."""

from .dice import Dice, Odds

_FIRST = (
    "Ada", "Amara", "Anton", "Aylin", "Bela", "Bruno", "Chiara", "Daria", "Elif", "Emil", "Fatou", "Felix", "Greta",
    "Hana", "Hugo", "Ines", "Ivo", "Jana", "Jonas", "Kaito", "Lena", "Luis", "Mara", "Mateo", "Mila", "Nadia", "Nils",
    "Olena", "Oscar", "Petra", "Priya", "Rafael", "Rosa", "Samir", "Selma", "Sofia", "Taras", "Tomas", "Vera", "Yuki",
)  # fmt: skip
_LAST = (
    "Adeyemi", "Almeida", "Bauer", "Berg", "Castro", "Demir", "Dubois", "Evans", "Ferrari", "Fischer", "Garcia",
    "Haddad", "Hansen", "Ito", "Ivanenko", "Jensen", "Kaya", "Keller", "Kowalski", "Lambert", "Lopez", "Marin",
    "Meyer", "Moreau", "Nakamura", "Nowak", "Okafor", "Olsen", "Park", "Petrov", "Quinn", "Reyes", "Rossi", "Sato",
    "Shevchenko", "Silva", "Tanaka", "Vogel", "Weber", "Zhou",
)  # fmt: skip
TOPICS = (
    "Gardening", "Cycling", "Astronomy", "Baking", "Chess", "Photography", "Sailing", "Woodwork", "Linguistics",
    "Birdwatching", "Pottery", "Climbing", "Radio", "Maps", "Tea", "Jazz", "Typography", "Beekeeping", "Robotics",
    "Running",
)  # fmt: skip
_STYLES = Odds(both=40, first=30, last=30)
_CIRCLES = ("Circle", "Club", "Workshop", "Society", "Commons", "Friends", "Corner", "Exchange")
_PLACES = (
    "Harbour",
    "Riverside",
    "Old Town",
    "Hillside",
    "Northern",
    "Lakeside",
    "Evening",
    "Sunday",
)


def person(dice: Dice) -> tuple[str, str]:
    """A username that somebody else may have, too, and what is shown."""
    first, last = dice.choice(_FIRST), dice.choice(_LAST)
    match _STYLES.draw(dice):
        case "both":
            name = f"{first}.{last}"
        case "first":
            name = f"{first}{dice.randint(1, 9999)}"
        case _:
            name = f"{first[0]}{last}_{dice.randint(10, 99_999)}"
    return name.lower(), f"{first} {last}"


def group(dice: Dice) -> str:
    """A community."""
    return f"{dice.choice(_PLACES)} {dice.choice(TOPICS)} {dice.choice(_CIRCLES)}"


def forum(n: int) -> tuple[str, str]:
    """Slug and title of the nth forum, all of them different."""
    topic, lap = TOPICS[n % len(TOPICS)], n // len(TOPICS)
    if not lap:
        return topic.lower(), topic
    place = _PLACES[(lap - 1) % len(_PLACES)]
    return f"{place}-{topic}-{lap}".lower().replace(" ", "-"), f"{place} {topic}"


def chat(dice: Dice) -> str | None:
    """A conversation of several; most have no name."""
    return f"{dice.choice(TOPICS)} {dice.choice(_CIRCLES).lower()}" if dice.chance(0.4) else None
