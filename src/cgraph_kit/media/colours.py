"""Colours of images whose profile is not kept: any bytes may lie in one, and screens are told by theirs.

Most photos come in sRGB or Display P3, which is told by the profile's numbers: those keep their colours as they are, the latter
with a profile of ours. Everything else is converted to sRGB.
"""

import struct
from contextlib import suppress
from typing import Any

import pyvips  # type: ignore[import-untyped]

PROFILE = "icc-profile-data"
PROFILE_MAX = 1024 * 1024
"""Bytes of a profile that is read; printers' run to half of it."""
TAGS_MAX = 100
PRIMARIES = {
    "srgb": (0.4360, 0.2225, 0.0139, 0.3851, 0.7169, 0.0971, 0.1431, 0.0606, 0.7139),
    "p3": (0.5151, 0.2412, -0.0011, 0.2919, 0.6922, 0.0419, 0.1572, 0.0666, 0.7841),
}
"""X, Y and Z of red, green and blue, for the white of profiles (D50)."""
HALF = 0.2140
"""How bright both have the value in the middle."""
NEAR = 0.004


def canonical(image: Any) -> Any:
    """The same colours with no profile, which is sRGB, or with ours of Display P3. Raises `pyvips.Error`."""
    if not image.get_typeof(PROFILE):
        return image
    profile = image.get(PROFILE)
    if len(profile) > PROFILE_MAX:
        return _with(image, None)
    match _told(profile):
        case "srgb":
            return _with(image, None)
        case "p3":
            return _with(image, pyvips.Image.profile_load("p3"))
    return _converted(image)


def _converted(image: Any) -> Any:
    depth = 16 if image.format == "ushort" else 8
    with suppress(pyvips.Error):  # it is no profile, or another image's
        image = image.icc_transform("srgb", embedded=True, depth=depth)
    return _with(image, None)


def _with(image: Any, profile: bytes | None) -> Any:
    image = image.copy()
    image.remove(PROFILE)
    if profile is not None:
        image.set_type(pyvips.GValue.blob_type, PROFILE, profile)
    return image


def _told(profile: bytes) -> str | None:
    """Which of the two it is, by its primaries and a point of each curve (ICC.1:2022 §8.3.3, §10)."""
    try:
        tags = _tags(profile)
        found = [value for name in (b"rXYZ", b"gXYZ", b"bXYZ") for value in _xyz(tags[name])]
        halves = [_half(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")]
    except (struct.error, KeyError, IndexError, ArithmeticError):
        return None
    if profile[16:20] != b"RGB " or any(isinstance(half, complex) for half in halves):
        return None
    if not all(abs(half - HALF) < NEAR for half in halves):
        return None
    for name, numbers in PRIMARIES.items():
        if all(abs(one - other) < NEAR for one, other in zip(found, numbers, strict=True)):
            return name
    return None


def _tags(profile: bytes) -> dict[bytes, bytes]:
    count = min(struct.unpack_from(">I", profile, 128)[0], TAGS_MAX)
    entries = [struct.unpack_from(">4sII", profile, 132 + 12 * n) for n in range(count)]
    return {name: profile[offset : offset + size] for name, offset, size in entries}


def _xyz(tag: bytes) -> tuple[float, ...]:
    return tuple(number / 65_536 for number in struct.unpack_from(">3i", tag, 8))


def _half(tag: bytes) -> float:
    """How bright a curve has the value in the middle. Raises `KeyError` for a kind of curve there is none of."""
    if tag[:4] == b"curv":
        count = struct.unpack_from(">I", tag, 8)[0]
        if count == 0:
            return 0.5
        if count == 1:
            return float(0.5 ** (struct.unpack_from(">H", tag, 12)[0] / 256))
        return float(struct.unpack_from(">H", tag, 12 + 2 * (count // 2))[0] / 65_535)
    kind = struct.unpack_from(">H", tag, 8)[0]
    size = {0: 1, 3: 5, 4: 7}[kind]
    numbers = [n / 65_536 for n in struct.unpack_from(f">{size}i", tag, 12)] + [1.0, 0.0]
    if kind == 0:
        return float(0.5 ** numbers[0])
    gamma, a, b = numbers[:3]
    return float((a * 0.5 + b) ** gamma + (numbers[5] if kind == 4 else 0))  # noqa: PLR2004
