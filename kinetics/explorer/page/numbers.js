// The numbers of the explorer: tables, files, the link and the commands.

let width = "double"; // of a figure, kept while the page is built anew

export function render({ model, el }) {
  const status = document.createElement("p");
  status.className = "quiet";
  status.setAttribute("role", "status");
  const body = document.createElement("div");
  el.append(status, body);
  let open = [];
  const show = () => {
    open = [...body.querySelectorAll("details[open]")].map((node) => node.id);
    const focus = body.getRootNode().activeElement?.id;
    build(model, body);
    for (const id of open) body.querySelector(`#${id}`)?.setAttribute("open", "");
    if (focus) body.querySelector(`#${focus}`)?.focus();
    status.textContent = `Shown anew in ${model.view.milliseconds} ms.`;
    body.dataset.link = model.view.link;
    history.replaceState(null, "", address(model));
  };
  model.on("view", show);
  model.on("msg:custom", (event) => save(event.data ?? event));
  show();
}

function address(model) {
  return `${location.origin}${location.pathname}?state=${model.view.link}`;
}

function save({ name, type, content }) {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function text(tag, content, attributes = {}) {
  const node = document.createElement(tag);
  node.textContent = content;
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

function table(caption, { head, rows }) {
  const node = document.createElement("table");
  node.append(text("caption", caption));
  const first = node.createTHead().insertRow();
  for (const cell of head) first.append(cell ? text("th", cell, { scope: "col" }) : text("td", ""));
  const body = node.createTBody();
  for (const [name, ...cells] of rows) {
    const row = body.insertRow();
    row.append(text("th", name, { scope: "row" }), ...cells.map((cell) => text("td", cell)));
  }
  const box = text("div", "", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption });
  box.append(node);
  return box;
}

function details(id, summary, ...children) {
  const node = text("details", "", { id });
  node.append(text("summary", summary), ...children);
  return node;
}

function build(model, body) {
  const view = model.view;
  const button = (id, label, message) => {
    const node = text("button", label, { type: "button", id });
    node.addEventListener("click", () => model.send_msg({ kind: "download", scenario: 0, width: wide.value, ...message }));
    return node;
  };
  const wide = text("select", "", { id: "width" });
  for (const [name, label] of view.widths) wide.append(text("option", label, { value: name }));
  wide.value = width;
  wide.addEventListener("change", () => { width = wide.value; });
  const labelled = text("label", "Width of figures", { class: "narrow" });
  labelled.append(wide);
  const row = (...nodes) => {
    const node = text("div", "", { class: "row" });
    node.append(...nodes);
    return node;
  };
  const recovery = view.recovery.rows.length
    ? [table("Months to recovery", view.recovery),
       ...(view.patients ? [text("p", "Median of patients, 95 % of them in brackets, and the share who recover before the next course or the end.", { class: "note" })] : [])]
    : [text("p", "No course is given, or no output shown has a lower limit of normal.", { class: "note" })];
  const address_field = text("input", "", { type: "text", readonly: "", id: "link", "aria-label": "Link that restores this page" });
  address_field.value = address(model);
  const copy = text("button", "Copy", { type: "button", id: "copy" });
  copy.addEventListener("click", async () => {
    address_field.select();
    try { await navigator.clipboard.writeText(address_field.value); copy.textContent = "Copied"; } catch { /* selected: Ctrl-C copies */ }
  });
  const link = text("div", "", { class: "row" });
  link.append(address_field, copy);
  body.replaceChildren(
    text("h2", "Months to recovery"), text("p", "From the first dose of each course until the count is back at its lower limit of normal.", { class: "note" }), ...recovery,
    ...(view.rules.rows.length ? [table("Doses given by rules", view.rules)] : []),
    details("counts", "Counts at some months", table("Counts at some months", view.counts)),
    text("h2", "Take it with you"),
    row(button("csv", "Curves (CSV)", { what: "csv" }), button("command", "Command lines", { what: "command" }),
      button("python", "Python", { what: "python" })),
    row(labelled),
    ...view.scenarios.map((name, scenario) => row(
      button(`regimen-${scenario}`, `Regimen file of ${name}`, { what: "regimen", scenario }),
      button(`figure-${scenario}`, `Figure of ${name}`, { what: "figure", scenario }))),
    text("p", "A figure is a zip: SVG and PDF, the caption, and the numbers that are drawn. Your counts are its points.", { class: "note" }),
    text("h3", "Link that restores this page"), link,
    text("p", "It works while this explorer runs. Later: kinetics explore --link 'LINK'. It never holds your counts.", { class: "note" }),
    details("commands", "The command lines and the Python that repeat it", text("pre", view.command, { tabindex: "0" }), text("pre", view.python, { tabindex: "0" })),
  );
}
