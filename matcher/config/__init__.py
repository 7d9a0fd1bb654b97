"""Settings and the home folder's layout. No other room reads environment variables."""

from matcher.config.home import Home, default_key_file, erasure_list_file, sign_in_file, toml_text
from matcher.config.settings import (
    DEFAULT_BACKEND,
    LONGEST_LIST,
    YOUNGEST_REMOVED_DAYS,
    Settings,
    is_here,
    webhook_problem,
)

__all__ = [
    "DEFAULT_BACKEND",
    "LONGEST_LIST",
    "YOUNGEST_REMOVED_DAYS",
    "Home",
    "Settings",
    "default_key_file",
    "erasure_list_file",
    "is_here",
    "sign_in_file",
    "toml_text",
    "webhook_problem",
]
