"""Looking a whole installation over: what is wrong, and the way out of it.

The table below is the order of the examination. A check asks, and yields what it finds; it changes
nothing, and no trouble of one keeps the others from being made.
"""

from typing import Final

#: What is looked at -> the function that does, `module:function`.
CHECKS: Final = {
    "versions": "stoma.doctor.program:versions",
    "settings": "stoma.doctor.configuration:settings",
    "secrets": "stoma.doctor.configuration:secrets",
    "clock": "stoma.doctor.machine:clock",
    "disk": "stoma.doctor.machine:disk",
    "limits": "stoma.doctor.machine:limits",
    "permissions": "stoma.doctor.permissions:permissions",
    "registry": "stoma.doctor.registry:registry",
    "backups": "stoma.doctor.registry:backups",
    "scheduler": "stoma.doctor.work:scheduler",
    "tasks": "stoma.doctor.work:tasks",
    "service": "stoma.doctor.units:service",
    "sandbox": "stoma.doctor.machine:sandbox",
    "sources": "stoma.doctor.network:sources",
    "messages": "stoma.doctor.network:messages",
}
