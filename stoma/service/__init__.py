"""stoma under a service manager: its units, and what it tells systemd while it works.

Needs nothing but the standard library: the installer runs before anything is installed.
"""
