/* What pages do on top of working without it: countdowns that count, a grid that follows the
   arrow keys, a log that stays at its end, and updates that can be held. */
(() => {
  "use strict";

  const units = [[86400, "d", 3600, "h"], [3600, "h", 60, "min"], [60, "min", 1, "s"]];

  function span(seconds, units2 = true) {
    for (const [unit, name, part, small] of units) {
      if (seconds < unit) continue;
      const rest = Math.floor((seconds % unit) / part);
      const whole = `${Math.floor(seconds / unit)} ${name}`;
      return units2 && rest ? `${whole} ${rest} ${small}` : whole;
    }
    return `${seconds} s`;
  }

  const words = {
    until: (away) => (away <= 0 ? "due now" : `in ${span(away)}`),
    ago: (away) => (away > -1 ? "now" : `${span(-away, false)} ago`),
    since: (away) => span(Math.max(0, -away)),
  };

  // Seconds are counted from the server's clock: that of the reader may be wrong.
  let ahead = 0;

  // Sighted people see it count; the text is not announced, and changes once a second at most.
  function tick() {
    const now = Date.now() - ahead;
    for (const each of document.querySelectorAll("time[data-tick]")) {
      const away = Math.trunc((Date.parse(each.dateTime) - now) / 1000);
      const said = words[each.dataset.tick](away);
      if (each.textContent !== said) each.textContent = said;
    }
  }

  // --- grids: one stop for Tab, arrows inside ---------------------------------------------------

  function cells(grid) {
    return [...grid.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("td")]);
  }

  function linkIn(cell) {
    return cell && cell.querySelector("a");
  }

  function settle(grid) {
    const links = [...grid.querySelectorAll("td a")];
    const chosen = links.find((each) => each.getAttribute("aria-current")) || links[0];
    for (const each of links) each.tabIndex = each === chosen ? 0 : -1;
  }

  function step(rows, row, column, down, right) {
    for (;;) {
      row += down;
      column += right;
      if (right && rows[row] && column < 0 && rows[row - 1]) { row -= 1; column = rows[row].length - 1; }
      if (right && rows[row] && column >= rows[row].length && rows[row + 1]) { row += 1; column = 0; }
      if (!rows[row] || column < 0 || column >= rows[row].length) return null;
      const found = linkIn(rows[row][column]);
      if (found) return found;
    }
  }

  const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

  function goTo(grid, link) {
    if (!link) return;
    for (const each of grid.querySelectorAll("td a")) each.tabIndex = -1;
    link.tabIndex = 0;
    link.focus();
  }

  document.addEventListener("keydown", (event) => {
    const grid = event.target.closest && event.target.closest("[data-grid]");
    if (!grid || event.altKey || event.ctrlKey || event.metaKey) return;
    const rows = cells(grid);
    const row = rows.findIndex((each) => each.includes(event.target.closest("td")));
    if (row < 0) return;
    const links = rows[row].map(linkIn).filter(Boolean);
    const turn = { PageUp: "prev", PageDown: "next" }[event.key];
    if (turn) {
      const link = document.querySelector(`a[rel~="${turn}"]`);
      if (link) { event.preventDefault(); location.href = link.href; }
    } else if (moves[event.key]) {
      event.preventDefault();
      goTo(grid, step(rows, row, rows[row].indexOf(event.target.closest("td")), ...moves[event.key]));
    } else if (event.key === "Home" || event.key === "End") {
      event.preventDefault();
      goTo(grid, event.key === "Home" ? links[0] : links[links.length - 1]);
    }
  });

  // --- live parts -------------------------------------------------------------------------------

  let held = false;

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-hold]");
    if (!button) return;
    held = !held;
    button.setAttribute("aria-pressed", String(held));
  });

  document.addEventListener("htmx:before:request", (event) => {
    if (held && event.target.matches("[data-live]")) event.preventDefault();
  });

  // A log follows its end until somebody scrolls away from it.
  document.addEventListener("htmx:sse:before:message", (event) => {
    const log = event.target;
    log.dataset.end = String(log.scrollHeight - log.scrollTop - log.clientHeight < 40);
  });

  document.addEventListener("htmx:sse:after:message", (event) => {
    const log = event.target;
    if (log.dataset.end === "true") log.scrollTop = log.scrollHeight;
  });

  function say(text) {
    document.getElementById("said").textContent = text;
  }

  document.addEventListener("ended", (event) => {
    say("The run has ended.");
    const note = event.target.dataset && event.target.dataset.ended;
    if (note) document.querySelector(note).hidden = false;
  });

  // --- forms ------------------------------------------------------------------------------------

  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("[data-all]")) {
      for (const each of document.querySelectorAll(`input[name="${box.dataset.all}"]`)) {
        each.checked = box.checked;
      }
    }
    if (box.matches("[data-submit]")) box.form.requestSubmit();
  });

  // One menu at a time, and Escape closes it.
  document.addEventListener("click", (event) => {
    for (const each of document.querySelectorAll("details.drop[open], details.menu[open]")) {
      if (!each.contains(event.target)) each.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && event.target.closest && event.target.closest("details[open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
  });

  document.addEventListener("DOMContentLoaded", () => {
    for (const each of document.querySelectorAll("[data-grid]")) settle(each);
    for (const each of document.querySelectorAll(".log")) each.scrollTop = each.scrollHeight;
    for (const each of document.querySelectorAll("[data-hold], [data-scripted]")) each.hidden = false;
    ahead = Date.now() - Date.parse(document.body.dataset.now);
    tick();
    setInterval(tick, 1000);
  });
})();
