"""What the web layer needs of the running application."""

from typing import Any, Protocol

from cgraph.settings import Settings
from cgraph_kit.db import Database


class App(Protocol):
    @property
    def settings(self) -> Settings: ...
    @property
    def db(self) -> Database: ...
    @property
    def auth(self) -> Any: ...
