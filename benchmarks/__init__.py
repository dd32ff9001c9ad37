"""Side-by-side runs against peers; ``make bench`` prints the tables."""
