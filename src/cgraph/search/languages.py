"""Which language a text of Latin letters is in, by the small words nobody can do without.

Good enough to choose a stemmer, and no more: two sentences of a chat hold three to six of these words. A word counts the
more the fewer languages share it.
"""
# ruff: noqa: RUF001 (these are the letters of those languages)

from collections.abc import Iterable, Mapping
from itertools import chain

_WORDS: Mapping[str, str] = {
    "en": "the and of to is in it you that was for on are with as at be this have from or had by not but what all were we "
    "when your can said there an which she do their if will how up about out them then many some so these would other "
    "into has her him my than been who its now did i'm don't it's i've can't they he me just anybody any why where",
    "de": "der die das und ist in den von zu mit sich auf für nicht ein eine als auch es an werden aus er hat dass sie nach "
    "wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man sein "
    "wurde wenn wir ich du kann mir mich dich euch uns was hier schon doch keine kein jetzt habe bin im ihr dem des",
    "fr": "le la les de des du et est un une que qui dans pour pas sur ce il au avec sont plus par je ne se nous vous mais "
    "ou où elle cette ses son tout comme bien être fait été aux leur y on même aussi c'est j'ai quand donc sans très ça "
    "à mon ma mes ton ta tes qu'il n'est d'un d'une l'on suis avez",
    "es": "el la los las de que y en un una por con no se su para es al lo como más o pero sus le ha me si sin sobre este ya "
    "entre cuando todo esta ser son dos también fue había era muy hasta desde está mi porque qué sólo yo hay donde quien "
    "estoy tengo del esto eso nos les",
    "it": "il lo la i gli le di che e è un una in per con non si da del della dei delle al alla sono come più anche ma nel "
    "nella ha ho questo questa se mi ci ne sul era essere molto perché quando cosa chi ancora dove suo sua tutto degli "
    "dal dalla stato c'è l'ho",
    "pt": "o a os as de que e do da dos das em um uma para com não por no na se mais como mas foi ao ele ela tem seu sua ou "
    "quando muito nos já está eu também só pelo pela até isso entre era depois sem mesmo aos meu minha são você uns tenho "
    "foram ser",
    "nl": "de het een en van ik te dat die in is niet op aan met als voor er maar om hem dan zou wat mijn men dit zo door "
    "over ze zich bij ook tot je mij uit der daar haar naar heb hoe heeft hebben deze want nog zal me zij nu geen "
    "omdat iets worden toch al waren veel meer doen moet zijn was",
    "sv": "och det att i en jag hon som han på den med var sig för så till är men ett om hade de av icke mig du henne då sin "
    "nu har inte hans honom skulle hennes där min ej vid kunde något från ut när efter upp vi dem vara vad över än här "
    "alla kan",
    "da": "og i jeg det at en den til er som på de med han af for ikke der var mig sig men et har om vi min havde ham hun nu "
    "over da fra du ud sin dem os op man hans hvor eller hvad skal selv her alle vil blev kunne ind når være noget",
    "no": "og i jeg det at en et den til er som på de med han av ikke der så var meg seg men ett har om vi min mitt ha hadde "
    "hun nå over da ved fra du ut sin dem oss opp man kan hans hvor eller hva skal selv sjøl her alle vil bli ble "
    "mot å noe når være kom noen dere",
    "fi": "ja on ei se että hän oli mutta ovat niin kun joka jos tai myös ole minä sinä me te he tämä kuin vain sen ne mitä "
    "nyt olen sitä mikä vielä kanssa kaikki siitä jo olla missä ollut minun",
    "pl": "i w nie na się z do to że jest o jak a po co tak za od ale czy już tylko jego jej był była być ma są mnie dla "
    "przez przed może ten ta te go mam jestem kiedy gdzie bardzo jeszcze też ich mi pod oraz lub",
    "cs": "a se v na je že to s z do o i k ve pro za by ale si po jako jsem jsou už co tak jak nebo když při jen jeho není "
    "být který která které byl bylo byla aby až od ještě jsme bude ten",
    "tr": "ve bir bu da de için ile çok ne var ama o ben gibi daha mi mı mu mü değil sen ki en kadar sonra her biz siz onlar "
    "şey olarak olan yok nasıl neden ya şu diye bana sana",
    "hu": "a az és hogy nem is egy de ez azt van volt mint csak meg ha már ezt még vagy el itt ott mert minden nagyon lesz "
    "én te mi ti ők aki ami kell lehet után",
    "ro": "și în de la a cu pe nu este care un o din că mai sunt pentru se să au fost ca ai am dar sau ce el ea îi când "
    "foarte dacă acest această ale lui",
}  # fmt: skip
_LETTERS: Mapping[str, str] = {
    "de": "ßäöü", "fr": "çœêîûëïù", "es": "ñ¿¡", "it": "ìò", "pt": "ãõ", "sv": "åä", "da": "æø", "no": "æø", "fi": "ä",
    "pl": "ąęłńśźż", "cs": "ěřůťď", "tr": "ğışİ", "hu": "őű", "ro": "țăș",
}  # fmt: skip
FALLBACK = "en"
"""What a text in plain ASCII is taken for."""
_POINTS = 12
"""What a word or letter of one language alone is worth; shared ones, as many times less as languages share them."""

FUNCTION_WORDS: Mapping[str, frozenset[str]] = {
    language: frozenset(words.split()) for language, words in _WORDS.items()
}


def _points(sources: Mapping[str, Iterable[str]]) -> dict[str, tuple[tuple[str, int], ...]]:
    """Each word with what it says for which language."""
    shares: dict[str, list[str]] = {}
    for language, words in sources.items():
        for word in words:
            shares.setdefault(word, []).append(language)
    return {
        word: tuple((language, _POINTS // len(languages)) for language in languages)
        for word, languages in shares.items()
    }


_OF_LETTERS = _points(_LETTERS)
_OF_WORDS = _points(FUNCTION_WORDS)
_OF_WORDS |= {word.capitalize(): points for word, points in _OF_WORDS.items()}
_KNOWN = _OF_WORDS.keys()
_RANKS = list({**_WORDS, **_LETTERS})


def guess(words: Iterable[str]) -> str | None:
    """The language of a text, of its words as they are written; None where nothing gives it away."""
    distinct = set(words)
    telling = [_OF_WORDS[word] for word in distinct & _KNOWN]
    for word in distinct:
        if not word.isascii():
            telling.extend(_OF_LETTERS[letter] for letter in set(word) & _OF_LETTERS.keys())
    scores: dict[str, int] = {}
    for language, points in chain.from_iterable(telling):
        scores[language] = scores.get(language, 0) + points
    most = max(scores.values(), default=0)
    if most * 2 < _POINTS:
        return None
    # Of equals the same one in every process: sets have an order of their own in each.
    return min((language for language in scores if scores[language] == most), key=_RANKS.index)


def fallback(words: Iterable[str]) -> str | None:
    """What words are taken for whose language nothing gives away."""
    return FALLBACK if all(map(str.isascii, words)) else None
