"""The rules: dated, cited data, and the one door to it.

No mile, day, percentage, service code or letter code of policy stands in Python. The rules are the CSV and YAML files
beside this one (``README.md`` there says how to change them); ``loader`` reads them strictly, ``compiled/`` holds what
it read, and ``load_policy`` answers from that without YAML or pydantic.
"""

from adequacy.policy.catalogue import Catalogue
from adequacy.policy.model import PlanProfile, Service, Setting, Standard
from adequacy.policy.rules import Policy, load_policy

__all__ = ["Catalogue", "PlanProfile", "Policy", "Service", "Setting", "Standard", "load_policy"]
