// What every widget of the course needs on the page. The Python side puts this file in front of the widget's own.

const PATIENCE_MS = 1500;

/** Elements in one line: h("p", { class: "x", hidden: true }, "text", child). */
function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

let made = 0;
/** An id that no other element of the page has; several views of one widget may stand on it. */
function fresh(name) {
  made += 1;
  return `ttn-${Date.now().toString(36)}-${made}-${name}`;
}

/**
 * One question at a time. The next is put when the answer to the last has come, and of those that were asked meanwhile only the
 * newest is kept: however slow the kernel is, it never lags behind by more than one picture.
 *
 * @param onAnswer called with what came, and whether somebody has moved on since.
 * @param onWait called with true when an answer is long in coming, with false when it is there.
 */
function connect(model, onAnswer, onWait) {
  let waiting = 0;
  let newest = null;
  let timer = 0;

  function put(question) {
    waiting = (model.get("asked").n || 0) + 1;
    newest = null;
    timer = setTimeout(() => onWait(true), PATIENCE_MS);
    model.set("asked", { ...question, n: waiting });
    model.save_changes();
  }

  function heard() {
    const drawn = model.get("drawn");
    if (waiting && drawn.n >= waiting) {
      waiting = 0;
      clearTimeout(timer);
      onWait(false);
    }
    onAnswer(drawn, newest !== null || waiting > 0);
    if (!waiting && newest !== null) put(newest);
  }

  model.on("change:drawn", heard);
  return {
    ask(question) {
      if (waiting) newest = question;
      else put(question);
    },
    busy: () => waiting > 0,
    stop() {
      clearTimeout(timer);
      model.off("change:drawn", heard);
    },
  };
}

/** JupyterLab has shortcuts on plain letters, arrows and Enter: a key that is meant for a control must not reach them. */
function keepKeys(element) {
  element.addEventListener("keydown", (event) => {
    const leaves = event.key === "Tab" || event.key === "Escape" || (event.key === "Enter" && event.shiftKey);
    if (!leaves && !event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
  });
}

/** Three lines that every widget has: what happened (read out as it changes), what went wrong, and whether one has to wait. */
function messages() {
  const words = h("p", { class: "ttn-words", role: "status", "aria-live": "polite" });
  const wait = h("p", { class: "ttn-wait", role: "status" });
  const error = h("pre", { class: "ttn-error", role: "alert", hidden: true });
  return {
    nodes: [words, wait, error],
    words,
    /** While something changes many times a second, silence; then the last state once. */
    quiet(on) {
      words.setAttribute("aria-live", on ? "off" : "polite");
      if (on) return;
      const text = words.textContent;
      words.textContent = "";
      setTimeout(() => { if (!words.textContent) words.textContent = text; }, 50);
    },
    show(drawn) {
      if (words.textContent !== (drawn.words || "")) words.textContent = drawn.words || "";
      error.textContent = drawn.error || "";
      error.hidden = !drawn.error;
    },
    waiting(on) {
      wait.textContent = on
        ? "Waiting for the kernel. It may still run a cell; if it was restarted, run this cell again."
        : "";
    },
  };
}
