"""`python -m sophia` is the command `sophia`."""

from sophia.cli import main

if __name__ == "__main__":
    main()
