// Charts: drawn over the table that is there anyway, from its numbers; a bar, slice or point opens the rows behind it.

const PALETTE = ["blue", "green", "orange", "purple", "teal", "red", "yellow", "grey"];
const still = matchMedia("(prefers-reduced-motion: reduce)");
const print = matchMedia("print");
let library;
const echarts = () => (library ??= import("./vendor/echarts.js"));

function tokens() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  const colours = PALETTE.map((name) => of(`chart-${name}`));
  return { text: of("text"), soft: of("soft"), faint: of("faint"), line: of("line"), surface: of("surface"), raised: of("raised"), font: of("font"), colours };
}

// 3,286,000 as 328.6万 or 3.3M, as the server writes it.
export function short(value, sign = "", unit = "") {
  const steps = document.documentElement.lang === "en" ? [[1e9, "B"], [1e6, "M"], [1e3, "K"]] : [[1e8, "亿"], [1e4, "万"]];
  const size = Math.abs(value);
  const [by, word] = size >= 1e5 ? steps.find(([least]) => size >= least) : [1, ""];
  const scaled = value / by;
  return sign + scaled.toLocaleString("en", { maximumFractionDigits: word ? (Math.abs(scaled) >= 1000 ? 0 : 1) : 2 }) + word + unit;
}

customElements.define("gx-chart", class extends HTMLElement {
  async connectedCallback() {
    this.canvas = this.querySelector(".canvas");
    this.read();
    const lib = await echarts().catch(() => null);
    if (!lib || !this.isConnected) return this.classList.add("bare");
    this.lib = lib;
    this.redraw = () => this.draw();
    for (const media of [matchMedia("(prefers-color-scheme: dark)"), still, print]) media.addEventListener("change", this.redraw);
    this.themed = new MutationObserver(this.redraw);
    this.themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.sized = new ResizeObserver(() => this.chart?.resize());
    this.sized.observe(this.canvas);
    this.draw();
  }

  disconnectedCallback() {
    for (const media of [matchMedia("(prefers-color-scheme: dark)"), still, print]) media.removeEventListener("change", this.redraw);
    this.themed?.disconnect();
    this.sized?.disconnect();
    this.chart?.dispose();
  }

  read() {
    const many = Number(this.getAttribute("series"));
    this.sign = this.getAttribute("sign");
    this.unit = this.getAttribute("unit");
    this.names = [...this.querySelectorAll("thead th")].slice(1, 1 + many).map((one) => one.textContent);
    this.rows = [...this.querySelectorAll("tbody tr")].map((row) => ({
      label: row.cells[0].textContent,
      rest: row.hasAttribute("data-rest"),
      cells: [...row.cells].slice(1).map((cell) => ({ value: cell.dataset.v === undefined ? null : Number(cell.dataset.v), url: cell.querySelector("a")?.getAttribute("href"), text: cell.textContent })),
    }));
  }

  draw() {
    this.chart?.dispose();
    this.look = tokens();
    this.chart = this.lib.init(this.canvas, null, { renderer: "canvas" });
    const kind = this.getAttribute("kind");
    this.chart.setOption({
      animation: !still.matches && !print.matches,
      animationDuration: 300,
      color: this.look.colours,
      textStyle: { fontFamily: this.look.font, color: this.look.soft },
      tooltip: { renderMode: "richText", confine: true, backgroundColor: this.look.raised, borderColor: this.look.line, textStyle: { color: this.look.text, fontSize: 13 }, trigger: kind === "bar" || kind === "line" ? "axis" : "item", valueFormatter: (value) => (value == null ? "–" : this.full(value)) },
      ...this[kind](),
    });
    this.chart.on("click", (event) => {
      const url = event.data?.url;
      if (url) location.href = url;
    });
  }

  full(value) {
    return this.sign + Number(value).toLocaleString("en", { maximumFractionDigits: 2 }) + this.unit;
  }

  axes(flat) {
    const { faint, line } = this.look;
    const dated = /^\d/.test(this.rows[0]?.label ?? "");
    const whole = this.rows.every((row) => row.cells.every((cell, at) => at >= this.names.length || Number.isInteger(cell.value ?? 0)));
    const words = { type: "category", data: this.rows.map((row) => row.label), axisTick: { show: false }, axisLine: { lineStyle: { color: line } }, axisLabel: { color: faint, fontSize: 12, hideOverlap: true, overflow: "truncate", ...(flat ? { width: 110, interval: 0 } : dated ? {} : { width: Math.max(30, (this.canvas.clientWidth - 60) / this.rows.length - 6), interval: 0 }) } };
    const numbers = { type: "value", splitLine: { lineStyle: { color: line } }, axisLabel: { color: faint, fontSize: 12, formatter: (value) => short(value, this.sign, this.unit) }, splitNumber: 4, minInterval: whole ? 1 : 0 };
    return flat ? { xAxis: numbers, yAxis: { ...words, inverse: true } } : { xAxis: words, yAxis: numbers };
  }

  legend(many) {
    return many ? { legend: { type: "scroll", top: 0, left: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10, textStyle: { color: this.look.soft, fontSize: 12 }, pageTextStyle: { color: this.look.faint }, pageIconColor: this.look.soft, pageIconInactiveColor: this.look.line } } : {};
  }

  series(type, more = {}) {
    return this.names.map((name, at) => ({ name, type, data: this.rows.map((row) => ({ value: row.cells[at].value, url: row.cells[at].url })), ...more, ...(this.names.length > 1 && type === "bar" ? { stack: "all" } : {}) }));
  }

  bar() {
    const many = this.names.length > 1;
    const flat = !many && this.rows.length > 4 && this.rows.some((row) => row.label.length > 5 && !/^\d/.test(row.label));
    return { ...this.legend(many), ...this.axes(flat), grid: { top: many ? 34 : 14, left: 4, right: flat ? 56 : 12, bottom: 4, containLabel: true }, series: this.series("bar", { barMaxWidth: 28, itemStyle: { borderRadius: many ? 0 : flat ? [0, 3, 3, 0] : [3, 3, 0, 0] }, cursor: "pointer", ...(flat ? { label: { show: true, position: "right", color: this.look.soft, formatter: ({ value }) => short(value, this.sign, this.unit) } } : {}) }) };
  }

  line() {
    const many = this.names.length > 1;
    return { ...this.legend(many), ...this.axes(false), grid: { top: many ? 34 : 14, left: 4, right: 16, bottom: 4, containLabel: true }, series: this.series("line", { symbolSize: 6, lineStyle: { width: 2 }, showSymbol: this.rows.length <= 40, triggerLineEvent: true, cursor: "pointer" }) };
  }

  pie() {
    const data = this.rows.filter((row) => row.cells[0].value > 0).map((row) => ({ name: row.label, value: row.cells[0].value, url: row.cells[0].url, ...(row.rest ? { itemStyle: { color: this.look.colours.at(-1) } } : {}) }));
    const whole = data.reduce((sum, one) => sum + one.value, 0);
    const share = (name) => `${name}  ${((data.find((one) => one.name === name)?.value ?? 0) * 100 / whole).toFixed(1)}%`;
    const wide = this.canvas.clientWidth > 300;
    return {
      legend: { type: "scroll", orient: "vertical", right: 0, top: "middle", icon: "circle", itemWidth: 8, itemHeight: 8, itemGap: 8, formatter: share, textStyle: { color: this.look.soft, fontSize: 12 }, pageTextStyle: { color: this.look.faint } },
      series: [{ type: "pie", radius: ["46%", "74%"], center: [wide ? "29%" : "26%", "50%"], data, label: { show: false }, itemStyle: { borderColor: this.look.surface, borderWidth: 2 }, cursor: "pointer" }],
    };
  }

  funnel() {
    const data = this.rows.map((row) => ({ name: row.label, value: row.cells[0].value, url: row.cells[0].url, rate: row.cells[1]?.text }));
    return {
      series: [{ type: "funnel", sort: "none", top: 4, bottom: 4, left: 4, right: "34%", minSize: "6%", gap: 2, data, cursor: "pointer", itemStyle: { borderWidth: 0 }, labelLine: { lineStyle: { color: this.look.line } }, label: { position: "right", color: this.look.text, formatter: ({ name, value, data: one }) => `${name}  ${short(value, this.sign, this.unit)}${one.rate ? `  (${one.rate})` : ""}` } }],
    };
  }

  picture() {
    const link = document.createElement("a");
    link.href = this.chart.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: this.look.surface });
    link.download = `${this.closest("section").querySelector("h2").textContent.trim()}.png`;
    link.click();
  }
});

document.addEventListener("click", (event) => {
  const picture = event.target.closest("[data-picture]");
  if (picture) (picture.dataset.picture ? document.querySelector(picture.dataset.picture) : picture.closest("section"))?.querySelector("gx-chart")?.picture();
  if (event.target.closest("[data-print]")) window.print();
});
