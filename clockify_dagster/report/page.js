// Draws the report from the JSON in the page, for the period, the workspace and the client that are chosen.
// Names come from Clockify, so they become text and never HTML: textContent, option.text, and Vega's text marks.
(() => {
  "use strict";
  const report = JSON.parse(document.getElementById("report").textContent);
  const DAY = 86400000, OTHERS = "(other clients)", NAMED = 7, rows = {};
  for (const [name, table] of Object.entries(report.data)) {
    const columns = Object.entries(table).map(([of, { texts, values }]) => [of, texts ? values.map((at) => texts[at]) : values]);
    rows[name] = (columns[0]?.[1] || []).map((_, n) => Object.fromEntries(columns.map(([of, values]) => [of, values[n]])));
  }
  const field = (id) => document.getElementById(id);
  const unique = (values) => [...new Set(values)], sum = (items, name) => items.reduce((all, item) => all + item[name], 0);
  const number = (value, digits) =>
    value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const day = (text) =>
    new Date(text).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  const iso = (time) => new Date(time).toISOString().slice(0, 10);

  function element(parent, tag, text, attributes = {}) {
    const made = parent.appendChild(document.createElement(tag));
    if (text !== undefined) made.textContent = text;
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  }

  // What is chosen.

  function offer(id, options, chosen) {
    const select = field(id);
    select.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
    select.value = options.some(([value]) => value === chosen) ? chosen : options[0][0];
  }

  function offerClients() {
    const place = field("workspace").value, all = Object.values(rows).flat();
    const here = all.filter((row) => row.client !== undefined && (!place || row.workspace_id === place));
    const names = unique(here.map((row) => row.client)).sort((a, b) => a.localeCompare(b));
    // a name may be anything, also empty, so the value is a number
    offer("client", [["", "All clients"], ...names.map((name) => [`=${name}`, name])], field("client").value);
  }

  function chosen(name) {
    const [from, to] = [field("from").value, field("to").value].sort();
    const place = field("workspace").value, client = field("client").value;
    return rows[name].filter(
      (row) =>
        (!place || row.workspace_id === place) &&
        (!client || row.client === undefined || `=${row.client}` === client) &&
        (row.month === undefined || (from <= row.month && row.month <= to)),
    );
  }

  // What the rows need to be drawn.
  const ranked = unique(rows.hours_by_week.map((row) => row.client))
    .map((client) => ({ client, hours: sum(rows.hours_by_week.filter((row) => row.client === client), "hours") }))
    .sort((a, b) => b.hours - a.hours)
    .map((each) => each.client);

  function withSeries(found) {
    const named = field("client").value ? unique(found.map((row) => row.client)) : ranked.slice(0, NAMED);
    return found.map((row) => {
      const at = named.indexOf(row.client);
      return { ...row, series: at < 0 ? OTHERS : row.client, rank: at < 0 ? NAMED : ranked.indexOf(row.client) };
    });
  }

  function isByWeek(found, width) {
    const days = unique(found.map((row) => row.day)).sort();
    return ((Date.parse(days.at(-1)) - Date.parse(days[0])) / DAY + 1) * 5 > width - 150;
  }

  function withCells(found, byWeek) {
    return found.map((row) => {
      const cell = byWeek ? row.week : row.day;
      return { ...row, cell, end: iso(Date.parse(cell) + (byWeek ? 7 : 1) * DAY) };
    });
  }

  function withForecast(found, width) {
    const isNarrow = width < 560;
    const most = isNarrow ? 1.3 : 1.6; // what is used up many times over would leave the others no room
    return found.map((row) => {
      const share = `${number(100 * row.used_share, 0)} %`;
      const said = isNarrow ? ", " : row.is_used_up ? ", used up since " : ", used up on ";
      return {
        ...row,
        label: `${row.project} (${row.unit})`,
        used_shown: Math.min(row.used_share, most),
        forecast_shown: Math.min(row.forecast_share, most),
        text_at: Math.min(Math.max(row.used_share, row.forecast_share), most),
        text: row.used_up_on ? share + said + day(row.used_up_on) : share,
      };
    });
  }

  function everyWeek(found) {
    const weeks = unique(found.map((row) => row.week)).sort();
    const all = new Set(weeks);
    for (let time = Date.parse(weeks[0]); time < Date.parse(weeks.at(-1)); time += 7 * DAY) all.add(iso(time));
    return [...all].sort();
  }

  // Drawing.

  const config = {
    background: "transparent",
    font: getComputedStyle(document.body).fontFamily,
    view: { stroke: null },
    axis: {
      labelColor: "var(--soft)", titleColor: "var(--soft)", domainColor: "var(--line)", tickColor: "var(--line)",
      gridColor: "var(--line)", gridOpacity: 0.6, labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal",
    },
    axisX: { labelAngle: 0 },
    legend: {
      labelColor: "var(--text)", titleColor: "var(--soft)", labelFontSize: 12, titleFontWeight: "normal",
      orient: "bottom", labelLimit: 180, symbolStrokeColor: "transparent",
    },
    text: { fontSize: 12 },
  };

  async function draw(into, chart, found) {
    const spec = JSON.parse(JSON.stringify(chart.spec));
    const width = into.clientWidth;
    if (chart.name === "hours_by_week") {
      found = withSeries(found);
      const series = unique(found.map((row) => row.series)).sort((a, b) => order(a) - order(b));
      spec.encoding.color.scale = { domain: series, range: series.map((name) => `var(--c${order(name) + 1})`) };
      const columns = Math.max(1, Math.floor(width / 170));
      spec.encoding.color.legend = { columns, labelLimit: (width - 60) / columns - 30 };
    }
    if (chart.name === "person_by_day") {
      const byWeek = isByWeek(found, width);
      found = withCells(found, byWeek);
      // one timer that nobody stopped is not to make all other cells pale
      spec.encoding.opacity.scale.domain = byWeek ? [0, 50] : [0, 10];
    }
    if (chart.name === "budget_burn") found = withForecast(found.slice(0, chart.limit), width);
    if (width < 560 && spec.encoding.y.axis?.labelLimit) spec.encoding.y.axis.labelLimit = 110;
    if (chart.fills === "week") spec.encoding.x.scale = { domain: everyWeek(found) };
    if (chart.step) spec.height = chart.step * unique(found.map((row) => row[spec.encoding.y.field])).length;
    Object.assign(spec, { data: { values: found }, width: "container", autosize: { type: "fit-x", contains: "padding" } });
    await window.vegaEmbed(into, spec, { mode: "vega-lite", renderer: "svg", actions: false, config });
  }

  function order(series) {
    if (series === OTHERS) return NAMED;
    const at = ranked.indexOf(series);
    return at < NAMED ? at : 0;
  }

  function table(into, chart, found) {
    let shown = found;
    if (chart.sum) {
      shown = unique(found.map((row) => row.person)).map((person) => {
        const own = found.filter((row) => row.person === person), latest = own.map((row) => row.latest).sort().at(-1);
        return { person, latest, days: sum(own, "days"), missing_hours: sum(own, "missing_hours") };
      });
    }
    if (chart.order) shown.sort((a, b) => b[chart.order] - a[chart.order]);
    const made = element(element(into, "div", undefined, { class: "scroll" }), "table");
    const kind = (column) => ({ class: column.is_day ? "day" : column.digits === undefined ? "name" : "number" });
    const head = element(element(made, "thead"), "tr");
    for (const column of chart.columns) element(head, "th", column.title, { scope: "col", ...kind(column) });
    const body = element(made, "tbody");
    for (const row of shown.slice(0, chart.limit)) {
      const line = element(body, "tr");
      for (const column of chart.columns) {
        const value = row[column.field];
        element(line, "td", column.digits === undefined ? value : number(value, column.digits), { dir: "auto", ...kind(column) });
      }
    }
    if (shown.length > chart.limit) element(into, "p", `And ${shown.length - chart.limit} more.`, { class: "caption" });
  }

  async function drawAll() {
    const drawn = [];
    for (const chart of report.charts) {
      const into = field(`chart-${chart.name}`).querySelector(".content"), found = chosen(chart.data || chart.name);
      into.replaceChildren();
      if (!found.length) element(into, "p", "Nothing in this choice.", { class: "nothing" });
      else if (chart.columns) table(into, chart, found);
      else {
        for (const part of chart.split ? unique(found.map((row) => row[chart.split])).sort() : [null]) {
          if (part !== null) element(into, "h3", part);
          const box = element(into, "div", undefined, { class: "drawing" });
          drawn.push(draw(box, chart, part === null ? found : found.filter((row) => row[chart.split] === part)));
        }
      }
    }
    await Promise.all(drawn);
    document.documentElement.dataset.drawn = "yes"; // for whoever waits for it
  }

  function tell() {
    const into = field("totals"), hours = chosen("hours_by_week"), worked = sum(hours, "hours");
    into.replaceChildren();
    const say = (name, value) => {
      const box = element(into, "div");
      element(box, "dt", name);
      element(box, "dd", value);
    };
    say("Hours of work", number(worked, 1));
    if (worked) say("Billable share", `${number((100 * sum(hours, "billable_hours")) / worked, 1)} %`);
    const by = (found, value, title) => {
      for (const currency of unique(found.map((row) => row.currency)).sort()) {
        const amount = sum(found.filter((row) => row.currency === currency), value);
        if (amount) say(title, `${number(amount, 0)} ${currency}`);
      }
    };
    by(chosen("money_by_month").filter((row) => row.kind === "Revenue"), "value", "Revenue");
    by(chosen("unbilled_by_age"), "amount", "Unbilled today");
  }

  function begin() {
    field("made").textContent = `As loaded until ${report.loaded}, made ${report.made} (${report.zone}).`;
    if (report.is_empty) {
      for (const id of ["choice", "totals"]) field(id).remove();
      element(field("charts"), "p", "There are no time entries with hours yet. Load some, then make the report again.");
      document.documentElement.dataset.drawn = "yes";
      return;
    }
    const months = report.months.map((month) => [month, month]);
    offer("from", months, report.months.at(-6));
    offer("to", months, report.months.at(-1));
    offer("workspace", [["", "All workspaces"], ...Object.entries(report.workspaces)]);
    offerClients();
    for (const chart of report.charts) {
      const box = element(field("charts"), "section", undefined, { id: `chart-${chart.name}` });
      if (chart.wide) box.className = "wide";
      element(box, "h2", chart.title);
      element(box, "p", chart.caption, { class: "caption" });
      element(box, "div", undefined, { class: "content" });
    }
    const renew = () => { tell(); return drawAll(); };
    field("choice").addEventListener("change", (event) => {
      if (event.target.id === "workspace") offerClients();
      renew();
    });
    let width = window.innerWidth, waiting; // phones tell a resize as well where only the height is another
    window.addEventListener("resize", () => {
      if (width === window.innerWidth) return;
      width = window.innerWidth;
      clearTimeout(waiting);
      waiting = setTimeout(drawAll, 150);
    });
    renew();
  }

  begin();
})();
