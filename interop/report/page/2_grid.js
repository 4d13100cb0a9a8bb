// A grid that draws only the rows in sight, and that the keyboard can reach: one cell has the focus, arrows move it.

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, what] of Object.entries(attributes)) {
    if (name === "text") element.textContent = what;
    else if (what !== undefined && what !== false) element.setAttribute(name, what === true ? "" : what);
  }
  element.append(...children.filter((child) => child !== undefined && child !== null && child !== ""));
  return element;
}

class Grid {
  // opened(row, column, byKeyboard) and moved(row, column) are told; -1 is a header.
  constructor(root, { opened, moved, closed }) {
    Object.assign(this, { root, opened, moved, closed });
    this.row = this.column = 0;
    this.drawn = new Map();
    root.tabIndex = -1;
    root.setAttribute("role", "grid");
    root.addEventListener("scroll", () => this.draw(), { passive: true });
    root.addEventListener("keydown", (event) => this.key(event));
    root.addEventListener("click", (event) => this.click(event));
    root.addEventListener("focusin", (event) => this.focused(event.target));
    new ResizeObserver(() => this.draw()).observe(root);
  }

  // model: label; rows and columns with label, title; face(row, column); height, head, width and first, in pixels
  show(model) {
    this.model = model;
    this.drawn.clear();
    this.row = Math.min(this.row, model.rows.length - 1);
    this.column = Math.min(this.column, model.columns.length - 1);
    const { root } = this;
    root.setAttribute("aria-label", model.label);
    root.setAttribute("aria-rowcount", model.rows.length + (model.groups ? 2 : 1));
    root.setAttribute("aria-colcount", model.columns.length + 1);
    root.className = model.name;
    const widths = model.columns.map((column) => column.width || model.width);
    const least = widths.reduce((sum, width) => sum + width, model.first);
    root.style.setProperty("--columns", `${model.first}px ${widths.map((width) => `minmax(${width}px, ${width}fr)`).join(" ")}`);
    root.style.setProperty("--wide", `max(${least}px, min(100%, ${2 * least}px))`);
    root.style.setProperty("--head", `${model.head}px`);
    root.style.setProperty("--row", `${model.height}px`);
    this.body = make("div", { class: "body", role: "rowgroup" });
    this.body.style.height = `${model.rows.length * model.height}px`;
    const head = make("div", { class: "heads", role: "rowgroup" }, ...(model.groups ? [this.groups(model)] : []), this.head(model));
    root.replaceChildren(make("div", { class: "sheet", role: "presentation" }, head, this.body));
    this.draw();
  }

  groups(model) {
    const row = make("div", { class: "row groups", role: "row", "aria-rowindex": 1 }, make("div", { class: "corner", role: "columnheader" }));
    let from = 2;
    for (const group of model.groups) {
      const cell = make("div", { role: "columnheader", text: group.label, title: group.label, "aria-colspan": group.span, "aria-colindex": from });
      cell.style.gridColumn = `${from} / span ${group.span}`;
      from += group.span;
      row.append(cell);
    }
    return row;
  }

  head(model) {
    const row = make("div", { class: "row head", role: "row", "aria-rowindex": model.groups ? 2 : 1 });
    row.append(make("div", { class: "corner", role: "columnheader", text: model.corner, "aria-colindex": 1 }));
    model.columns.forEach((column, c) => {
      const cell = make("div", { role: "columnheader", title: column.title, "aria-label": column.title, "aria-colindex": c + 2, tabindex: -1 }, make("span", { text: column.label }));
      cell.dataset.row = -1;
      cell.dataset.column = c;
      if (column.starts) cell.classList.add("starts");
      row.append(cell);
    });
    return row;
  }

  line(r) {
    const { model } = this;
    const row = make("div", { class: "row", role: "row", "aria-rowindex": r + (model.groups ? 3 : 2) });
    row.style.top = `${r * model.height}px`;
    const there = model.rows[r];
    const head = make("div", { role: "rowheader", class: there.state ? `first ${there.state}` : "first", title: there.title, text: there.label, "aria-colindex": 1, tabindex: -1 });
    head.dataset.row = r;
    head.dataset.column = -1;
    row.append(head);
    model.columns.forEach((column, c) => {
      const seen = model.face(r, c);
      const cell = make("div", { role: "gridcell", "aria-colindex": c + 2, tabindex: -1, title: seen && seen.title, "aria-label": seen && seen.label });
      cell.dataset.row = r;
      cell.dataset.column = c;
      if (seen) {
        cell.className = `cell ${seen.state || ""}`;
        cell.append(make("span", { text: seen.text }));
        if (seen.bar) {
          const bar = make("i", { "aria-hidden": "true" });
          bar.style.background = seen.bar;
          cell.append(bar);
        }
      } else {
        cell.className = "none";
      }
      if (column.starts) cell.classList.add("starts");
      row.append(cell);
    });
    return row;
  }

  draw() {
    const { model, root, body } = this;
    if (!model) return;
    const above = Math.max(0, Math.floor(root.scrollTop / model.height) - 8);
    const below = Math.min(model.rows.length, Math.ceil((root.scrollTop + root.clientHeight) / model.height) + 8);
    const wanted = new Set();
    for (let r = above; r < below; r++) wanted.add(r);
    if (this.row >= 0 && this.row < model.rows.length) wanted.add(this.row);
    for (const [r, element] of this.drawn) {
      if (!wanted.has(r)) {
        element.remove();
        this.drawn.delete(r);
      }
    }
    for (const r of wanted) {
      if (!this.drawn.has(r)) {
        const element = this.line(r);
        this.drawn.set(r, element);
        const next = [...this.drawn.keys()].filter((other) => other > r).sort((a, b) => a - b)[0];
        body.insertBefore(element, next === undefined ? null : this.drawn.get(next));
      }
    }
    const current = this.cell();
    if (current) current.tabIndex = 0;
  }

  cell(row = this.row, column = this.column) {
    return this.root.querySelector(`[data-row="${row}"][data-column="${column}"]`);
  }

  // Put the focus on a cell and bring it into sight, beside the headers that stay where they are.
  go(row, column, focus = true) {
    const { model, root } = this;
    const before = this.cell();
    if (before) before.tabIndex = -1;
    this.row = Math.max(-1, Math.min(row, model.rows.length - 1));
    this.column = Math.max(-1, Math.min(column, model.columns.length - 1));
    if (this.row === -1 && this.column === -1) this.column = 0;
    if (this.row >= 0) {
      const heads = root.querySelector(".heads").offsetHeight;
      const top = this.row * model.height;
      if (top < root.scrollTop) root.scrollTop = top;
      else if (top + model.height > root.scrollTop + root.clientHeight - heads) root.scrollTop = top + model.height - root.clientHeight + heads;
    }
    this.draw();
    const cell = this.cell();
    if (!cell) return;
    if (this.column >= 0) {
      const left = cell.offsetLeft - model.first;
      if (left < root.scrollLeft) root.scrollLeft = left;
      else if (cell.offsetLeft + cell.offsetWidth > root.scrollLeft + root.clientWidth) root.scrollLeft = cell.offsetLeft + cell.offsetWidth - root.clientWidth;
    }
    cell.tabIndex = 0;
    if (focus) cell.focus({ preventScroll: true });
  }

  focused(target) {
    const cell = target.closest("[data-row]");
    if (!cell) return;
    const before = this.cell();
    if (before && before !== cell) before.tabIndex = -1;
    this.row = Number(cell.dataset.row);
    this.column = Number(cell.dataset.column);
    cell.tabIndex = 0;
  }

  click(event) {
    const cell = event.target.closest("[data-row]");
    if (!cell) return;
    this.go(Number(cell.dataset.row), Number(cell.dataset.column));
    this.opened(this.row, this.column, false);
  }

  key(event) {
    if (event.ctrlKey && !["Home", "End"].includes(event.key)) return;
    if (event.altKey || event.metaKey) return;
    const { row, column, model } = this;
    const page = Math.max(1, Math.floor(this.root.clientHeight / model.height) - 2);
    const moves = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      PageUp: [Math.max(0, row - page), column], PageDown: [row + page, column],
      Home: event.ctrlKey ? [0, 0] : [row, 0], End: event.ctrlKey ? [Infinity, Infinity] : [row, Infinity],
    };
    if (moves[event.key]) this.go(...moves[event.key]);
    else if (event.key === "Enter" || event.key === " ") this.opened(row, column, true);
    else if (event.key === "n" || event.key === "p") this.seek(event.key === "n" ? 1 : -1);
    else if (event.key === "Escape") this.closed();
    else return;
    event.preventDefault();
    if (moves[event.key] || event.key === "n" || event.key === "p") this.moved(this.row, this.column);
  }

  // The next cell, in reading order, that has a finding against somebody.
  seek(step) {
    const { rows, columns: across } = this.model;
    const all = rows.length * across.length;
    let place = Math.max(0, this.row) * across.length + Math.max(0, this.column);
    for (let tried = 0; tried < all; tried++) {
      place = (place + step + all) % all;
      const there = [Math.floor(place / across.length), place % across.length];
      if (this.model.against(...there)) return this.go(...there);
    }
  }
}
