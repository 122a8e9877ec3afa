"""One attempt at one delivery."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import httpx

import mlp
from mlp.errors import Invalid
from mlp.registry.webhooks.attempts import Outcome
from mlp.registry.webhooks.hosts import AllowedHosts, Place

SECONDS = 10.0
"""How long an attempt takes, at most."""
_CONNECT_SECONDS = 3.0
_RESOLVERS = 4


class Sender:
    """Speaks HTTP to the hosts that are allowed, and to the very address that was checked.

    Redirects are not followed, proxies of the environment not used, bodies of answers not read.
    """

    def __init__(self, hosts: AllowedHosts) -> None:
        trust = httpx.create_ssl_context(trust_env=False)
        trust.load_default_certs()  # those that this system has besides
        self._hosts = hosts
        # Threads of its own: a name server that hangs must not take those with which models are read and written.
        self._resolvers = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="resolver")
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(SECONDS, connect=_CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=False,
            verify=trust,
            headers={"User-Agent": f"mlp-registry/{mlp.__version__}", "Content-Type": "application/json"},
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Post `body`; return what came of it. No message holds more of the URL than its host."""
        try:
            async with asyncio.timeout(SECONDS):
                place = self._hosts.place_of(url)
                address = await self._address(place)
                if address is None:
                    return Outcome(error=f"{place.host} has an address that webhooks may not lead to")
                return await self._post(url, place, address, body, headers)
        except Invalid as error:
            return Outcome(error=error.message)
        except (TimeoutError, httpx.TimeoutException):
            return Outcome(error="no answer in time")
        except socket.gaierror:
            return Outcome(error="the host has no address")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return Outcome(error=_words(error))

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()
        self._resolvers.shutdown(wait=False, cancel_futures=True)

    async def _address(self, place: Place) -> str | None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(_CONNECT_SECONDS):
            found = await loop.run_in_executor(self._resolvers, _addresses, place)
        return next((address for address in found if self._hosts.may_reach(place.host, address)), None)

    async def _post(self, url: str, place: Place, address: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        request = self._http.build_request(
            "POST",
            httpx.URL(url).copy_with(host=address, port=place.port),
            content=body,
            headers={**headers, "Host": place.authority},
            extensions={"sni_hostname": place.host},
        )
        answer = await self._http.send(request, stream=True)
        await answer.aclose()
        return Outcome(status=answer.status_code, error=None if answer.is_success else f"HTTP {answer.status_code}")


def _words(error: Exception) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "its certificate is not trusted"
    return f"no connection: {type(error).__name__}"


def _addresses(place: Place) -> list[str]:
    return [str(each[4][0]) for each in socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)]
