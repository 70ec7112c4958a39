// SPDX-License-Identifier: Apache-2.0
// Draws every figure of class "chart" from the table in it, and folds the table away below the charts.
(function () {
  "use strict";
  if (typeof Chart === "undefined") return;

  const dashes = [[], [6, 3], [2, 3], [8, 3, 2, 3]];
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const print = matchMedia("print");
  const colours = () => dark.matches && !print.matches
    ? { text: "#e6edf3", line: "#3d444d", series: ["#58a6ff", "#ffa657", "#56d364", "#ff9bce", "#d2a8ff", "#e3b341", "#76e3ea", "#ff7b72"] }
    : { text: "#1b1f24", line: "#d0d7de", series: ["#0072b2", "#b35900", "#00735a", "#a8327e", "#6639ba", "#7a5c00", "#00687a", "#c4232f"] };
  const charts = [];

  const figure = (text) => {
    const value = parseFloat(text.replace(/,/g, ""));
    return Number.isNaN(value) ? null : value;
  };

  function read(table) {
    return {
      head: [...table.tHead.rows[0].cells].map((c) => c.textContent),
      rows: [...table.tBodies[0].rows].map((r) => [...r.cells].map((c) => c.textContent)),
    };
  }

  // A long label in lines of some letters, broken between words.
  const lines = (text, letters) => text.split(" ").reduce((all, word) => {
    if (all.length > 0 && all[all.length - 1].length + word.length < letters) all[all.length - 1] += ` ${word}`;
    else all.push(word);
    return all;
  }, []);

  const letters = (options) => options.has("horizontal") ? 20 : 10;

  // Series of one panel: {label, data}; bars that are nowhere are left out.
  function series(kind, data, columns) {
    if (kind === "curves") {
      const by = new Map();
      for (const [name, x, y] of data.rows) {
        if (!by.has(name)) by.set(name, []);
        by.get(name).push({ x: figure(x), y: figure(y) });
      }
      return [...by].map(([label, points]) => ({ label, data: points }));
    }
    const all = columns.map((c) => ({
      label: data.head[c],
      data: kind === "line"
        ? data.rows.map((r) => ({ x: figure(r[0]), y: figure(r[c]) })).filter((p) => p.y !== null)
        : data.rows.map((r) => figure(r[c])),
    }));
    return kind === "line" || all.length === 1 ? all : all.filter((s) => s.data.some((y) => y));
  }

  function axes(kind, options, data, title) {
    const value = { type: options.has("log") ? "logarithmic" : "linear", stacked: options.has("stacked"), ticks: {}, grid: {} };
    if (!options.has("log") && kind === "bar") value.beginAtZero = true;
    if (options.has("unit")) Object.assign(value, { min: 0, max: 1 });
    if (options.has("percent")) Object.assign(value, { min: 0, max: 100 });
    const position = { type: kind === "bar" ? "category" : "linear", stacked: options.has("stacked"), ticks: { maxRotation: 60, autoSkip: !options.has("horizontal") }, grid: {} };
    if (kind !== "bar") position.title = { display: true, text: kind === "curves" ? data.head[1] : data.head[0] };
    if (kind === "curves") value.title = { display: true, text: data.head[2] };
    if (kind === "curves" || options.has("unit") && options.has("diagonal")) Object.assign(position, { min: 0, max: 1 });
    return options.has("horizontal") ? { x: value, y: position } : { x: position, y: value };
  }

  function paint(chart) {
    const c = colours();
    chart.options.color = c.text;
    chart.options.plugins.title.color = c.text;
    chart.options.plugins.legend.labels.color = c.text;
    for (const axis of Object.values(chart.options.scales)) {
      axis.ticks.color = c.text;
      axis.grid.color = c.line;
      if (axis.title) axis.title.color = c.text;
    }
    chart.data.datasets.forEach((set, i) => {
      const colour = set.reference ? c.line : c.series[i % c.series.length];
      set.borderColor = colour;
      set.backgroundColor = colour;
    });
  }

  function draw(canvas, kind, options, data, title, columns) {
    const bar = kind === "bar";
    const sets = series(kind, data, columns).map((s, i) => Object.assign(s, bar ? {} : {
      showLine: !options.has("points") || s.label === "equal", borderWidth: 2,
      pointRadius: options.has("points") ? (s.label === "equal" ? 0 : 2) : s.data.length > 40 ? 0 : 2, borderDash: dashes[Math.floor(i / 2) % dashes.length],
      tension: 0,
    }));
    if (options.has("diagonal"))
      sets.push({ label: "reference", data: [{ x: 0, y: 0 }, { x: 1, y: 1 }], showLine: true, borderWidth: 1, pointRadius: 0, reference: true });
    const config = {
      type: bar ? "bar" : "scatter",
      data: { labels: bar ? data.rows.map((r) => lines(r[0], letters(options))) : undefined, datasets: sets },
      options: {
        animation: false, responsive: true, maintainAspectRatio: false, indexAxis: options.has("horizontal") ? "y" : "x",
        interaction: { mode: "nearest", intersect: false },
        scales: axes(kind, options, data, title),
        plugins: { title: { display: true, text: title }, legend: { display: sets.length > 1, labels: { boxWidth: 18 } } },
      },
    };
    const made = { options: config.options, data: config.data };
    paint(made);
    const chart = new Chart(canvas, config);
    charts.push(chart);
  }

  for (const place of document.querySelectorAll("figure.chart")) {
    const scroll = place.querySelector(".scroll");
    const data = read(place.querySelector("table"));
    const options = new Set(place.dataset.options.split(" "));
    const panels = document.createElement("div");
    panels.className = "panels";
    place.insertBefore(panels, scroll);
    const wanted = place.dataset.panels.split(";");
    for (const panel of wanted) {
      const colon = panel.lastIndexOf(":");
      const title = colon < 0 ? panel : panel.slice(0, colon);
      const columns = colon < 0 ? [] : panel.slice(colon + 1).split(",").map(Number);
      const box = document.createElement("div");
      box.className = wanted.length === 1 ? "panel wide" : "panel";
      if (options.has("horizontal")) {
        const most = Math.max(1.5, ...data.rows.map((r) => lines(r[0], letters(options)).length));
        box.style.height = `${5 + 1.1 * most * data.rows.length}rem`;
      }
      const canvas = document.createElement("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `Chart: ${title}. The table below has its figures.`);
      box.append(canvas);
      panels.append(box);
      draw(canvas, place.dataset.kind, options, data, title, columns);
    }
    const fold = document.createElement("details");
    const summary = document.createElement("summary");
    summary.textContent = "The figures as a table";
    summary.setAttribute("aria-label", `The figures as a table: ${place.querySelector("caption").textContent}`);
    place.insertBefore(fold, scroll);
    fold.append(summary, scroll);
  }

  const repaint = () => charts.forEach((chart) => { paint(chart); chart.update("none"); });
  dark.addEventListener("change", repaint);
  print.addEventListener("change", () => { repaint(); charts.forEach((chart) => chart.resize()); });
  document.documentElement.dataset.drawn = charts.length;
})();
