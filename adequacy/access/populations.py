"""The word for whom a site serves: asked as typed, held to what the network states.

A site that states its populations does not fit a consumer of another one. A slip in the word would therefore rule out
every such site and could read as a gap, so a word that nobody knows is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adequacy.errors import NoStandardInForce, UsageError

if TYPE_CHECKING:
    from datetime import date

    from adequacy.network import NetworkFile
    from adequacy.policy import Policy

__all__ = ["fold_population", "population_word"]

_MOST_SHOWN, _MOST_KNOWN, _MOST_SUGGESTIONS = 40, 12, 3


def fold_population(text: str) -> str:
    """Fold a population word for comparing: case, blanks and punctuation do not matter.

    Examples
    --------
    >>> fold_population("LGBTQ+ Youth") == fold_population("lgbtq_youth"), fold_population("I/DD")
    (True, 'idd')
    """
    return re.sub(r"[\W_]+", "", text.casefold()) or text.strip()


def population_word(network: NetworkFile, policy: Policy, text: str, on: date) -> str:
    """Give the word that the roster or the policy writes for a population, or refuse one that neither knows.

    Parameters
    ----------
    network : NetworkFile
        Whose offerings state populations.
    policy : Policy
        Its dated setting ``population_words`` names words that may be asked of any network.
    text : str
        As typed; case, blanks and punctuation do not matter.
    on : datetime.date
        Day asked about.

    Returns
    -------
    str
        In the spelling of the roster, else of the policy.

    Raises
    ------
    UsageError
        Nobody knows the word; the message names the nearest ones, or those the network states.

    Examples
    --------
    >>> from datetime import date
    >>> from adequacy.api import demo_network
    >>> with demo_network() as net:
    ...     population_word(net.file, net.policy, "Pregnant women", date(2026, 11, 1))
    'pregnant_women'
    """
    stated = network.population_words()
    known = {fold_population(word): word for word in (*_of_policy(policy, on), *stated)}
    wanted = fold_population(text)
    if wanted and wanted in known:
        return known[wanted]
    advice = _advice(wanted, known, stated)
    raise UsageError(f"No offering of the network is for the population {_shown(text)}. {advice}")


def _of_policy(policy: Policy, on: date) -> list[str]:
    """Words of the policy of a day; none before it begins."""
    try:
        return [word.strip() for word in str(policy.value("population_words", on)).split(";") if word.strip()]
    except NoStandardInForce:
        return []


def _advice(wanted: str, known: dict[str, str], stated: tuple[str, ...]) -> str:
    """Name the nearest words; where there are none, what the network states."""
    from difflib import get_close_matches

    near = get_close_matches(wanted, known, _MOST_SUGGESTIONS)
    near += [key for key in known if wanted and (wanted in key or key in wanted) and key not in near]
    if near:
        return f"Did you mean {' or '.join(_shown(known[key]) for key in near[:_MOST_SUGGESTIONS])}?"
    if not stated:
        return "No offering states a population at all: leave it out."
    more = f" and {len(stated) - _MOST_KNOWN} more" if len(stated) > _MOST_KNOWN else ""
    return f"It states: {', '.join(map(_shown, stated[:_MOST_KNOWN]))}{more}. Leave it out where none of them matters."


def _shown(text: str) -> str:
    """Show a typed word in a message: quoted, escaped, not endless."""
    return repr(text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}...")
