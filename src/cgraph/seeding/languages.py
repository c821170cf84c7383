"""Sentences of several languages with gaps, and what goes into the gaps."""
# ruff: noqa: RUF001 (these are the letters of those languages)

from collections.abc import Mapping, Sequence

import msgspec


class Language(msgspec.Struct, frozen=True):
    """What is said in one language. `{thing}`, `{place}`, `{time}` and `{deed}` are gaps."""

    code: str
    weight: int
    """How often a community speaks it."""
    said: Sequence[str]
    asked: Sequence[str]
    short: Sequence[str]
    gaps: Mapping[str, Sequence[str]]


ENGLISH = Language(
    code="en",
    weight=55,
    said=(
        "I tried {deed} with {thing} {time}, and it went better than I had hoped.",
        "The trick with {thing} is to take your time.",
        "{time} I was {place} and met two people who do nothing but talk about {thing}.",
        "My first attempt at {deed} ended in a mess, the second one works.",
        "For {thing} I would not pay more than you have to.",
        "What nobody tells you about {thing}: it needs a dry shelf.",
        "I keep my notes on {thing} in one long file, the newest on top.",
        "You will find me {place} if you want to see {thing}.",
        "There are two ways of {deed}, and I dislike both.",
        "After {deed} for a month I can say that {thing} matters less than patience.",
        "I put some pictures of {thing} into the album from {place}.",
        "Somebody left {thing} {place}, and nobody has asked for it since.",
    ),
    asked=(
        "Has anybody tried {deed} with {thing}?",
        "Where do you keep {thing} in winter?",
        "Is {deed} worth it if I only have an evening a week?",
        "Who was {place} {time}?",
        "What would you take instead of {thing}?",
        "How long does {thing} usually last?",
    ),
    short=(
        "Thank you!",
        "Same here.",
        "That helped.",
        "Not sure about that.",
        "Ha, yes.",
        "Done.",
        "I will look at it tonight.",
        "Good point.",
        "Agreed.",
        "On my way.",
    ),
    gaps={
        "thing": (
            "the old lens",
            "a cheap kettle",
            "this map",
            "the second draft",
            "the blue bicycle",
            "a small telescope",
            "the rye dough",
            "the new index",
            "a borrowed drum",
            "the sour cherries",
            "the rook ending",
            "the spare battery",
        ),
        "place": (
            "at the lake",
            "in the workshop",
            "on the roof",
            "at the station",
            "in the back room",
            "by the harbour",
            "at my sister's",
        ),
        "time": (
            "yesterday",
            "last week",
            "on Sunday",
            "this morning",
            "in spring",
            "some days ago",
        ),
        "deed": (
            "cleaning it",
            "starting over",
            "planting late",
            "asking twice",
            "reading the log",
            "painting thin",
            "counting slowly",
        ),
    },
)
GERMAN = Language(
    code="de",
    weight=15,
    said=(
        "Ich habe {thing} {time} ausprobiert und bin zufrieden.",
        "Bei {place} gibt es jemanden, der {thing} repariert.",
        "{time} wollte ich nur kurz {deed}, und daraus wurde ein halber Tag.",
        "Wer {deed} will, braucht vor allem Ruhe.",
        "Ich nehme lieber {thing}: leichter geht es, schneller nicht.",
        "Ich würde {thing} nicht noch einmal kaufen.",
        "Die Fotos von {place} liegen jetzt im Ordner.",
    ),
    asked=(
        "Kennt jemand {thing}?",
        "Lohnt es sich überhaupt, zu {deed}?",
        "Wer war {time} bei {place}?",
    ),
    short=(
        "Danke dir!",
        "Geht mir auch so.",
        "Stimmt.",
        "Mache ich.",
        "Gute Idee.",
        "Leider nein.",
    ),
    gaps={
        "thing": (
            "das alte Rad",
            "die Karte",
            "das Brot",
            "die kleine Kamera",
            "das Ersatzteil",
            "die Leiter",
        ),
        "place": ("der Werkstatt", "dem Bahnhof", "der Mühle", "dem Verein"),
        "time": ("gestern", "am Sonntag", "heute früh", "letzte Woche"),
        "deed": ("malen", "messen", "schreiben", "warten", "rechnen"),
    },
)
SPANISH = Language(
    code="es",
    weight=12,
    said=(
        "{time} probé {thing} y salió mejor de lo que pensaba.",
        "Para {deed} hace falta paciencia y buena luz.",
        "En {place} todavía venden {thing}.",
        "Lo que más me gusta de {thing} es que no pesa nada.",
        "Al final decidí {deed} otra vez desde cero.",
        "Dejé {thing} en {place}, por si alguien quiere verlo.",
    ),
    asked=(
        "¿Alguien ha intentado {deed} con {thing}?",
        "¿Quién estuvo en {place} {time}?",
        "¿Cuánto dura {thing}?",
    ),
    short=("¡Gracias!", "A mí también.", "Buena idea.", "Ya está.", "No lo sabía.", "Totalmente."),
    gaps={
        "thing": (
            "la lente vieja",
            "el mapa",
            "la bicicleta azul",
            "la masa",
            "el segundo borrador",
            "un tambor",
        ),
        "place": ("la estación", "el taller", "el puerto", "la azotea"),
        "time": ("ayer", "el domingo", "esta mañana", "la semana pasada"),
        "deed": ("empezar", "medir", "pintar", "escribirlo", "contar despacio"),
    },
)
FRENCH = Language(
    code="fr",
    weight=8,
    said=(
        "{time}, j'ai essayé {thing} et je ne regrette rien.",
        "Pour {deed}, il vaut mieux être deux.",
        "On trouve encore {thing} près de {place}.",
        "J'ai laissé {thing} dans {place}.",
        "Je préfère {deed} tôt le matin.",
    ),
    asked=(
        "Quelqu'un connaît {thing} ?",
        "Qui était près de {place} {time} ?",
        "Faut-il vraiment {deed} ?",
    ),
    short=("Merci !", "Moi aussi.", "Bien vu.", "C'est fait.", "Pas du tout.", "À demain."),
    gaps={
        "thing": (
            "la vieille carte",
            "le vélo bleu",
            "la pâte",
            "le petit télescope",
            "le brouillon",
        ),
        "place": ("la gare", "la mairie", "la forêt", "la bibliothèque"),
        "time": ("hier", "dimanche", "ce matin", "au printemps"),
        "deed": ("recommencer", "mesurer", "ranger", "tout relire"),
    },
)
UKRAINIAN = Language(
    code="uk",
    weight=5,
    said=(
        "{time} я спробував {thing}, і все вийшло.",
        "Щоб {deed}, потрібен вільний вечір.",
        "Біля {place} можна знайти {thing}.",
        "Я вже двічі намагався {deed}.",
    ),
    asked=("Хто пробував {thing}?", "Хто був біля {place} {time}?", "Чи варто {deed}?"),
    short=("Дякую!", "Так само.", "Гарна думка.", "Готово.", "Ні, не чув."),
    gaps={
        "thing": ("стару карту", "синій велосипед", "нову лінзу", "тісто"),
        "place": ("вокзалу", "майстерні", "озера", "порту"),
        "time": ("учора", "у неділю", "зранку", "навесні"),
        "deed": ("почати знову", "усе виміряти", "прибрати", "записати"),
    },
)
JAPANESE = Language(
    code="ja",
    weight=5,
    said=(
        "{time}、{thing}を試してみました。思ったより良かったです。",
        "{place}で{thing}を見つけました。",
        "{deed}には少し時間がかかります。",
        "{thing}の写真を{place}で撮りました。",
    ),
    asked=(
        "{thing}を使ったことがある人はいますか？",
        "{time}、{place}に行った人はいますか？",
        "{deed}のは難しいですか？",
    ),
    short=("ありがとう！", "同感です。", "なるほど。", "できました。", "いいですね。"),
    gaps={
        "thing": ("古い地図", "青い自転車", "小さな望遠鏡", "新しいレンズ"),
        "place": ("駅前", "工房", "湖のそば", "図書館"),
        "time": ("昨日", "日曜日", "今朝", "先週"),
        "deed": ("最初からやり直す", "丁寧に測る", "片付ける", "記録する"),
    },
)
LANGUAGES = (ENGLISH, GERMAN, SPANISH, FRENCH, UKRAINIAN, JAPANESE)
