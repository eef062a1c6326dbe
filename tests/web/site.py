"""The pages as people meet them: a real server on loopback, and visitors with cookies and forms."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape

import requests
import uvicorn
from sqlmodel import select

from gateway.application.access.authorising import hash_password
from gateway.db.people import User
from gateway.web.app import create_app
from tests.world import World

PASSWORD = "ein sehr langes Kennwort"
_HASH = hash_password(PASSWORD)


@dataclass
class Visitor:
    """A browser without a script: keeps cookies, and the token of the page seen last."""

    url: str
    session: requests.Session = field(default_factory=requests.Session)
    page: str = ""

    def get(self, path: str, *, follow: bool = True) -> requests.Response:
        """Open a page."""
        return self._seen(self.session.get(self.url + path, allow_redirects=follow, timeout=30))

    def post(self, path: str, *, follow: bool = True, **form: object) -> requests.Response:
        """Send a form of the page seen last; several values of a name as a list."""
        form.setdefault("csrf", self.token)
        return self._seen(self.session.post(self.url + path, data=form, allow_redirects=follow, timeout=30))

    def send(self, path: str, form: dict[str, object]) -> requests.Response:
        """Send a form whose field names are no Python names."""
        return self._seen(self.session.post(self.url + path, data={"csrf": self.token, **form}, timeout=30))

    @property
    def token(self) -> str:
        """The token of the page seen last."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.page)
        return found[1] if found else ""

    @property
    def text(self) -> str:
        """The words of the page seen last."""
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.page)).split())

    def sign_in(self, login: str, password: str = PASSWORD) -> requests.Response:
        """Sign in."""
        self.get("/anmelden")
        return self.post("/anmelden", login=login, password=password)

    def _seen(self, answer: requests.Response) -> requests.Response:
        if answer.headers.get("content-type", "").startswith("text/html"):
            self.page = answer.text
        return answer


@dataclass
class Site:
    """A running server over a world."""

    world: World
    url: str
    clock: "Seconds"
    visitors: list[Visitor] = field(default_factory=list)

    def visitor(self, login: str | None = None) -> Visitor:
        """Somebody new, signed in if a login is given."""
        visitor = Visitor(self.url)
        self.visitors.append(visitor)
        if login:
            assert visitor.sign_in(login).status_code == 200
        return visitor


class Seconds:
    """Time for sessions and throttling, put forward by hand."""

    def __init__(self) -> None:
        self.value = 1_800_000_000.0

    def __call__(self) -> float:
        return self.value


@contextmanager
def serve(world: World, *, render: bool = False, now: Callable[[], float] | None = None) -> Iterator[Site]:
    """Serve the pages of a world; everybody in it has the same password."""
    _give_passwords(world)
    clock = Seconds()
    app = create_app(world.services, secret="only for tests", now=now or clock, render=render)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", access_log=False, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="pages", daemon=True)
    thread.start()
    site = Site(world, f"http://127.0.0.1:{_port(server)}", clock)
    try:
        yield site
    finally:
        for visitor in site.visitors:
            visitor.session.close()
        server.should_exit = True
        thread.join(40)


def _give_passwords(world: World) -> None:
    with world.services.db.transaction() as session:
        for user in session.exec(select(User)).all():
            user.password_hash = _HASH


def _port(server: uvicorn.Server) -> int:
    for _ in range(1000):
        if server.started:
            port: int = server.servers[0].sockets[0].getsockname()[1]
            return port
        time.sleep(0.01)
    raise TimeoutError("the server did not start")
