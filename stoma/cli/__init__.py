"""The command line: parse, call one operation, render. One file per command."""
