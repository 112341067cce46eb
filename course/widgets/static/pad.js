// The pad: a sheet for mouse, finger, pen and keys; beside it what the network sees, and how sure it is of each class.

const FINE = 10; // pixels of the sheet for each of its 28 units
const NEAR = 0.12; // points that lie closer than this say nothing new

const HELP =
  "Draw with the mouse, a finger or a pen. With the keyboard: the arrow keys move a cursor over 28 rows and 28 columns, Space " +
  "makes a dot, Enter puts the pen down or lifts it, and with the pen down the arrow keys draw. Backspace takes the last stroke back.";

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function render({ model, el }) {
  const spec = model.get("spec");
  const line = messages();
  // Another view, or the page loaded again: go on with what was drawn there.
  const asked = model.get("asked");
  let strokes = asked.strokes || spec.strokes;
  let example = !asked.strokes;
  let pen = null; // the stroke that the pointer is drawing
  let down = false; // whether the keyboard's pen is on the paper
  let cursor = null;

  const title = h("p", { class: "ttn-title" });
  const canvas = h("canvas", { width: spec.side * FINE, height: spec.side * FINE, "aria-hidden": "true" });
  const help = h("p", { id: fresh("help"), class: "ttn-help" }, HELP);
  const where = h("p", { class: "ttn-unseen", role: "status" });
  const sheet = h("div", {
    class: "ttn-sheet", tabindex: 0, role: "application", "aria-label": "drawing pad", "aria-roledescription": "drawing pad",
    "aria-describedby": help.id,
  }, canvas);
  const seen = h("canvas", { width: spec.side, height: spec.side, class: "ttn-seen", role: "img" });
  const rows = spec.classes.map((name) => {
    const bar = h("span", { class: "ttn-bar" });
    const percent = h("td", { class: "ttn-percent" });
    const node = h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "ttn-track", "aria-hidden": "true" }, bar), percent);
    return { node, bar, percent };
  });
  const table = h("table", { class: "ttn-bars" }, h("caption", {}, "what it reads"), h("tbody", {}, ...rows.map((row) => row.node)));
  const clear = h("button", { type: "button" }, "clear");
  const undo = h("button", { type: "button", title: "takes the last stroke back" }, "undo");

  function paint() {
    title.textContent = example && strokes.length ? "an example: draw over it" : "draw here";
    const brush = canvas.getContext("2d");
    brush.fillStyle = "#000000";
    brush.fillRect(0, 0, canvas.width, canvas.height);
    brush.strokeStyle = brush.fillStyle = example ? "#9a9a9a" : "#ffffff";
    brush.lineWidth = spec.pen * FINE;
    brush.lineCap = brush.lineJoin = "round";
    for (const stroke of strokes) {
      brush.beginPath();
      brush.moveTo(stroke[0][0] * FINE, stroke[0][1] * FINE);
      // A line to where it began makes a dot.
      for (const [x, y] of stroke.length > 1 ? stroke : [stroke[0]]) brush.lineTo(x * FINE, y * FINE);
      brush.stroke();
    }
    if (!cursor) return;
    brush.lineWidth = 3;
    brush.setLineDash(down ? [] : [5, 4]);
    brush.strokeStyle = "#f5b301";
    brush.strokeRect(cursor[0] * FINE, cursor[1] * FINE, FINE, FINE);
    brush.setLineDash([]);
  }

  function ask() {
    link.ask({ strokes: strokes.map((stroke) => stroke.map(([x, y]) => [round(x), round(y)])) });
    paint();
  }

  function answered(drawn) {
    const p = drawn.probabilities;
    const best = p ? p.indexOf(Math.max(...p)) : -1;
    rows.forEach((row, k) => {
      row.bar.style.width = p ? `${100 * p[k]}%` : "0";
      row.percent.textContent = p ? `${Math.round(100 * p[k])}\u00a0%` : "";
      row.node.classList.toggle("ttn-best", k === best);
    });
    line.show(drawn);
    seen.setAttribute("aria-label", drawn.seen);
    const bytes = model.get("picture");
    if (!bytes || bytes.byteLength !== spec.side ** 2) return;
    const pixels = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const image = new ImageData(spec.side, spec.side);
    pixels.forEach((value, i) => image.data.set([value, value, value, 255], 4 * i));
    seen.getContext("2d").putImageData(image, 0, 0);
  }

  const round = (x) => Math.round(100 * x) / 100;
  const link = connect(model, answered, line.waiting);

  function begin(point) {
    if (example) strokes = [];
    example = false;
    strokes = [...strokes, [point]];
    return strokes.at(-1);
  }

  function place(event) {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * spec.side, ((event.clientY - box.top) / box.height) * spec.side];
  }

  sheet.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || pen) return;
    event.preventDefault(); // no text is marked, no page scrolled
    sheet.focus({ preventScroll: true });
    sheet.setPointerCapture(event.pointerId);
    cursor = null;
    down = false;
    pen = begin(place(event));
    line.quiet(true);
    ask();
  });
  sheet.addEventListener("pointermove", (event) => {
    if (!pen || !sheet.hasPointerCapture(event.pointerId)) return;
    const between = event.getCoalescedEvents?.() ?? [];
    for (const each of between.length ? between : [event]) {
      const [x, y] = place(each);
      const [lastX, lastY] = pen.at(-1);
      if (Math.hypot(x - lastX, y - lastY) > NEAR) pen.push([x, y]);
    }
    ask();
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    sheet.addEventListener(end, () => {
      if (!pen) return;
      pen = null;
      line.quiet(false);
      ask();
    });
  }

  function say(what) {
    where.textContent = `row ${cursor[1] + 1}, column ${cursor[0] + 1}${what ? `, ${what}` : ""}`;
  }

  sheet.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || (event.key === "Enter" && event.shiftKey)) return;
    const move = MOVES[event.key];
    if (!move && ![" ", "Enter", "Backspace"].includes(event.key)) return;
    event.preventDefault();
    if (event.key === "Backspace") return undo.click();
    cursor ??= [spec.side / 2, 6];
    const middle = () => [cursor[0] + 0.5, cursor[1] + 0.5];
    if (move) {
      cursor = cursor.map((at, i) => Math.min(Math.max(at + move[i], 0), spec.side - 1));
      if (down) strokes.at(-1).push(middle());
      say(down ? "ink" : "");
    } else if (event.key === " ") {
      begin(middle());
      // The pen that is down goes on from here.
      say("dot");
    } else {
      down = !down;
      if (down) begin(middle());
      say(down ? "pen down" : "pen up");
    }
    if (down || event.key === " ") ask();
    else paint();
  });
  sheet.addEventListener("focus", () => {
    if (pen || !sheet.matches(":focus-visible")) return;
    cursor ??= [spec.side / 2, 6];
    paint();
  });
  sheet.addEventListener("blur", () => {
    cursor = null;
    down = false;
    paint();
  });

  clear.addEventListener("click", () => {
    strokes = [];
    example = down = false;
    ask();
  });
  undo.addEventListener("click", () => {
    strokes = example ? [] : strokes.slice(0, -1);
    example = down = false;
    ask();
  });

  const root = h("div", { class: "ttn ttn-pad", role: "group", "aria-label": "draw a digit" },
    h("div", { class: "ttn-parts" },
      h("div", {}, title, sheet, h("div", { class: "ttn-tools" }, clear, undo)),
      h("figure", {}, h("figcaption", {}, "what the network sees"), seen),
      table),
    ...line.nodes, help, where);
  answered(model.get("drawn"));
  paint();
  keepKeys(root);
  el.replaceChildren(root);
  return () => link.stop();
}

export default { render };
