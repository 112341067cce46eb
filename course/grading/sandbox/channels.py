"""Speak Jupyter's protocol to a kernel that may say anything: whatever it sends is data, and there is an end to it.

The messages are those of Jupyter's messaging protocol 5 (jupyter_client's documentation, "Messaging in Jupyter").
"""

from __future__ import annotations

import contextlib
from typing import Any

import zmq
from jupyter_client.session import Session

from course.grading.sandbox.launcher import Place

# No message has more bytes; whoever sends a larger one is cut off (zmq_setsockopt(3), ZMQ_MAXMSGSIZE). An answer is a message on shell: that
# of `course.checks.plain.LARGEST` bytes has room, in base64 and in JSON twice.
LARGEST = {"shell": 30_000_000, "stdin": 1_000_000, "iopub": 20_000_000, "control": 1_000_000}

Message = dict[str, Any]


class Channels:
    """The client's side of one kernel's sockets.

    Attributes:
        cut_off: the channels whose connection has ended: by a message that was too large, or by the kernel.
        received: bytes of all messages on shell and stdin, which carry answers and questions.
    """

    def __init__(self, place: Place) -> None:
        self._session = Session(key=place.key.encode(), signature_scheme="hmac-sha256")
        self._context = zmq.Context()
        self._sockets: dict[str, zmq.Socket[bytes]] = {}
        self._poller = zmq.Poller()
        self.cut_off: set[str] = set()
        self.received = 0
        self._monitors: dict[zmq.Socket[bytes], str] = {}
        for name, largest in LARGEST.items():
            socket = self._context.socket(zmq.SUB if name == "iopub" else zmq.DEALER)
            socket.linger = 0
            socket.setsockopt(zmq.MAXMSGSIZE, largest)
            if name == "iopub":
                socket.setsockopt(zmq.SUBSCRIBE, b"")
                socket.setsockopt(zmq.RCVHWM, 20_000)
            else:
                # The kernel sends its questions to who has the name of who asked it to run.
                socket.setsockopt(zmq.IDENTITY, self._session.bsession)
            socket.connect(place.address(name))
            self._sockets[name] = socket
            monitor = socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
            self._monitors[monitor] = name
            self._poller.register(monitor, zmq.POLLIN)
            if name != "control":
                self._poller.register(socket, zmq.POLLIN)

    def send(self, channel: str, kind: str, content: Message) -> str:
        """Send a message; its id."""
        sent = self._session.send(self._sockets[channel], kind, content)
        return str(sent["header"]["msg_id"]) if sent else ""

    def receive(self, wait_s: float) -> list[tuple[str, Message]]:
        """What has come, one message of each channel at most, as (channel, message); empty after `wait_s` seconds without."""
        found = []
        for socket, _ in self._poller.poll(round(1000 * wait_s)):
            if socket in self._monitors:
                self._poller.unregister(socket)
                self.cut_off.add(self._monitors[socket])
                continue
            name = next(name for name, known in self._sockets.items() if known is socket)
            # A message with a wrong signature, or no message at all: as if nothing had come.
            with contextlib.suppress(Exception):
                parts = socket.recv_multipart(zmq.NOBLOCK)
                self.received += sum(map(len, parts)) if name != "iopub" else 0
                _, parts = self._session.feed_identities(parts)
                message = self._session.deserialize(parts)
                if message and isinstance(message.get("content"), dict):
                    found.append((name, message))
        return found

    def close(self) -> None:
        """Close the sockets."""
        self._context.destroy(linger=0)
