"""The kernel that a submission runs in, as nbval and the marking see it: it answers in time, whatever the submission does.

A cell that hangs is interrupted; a kernel that doesn't react, dies, or takes more than its limits is ended, and a new one is
brought to where the last one was. So a question costs no other question.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from course.grading.model import GradingError, Limits
from course.grading.sandbox.channels import LARGEST, Channels, Message
from course.grading.sandbox.launcher import Launcher, Place

# How long a kernel may take to react to an interrupt, and to say on iopub what it said on shell (s).
_REACT_S, _IDLE_S = 3.0, 0.3
_LOOK_S = 0.1  # how often memory and processes are looked at
_REVIVALS = 30
# A machine that is busy may fail to start a kernel now and then.
_ATTEMPTS = 3
_ANSWER_S = 120.0
_FEW = 6
# Bytes that a submission may answer in all, over the channels of its kernels; the answers of a lesson's solution have some megabytes.
_MOST_SENT = 200_000_000

OK, ERROR = "ok", "error"
TIME, MEMORY, PROCESSES, SENT, DIED, SPENT = "time", "memory", "processes", "sent", "died", "spent"


@dataclass
class Reply:
    """What came of one request.

    Attributes:
        status: "ok"; "error", with `content` as in Jupyter's execute_reply; or what ended it: "time", "memory", "processes",
            "sent" (more than it may), "died", "spent" (the notebook's time was used up before it began).
        limits: the limits that were hit, as sentences.
        processes: how many processes were seen at a time meanwhile.
    """

    status: str
    content: Message = field(default_factory=dict)
    limits: list[str] = field(default_factory=list)
    processes: int = 1


class GradedKernel:
    """Has the methods that nbval asks of its `RunningKernel`, and `ask` for the marking.

    Attributes:
        last: the reply to the cell that was run last.
        peak_bytes: the largest resident memory of all processes together that was seen.
    """

    language = "python"

    def __init__(self, launcher: Launcher, limits: Limits) -> None:
        self._launcher, self._limits = launcher, limits
        self._ran: list[str] = []
        self._messages: deque[Message] = deque()
        self._place: Place | None = None
        self._channels: Channels | None = None
        self._revivals = 0
        # Bytes that came of kernels that have ended, and how many processes were seen during this request.
        self._sent_before = 0
        self._seen = 1
        self.last = Reply(OK)
        self.peak_bytes = 0
        self._begin()
        # From here on: a machine may be busy while the warm process imports, which is not the submission's doing.
        self._until = time.monotonic() + limits.notebook_s

    # --- what nbval asks

    def is_alive(self) -> bool:
        """Always: who has died is replaced when it is needed."""
        return True

    def execute_cell_input(self, source: str, allow_stdin: bool | None = None) -> str:
        """Run a cell and wait for its end; what nbval asks for next is prepared then. Returns an id for it."""
        self.last = self._run(source)
        number = f"cell-{time.monotonic_ns()}"
        parent = {"parent_header": {"msg_id": number}}
        self._messages.clear()
        if self.last.status != OK:
            said = self.last.content
            sentence = " ".join(self.last.limits) or str(said.get("evalue", ""))
            name = str(said.get("ename", "")) or self.last.status
            content = {"ename": name[:100], "evalue": sentence[:1000], "traceback": []}
            self._messages.append({**parent, "msg_type": "error", "content": content})
        self._messages.append({**parent, "msg_type": "status", "content": {"execution_state": "idle"}})
        # Once for the reply to an error, which nbval reads to its end.
        self._messages.append(self._messages[-1])
        return number

    def await_reply(self, msg_id: str, timeout: float | None = None) -> None:
        """Has been waited for already."""

    def get_message(self, stream: str, timeout: float | None = None) -> Message:
        """The next of the prepared messages."""
        return self._messages.popleft()

    def await_idle(self, parent_id: str, timeout: float) -> None:
        """Has been waited for already."""

    def interrupt(self) -> None:
        """Has been done where it was needed."""

    def stop(self) -> None:
        """End the kernel and all that it started."""
        if self._channels:
            self._sent_before += self._channels.received
            self._channels.close()
        if self._place:
            self._place.kill()
        self._place = self._channels = None

    # --- what the marking asks

    def ask(self, expression: str, seconds: float, world: Callable[..., Any] | None = None, late: str = "") -> Reply:
        """Evaluate an expression in the kernel; the reply's content is the display data of its value, by MIME type.

        Args:
            expression: Python; it is evaluated beside the learner's code, and may be answered by it.
            seconds: how long it may take.
            world: answers the questions that the expression asks meanwhile.
            late: the sentence that says that it took longer; "" for the usual one.
        """
        if not self._ready():
            return self._spent()
        content = {**_REQUEST, "code": "", "silent": True, "user_expressions": {"answer": expression}}
        reply = self._request({**content, "allow_stdin": world is not None}, seconds, world, late)
        answers = reply.content.get("user_expressions")
        answer = answers.get("answer") if isinstance(answers, dict) else None
        if not isinstance(answer, dict):
            return Reply(ERROR if reply.status == OK else reply.status, {}, reply.limits)
        data = answer.get("data")
        return Reply(
            OK if answer.get("status") == "ok" and isinstance(data, dict) else ERROR,
            data or answer,
            reply.limits,
            reply.processes,
        )

    # --- how it is done

    def _run(self, source: str) -> Reply:
        if not self._ready():
            return self._spent()
        reply = self._request({**_REQUEST, "code": source}, self._limits.cell_s)
        if reply.status in (OK, ERROR) and _leaves(reply):
            # It has said goodbye, and ends in a moment: better now than under the next cell.
            self.stop()
            return Reply(DIED, {}, [*reply.limits, "It ended its kernel."])
        if reply.status in (OK, ERROR):
            self._ran.append(source)
        return reply

    def _spent(self) -> Reply:
        if time.monotonic() >= self._until:
            limit = f"The notebook had used up its {self._limits.notebook_s:g} seconds before this was reached."
        elif self._sent >= _MOST_SENT:
            limit = f"The notebook had sent more than {_MOST_SENT // 10**6} MB of answers, the limit, before this was reached."
        else:
            limit = "The notebook ended its kernel again and again, so this did not run."
        return Reply(SPENT, {}, [limit])

    def _ready(self) -> bool:
        """Whether there is a kernel and time; a kernel that died is replaced, and what was run before is run again."""
        if time.monotonic() >= self._until or self._sent >= _MOST_SENT:
            return False
        if self._place:
            return True
        while self._revivals < _REVIVALS:
            self._revivals += 1
            self._begin()
            for source in list(self._ran):
                if self._request({**_REQUEST, "code": source}, self._limits.cell_s).status not in (OK, ERROR):
                    # It did no harm the first time. Without it, what comes later may still be run.
                    self._ran.remove(source)
                    break
            if self._place:
                return time.monotonic() < self._until
        return False

    @property
    def _sent(self) -> int:
        return self._sent_before + (self._channels.received if self._channels else 0)

    def _begin(self) -> None:
        for attempt in range(_ATTEMPTS):
            try:
                self._place = self._launcher.start()
                self._channels = Channels(self._place)
                self._listen(self._place, self._channels)
                return
            except GradingError:
                self.stop()
                if attempt == _ATTEMPTS - 1:
                    raise

    def _listen(self, place: Place, channels: Channels) -> None:
        """Wait for an answer on shell and on iopub: a message that is published before we listen is lost."""
        heard: set[str] = set()
        until = time.monotonic() + _ANSWER_S
        while not heard >= {"shell", "iopub"}:
            if time.monotonic() > until or not place.alive():
                raise GradingError("A kernel started but gave no answer.")
            channels.send("shell", "kernel_info_request", {})
            heard |= {channel for channel, _ in channels.receive(0.2)}
            heard |= {channel for channel, _ in channels.receive(0.02)}

    def _request(
        self, content: Message, seconds: float, world: Callable[..., Any] | None = None, late: str = ""
    ) -> Reply:
        """Send an execute request, and watch over it until its reply is there, or it has to be ended."""
        assert self._channels is not None and self._place is not None
        channels, limits = self._channels, self._limits
        start = time.monotonic()
        until = min(start + seconds, self._until)
        sent = channels.send("shell", "execute_request", content)
        hits: list[str] = []
        reply: Message | None = None
        interrupted = idle = False
        printed = 0
        look = start
        self._seen = 1
        while reply is None or not idle:
            for channel, message in channels.receive(_LOOK_S):
                ours = isinstance(parent := message.get("parent_header"), dict) and parent.get("msg_id") == sent
                if channel == "iopub":
                    # Threads print under the name of whichever cell they like; it all counts.
                    printed += _size(message)
                    idle = idle or (ours and message["content"].get("execution_state") == "idle")
                elif channel == "stdin":
                    self._answer(message, world)
                elif ours and message.get("msg_type") == "execute_reply":
                    reply, until = message["content"], time.monotonic() + _IDLE_S
            now = time.monotonic()
            if now - look > _LOOK_S:
                look = now
                if ended := self._look(channels):
                    hits += ended.limits
                    self.stop()
                    return Reply(ended.status, {}, hits)
            if now <= until:
                continue
            if reply is not None:
                break  # iopub was flooded, and its last word is lost
            if not interrupted:
                interrupted, until = True, now + _REACT_S
                if now >= self._until:
                    late = f"The notebook took longer than {limits.notebook_s:g} seconds, the limit, and was stopped."
                hits.append(late or f"This took longer than {seconds:g} seconds, the limit, and was stopped.")
                hits += self.others(len(self._place.processes()))
                channels.send("control", "interrupt_request", {})
                continue
            hits.append("It did not respond to an interrupt, so its kernel was ended.")
            self.stop()
            break
        if printed >= 1000 * limits.output_kb:
            hits.append(
                f"It printed more than {limits.output_kb} kB, the limit; the rest was dropped, which costs nothing."
            )
        if interrupted or reply is None:
            return Reply(TIME, {}, hits, self._seen)
        return Reply(OK if reply.get("status") == "ok" else ERROR, reply, hits, self._seen)

    @staticmethod
    def others(processes: int) -> list[str]:
        """A sentence on the processes that were there besides the kernel, for what took too long."""
        if processes < 2:
            return []
        many = "another process" if processes == 2 else f"{processes - 1} other processes"
        return [
            f"It had started {many} (os.fork, multiprocessing or a command), and a process forked beside JAX's threads may wait forever."
        ]

    def _look(self, channels: Channels) -> Reply | None:
        """What ends the kernel now, if something does: its memory, its processes, what it sends, or its death."""
        assert self._place is not None
        alive = self._place.alive()
        processes = self._place.processes()
        total = sum(processes.values())
        self._seen = max(self._seen, len(processes))
        limits = self._limits
        if len(processes) > limits.processes:
            return Reply(
                PROCESSES, {}, [f"It started more than {limits.processes} processes, the limit, and was ended."]
            )
        most = 1_000_000 * limits.memory_mb
        # Processes that were forked share what they have not changed. To find out takes time, which a fork bomb would use.
        if total > most and 1 < len(processes) <= _FEW:
            total = sum(self._place.processes(shared=True).values())
        self.peak_bytes = max(self.peak_bytes, total)
        if total > most:
            return Reply(MEMORY, {}, [f"It used more than {limits.memory_mb} MB of memory, the limit, and was ended."])
        if not alive:
            return Reply(DIED, {}, ["Its kernel died while this ran."])
        if self._sent >= _MOST_SENT:
            return Reply(
                SENT, {}, [f"It sent more than {_MOST_SENT // 10**6} MB of answers, the limit, and was ended."]
            )
        if channels.cut_off:
            # A kernel that dies closes its connections first.
            time.sleep(_LOOK_S)
            if not self._place.alive():
                return Reply(DIED, {}, ["Its kernel died while this ran."])
            largest = max(LARGEST[name] for name in channels.cut_off) // 10**6
            return Reply(
                SENT,
                {},
                [f"It sent more than {largest} MB at once, the limit, or broke its connection, and was ended."],
            )
        return None

    def _answer(self, message: Message, world: Callable[..., Any] | None) -> None:
        """Answer a question of the kernel's: by the world that it asks for, or with nothing."""
        assert self._channels is not None
        value = ""
        # What is asked comes from the learner's process: whatever is wrong with it, the answer is empty.
        with contextlib.suppress(Exception):
            number, *question = json.loads(message["content"]["prompt"])
            if world is not None:
                try:
                    value = json.dumps({"number": number, "answer": world(*question)})
                except Exception as error:
                    value = json.dumps({"number": number, "refused": str(error)[:300]})
        self._channels.send("stdin", "input_reply", {"value": value})


_REQUEST: Message = {
    "silent": False,
    "store_history": False,
    "user_expressions": {},
    "allow_stdin": False,
    "stop_on_error": False,
}


def _leaves(reply: Reply) -> bool:
    """Whether the cell has called `exit` or `quit`: Jupyter's payload "ask_exit"."""
    payload = reply.content.get("payload")
    return isinstance(payload, list) and any(
        isinstance(one, dict) and one.get("source") == "ask_exit" for one in payload
    )


def _size(message: Message) -> int:
    text = message["content"].get("text")
    return len(text) if isinstance(text, str) else 0
