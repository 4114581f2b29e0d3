"""A site is made once and copied for each test."""

import pytest

from tests.faults.desk import Server, Site, make_site


@pytest.fixture(scope="session")
def made_site(tmp_path_factory) -> Site:
    return make_site(tmp_path_factory.mktemp("site"))


@pytest.fixture
def site(made_site, tmp_path) -> Site:
    return made_site.copy(tmp_path / "site")


@pytest.fixture
def serve(site):
    """Start servers of this test's site: ``serve(fault)``."""
    servers: list[Server] = []

    def start(fault: str = "none", **settings: bool) -> Server:
        servers.append(Server(site, fault, **settings))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
