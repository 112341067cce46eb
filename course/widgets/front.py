"""The link between Python and the page: one question at a time, one answer to each; and the still where there is no page."""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

WIDGET = "application/vnd.jupyter.widget-view+json"
_STATIC = Path(__file__).parent / "static"


@dataclass
class Drawn:
    """An answer, as the page gets it.

    Attributes:
        picture: bytes: a PNG, or whatever the page's side of this widget draws. None: the picture stays as it is.
        says: JSON: words, an error, values that Python has changed.
    """

    picture: bytes | None = None
    says: dict[str, Any] = field(default_factory=dict)


def connect(
    kind: str,
    spec: dict[str, Any],
    first: Drawn,
    answer: Callable[[dict[str, Any]], Drawn],
    *,
    anywhere: bool = False,
) -> Any | None:
    """A live anywidget, whose page puts its questions to ``answer``; None where anywidget is missing.

    The page sets the trait ``asked`` (a question with a number ``n``) and puts no other before ``drawn`` has come back with that
    number. So while somebody drags a slider faster than Python draws, what lies between is left out.

    Args:
        kind: "panel" or "pad": which of the files in ``static/`` are its page's side.
        spec: what there is to show; never changes.
        first: what is shown before anybody has asked.
        answer: the newest question → its answer. It must not raise.
        anywhere: whether ``answer`` may run in another thread, while a cell is running. JupyterLab hands what widgets say to a
            thread of their own (its "subshells"), where pyplot's one current figure would be that of the cell:
            https://github.com/jupyterlab/jupyterlab/issues/19719. So all that draws waits here for the main thread.
    """
    try:
        made = _front(kind)
    except ImportError:
        return None
    front = made(spec=spec, drawn={"n": 0, **first.says}, picture=first.picture or b"")
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        loop = None

    def respond() -> None:
        asked = front.asked
        drawn = answer(asked)
        with front.hold_sync():  # one message: the words never come before their picture
            if drawn.picture is not None:
                front.picture = drawn.picture
            front.drawn = {"n": asked.get("n", 0), **drawn.says}

    def heard(_: Any) -> None:
        if anywhere or loop is None or threading.current_thread() is threading.main_thread():
            respond()
        else:
            loop.call_soon_threadsafe(respond)

    front.observe(heard, names="asked")
    return front


@cache
def _front(kind: str) -> Any:
    """The anywidget class of a kind.

    Raises:
        ImportError: there is no anywidget.
    """
    import anywidget
    import traitlets

    traits = {
        "_esm": "\n".join((_STATIC / f"{name}.js").read_text("utf-8") for name in ("link", kind)),
        "_css": "\n".join((_STATIC / f"{name}.css").read_text("utf-8") for name in ("theme", kind)),
        "spec": traitlets.Dict().tag(sync=True),
        "asked": traitlets.Dict().tag(sync=True),
        "drawn": traitlets.Dict().tag(sync=True),
        "picture": traitlets.Bytes().tag(sync=True),
    }
    return type(kind.capitalize(), (anywidget.AnyWidget,), {"__module__": __name__, **traits})


def show(data: dict[str, Any], metadata: dict[str, Any] | None = None, front: Any = None) -> None:
    """Display a widget together with what stands in its place where it can't live.

    Args:
        data: the still, by MIME type: a text at least, and a picture or a piece of HTML.
        metadata: the same way, such as a picture's words; see :func:`course.plot.alt.display_bundle`.
        front: what ``connect`` made, or None.
    """
    from IPython.display import display

    bundle, about = dict(data), dict(metadata or {})
    if front is not None:
        # Its metadata tell Colab where to find the program that shows widgets.
        view, found = front._repr_mimebundle_()
        bundle[WIDGET] = view[WIDGET]
        about |= found
    display(bundle, metadata=about, raw=True)  # type: ignore[no-untyped-call,unused-ignore]


def told(error: Exception) -> str:
    """An exception as the page shows it: what went wrong, and in which line of the learner's own function."""
    says = f"{type(error).__name__}: {error}"
    house = str(Path(__file__).parents[1])
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(house) and "site-packages" not in frame.filename
    ]
    if own and own[-1].line:
        says += f"\nin {own[-1].name}, line {own[-1].lineno}:  {own[-1].line}"
    return says
