// The form of the explorer: the browser's own controls, so that a keyboard and a screen reader work as anywhere.
// It sends whole states, and is built anew only when its shape changes, so that a slider is never taken away.

const RATIO = 4; // a slider goes from a quarter of the cohort's value to four times it
const STEPS = 100;

export function render({ model, el }) {
  const form = new Form(model, el);
  model.on("view", () => form.show());
  model.on("faults", () => form.tell());
  model.on("answers", () => form.next());
  form.show();
  form.tell();
}

function element(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(options)) {
    if (key === "on") for (const [event, call] of Object.entries(value)) node.addEventListener(event, call);
    else if (key in node && key !== "list") node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

// a number as a field has room for it; the state keeps all of its digits
function shown(value) {
  return typeof value === "number" ? Number(value.toPrecision(6)) : value;
}

class Form {
  constructor(model, el) {
    this.model = model;
    this.choices = model.choices;
    this.shape = "";
    this.extra = {}; // sliders that were added and are at the cohort's value, by number of scenario
    this.waiting = false;
    this.changed = false;
    this.faults = element("div", { role: "alert", tabIndex: -1 });
    this.body = element("form", { on: { submit: (event) => event.preventDefault() } });
    el.append(this.faults, this.body);
  }

  // a change is sent at once; while an answer is awaited, changes gather and the latest state follows it
  send(change) {
    change(this.state);
    this.changed = true;
    this.post();
  }

  post() {
    if (this.waiting || !this.changed) return;
    this.waiting = true;
    this.changed = false;
    this.model.send_msg({ kind: "state", state: JSON.stringify(this.state) });
  }

  next() {
    this.waiting = false;
    this.post();
  }

  show() {
    if (!this.changed) this.state = JSON.parse(JSON.stringify(this.model.view.state));
    const shape = JSON.stringify([
      this.state.scenarios.map((one) => [one.doses.map((dose) => dose.drug), one.rules, this.sliders(one), one.cohort]),
      this.model.view.counts, this.state.outputs,
    ]);
    if (shape !== this.shape) this.build();
    this.shape = shape;
    const focus = this.body.getRootNode().activeElement;
    for (const node of this.body.querySelectorAll("[data-key]")) if (node !== focus && node.fill) node.fill();
  }

  tell() {
    const faults = this.model.faults;
    const fields = [...this.body.querySelectorAll("[data-key]")];
    for (const node of fields) node.removeAttribute("aria-invalid");
    this.faults.replaceChildren();
    if (!faults.length) return;
    const items = faults.map(({ path, text }) => {
      for (const node of fields) if (node.dataset.key === path) node.setAttribute("aria-invalid", "true");
      return element("li", { textContent: text });
    });
    this.faults.append(element("div", { className: "faults" }, "Not shown:", element("ul", {}, ...items)));
  }

  build() {
    const focus = this.body.getRootNode().activeElement?.dataset?.key;
    const scenarios = this.state.scenarios.map((one, number) => this.scenario(one, number));
    const full = this.state.scenarios.length >= this.choices.scenarios;
    const add = element("button", { type: "button", disabled: full, className: "add", textContent: "Add a scenario", on: {
      click: () => this.send((state) => {
        const copy = JSON.parse(JSON.stringify(state.scenarios.at(-1)));
        const names = state.scenarios.map((one) => one.name);
        let number = names.length + 1;
        while (names.includes(`Scenario ${number}`)) number += 1;
        state.scenarios.push({ ...copy, name: `Scenario ${number}` });
      }) } });
    add.dataset.key = "add";
    const title = element("h2", { className: "quiet", textContent: "Scenarios" });
    this.body.replaceChildren(title, ...scenarios, add, this.common(), this.counts());
    if (focus) [...this.body.querySelectorAll("[data-key]")].find((node) => node.dataset.key === focus)?.focus();
  }

  // a labelled field bound to the state: `get` reads it, `set` writes it
  field(label, key, options, get, set, wide = "") {
    const { tag = "input", choices = null, ...rest } = options;
    const node = element(tag, rest);
    for (const [value, text] of choices ?? []) node.append(element("option", { value, textContent: text }));
    node.dataset.key = key;
    node.fill = () => { if (options.type === "checkbox") node.checked = get(); else node.value = shown(get()); };
    node.fill();
    node.addEventListener("change", () => this.send((state) => {
      const number = options.type === "number";
      set(state, options.type === "checkbox" ? node.checked : number ? (node.value === "" ? null : Number(node.value)) : node.value);
    }));
    if (options.type === "checkbox") return element("label", { className: "check" }, node, label);
    return element("label", { className: wide }, label, node);
  }

  scenario(one, number) {
    const path = `scenarios.${number}`;
    const now = () => this.state.scenarios[number];
    const cohorts = [["", "the model's own values"], ...this.choices.cohorts.map((row) => [row.name, row.label])];
    const offered = [...this.choices.regimens, ...this.model.histories];
    const regimens = [["", "choose a regimen …"], ...offered.map((row) => [row.name, row.label])];
    const remove = this.state.scenarios.length < 2 ? null : element("button", {
      type: "button", textContent: `Remove ${one.name}`,
      on: { click: () => this.send((state) => state.scenarios.splice(number, 1)) } });
    const box = element("fieldset", {},
      element("legend", { textContent: one.name }),
      element("div", { className: "row" },
        this.field("Name", `${path}.name`, { type: "text", maxLength: 80 }, () => now().name,
          (state, value) => { state.scenarios[number].name = value; }, "wide"),
        this.field("Cohort", `${path}.cohort`, { tag: "select", choices: cohorts }, () => now().cohort,
          (state, value) => { state.scenarios[number].cohort = value; }, "wide")),
      element("h3", { textContent: "Courses" }),
      this.field("Take the courses of", `${path}.regimen`, { tag: "select", choices: regimens }, () => "",
        (state, value) => {
          const found = offered.find((row) => row.name === value);
          if (!found) return;
          state.scenarios[number].doses = JSON.parse(JSON.stringify(found.doses));
          state.scenarios[number].rules = found.rules?.length ? found.name : "";
        }),
      ...this.rules(one, number),
      ...(one.doses.length || one.rules ? [] : [element("p", { className: "note", textContent: "No drug is given." })]),
      ...one.doses.map((_, dose) => this.dose(number, dose)),
      this.addCourse(number),
      element("h3", { textContent: "Parameters" }),
      ...this.sliders(one).map((name) => this.slider(number, name)),
      this.addSlider(number),
      ...(remove ? [element("p", {}, remove)] : []));
    box.style.setProperty("--colour", this.choices.colours[number]);
    return box;
  }

  // the rules that a scenario follows, in words, and a button that drops them
  rules(one, number) {
    if (!one.rules) return [];
    const found = this.choices.regimens.find((row) => row.name === one.rules);
    const remove = element("button", { type: "button", textContent: "Remove the rules", on: {
      click: () => this.send((state) => { state.scenarios[number].rules = ""; }) } });
    remove.dataset.key = `scenarios.${number}.rules`;
    return [...(found?.rules ?? [one.rules]).map((text) => element("p", { className: "note", textContent: `Rule: ${text}` })), element("p", {}, remove)];
  }

  addCourse(number) {
    const button = element("button", { type: "button", textContent: "Add a course", on: {
      click: () => this.send((state) => {
        const doses = state.scenarios[number].doses;
        const last = doses.at(-1);
        const drug = this.choices.drugs[0];
        const month = last ? Math.min(Math.max(...doses.map((dose) => dose.month)) + 12, state.until - 1) : 0;
        doses.push(last ? { ...last, month } : { month, day: 0, drug: drug.name, amount: `1 ${drug.unit}`, hours: 0, count: 1, every: 1 });
      }) } });
    button.dataset.key = `scenarios.${number}.add`;
    button.disabled = !this.choices.drugs.length;
    return button;
  }

  dose(number, index) {
    const path = `scenarios.${number}.doses.${index}`;
    const now = () => this.state.scenarios[number].doses[index] ?? {};
    const field = (label, key, options, wide) => this.field(label, `${path}.${key}`, options, () => now()[key],
      (state, value) => { state.scenarios[number].doses[index][key] = value; }, wide);
    const count = (least) => ({ type: "number", min: least, step: "any" });
    const drugs = this.choices.drugs.map((row) => [row.name, row.label]);
    const remove = element("button", { type: "button", textContent: "Remove", on: {
      click: () => this.send((state) => state.scenarios[number].doses.splice(index, 1)) } });
    remove.setAttribute("aria-label", `Remove dose row ${index + 1}`);
    return element("div", { className: "dose", role: "group", "aria-label": `Dose row ${index + 1}` },
      element("div", { className: "row" },
        field("Month", "month", count(0)), field("Drug", "drug", { tag: "select", choices: drugs }, "wide"),
        field("Amount", "amount", { type: "text" })),
      element("div", { className: "row" },
        field("Doses", "count", { type: "number", min: 1, step: 1 }), field("Every (day)", "every", count(0)),
        field("Over (hour)", "hours", count(0)), field("From day", "day", count(0)), remove));
  }

  sliders(one) {
    const number = this.state.scenarios.indexOf(one);
    return [...new Set([...this.choices.suggested, ...(this.extra[number] ?? []), ...Object.keys(one.parameters)])];
  }

  addSlider(number) {
    const used = this.sliders(this.state.scenarios[number]);
    const rest = this.choices.parameters.filter((row) => !used.includes(row.name));
    const choices = [["", "add a slider …"], ...rest.map((row) => [row.name, row.about ? `${row.about} (${row.name})` : row.name])];
    const node = element("select", { on: { change: () => {
      this.extra[number] = [...(this.extra[number] ?? []), node.value];
      this.show();
    } } });
    for (const [value, text] of choices) node.append(element("option", { value, textContent: text }));
    node.dataset.key = `scenarios.${number}.slider`;
    return element("label", {}, "Another parameter", node);
  }

  slider(number, name) {
    const row = this.choices.parameters.find((one) => one.name === name);
    if (!row) return null;
    const key = `scenarios.${number}.parameters.${name}`;
    const own = () => this.model.view.values[this.state.scenarios[number].cohort]?.[name] ?? 0;
    const now = () => this.state.scenarios[number].parameters[name] ?? own();
    const clip = (value) => Math.min(row.most ?? Infinity, Math.max(row.least ?? -Infinity, value));
    const scale = own() === 0 ? (row.most ?? 1) : own();
    const value = (place) => clip(Number((own() === 0 ? (scale * place) / STEPS : scale * RATIO ** (place / STEPS)).toPrecision(4)));
    const place = (x) => Math.round(own() === 0 ? (STEPS * x) / scale : (STEPS * Math.log(x / scale)) / Math.log(RATIO));
    const set = (state, x) => {
      if (x === null || x === own()) delete state.scenarios[number].parameters[name];
      else state.scenarios[number].parameters[name] = x;
      this.extra[number] = [...new Set([...(this.extra[number] ?? []), name])];
    };
    const id = `${key}.exact`;
    const range = element("input", { type: "range", min: own() === 0 ? 0 : -STEPS, max: STEPS, step: 1 });
    range.setAttribute("aria-label", `${row.label}${row.unit ? `, ${row.unit}` : ""}`);
    range.dataset.key = key;
    const exact = element("input", { type: "number", id, step: "any" });
    exact.dataset.key = id;
    const text = () => range.setAttribute("aria-valuetext", `${Number(now().toPrecision(4))} ${row.unit}`.trim());
    range.fill = () => { range.value = place(now()); text(); };
    exact.fill = () => { exact.value = Number(now().toPrecision(4)); };
    range.addEventListener("input", () => {
      this.send((state) => set(state, Number(range.value) === 0 && own() !== 0 ? null : value(Number(range.value))));
      exact.fill();
      text();
    });
    exact.addEventListener("change", () => { this.send((state) => set(state, exact.value === "" ? null : Number(exact.value))); });
    range.fill();
    exact.fill();
    return element("div", { className: "slider" },
      element("div", { className: "head" }, element("label", { htmlFor: id, textContent: row.label, title: row.about }), exact,
        element("span", { className: "unit", textContent: row.unit })),
      range);
  }

  common() {
    const outputs = this.choices.outputs.map((row) => {
      const box = this.field(row.label, `output.${row.name}`, { type: "checkbox" }, () => this.state.outputs.includes(row.name),
        (state, checked) => {
          const names = this.choices.outputs.map((one) => one.name);
          const chosen = checked ? [...state.outputs, row.name] : state.outputs.filter((name) => name !== row.name);
          if (chosen.length) state.outputs = names.filter((name) => chosen.includes(name));
        });
      box.title = row.about;
      return box;
    });
    const patients = [[0, "the typical patient"], [100, "100 virtual patients"], [200, "200 virtual patients"]];
    return element("fieldset", {}, element("legend", { textContent: "All scenarios" }),
      element("div", { className: "row" },
        this.field("Months", "until", { type: "number", min: 1, step: "any" }, () => this.state.until,
          (state, value) => { state.until = value; }),
        this.field("Shown", "patients", { tag: "select", choices: patients }, () => this.state.patients,
          (state, value) => { state.patients = Number(value); }, "wide")),
      this.field("logarithmic axis", "log", { type: "checkbox" }, () => this.state.log,
        (state, value) => { state.log = value; }),
      element("div", { role: "group", "aria-label": "Outputs shown" }, element("h3", { textContent: "Outputs" }), ...outputs));
  }

  counts() {
    const file = element("input", { type: "file", accept: ".csv,.tsv,.txt,.xlsx,.parquet", on: { change: async () => {
      const chosen = file.files[0];
      if (!chosen) return;
      const bytes = new Uint8Array(await chosen.arrayBuffer());
      let letters = "";
      for (const byte of bytes) letters += String.fromCharCode(byte);
      this.model.send_msg({ kind: "counts", name: chosen.name, content: btoa(letters) });
      file.value = "";
    } } });
    file.dataset.key = "counts";
    const shown = this.model.view.counts;
    const clear = element("button", { type: "button", textContent: "Remove the counts", on: {
      click: () => this.model.send_msg({ kind: "clear" }) } });
    return element("fieldset", {}, element("legend", { textContent: "Your counts" }),
      element("label", {}, "A table of patients (CSV, Excel); it stays on this machine", file),
      ...(shown ? [element("p", { className: "note", textContent: `Shown: ${shown}. Month 0 is time zero of the table.` }), clear] : []));
  }
}
