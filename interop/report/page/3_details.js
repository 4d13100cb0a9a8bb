// What stands beside the grid: the findings of a cell, and all that is known about one of them. Everything is text.

const MOST_LISTED = 300;

function badge(state) {
  return make("span", { class: `badge ${state}` }, `${MARKS[state] || ""} ${state}`);
}

function link(text) {
  // Only the web, only on a click, and without telling where from.
  const parts = text.split(/(https?:\/\/[^\s<>"')\]]+)/);
  return parts.map((part, n) => (n % 2 ? make("a", { href: part, rel: "noopener noreferrer", target: "_blank", text: part }) : part));
}

class Details {
  constructor(root, { closed, narrow }) {
    Object.assign(this, { root, closed, narrow });
    root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      if (this.back) this.list(...this.back, true);
      else this.close();
    });
  }

  get open() {
    return !this.root.hidden;
  }

  close() {
    const had = this.open;
    this.root.hidden = true;
    this.root.replaceChildren();
    this.back = undefined;
    if (had) this.closed();
  }

  fill(focus, ...children) {
    const button = make("button", { type: "button", class: "close", "aria-label": "Close the details", text: "✕" });
    button.addEventListener("click", () => this.close());
    this.root.hidden = false;
    this.root.replaceChildren(button, ...children);
    this.root.scrollTop = 0;
    if (focus) this.root.querySelector("h2").focus();
  }

  // The findings of one cell; a single one is shown at once.
  list(title, findings, focus) {
    this.back = undefined;
    if (findings.length === 1) return this.one(findings[0], focus);
    const sorted = [...findings].sort((one, other) => record.against[other] - record.against[one] || WORST.indexOf(value("state", one)) - WORST.indexOf(value("state", other)));
    const several = new Set(findings.map(place)).size > 1;
    const items = sorted.slice(0, MOST_LISTED).map((i) => {
      const button = make("button", { type: "button", class: "item" }, badge(value("state", i)),
        make("b", { text: value("check", i) }), make("span", { text: value("sentence", i) }),
        make("small", { text: [several && place(i), value("departure", i) || value("reason", i)].filter(Boolean).join(": ") }));
      button.addEventListener("click", () => {
        this.back = [title, findings];
        this.one(i, true);
      });
      return make("li", {}, button);
    });
    const left = sorted.length - items.length;
    this.fill(focus, make("h2", { tabindex: -1, text: title }), make("p", { class: "quiet", text: face(findings).words }),
      make("ol", { class: "items" }, ...items), left > 0 && make("p", { class: "quiet", text: `... and ${number(left)} more: narrow the filters` }) || "");
  }

  one(i, focus) {
    const parts = [];
    if (this.back) {
      const button = make("button", { type: "button", class: "back", text: `← all ${number(this.back[1].length)} findings` });
      button.addEventListener("click", () => this.list(...this.back, true));
      parts.push(button);
    }
    const known = record.about[value("check", i)] || {};
    const sentence = value("sentence", i);
    parts.push(make("h2", { tabindex: -1 }, make("code", { text: value("check", i) }), sentence && ` ${sentence}`));
    parts.push(make("p", { class: "line" }, badge(value("state", i)), make("code", { text: place(i) }), make("span", { class: "quiet", text: value("strength", i) })));
    const add = (title, ...what) => parts.push(make("h3", { text: title }), ...what);
    if (value("reason", i)) add("Why", make("p", { text: value("reason", i) }));
    if (value("departure", i)) add("Known departure", make("p", {}, ...link(value("departure", i))));
    if (known.look) add("Where to look", make("p", { text: known.look }));
    const evidence = value("evidence", i);
    if (evidence.length) add("Evidence", make("dl", {}, ...evidence.flatMap(([name, text]) => [make("dt", { text: name }), make("dd", {}, make("pre", { text }))])));
    const trace = value("trace", i);
    if (trace.length) add("Trace", make("ol", { class: "trace" }, ...trace.map((step) => make("li", { text: step }))));
    if (value("stacks", i)) add("Stacks", make("pre", { text: value("stacks", i) }));
    if (known.source) add("Source", make("p", {}, ...link(known.source)));
    add("Run it again", this.command(`${value("place", i)} ${value("what", i)}`));
    if (value("kind", i) !== "behavior") add("As one file, without the kit", this.command(reproduce(i)));
    add("Elsewhere", ...this.elsewhere(i));
    if (record.seconds[i] !== null) parts.push(make("p", { class: "quiet", text: `${record.seconds[i].toFixed(3)} s` }));
    this.fill(focus, ...parts);
  }

  command(text) {
    const code = make("code", { text });
    const button = make("button", { type: "button", text: "Copy" });
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(code); // Without a clipboard, one key is left to press.
        button.textContent = "Press Ctrl+C";
      }
    });
    return make("p", { class: "command" }, code, button);
  }

  elsewhere(i) {
    return ["check", "subject"].map((name) => {
      const same = [];
      for (let j = 0; j < size; j++) if (columns[name].at[j] === columns[name].at[i]) same.push(j);
      const seen = face(same);
      const button = make("button", { type: "button", text: `All of ${value(name, i)}` });
      button.addEventListener("click", () => this.narrow(name, columns[name].at[i]));
      return make("p", { class: "line" }, button, make("span", { class: "quiet", text: seen.words }));
    });
  }
}

function reproduce(i) {
  const bridge = value("bridge", i);
  const finding = value("kind", i) === "probe" ? value("check", i) : quoted(`${value("check", i)}@${value("subject", i)}`);
  return `interop reproduce ${finding}${bridge && bridge !== "portal" ? ` --bridge ${quoted(bridge)}` : ""}`;
}

function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}

function place(i) {
  const bridge = value("bridge", i);
  return value("subject", i) + (bridge && bridge !== "portal" ? ` (${bridge})` : "");
}
