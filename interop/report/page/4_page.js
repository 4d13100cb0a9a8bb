// The page: filters, views, and what is in the address, so that a view can be sent to somebody.

const VIEWS = {
  map: { label: "Callers × callees", model: mapModel, of: (i) => value("callee", i) !== "" },
  subjects: { label: "Subjects × chapters", model: subjectsModel, of: () => true },
  checks: { label: "Every check", model: checksModel, of: () => true },
  list: { label: "List", model: listModel, of: () => true },
};
const $ = (id) => document.getElementById(id);
const available = Object.keys(VIEWS).filter((name) => name !== "map" || columns.callee.values.some(Boolean));
let view = available[0];
let chosen = { shown: [], counts: {} };

const details = new Details($("details"), {
  closed: () => grid.go(grid.row, grid.column),
  narrow: (name, place) => {
    clear();
    filter[name] = place;
    view = name === "check" && columns.callee.values.some(Boolean) ? "map" : "list";
    refresh();
    grid.go(0, 0);
  },
});
const grid = new Grid($("grid"), {
  opened: (row, column, byKeyboard) => inspect(row, column, byKeyboard),
  moved: (row, column) => details.open && inspect(row, column, false),
  closed: () => details.close(),
});

function inspect(row, column, focus) {
  const { model } = grid;
  const found = model.open(row, column);
  if (found.length) details.list(model.title(row, column), found, focus);
}

// A model for findings sorted into rows and columns.
function pivotModel(shown, names, across, more) {
  const sorted = pivot(shown, names, across);
  const { rows, columns: over } = sorted;
  const at = (r, c) => sorted.findings(rows[r], over[c]);
  const text = (parts, i) => parts.map((part) => value(part, i)).filter(Boolean).join(" ");
  return {
    rows: rows.map((row) => ({ label: text(names, row.example), title: text(names, row.example) })),
    columns: over.map((column) => ({ label: text(across, column.example), title: text(across, column.example), example: column.example })),
    face(r, c) {
      const found = at(r, c);
      if (!found) return null;
      const seen = face(found, more.short);
      const label = `${this.title(r, c)}: ${seen.words}`;
      return { state: seen.state, text: seen.text, label, title: label, bar: more.bars && bar(seen) };
    },
    against: (r, c) => (at(r, c) || []).some((i) => record.against[i]),
    open: (r, c) => {
      if (r >= 0 && c >= 0) return at(r, c) || [];
      const whole = r >= 0 ? over.map((column) => sorted.findings(rows[r], column)) : rows.map((row) => sorted.findings(row, over[c]));
      return whole.flatMap((found) => found || []);
    },
    title(r, c) {
      return [r >= 0 && this.rows[r].title, c >= 0 && this.columns[c].title].filter(Boolean).join(more.joint || ", ");
    },
    height: 30,
    ...more,
  };
}

function bar(seen) {
  // A strip of the shares of all states, in their colors.
  let from = 0;
  const stops = WORST.filter((state) => seen.states[state]).reverse().map((state) => {
    const to = from + (100 * seen.states[state]) / seen.total;
    const stop = `var(--${state}) ${from}% ${to}%`;
    from = to;
    return stop;
  });
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

function width(labels, most, least = 60) {
  // Roughly, in pixels: letters of the row's font are about 7.4 wide.
  return Math.max(least, Math.min(most, 24 + 7.4 * labels.reduce((longest, label) => Math.max(longest, label.length), 0)));
}

function mapModel(shown) {
  const model = pivotModel(shown, ["caller"], ["callee", "topology"], { name: "map", label: "Callers down, callees and topologies across", corner: "caller ↓ callee →", short: true, bars: true, joint: " → ", head: 24 });
  const groups = [];
  for (const column of model.columns) {
    const callee = value("callee", column.example);
    const topology = value("topology", column.example);
    Object.assign(column, { label: topology, title: `${callee}/${topology}` });
    if (!groups.length || groups[groups.length - 1].label !== callee) {
      groups.push({ label: callee, span: 0, columns: [] });
      column.starts = true;
    }
    const group = groups[groups.length - 1];
    group.span++;
    group.columns.push(column);
  }
  for (const group of groups) for (const column of group.columns) column.width = Math.max(46, Math.ceil(width([group.label], 140) / group.span));
  return Object.assign(model, { groups, first: width([...model.rows.map((row) => row.label), model.corner], 220), width: 46, height: 36 });
}

function bridges() {
  return columns.bridge.values.filter((bridge) => bridge && bridge !== "portal").length ? ["subject", "bridge"] : ["subject"];
}

function subjectsModel(shown) {
  const model = pivotModel(shown, bridges(), ["chapter"], { name: "subjects", label: "Subjects down, chapters across", corner: "subject", bars: true, head: 26, width: 92 });
  for (const column of model.columns) {
    const title = record.chapters[column.label];
    if (title) {
      column.title = `${column.label}: ${title}`;
      column.label = `${column.label}  ${title}`;
    }
  }
  return Object.assign(model, { first: width(model.rows.map((row) => row.label), 330) });
}

function checksModel(shown) {
  // The longer side goes down, where the room is.
  const checks = new Set(shown.map((i) => columns.check.at[i])).size;
  const subjects = new Set(shown.map((i) => `${columns.subject.at[i]},${columns.bridge.at[i]}`)).size;
  const flipped = checks > subjects;
  const sides = flipped ? [["check"], bridges()] : [bridges(), ["check"]];
  const model = pivotModel(shown, ...sides, { name: "checks", label: "Every check on every subject", corner: flipped ? "check" : "subject", short: true, width: 34, height: 26 });
  const described = flipped ? model.rows : model.columns;
  const places = pivot(shown, ["check"], ["check"]).rows;
  described.forEach((one, n) => {
    const sentence = value("sentence", places[n].example);
    if (sentence) one.title = `${one.label}: ${sentence}`;
    if (sentence && flipped) one.label = one.title;
  });
  // Long names stand upright, unless there are so few that they can lie.
  const longest = width(model.columns.map((column) => column.label), 220, 34);
  const lie = longest <= 56 || longest * model.columns.length < 700;
  return Object.assign(model, { head: lie ? 26 : longest, width: lie ? longest : 34, name: lie ? "checks" : "checks tall", first: width(model.rows.map((row) => row.label), 380) });
}

function listModel(shown) {
  const fields = ["check", "subject", "sentence", "reason"];
  const widths = [110, 230, 300, 400];
  const labels = ["Check", "Subject", "Sentence", "Reason"];
  const text = (i, field) => (field === "subject" ? place(i) : field === "reason" ? value("departure", i) || value("reason", i) : value(field, i));
  return {
    name: "list",
    label: "Findings",
    corner: "Verdict",
    rows: shown.map((i) => ({ label: `${MARKS[value("state", i)]} ${value("state", i)}`, title: value("state", i), state: value("state", i) })),
    columns: fields.map((field, c) => ({ label: labels[c], title: labels[c], width: widths[c] })),
    face: (r, c) => {
      const words = text(shown[r], fields[c]);
      return words ? { text: words, title: words, label: words } : null;
    },
    against: (r, c) => c === 0 && record.against[shown[r]],
    open: (r) => (r < 0 ? shown : [shown[r]]),
    title: () => "All that is shown",
    first: 140,
    width: 200,
    head: 26,
    height: 28,
  };
}

function refresh() {
  chosen = choose();
  const { shown } = chosen;
  const seen = shown.filter(VIEWS[view].of);
  const elsewhere = shown.length - seen.length;
  if (seen.length) grid.show(VIEWS[view].model(seen));
  else {
    grid.model = undefined;
    $("grid").className = "empty";
    $("grid").replaceChildren(make("p", { text: elsewhere ? `No crossing among these ${number(elsewhere)} findings: look at another view.` : "No finding passes these filters." }));
  }
  $("shown").textContent = `${number(shown.length)} of ${number(size)} findings${elsewhere ? `; ${number(elsewhere)} of them are no crossings: see the other views` : ""}`;
  if (details.open) {
    details.root.hidden = true;
    details.root.replaceChildren();
  }
  controls();
  remember();
}

// -- filters ----------------------------------------------------------------------------------------------------------------

function clear() {
  for (const facet of FACETS) filter[facet] = -1;
  filter.verdicts.clear();
  Object.assign(filter, { only: "", text: "" });
}

function build() {
  for (const facet of FACETS) {
    if (columns[facet].values.length < 2) continue;
    const select = make("select", { id: `facet-${facet}` });
    select.addEventListener("change", () => {
      filter[facet] = Number(select.value);
      refresh();
    });
    $("facets").append(make("label", {}, `${NAMES[facet]} `, select));
  }
  for (const [verdict, count] of Object.entries(record.verdicts)) chip(verdict, verdict, count, () => (filter.verdicts.has(verdict) ? filter.verdicts.delete(verdict) : filter.verdicts.add(verdict)));
  if (record.departures) chip("departure", "known departures", record.departures, () => (filter.only = filter.only === "departure" ? "" : "departure"));
  chip("against", "against somebody", record.against.reduce((sum, one) => sum + one, 0), () => (filter.only = filter.only === "against" ? "" : "against"));
  for (const name of available) {
    const button = make("button", { type: "button", "data-view": name, text: VIEWS[name].label });
    button.addEventListener("click", () => {
      view = name;
      grid.root.scrollTop = grid.root.scrollLeft = grid.row = grid.column = 0;
      refresh();
    });
    $("views").append(button);
  }
  let waiting;
  $("text").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      filter.text = $("text").value;
      refresh();
    }, 120);
  });
  $("reset").addEventListener("click", () => {
    clear();
    refresh();
  });
}

function chip(state, label, count, toggle) {
  const button = make("button", { type: "button", class: `chip ${state}`, "data-verdict": state, "data-count": count }, make("b", { text: number(count) }), ` ${MARKS[state] || ""} ${label}`);
  button.addEventListener("click", () => {
    toggle();
    refresh();
  });
  $("verdicts").append(button);
}

function controls() {
  for (const facet of FACETS) {
    const select = $(`facet-${facet}`);
    if (!select) continue;
    const counts = chosen.counts[facet];
    const options = columns[facet].values.map((text, place) => {
      const title = facet === "check" ? columns.sentence.values[columns.sentence.at[record.examples[place]]] : facet === "chapter" ? record.chapters[text] : "";
      const words = `${text || "(none)"}${title ? `: ${title}` : ""}`;
      return make("option", { value: place, text: `${words.length > 70 ? words.slice(0, 69) + "…" : words} (${number(counts[place])})`, disabled: !counts[place] && filter[facet] !== place });
    });
    select.replaceChildren(make("option", { value: -1, text: "all" }), ...options);
    select.value = filter[facet];
    select.classList.toggle("set", filter[facet] !== -1);
  }
  for (const button of $("verdicts").children) {
    const state = button.dataset.verdict;
    button.setAttribute("aria-pressed", filter.verdicts.has(state) || filter.only === state);
  }
  for (const button of $("views").children) button.setAttribute("aria-pressed", button.dataset.view === view);
  if ($("text").value !== filter.text) $("text").value = filter.text;
}

// -- the address ------------------------------------------------------------------------------------------------------------

function remember() {
  const words = new URLSearchParams();
  if (view !== available[0]) words.set("view", view);
  for (const facet of FACETS) if (filter[facet] !== -1) words.set(facet, columns[facet].values[filter[facet]]);
  if (filter.verdicts.size) words.set("verdict", [...filter.verdicts].join(" "));
  if (filter.only) words.set("only", filter.only);
  if (filter.text) words.set("text", filter.text);
  try {
    history.replaceState(null, "", `#${words}`);
  } catch {
    // Some browsers refuse it for a file, or when it comes too often; the page works without.
  }
}

function recall() {
  const words = new URLSearchParams(location.hash.slice(1));
  clear();
  view = available.includes(words.get("view")) ? words.get("view") : available[0];
  for (const facet of FACETS) if (words.has(facet)) filter[facet] = columns[facet].values.indexOf(words.get(facet));
  for (const verdict of (words.get("verdict") || "").split(" ")) if (verdict in record.verdicts) filter.verdicts.add(verdict);
  if (["against", "departure"].includes(words.get("only"))) filter.only = words.get("only");
  filter.text = words.get("text") || "";
  refresh();
}

// -- the rest ---------------------------------------------------------------------------------------------------------------

function head() {
  $("origin").append(...record.origin.flatMap(([name, text]) => [name && make("span", { class: "quiet", text: `${name} ` }), make("span", { text }), "   "]));
  const rows = record.environment.map(([name, text]) => make("div", {}, make("dt", { text: name }), make("dd", { text })));
  $("environment").querySelector("div").append(make("dl", {}, ...rows));
  for (const state of WORST) {
    if (columns.state.values.includes(state)) $("legend").append(make("li", { class: state }, make("span", { class: `cell ${state}`, text: MARKS[state] }), ` ${state}: ${record.meanings[state]}`));
  }
}

function theme() {
  const names = ["", "light", "dark"];
  const signs = { "": "◐ system", light: "☀ light", dark: "☾ dark" };
  const button = $("theme");
  const set = (name) => {
    if (name) document.documentElement.dataset.theme = name;
    else delete document.documentElement.dataset.theme;
    button.textContent = signs[name];
    button.setAttribute("aria-label", `Color theme: ${name || "as the system says"}`);
  };
  button.addEventListener("click", () => set(names[(names.indexOf(document.documentElement.dataset.theme || "") + 1) % 3]));
  set("");
}

function paper() {
  // A grid of which only a part is drawn is no use on paper: print a plain table, and what is against somebody in words.
  const model = subjectsModel(chosen.shown);
  const cells = (row, r) => model.columns.map((column, c) => {
    const seen = model.face(r, c);
    return make("td", seen ? { class: seen.state, text: seen.text } : {});
  });
  const table = make("table", {},
    make("thead", {}, make("tr", {}, make("th"), ...model.columns.map((column) => make("th", { text: column.title })))),
    make("tbody", {}, ...model.rows.map((row, r) => make("tr", {}, make("th", { text: row.label }), ...cells(row, r)))));
  const wrong = chosen.shown.filter((i) => record.against[i]);
  const items = wrong.slice(0, MOST_LISTED).map((i) => make("li", {}, make("b", { text: value("check", i) }), ` ${value("sentence", i)}: ${value("state", i)} on ${place(i)}: ${value("reason", i)}`));
  $("print").replaceChildren(make("p", { text: $("shown").textContent }), table, make("h2", { text: `${number(wrong.length)} against somebody` }), make("ul", {}, ...items),
    wrong.length > items.length ? make("p", { text: `... and ${number(wrong.length - items.length)} more` }) : "");
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, select")) return;
  event.preventDefault();
  $("text").focus();
});
addEventListener("beforeprint", paper);
addEventListener("hashchange", recall);
head();
theme();
build();
recall();
