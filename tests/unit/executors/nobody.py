"""A module that makes root nobody when it is imported: limits of processes do not bind root."""

import os

if os.getuid() == 0:
    os.setresuid(54_321, 54_321, 54_321)
