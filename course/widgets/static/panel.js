// A panel: native controls, a line of words, a picture. Which controls there are, Python says (course/widgets/controls.py).

const TICK_MS = 700;
const CALM_TICK_MS = 1600;

/** A slider works with whole positions; these two go from a position to its value, and back. */
function valueAt(c, position) {
  if (c.positions) return Number((c.low * (c.high / c.low) ** (position / c.positions)).toPrecision(2));
  return Number(Math.min(c.high, c.low + position * c.step).toPrecision(12));
}

function positionOf(c, value) {
  if (c.positions) return Math.round((c.positions * Math.log(value / c.low)) / Math.log(c.high / c.low));
  return Math.round((value - c.low) / c.step);
}

function textOf(c, value) {
  const text = c.positions ? String(value) : value.toFixed(c.digits);
  return (c.unit ? `${text} ${c.unit}` : text).replace("-", "\u2212");
}

/** Each maker returns { node, set(value), high(value) } and calls changed(value) when somebody moved the control. */
const makers = {
  range(c, changed) {
    const id = fresh(c.name);
    const input = h("input", { type: "range", id, min: 0, step: 1 });
    const shown = h("span", { class: "ttn-value", "aria-hidden": "true" });
    const say = (value) => {
      shown.textContent = textOf(c, value);
      input.setAttribute("aria-valuetext", textOf(c, value));
    };
    const grow = (high) => {
      c.high = high;
      input.max = c.positions || Math.max(0, Math.round((c.high - c.low) / c.step));
    };
    grow(c.high);
    const moveTo = (position) => {
      input.value = position;
      const value = valueAt(c, Number(input.value));
      say(value);
      changed(value);
    };
    input.addEventListener("input", () => moveTo(input.value));
    return {
      node: h("div", { class: "ttn-field ttn-range" }, h("label", { for: id }, c.label), input, shown),
      set(value) {
        input.value = positionOf(c, value);
        say(value);
      },
      high: grow,
      moveBy: (by) => moveTo(Number(input.value) + by),
      restart: () => moveTo(0),
      atEnd: () => Number(input.value) >= Number(input.max),
    };
  },

  number(c, changed) {
    const id = fresh(c.name);
    const input = h("input", { type: "number", id, min: c.low, max: c.high, step: "any" });
    input.addEventListener("change", () => changed(input.value === "" ? null : input.valueAsNumber));
    return {
      node: h("div", { class: "ttn-field" }, h("label", { for: id }, c.label), input, c.unit),
      set: (value) => { input.value = value === null ? "" : value; },
    };
  },

  text(c, changed) {
    const id = fresh(c.name);
    const unit = fresh("unit");
    const input = h("input", {
      type: "text", id, placeholder: c.hint, maxlength: c.longest, autocomplete: "off", "aria-describedby": c.unit && unit,
    });
    input.addEventListener("change", () => changed(input.value));
    return {
      node: h("div", { class: "ttn-field ttn-text" }, h("label", { for: id }, c.label),
        h("span", {}, input, c.unit ? h("span", { class: "ttn-unit", id: unit }, c.unit) : "")),
      set: (value) => { input.value = value; },
    };
  },

  choice(c, changed) {
    const group = fresh(c.name);
    const inputs = c.options.map((option) => {
      const input = h("input", { type: "radio", name: group, id: fresh("option"), value: option });
      input.addEventListener("change", () => changed(option));
      return input;
    });
    const buttons = inputs.map((input) => h("span", { class: "ttn-option" }, input, h("label", { for: input.id }, input.value)));
    return {
      node: h("fieldset", { class: "ttn-field ttn-choice" }, h("legend", {}, c.label), ...buttons),
      set: (value) => { for (const input of inputs) input.checked = input.value === value; },
    };
  },

  select(c, changed) {
    const id = fresh(c.name);
    const input = h("select", { id }, ...c.options.map((option) => h("option", { value: option }, option)));
    input.addEventListener("change", () => changed(input.value));
    return {
      node: h("div", { class: "ttn-field" }, h("label", { for: id }, c.label), input),
      set: (value) => { input.value = value; },
    };
  },

  checkbox(c, changed) {
    const id = fresh(c.name);
    const input = h("input", { type: "checkbox", id });
    input.addEventListener("change", () => changed(input.checked));
    return {
      node: h("div", { class: "ttn-field ttn-check" }, input, h("label", { for: id }, c.label)),
      set: (value) => { input.checked = value; },
    };
  },

  button(c, changed, others) {
    let count = 0;
    const sign = c.sign ? h("span", { "aria-hidden": "true" }, c.sign, " ") : "";
    const button = h("button", { type: "button", title: c.hint }, sign, c.label);
    button.addEventListener("click", () => {
      if (c.moves) others[c.moves].moveBy(c.by);
      else changed(count + 1);
    });
    return { node: button, set: (value) => { count = value; } };
  },

  play(c, changed, others, panel) {
    const sign = h("span", { "aria-hidden": "true" });
    const text = h("span");
    const button = h("button", { type: "button", title: c.hint }, sign, text);
    let timer = 0;
    const label = () => {
      sign.textContent = timer ? "\u23f8\ufe0e " : "\u25b6\ufe0e ";
      text.textContent = timer ? "pause" : c.label;
    };
    const stop = () => {
      if (!timer) return;
      clearInterval(timer);
      timer = 0;
      label();
      panel.quiet(false);
    };
    const tick = () => {
      if (!button.isConnected || others[c.moves].atEnd()) stop();
      else if (!panel.busy()) others[c.moves].moveBy(c.by);
    };
    button.addEventListener("click", () => {
      if (timer) return stop();
      const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      timer = setInterval(tick, calm ? CALM_TICK_MS : TICK_MS);
      label();
      panel.quiet(true);
      if (others[c.moves].atEnd()) others[c.moves].restart();
      else tick();
    });
    label();
    return { node: button, set() {}, stop };
  },
};

function render({ model, el }) {
  const spec = model.get("spec");
  const line = messages();
  const image = h("img", { class: "ttn-picture", alt: "", hidden: true });
  const controls = {};
  const values = {};
  let address = "";

  function picture() {
    const bytes = model.get("picture");
    if (!bytes || !bytes.byteLength) return;
    const old = address;
    address = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
    image.addEventListener("load", () => old && URL.revokeObjectURL(old), { once: true });
    image.src = address;
    image.hidden = false;
  }

  function answered(drawn, movedOn) {
    for (const [name, high] of Object.entries(drawn.high || {})) controls[name].high(high);
    // Who has moved on since must not see the slider jump back under the finger.
    if (!movedOn) {
      for (const [name, value] of Object.entries(drawn.value || {})) {
        if (values[name] === value) continue;
        values[name] = value;
        controls[name].set(value);
      }
    }
    image.alt = drawn.alt || "";
    root.dataset.failed = Boolean(drawn.error);
    line.show(drawn);
    picture();
  }

  const link = connect(model, answered, line.waiting);
  const panel = { busy: link.busy, quiet: line.quiet };
  const nodes = [];
  for (const described of spec.controls) {
    const c = { ...described };
    const changed = (value) => {
      values[c.name] = value;
      link.ask({ value: { ...values } });
    };
    controls[c.name] = makers[c.kind](c, changed, controls, panel);
    nodes.push(controls[c.name].node);
  }
  const root = h("div", { class: "ttn ttn-panel", role: "group", "aria-label": spec.label },
    h("div", { class: "ttn-controls" }, ...nodes), ...line.nodes, image);
  // What the controls show now: a second view, or a page that was loaded again, finds them as they were left.
  const drawn = model.get("drawn");
  for (const [name, high] of Object.entries(drawn.high || {})) controls[name].high(high);
  for (const c of spec.controls) {
    values[c.name] = drawn.value[c.name];
    controls[c.name].set(values[c.name]);
  }
  answered(drawn, false);
  keepKeys(root);
  el.replaceChildren(root);
  return () => {
    for (const control of Object.values(controls)) control.stop?.();
    link.stop();
    if (address) URL.revokeObjectURL(address);
  };
}

export default { render };
