"""The public face: a network, questions to it, and answers. Thin: everything is decided below.

Examples
--------
>>> import adequacy as aq
>>> net = aq.demo_network()
>>> answer = net.check("saiop", zip5="27546")
>>> answer.finding
'covered'
"""

from adequacy.api.answer import Answer
from adequacy.api.network import Network, demo_network, locate, open_network
from adequacy.api.plan import census_people, measure

__all__ = ["Answer", "Network", "census_people", "demo_network", "locate", "measure", "open_network"]
