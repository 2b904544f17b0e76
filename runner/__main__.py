"""`python -m runner` is `sendspec`."""

from runner.cli.main import main

if __name__ == "__main__":
    main()
