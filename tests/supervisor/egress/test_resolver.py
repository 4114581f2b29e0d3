import ipaddress
import socket
import threading

import pytest
import trio

from supervisor.egress.errors import AddressRefused, NameNotResolved
from supervisor.egress.resolver import MAX_ADDRESSES, SystemResolver, resolve_checked

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


async def test_the_systems_resolver_finds_this_machine():
    found = await resolve_checked(SystemResolver(), "localhost", 80, LOOPBACK)
    assert found
    assert {str(ip) for ip in found} <= {"127.0.0.1", "::1"}


async def test_a_real_name_that_leads_inside_is_refused():
    with pytest.raises(AddressRefused, match=r"localhost leads to .*loopback"):
        await resolve_checked(SystemResolver(), "localhost", 80, ())


async def test_one_bad_address_among_good_ones_refuses_the_name(fixed_resolver):
    resolver = fixed_resolver(["1.1.1.1", "8.8.8.8", "2606:4700::1", "10.0.0.1", "9.9.9.9"])
    with pytest.raises(AddressRefused, match=r"10\.0\.0\.1"):
        await resolve_checked(resolver, "ok.test", 80, ())


async def test_addresses_keep_their_order_and_lose_their_doubles(fixed_resolver):
    resolver = fixed_resolver(["9.9.9.9", "1.1.1.1", "9.9.9.9"])
    found = await resolve_checked(resolver, "ok.test", 80, ())
    assert [str(ip) for ip in found] == ["9.9.9.9", "1.1.1.1"]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ([], "it has no address"),
        ([f"1.1.{n // 256}.{n % 256}" for n in range(MAX_ADDRESSES + 1)], "65 addresses"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "not known"),
        (OSError(), "OSError"),
    ],
)
async def test_a_name_without_a_usable_answer_is_named(fixed_resolver, answer, sentence):
    with pytest.raises(NameNotResolved, match=rf"ok\.test.*{sentence}"):
        await resolve_checked(fixed_resolver(answer), "ok.test", 80, ())


async def test_a_lookup_that_hangs_is_left_behind_and_takes_no_thread_of_others(monkeypatch):
    answer = threading.Event()
    entered = threading.Event()

    def hang(*_args, **_kwargs):
        entered.set()
        answer.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    resolver = SystemResolver()
    others = trio.to_thread.current_default_thread_limiter()
    try:
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(resolver.resolve, "ok.test", 80)
                await trio.to_thread.run_sync(entered.wait, 10)
                assert others.borrowed_tokens == 0
                assert resolver._lookups.borrowed_tokens == 1
                scope.cancel()
        assert scope.cancelled_caught
    finally:
        answer.set()
    while resolver._lookups.borrowed_tokens:
        await trio.lowlevel.checkpoint()
