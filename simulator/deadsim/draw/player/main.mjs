// The page: which step is shown, and what the controls and the keys do.

import { Film } from "./film.mjs";
import { Order } from "./order.mjs";
import { Quiz } from "./quiz.mjs";
import { View, element } from "./view.mjs";

const MOST_TICKS = 200;
const MOST_WRITTEN = 150;
const HALF_A_MINUTE = 30_000; // milliseconds
const data = JSON.parse(document.getElementById("data").textContent);
const film = new Film(data);
const view = new View(film);
const order = new Order(film.first, data.steps.map((step) => step[0]), data.orders);
const part = (id) => document.getElementById(id);
const goal = data.focus === null ? film.last : film.within(data.focus);
let taken = -1;
let timer = null;
let later = null;
let written = []; // when the address was written lately
let quiz = null;

function sentence() {
  const item = view.events[taken - film.first - 1];
  const open = quiz !== null && quiz.open; // then it is left out who waits now
  const said = item && open ? item.cloneNode(true) : item;
  if (item && open) for (const small of said.querySelectorAll("small")) small.remove();
  const what = item ? said.textContent.replace(/\s+/g, " ").trim() : film.first ? "the steps before are not shown" : "nothing has happened yet";
  const ends = data.focus !== null && taken === goal && !open ? ` ${data.word[0]}${data.word.slice(1).toLowerCase()}.` : "";
  const stop = /[.!?]$/.test(what) ? "" : ".";
  return `Step ${taken} of ${film.last}: ${what}${stop}${ends}`;
}

function go(to) {
  const target = film.within(to);
  if (target === taken) return;
  taken = target;
  const now = view.show(taken);
  ask(now);
  part("slider").value = taken;
  part("slider").setAttribute("aria-valuetext", sentence());
  part("count").textContent = `${taken} of ${film.last}`;
  for (const id of ["first", "back"]) part(id).disabled = taken === film.first;
  for (const id of ["forward", "last"]) part(id).disabled = taken === film.last;
  part("status").textContent = sentence();
  relate();
  view.settle(taken);
  address();
}

// Write the step into the address. Browsers allow no more than some of these in half a minute: then the last one is
// written a little later.
function address() {
  clearTimeout(later);
  const now = performance.now();
  written = written.filter((time) => now - time < HALF_A_MINUTE);
  if (written.length >= MOST_WRITTEN) {
    later = setTimeout(address, 1000);
    return;
  }
  written.push(now);
  try {
    history.replaceState(null, "", `#step=${taken}`);
  } catch {
    // A page in a frame without an address of its own.
  }
}

function relate() {
  const on = part("orders").checked && taken > film.first;
  const around = on ? order.around(taken) : null;
  document.body.classList.toggle("ordered", part("orders").checked);
  view.showOrder(taken, around, data.orders);
  part("relation").hidden = !on;
  if (!on) return;
  const some = [...around.unordered].slice(0, 8).join(", ");
  const more = around.unordered.size > 8 ? ", ..." : "";
  const which = around.unordered.size ? ` (steps ${some}${more})` : "";
  part("relation").textContent =
    `Happens-before of step ${taken}: ${around.before.size} before it (whole rings), ${around.after.size} after it ` +
    `(dashed rings), ${around.unordered.size} unordered (dotted rings)${which}.`;
}

function ask(now) {
  if (!quiz) return;
  if (taken === film.last || now.enabled.length === 0) {
    quiz.end();
    return;
  }
  const live = now.r.map((row, thread) => [data.rows[row][0], thread]).filter(([state]) => !["finished", "failed", "not started"].includes(state));
  quiz.ask(live.map(([, thread]) => thread), now.enabled, data.steps[taken - film.first][0]);
}

function answered(open) {
  document.body.classList.toggle("asking", open);
  if (taken >= film.first) part("status").textContent = sentence();
}

function move(direction) {
  go(part("only").checked ? film.next(data.switches, taken, direction) : taken + direction);
}

function jump() {
  if (data.word === "RACE") race();
  else go(goal);
}

function race() {
  if (data.races.length === 0) return;
  const later = data.races.filter((step) => step > taken);
  go(later.length ? later[0] : data.races[0]);
}

function play() {
  if (timer) {
    stop();
    return;
  }
  if (taken === film.last) go(film.first);
  part("play").textContent = "Pause";
  part("status").setAttribute("aria-live", "off");
  run();
}

function run() {
  timer = setTimeout(() => {
    move(1);
    if (taken === film.last) stop();
    else run();
  }, 1000 / Number(part("speed").value));
}

function stop() {
  clearTimeout(timer);
  timer = null;
  part("play").textContent = "Play";
  part("status").setAttribute("aria-live", "polite");
  part("status").textContent = sentence();
}

function faster(by) {
  const speed = part("speed");
  speed.selectedIndex = Math.min(speed.options.length - 1, Math.max(0, speed.selectedIndex + by));
}

function keys(open) {
  part("keys").hidden = !open;
  part("help").setAttribute("aria-expanded", String(open));
}

const KEYS = {
  ArrowRight: () => move(1), l: () => move(1), n: () => move(1),
  ArrowLeft: () => move(-1), h: () => move(-1), p: () => move(-1),
  " ": play, Home: () => go(film.first), End: () => go(film.last),
  d: () => go(goal), r: race, "+": () => faster(1), "=": () => faster(1), "-": () => faster(-1),
  "?": () => keys(part("keys").hidden), Escape: () => keys(false),
};

function pressed(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const field = event.target.closest("input, select, textarea");
  if (field && event.key !== "Escape") return;
  if (event.key === " " && event.target.closest("button, summary, a")) return; // the button does it
  const does = KEYS[event.key] || (/^[1-9]$/.test(event.key) ? () => centre(Number(event.key) - 1) : null);
  if (!does) return;
  event.preventDefault();
  does();
}

function centre(thread) {
  if (thread < data.threads.length) view.choose(thread);
}

function hashed() {
  const found = /^#step=(\d{1,9})$/.exec(location.hash);
  return found ? Number(found[1]) : null;
}

async function copy() {
  const command = part("command");
  try {
    await navigator.clipboard.writeText(command.textContent);
    part("copied").textContent = "copied";
  } catch {
    getSelection().selectAllChildren(command);
    part("copied").textContent = document.execCommand("copy") ? "copied" : "selected";
  }
}

function reason(thread) {
  const row = data.rows[film.at(taken).r[thread]];
  return `${data.threads[thread]} waits for ${row[2]}${row[3] ? `, held by ${row[3]}` : ""}`;
}

function listen() {
  const clicks = {
    first: () => go(film.first), back: () => move(-1), play, forward: () => move(1), last: () => go(film.last),
    jump, help: () => keys(part("keys").hidden), copy,
  };
  for (const id of Object.keys(clicks)) if (part(id)) part(id).addEventListener("click", clicks[id]);
  part("slider").addEventListener("input", (event) => go(Number(event.target.value)));
  part("orders").addEventListener("change", relate);
  document.addEventListener("keydown", pressed);
  addEventListener("hashchange", () => hashed() !== null && go(hashed()));
  part("events").addEventListener("click", (event) => {
    const item = event.target.closest("li");
    if (item) go(film.first + 1 + view.events.indexOf(item));
  });
  part("source").addEventListener("click", (event) => {
    const line = event.target.closest(".line");
    const to = line ? film.nextOnLine(view.lines.indexOf(line) + 1, taken) : null;
    if (to !== null) go(to);
  });
  for (const [step, dot] of view.dots) dot.addEventListener("click", () => go(step));
  view.graph.addEventListener("click", (event) => {
    const node = event.target.closest(".node");
    const thread = node ? data.drawn.indexOf(view.nodes.indexOf(node)) : -1;
    if (thread >= 0) centre(thread);
  });
}

function begin() {
  part("deck").hidden = false;
  const ticks = data.switches.length > MOST_TICKS ? [] : data.switches; // more would be one line
  part("ticks").append(...ticks.map((step) => Object.assign(element("option"), { value: step })));
  const known = { DEADLOCK: "Jump to deadlock", RACE: "Next race" };
  const secret = data.mode === "quiz" || data.focus === null;
  part("jump").textContent = secret ? "Jump to the end" : known[data.word] || `Jump to ${data.word.toLowerCase()}`;
  if (data.mode === "quiz") {
    document.body.classList.add("quizzing");
    part("quiz").hidden = false;
    quiz = new Quiz(part("quiz"), data.threads, reason, () => move(1), answered);
  } else if (data.mode === "failure" && data.focus !== null && film.last > film.first) {
    const start = element("button", "From the start");
    start.type = "button";
    start.id = "start";
    start.addEventListener("click", () => go(film.first));
    part("verdict").firstElementChild.append(" ", start);
  }
  listen();
  const asked = hashed();
  go(asked !== null ? asked : data.mode === "failure" ? goal : film.first);
  // The first picture stands at once; only steps from it on may glide.
  requestAnimationFrame(() => requestAnimationFrame(() => document.body.classList.add("ready")));
}

begin();
