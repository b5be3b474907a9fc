"""Two angles out of a text: decimal degrees, minutes, seconds, hemispheres, comma decimals.

Stage: analysis. It must not know what a latitude may be: `geocore.analysis.coordinates` checks.

A comma is a decimal comma where that gives two angles, else it parts them. Hemisphere letters stand
before both angles or behind both.

Source: own; ISO 6709 annex D.
"""

import re
import unicodedata
from dataclasses import dataclass

EXAMPLES = "Write for example 48.8583, 2.2945 or 48°51'30\"N 2°17'40\"E."
NOTATIONS = ("decimal degrees", "degrees and minutes", "degrees, minutes and seconds")
_LOOK_ALIKE = {
    "°": "\u00ba\u02da\u2218\u2070",
    "'": "\u2032\u2019\u2018\u00b4`\u02b9",
    '"': "\u2033\u201d\u201c\u201e\u02ba",
    "-": "\u2212\u2013\u2014\ufe63",
    ",": "\uff0c\u3001\u060c",
    ".": "\u00b7\u066b",
}
"""Characters that stand for a sign in texts from elsewhere, such as primes and the true minus."""
_SIGNS = str.maketrans({one: sign for sign, alike in _LOOK_ALIKE.items() for one in alike})
_WORDS = (
    (r"\b(?:latitude|lat)\b\.?\s*[:=]?", " A "),
    (r"\b(?:longitude|long|lng|lon)\b\.?\s*[:=]?", " O "),
    (r"\bnorth\b", "N"), (r"\bsouth\b", "S"), (r"\beast\b", "E"), (r"\bwest\b", "W"),
    (r"''", '"'),
    (r"(?<=\d)\s*(?:degrees?|deg|d)\b\.?", "°"), (r"(?<=\d)\s*d(?=\s*\d)", "°"),
    (r"(?<=\d)\s*(?:minutes?|min|m)\b\.?", "'"), (r"(?<=\d)\s*m(?=\s*\d)", "'"),
    (r"(?<=\d)\s*(?:seconds?|sec)\b\.?", '"'),
    (r"('\s*\d+(?:[.,]\d+)?)\s*s(?=\s*(?:[\dNSEWO,;/|+-]|$))", r'\1"'),
)  # fmt: skip
_TOKEN = re.compile(r"\s*(?:([+-]?\d+(?:\.\d+)?)\s*([°'\":]?)|([NSEWAO])|([;,/|]))\s*")
_AXIS = {"N": "lat", "S": "lat", "A": "lat", "E": "lng", "W": "lng", "O": "lng"}
_PART = {"°": 0, "'": 1, '"': 2}


@dataclass(frozen=True)
class Angle:
    """One angle: its degrees, its axis ("lat", "lng" or "" unsaid) and its finest part (0-2)."""

    degrees: float
    axis: str
    finest: int


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    unit: str = ""


def read_angles(text: str) -> tuple[Angle, Angle, str]:
    """The two angles of a text and the name of their notation.

    Raises:
        ValueError: there are not two, or they can be read in more than one way.
    """
    plain = _plain(text)
    readings = [plain]
    if re.search(r"\d,\d", plain) and "." not in plain:
        readings.insert(0, _decimal_commas(plain))
    problem = f"{text!r} is no position. {EXAMPLES}"
    for reading in readings:
        try:
            first, second = (_angle(part) for part in _two(_tokens(reading)))
        except ValueError as error:
            problem = f"{text!r} is no position: {error} {EXAMPLES}"
        else:
            return first, second, NOTATIONS[max(first.finest, second.finest)]
    raise ValueError(problem)


def _plain(text: str) -> str:
    """The text in one spelling: ASCII signs, letters for words, no brackets, nothing invisible."""
    plain = unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_SIGNS)
    plain = "".join(one for one in plain if unicodedata.category(one) != "Cf")
    if re.search(r"(?<![^\W\d])[oO](?![^\W\d])", plain):
        raise ValueError(
            f"{text!r}: the letter O stands for east in German and for west in French, Italian "
            "and Spanish. Write E or W."
        )
    for pattern, replacement in _WORDS:
        plain = re.sub(pattern, replacement, plain, flags=re.I)
    return re.sub(r"[()\[\]{}&\s]+", " ", plain).upper().strip()


def _decimal_commas(plain: str) -> str:
    """Commas between digits made points; of "48,8583,2,2945" every other one."""
    if pair := re.fullmatch(r"([+-]?\d+),(\d+)\s*,\s*([+-]?\d+),(\d+)", plain):
        return f"{pair[1]}.{pair[2]} ; {pair[3]}.{pair[4]}"
    return re.sub(r"(?<=\d),(?=\d)", ".", plain)


def _tokens(plain: str) -> list[_Token]:
    tokens, at = [], 0
    while at < len(plain):
        found = _TOKEN.match(plain, at)
        if found is None or found.end() == at:
            raise ValueError(f"{plain[at : at + 12]!r} cannot be understood.")
        number, unit, letter, mark = found.groups()
        if number:
            tokens.append(_Token("number", number, unit))
        else:
            tokens.append(_Token("letter" if letter else "mark", letter or mark))
        at = found.end()
    return tokens


def _two(tokens: list[_Token]) -> tuple[list[_Token], list[_Token]]:
    """Where the first angle ends: at a letter, a mark, a second degree sign, or half way."""
    letters = [i for i, token in enumerate(tokens) if token.kind == "letter"]
    marks = [i for i, token in enumerate(tokens) if token.kind == "mark"]
    numbers = [i for i, token in enumerate(tokens) if token.kind == "number"]
    degrees = [i for i in numbers if tokens[i].unit == "°"]
    if len(letters) in (2, 4):
        at = letters[len(letters) // 2] if letters[0] == 0 else letters[len(letters) // 2 - 1] + 1
    elif letters:
        raise ValueError("give a letter (N, S, E, W) with both angles or with none.")
    elif len(marks) == 1:
        at = marks[0]
    elif len(degrees) == 2:
        at = degrees[1]
    elif len(numbers) in (2, 4, 6):
        at = numbers[len(numbers) // 2]
    else:
        raise ValueError(f"two angles are needed, received {len(numbers)} numbers.")
    return tokens[:at], tokens[at:]


def _angle(tokens: list[_Token]) -> Angle:
    letters = [token.text for token in tokens if token.kind == "letter"]
    numbers = [token for token in tokens if token.kind == "number"]
    axes = {_AXIS[letter] for letter in letters}
    if not 1 <= len(numbers) <= 3 or len(axes) > 1:
        raise ValueError("each angle has degrees, and may have minutes, seconds and one letter.")
    parts = [0.0, 0.0, 0.0]
    places = [_PART.get(number.unit, i) for i, number in enumerate(numbers)]
    if places[0] != 0 or sorted(set(places)) != places:
        raise ValueError("degrees come first, then minutes, then seconds.")
    for place, number in zip(places, numbers, strict=True):
        parts[place] = abs(float(number.text))
        if place and (number.text[0] in "+-" or parts[place] >= 60):
            raise ValueError("minutes and seconds lie between 0 and 60.")
    if any("." in number.text for number in numbers[:-1]):
        raise ValueError("only the last part of an angle can have decimals.")
    degrees = parts[0] + parts[1] / 60 + parts[2] / 3600
    is_negative = numbers[0].text.startswith("-")
    if is_negative and {"N", "S", "E", "W"} & set(letters):
        raise ValueError("give a minus sign or a letter, not both.")
    is_negative = is_negative or bool({"S", "W"} & set(letters))
    return Angle(-degrees if is_negative else degrees, "".join(axes), places[-1])
