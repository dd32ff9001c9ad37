"""Is a contracted provider of this service within thirty miles of the consumer?"""

__version__ = "0.1.0"
