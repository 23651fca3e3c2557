"""The pages people look at: forms that post and redirect, and nothing that needs JavaScript."""

from stoma.api.pages.assets import STATIC, Assets
from stoma.api.pages.errors import install
from stoma.api.pages.routes import router

__all__ = ["STATIC", "Assets", "install", "router"]
