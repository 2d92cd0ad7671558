"""Python imports this before a client's first line: no connection leaves loopback, and each one is noted.

An audit hook can't be taken off again, and sees every socket of the process and every name that it looks up. What would
leave the machine is refused, so that a client can't pass by a lucky answer either.
"""

import ipaddress
import os
import sys

NOTES = os.environ["CONNECTIONS_FILE"]
WATCHED = ("socket.connect", "socket.sendto", "socket.sendmsg")
NAMED = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")


def _local(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event in WATCHED:
        address = arguments[1]
        if not isinstance(address, tuple):  # a path of this machine, or a socket that is connected already
            return
        host = address[0]
    elif event in NAMED:
        host = arguments[0]
    else:
        return
    local = _local(host)
    with open(NOTES, "a") as notes:  # noqa: PTH123  # as little as possible is imported here
        notes.write(f"{'loopback' if local else 'beyond'} {event} {host}\n")
    if not local:
        raise PermissionError(f"{event} to {host}: not on this machine's loopback")


sys.addaudithook(_watch)
