"""`python -m scenarios.origin`: serve until standard input ends; one JSON line on standard output says where."""

from scenarios.origin.server import main

if __name__ == "__main__":
    main()
