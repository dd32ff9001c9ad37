"""Who can reach what: the one definition, for one person and for the whole plan.

``counts_for_gap`` says whether an offering counts on a day; ``find`` gives the finding for one place; ``ask`` adds the
rules of the day and the cautions.
"""

from adequacy.access.answer import (
    DEMO_NOTICE,
    Answer,
    Caution,
    ask,
    consumer_question,
    counted_sites,
    question_for,
)
from adequacy.access.counting import FUNNEL, REASONS, counts_for_gap
from adequacy.access.finding import Finding, NearestMiles, NotCounted, Question, Site, find, word_for
from adequacy.access.populations import population_word

__all__ = [
    "DEMO_NOTICE",
    "FUNNEL",
    "REASONS",
    "Answer",
    "Caution",
    "Finding",
    "NearestMiles",
    "NotCounted",
    "Question",
    "Site",
    "ask",
    "consumer_question",
    "counted_sites",
    "counts_for_gap",
    "find",
    "population_word",
    "question_for",
    "word_for",
]
