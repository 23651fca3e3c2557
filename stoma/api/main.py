"""`python -m stoma.api.main`: serve the REST API and the dashboard."""

import argparse
from pathlib import Path

from stoma import logs
from stoma.boundary import exit_codes
from stoma.settings import debug_enabled, load_settings


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m stoma.api.main", description="Serve the web.")
    parser.add_argument("--host", help="the address to listen on")
    parser.add_argument("--port", type=int, help="the port; 0: any free one")
    parser.add_argument("--log-level", choices=logs.LEVELS, default=None, type=str.upper)
    parser.add_argument("--home", type=Path, help="one folder for settings, registry and logs")
    options = parser.parse_args(arguments)
    with exit_codes(debug=debug_enabled()):
        from stoma.api.serving import serve
        from stoma.settings.log_setup import begin_log

        overrides = {
            "web.host": options.host,
            "web.port": options.port,
            "logging.level": options.log_level,
        }
        loaded = load_settings(home=options.home, overrides=overrides)
        begin_log(loaded.settings.logging)
        serve(loaded)


if __name__ == "__main__":
    main()
