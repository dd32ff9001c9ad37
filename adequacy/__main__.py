"""``python -m adequacy`` is the command line."""

from adequacy.cli import main

if __name__ == "__main__":
    main()
