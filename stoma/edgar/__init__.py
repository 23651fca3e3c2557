"""EDGAR's answers read, and the work of a collection planned. No I/O, no clock.

Shared by the collector, which decides what to ask next, and the normalizer, which makes items.
https://www.sec.gov/search-filings/edgar-application-programming-interfaces
"""
