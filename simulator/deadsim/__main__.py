"""`python -m deadsim`."""

from deadsim.cli import main

if __name__ == "__main__":
    main()
