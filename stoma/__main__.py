"""`python -m stoma`: the command line."""

from stoma.cli.main import run

if __name__ == "__main__":
    run()
