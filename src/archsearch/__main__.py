"""`python -m archsearch`."""

from archsearch.main import main

if __name__ == "__main__":
    main()
