// Draws what console/charts.py describes; the figures stand beside it as a table.
"use strict";

const PALETTE = { light: ["#2563eb", "#0f9f8f", "#d97706", "#9333ea", "#dc2626", "#0891b2", "#65a30d", "#db2777"],
  dark: ["#7aa7ff", "#3fd0bd", "#f5b04c", "#c79bff", "#ff8a85", "#4fd1ea", "#a9d65c", "#ff8ac2"] };
const drawn = new Map();
const isDark = () => document.documentElement.dataset.bsTheme === "dark";
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const locale = document.documentElement.lang;

function written(value, unit) {
  if (value === null || value === undefined) return "–";
  if (unit === "%") return new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 }).format(value);
  const compact = { notation: Math.abs(value) >= 10000 ? "compact" : "standard", minimumFractionDigits: 0, maximumFractionDigits: 1 };
  if (/^[A-Z]{3}$/.test(unit)) return new Intl.NumberFormat(locale, { style: "currency", currency: unit, currencyDisplay: "narrowSymbol", ...compact }).format(value);
  return new Intl.NumberFormat(locale, compact).format(value) + (unit ? ` ${unit}` : "");
}

function options(chart, narrow) {
  const ink = token("--crm-ink");
  const soft = token("--crm-ink-soft");
  const line = token("--crm-line");
  const format = (value) => written(value, chart.unit);
  const tooltip = { renderMode: "richText", confine: true, backgroundColor: token("--crm-surface"), borderColor: line, textStyle: { color: ink } };
  const shared = {
    color: PALETTE[isDark() ? "dark" : "light"], aria: { enabled: true }, animationDuration: 300,
    textStyle: { color: ink, fontFamily: getComputedStyle(document.body).fontFamily }, tooltip,
    legend: { show: chart.series.length > 1 && chart.kind !== "heat", bottom: 0, textStyle: { color: soft }, type: "scroll" },
  };
  const axisText = { axisLabel: { color: soft, hideOverlap: true, fontSize: 12 }, axisLine: { lineStyle: { color: line } }, splitLine: { lineStyle: { color: line } } };
  const figures = { type: "value", ...axisText, axisLabel: { color: soft, formatter: format, fontSize: 12 } };
  const categories = { type: "category", data: chart.categories, ...axisText };
  const grid = { left: 8, right: 16, top: 16, bottom: chart.series.length > 1 ? 36 : 8, containLabel: true };
  if (["funnel", "pie"].includes(chart.kind)) {
    const data = chart.categories.map((name, at) => ({ name, value: chart.series[0].values[at], at }));
    return { ...shared, legend: { ...shared.legend, show: chart.kind === "pie" }, tooltip: { ...tooltip, trigger: "item", valueFormatter: format },
      series: [{ type: chart.kind, data, ...(chart.kind === "pie" ? { radius: ["48%", "72%"], center: ["50%", "44%"], label: { show: false } }
        : { sort: "none", left: "4%", right: narrow ? "46%" : "34%", top: 8, bottom: 8, gap: 3, minSize: "12%", label: { position: "right", color: ink, fontSize: 13, formatter: (item) => `${item.name}  ${format(item.value)}` }, labelLine: { lineStyle: { color: line } } }) }] };
  }
  if (chart.kind === "heat") {
    const data = chart.series.flatMap((row, y) => row.values.map((value, x) => [x, y, value]));
    const top = Math.max(...data.map((one) => one[2] || 0), 1);
    return { ...shared, grid: { ...grid, bottom: 44 }, xAxis: { ...categories, splitArea: { show: false } }, yAxis: { type: "category", inverse: true, data: chart.series.map((row) => row.name), ...axisText },
      tooltip: { ...tooltip, formatter: (item) => `${chart.series[item.value[1]].name} · ${chart.categories[item.value[0]]}: ${format(item.value[2])}` },
      visualMap: { min: 0, max: top, calculable: false, orient: "horizontal", left: "center", bottom: 0, itemHeight: 120, itemWidth: 12, formatter: (value) => format(value), textStyle: { color: soft }, inRange: { color: isDark() ? ["#1b2940", "#3f6fd1", "#b9d2ff"] : ["#eaf1ff", "#6f9df5", "#1d4ed8"] } },
      series: [{ type: "heatmap", data, itemStyle: { borderColor: token("--crm-surface"), borderWidth: 2, borderRadius: 3 } }] };
  }
  if (chart.kind === "gauge") {
    return { ...shared, series: [{ type: "gauge", progress: { show: true, width: 14 }, axisLine: { lineStyle: { width: 14, color: [[1, line]] } }, min: 0, max: chart.target || 1, pointer: { show: false }, axisTick: { show: false }, splitLine: { show: false }, axisLabel: { show: false }, detail: { formatter: format, color: ink, fontSize: 26, offsetCenter: [0, 0] }, data: [{ value: chart.series[0].values[0] }] }] };
  }
  if (chart.kind === "scatter") {
    return { ...shared, grid, xAxis: { type: "value", ...axisText }, yAxis: figures, series: chart.series.map((row) => ({ type: "scatter", name: row.name, data: row.values.map((value, at) => [Number(chart.categories[at]), value]) })) };
  }
  const kind = ["line", "area"].includes(chart.kind) ? "line" : "bar";
  return { ...shared, grid, xAxis: categories, yAxis: figures, tooltip: { ...tooltip, trigger: "axis", valueFormatter: format },
    series: chart.series.map((row, at) => ({
      type: kind, name: row.name, data: row.values, stack: chart.kind === "stacked" ? "all" : undefined, smooth: 0.2, barMaxWidth: 44, symbolSize: 7,
      areaStyle: chart.kind === "area" ? { opacity: 0.15 } : undefined,
      itemStyle: kind === "bar" && chart.kind !== "stacked" ? { borderRadius: [4, 4, 0, 0] } : undefined,
      markLine: at === 0 && chart.target ? { symbol: "none", data: [{ yAxis: chart.target }], label: { formatter: format(chart.target), color: ink, position: "insideEndTop", backgroundColor: token("--crm-surface"), padding: [2, 4], borderRadius: 3 }, lineStyle: { color: soft } } : undefined,
    })) };
}

function linkOf(chart, item) {
  if (chart.kind === "heat") return chart.series[item.value[1]]?.links[item.value[0]];
  return chart.series[item.seriesIndex]?.links[item.dataIndex];
}

function draw(place) {
  const chart = JSON.parse(place.dataset.chart);
  const shown = drawn.get(place) || echarts.init(place);
  shown.setOption(options(chart, place.clientWidth < 420), true);
  if (!drawn.has(place)) {
    drawn.set(place, shown);
    shown.on("click", (item) => {
      const link = linkOf(chart, item);
      if (link) location.assign(link);
    });
    new ResizeObserver(() => shown.resize()).observe(place);
  }
}
const drawAll = () => $$("[data-chart]").forEach(draw);

drawAll();
document.addEventListener("htmx:load", drawAll);
new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
