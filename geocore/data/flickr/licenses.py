"""Data stage: the licences Flickr knows, by its numbers (flickr.photos.licenses.getInfo)."""

from collections.abc import Collection

_CC = "https://creativecommons.org"
LICENSES = {
    1: ("CC BY-NC-SA 2.0", f"{_CC}/licenses/by-nc-sa/2.0/"),
    2: ("CC BY-NC 2.0", f"{_CC}/licenses/by-nc/2.0/"),
    3: ("CC BY-NC-ND 2.0", f"{_CC}/licenses/by-nc-nd/2.0/"),
    4: ("CC BY 2.0", f"{_CC}/licenses/by/2.0/"),
    5: ("CC BY-SA 2.0", f"{_CC}/licenses/by-sa/2.0/"),
    6: ("CC BY-ND 2.0", f"{_CC}/licenses/by-nd/2.0/"),
    7: ("No known copyright restrictions", "https://www.flickr.com/commons/usage/"),
    8: ("United States government work", "https://www.usa.gov/government-copyright"),
    9: ("CC0 1.0", f"{_CC}/publicdomain/zero/1.0/"),
    10: ("Public Domain Mark 1.0", f"{_CC}/publicdomain/mark/1.0/"),
    11: ("CC BY 4.0", f"{_CC}/licenses/by/4.0/"),
    12: ("CC BY-SA 4.0", f"{_CC}/licenses/by-sa/4.0/"),
    13: ("CC BY-ND 4.0", f"{_CC}/licenses/by-nd/4.0/"),
    14: ("CC BY-NC 4.0", f"{_CC}/licenses/by-nc/4.0/"),
    15: ("CC BY-NC-SA 4.0", f"{_CC}/licenses/by-nc-sa/4.0/"),
    16: ("CC BY-NC-ND 4.0", f"{_CC}/licenses/by-nc-nd/4.0/"),
}
ALL_RIGHTS_RESERVED = 0
# May be kept, changed and passed on by anyone who follows the licence.
OPEN = (4, 5, 7, 8, 9, 10, 11, 12)


def check_licenses(licenses: Collection[int]) -> None:
    """Raise ValueError unless every number is a licence that lets others keep the photo."""
    if ALL_RIGHTS_RESERVED in licenses:
        raise ValueError(
            "licence 0 (all rights reserved) is not collected: keeping such photos needs each "
            "photographer's consent. Choose among the numbers 1 to 16."
        )
    unknown = sorted(set(licenses) - set(LICENSES))
    if unknown or not licenses:
        known = ", ".join(f"{number} {name}" for number, (name, _) in LICENSES.items())
        raise ValueError(f"licences must be some of {known}; received {sorted(licenses)}.")
