"use strict";
// The page is complete without this. It adds details under the pointer, a choice of measure, and sorting.
(() => {
  const plan = JSON.parse(document.getElementById("plan").textContent);
  const NEAR = 24; // pixels from a point that still mean it

  const make = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });
  const figures = (value) => Number(value.toPrecision(3)).toLocaleString("en");
  const spoken = (measure) => measure.replace("ndcg", "nDCG");
  const quality = (found) => `${found.mean.toFixed(3)} (${found.low.toFixed(3)} to ${found.high.toFixed(3)})`;

  function details(row) {
    const told = [make("strong", row.refine === null ? row.spec : `${row.spec} ×${row.refine}`)];
    const add = (text) => told.push(make("span", text));
    add(`${figures(row.bytes_per_vector)} bytes a vector`);
    for (const measure of Object.keys(plan.forecast)) {
      if (row[measure]) add(`${spoken(measure)} ${quality(row[measure])}`);
    }
    add(`among ${row.rows.toLocaleString("en")} rows`);
    if (row.queries_per_second !== null) add(`${figures(row.queries_per_second)} queries a second`);
    add(row.chosen ? "Chosen." : row.why_not);
    return told;
  }

  // Points: the nearest one under the pointer or finger speaks; arrow keys go from size to size.
  function explore(figure) {
    const drawing = figure.querySelector("svg.front");
    const size = (point) => plan.table[point.dataset.row].bytes_per_vector;
    const points = [...drawing.querySelectorAll(".point")].sort((a, b) => size(a) - size(b));
    const tip = figure.appendChild(make("div", ""));
    tip.className = "tip";
    tip.hidden = true;
    tip.setAttribute("role", "status");
    let active = null;

    const centre = (point) => {
      const box = point.querySelector("use").getBoundingClientRect();
      return [box.left + box.width / 2, box.top + box.height / 2];
    };
    function show(point) {
      if (point === active) return;
      if (active) active.classList.remove("active");
      active = point;
      tip.hidden = !point;
      if (!point) return;
      point.classList.add("active");
      tip.replaceChildren(...details(plan.table[point.dataset.row]));
      const frame = figure.getBoundingClientRect();
      const [x, y] = centre(point);
      const left = Math.min(Math.max(0, x - frame.left - tip.offsetWidth / 2), frame.width - tip.offsetWidth);
      const above = y - frame.top - tip.offsetHeight - 16;
      tip.style.left = `${left}px`;
      tip.style.top = `${above > 0 ? above : y - frame.top + 16}px`;
    }
    function nearest(event) {
      let best = null;
      let least = NEAR;
      for (const point of points) {
        const [x, y] = centre(point);
        const emphasis = point.classList.contains("front") ? 0 : 4;
        const distance = Math.hypot(x - event.clientX, y - event.clientY) + emphasis;
        if (distance < least) [best, least] = [point, distance];
      }
      return best;
    }

    for (const point of points) {
      const title = point.querySelector("title"); // the tooltip of the browser would cover ours
      point.setAttribute("aria-label", title.textContent);
      title.remove();
      point.setAttribute("tabindex", "-1");
      point.addEventListener("focus", () => show(point));
      point.addEventListener("blur", () => show(null));
    }
    const first = points.find((point) => point.classList.contains("chosen")) || points[0];
    if (first) first.setAttribute("tabindex", "0");
    drawing.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
      if (event.key === "Escape") show(null);
      if (!step || !active) return;
      event.preventDefault();
      const next = points[Math.min(Math.max(0, points.indexOf(active) + step), points.length - 1)];
      active.setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      next.focus();
    });
    figure.addEventListener("pointermove", (event) => show(nearest(event)));
    figure.addEventListener("pointerdown", (event) => show(nearest(event)));
    figure.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && show(null));
  }

  function choose(group) {
    const buttons = [...group.querySelectorAll("button")];
    const show = (measure) => {
      for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.show === measure));
      for (const figure of document.querySelectorAll("[data-measure]")) {
        figure.hidden = figure.dataset.measure !== measure;
      }
    };
    for (const button of buttons) button.addEventListener("click", () => show(button.dataset.show));
    group.hidden = false;
    show(buttons[0].dataset.show);
  }

  // Cells carry what was measured; what was not measured stays last either way.
  function sortable(table) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const valueOf = (row, column) => row.cells[column].dataset.value ?? row.cells[column].textContent;
    function sort(column) {
      const head = heads[column];
      const down = head.getAttribute("aria-sort") === "ascending";
      const sign = down ? -1 : 1;
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const numbers = body.rows[0].cells[column].classList.contains("number");
      const rows = [...body.rows].map((row) => [valueOf(row, column), row]);
      rows.sort(([a], [b]) => {
        if (a === "" || b === "") return (a === "") - (b === "");
        return sign * (numbers ? a - b : a.localeCompare(b, "en", { numeric: true }));
      });
      body.append(...rows.map(([, row]) => row));
    }
    heads.forEach((head, column) => {
      const button = make("button", head.textContent);
      button.type = "button";
      button.addEventListener("click", () => sort(column));
      head.replaceChildren(button);
    });
  }

  function filter(label, table) {
    label.hidden = false;
    const box = label.querySelector("input");
    box.addEventListener("change", () => table.classList.toggle("front-only", box.checked));
  }

  const table = document.getElementById("candidates");
  if (!table) return; // a diagnosis has nothing to choose from
  document.querySelectorAll("figure.field").forEach(explore);
  document.querySelectorAll(".choice").forEach(choose);
  sortable(table);
  filter(document.querySelector(".filter"), table);
})();
