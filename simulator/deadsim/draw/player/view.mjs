// What is to be seen: nothing is built anew from step to step, only classes and texts change. Texts go in as texts.

const SVG = "http://www.w3.org/2000/svg";
const LANES = 12; // columns of marks beside the source

export function element(name, text = "") {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  return made;
}

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const key of Object.keys(attributes)) made.setAttribute(key, attributes[key]);
  return made;
}

export class View {
  constructor(film) {
    const data = film.data;
    this.film = film;
    this.data = data;
    this.graph = document.getElementById("graph");
    this.nodes = [...this.graph.querySelectorAll(".node")];
    this.edges = data.arrows.length ? [...this.graph.querySelectorAll(".edge")] : [];
    this.labels = this.edges.map((_, place) => document.getElementById(`label-${place}`));
    this.rows = [...document.querySelectorAll("#threads tbody tr")];
    this.values = [...document.querySelectorAll("#variables tbody tr")];
    this.events = [...document.querySelectorAll("#events li")];
    this.lines = [...document.querySelectorAll("#source .line")];
    this.dots = new Map([...document.querySelectorAll("#time [id^='step-']")].map((dot) => [Number(dot.id.slice(5)), dot]));
    this.orders = [...document.querySelectorAll("#time [id^='order-']")];
    this.shown = { n: [], e: [], r: [], v: [] };
    this.relations = new Map(); // how each step is ordered against the one that was taken last
    this.mine = [];
    document.getElementById("variables").hidden = this.values.length === 0;
    this.prepareLine();
    this.prepareTime();
  }

  // The marks beside the source: one for each thread.
  prepareLine() {
    document.getElementById("source").style.setProperty("--lanes", Math.max(1, Math.min(LANES, this.data.threads.length)));
    this.marks = this.data.threads.map((name, thread) => {
      const mark = element("b", String(thread + 1));
      mark.className = "mark";
      mark.title = name;
      mark.style.setProperty("--lane", thread % LANES);
      return mark;
    });
    this.note = element("em");
  }

  // The cursor of the timeline, and the veil over what is to come; the names stay in view.
  prepareTime() {
    const svg = document.querySelector("#time svg");
    const box = svg.viewBox.baseVal;
    const bottom = Math.max(...[...svg.querySelectorAll("[id^='lane-']")].map((lane) => lane.getBBox().y + lane.getBBox().height), 0) + 28;
    this.end = box.width;
    this.veil = shape("rect", { class: "veil", x: 0, y: 0, width: box.width, height: bottom });
    this.cursor = shape("line", { class: "cursor", x1: 0, y1: 0, x2: 0, y2: bottom });
    const names = svg.querySelector(".names");
    svg.insertBefore(this.veil, names);
    svg.insertBefore(this.cursor, names);
    const scroller = document.getElementById("time");
    scroller.addEventListener("scroll", () => {
      const scale = svg.getBoundingClientRect().width / box.width;
      names.setAttribute("transform", `translate(${(scroller.scrollLeft / scale).toFixed(1)},0)`);
    });
    this.lanes = [...svg.querySelectorAll("[id^='lane-'] text:last-child")];
    this.svg = svg;
    this.scroller = scroller;
  }

  // Show the moment after `taken` steps.
  show(taken) {
    const now = this.film.at(taken);
    this.each("n", now, (place, look) => this.showNode(this.nodes[place], this.data.looks[look]));
    this.each("e", now, (place, look) => this.showEdge(place, look));
    this.graph.classList.toggle("weak", now.n.some((look) => this.data.looks[look][0].split(" ").includes("core")));
    this.showRows(now, taken);
    this.showValues(now, taken);
    this.showSource(now, taken);
    this.showTime(taken);
    this.showEvents(taken - this.film.first);
    return now;
  }

  // Scroll each box to where something happens: last of all, as asking where things are lays the page out.
  settle(taken) {
    const step = this.film.step(taken);
    this.keepInView(this.events[taken - this.film.first - 1], document.getElementById("steps"));
    this.keepInView(this.lines[step === null ? 0 : step[1] - 1], document.getElementById("source"));
    const dot = step === null ? null : this.dot(taken);
    if (!dot) return;
    const scale = this.svg.getBoundingClientRect().width / this.end;
    this.scroller.scrollLeft = taken === this.film.last ? this.end * scale : middle(dot) * scale - this.scroller.clientWidth / 2;
  }

  // Mark the steps of the list: the one that was taken last, and those to come. Only what differs is touched.
  showEvents(place) {
    const before = this.place === undefined ? this.events.length : this.place;
    const last = this.events[before - 1];
    if (last) last.classList.remove("here");
    for (let one = Math.min(before, place); one < Math.max(before, place); one++) {
      this.events[one].classList.toggle("later", one >= place);
    }
    if (place > 0) this.events[place - 1].classList.add("here");
    this.place = place;
  }

  each(kind, now, draw) {
    now[kind].forEach((look, place) => {
      if (this.shown[kind][place] !== look) draw(place, look);
    });
    this.shown[kind] = now[kind];
  }

  showNode(node, [classes, lines, dots, tooltip]) {
    const chosen = node.classList.contains("chosen");
    node.setAttribute("class", `node ${classes}${chosen ? " chosen" : ""}`);
    const texts = node.querySelectorAll("text");
    for (let place = 1; place < texts.length; place++) texts[place].textContent = lines[place - 1] || "";
    node.querySelectorAll(".dot").forEach((dot, place) => {
      const [taken = 0, free = 0] = dots;
      dot.setAttribute("class", place < taken ? "dot taken" : place < taken + free ? "dot" : "dot off");
    });
    node.querySelector("title").textContent = tooltip;
  }

  showEdge(place, look) {
    const off = look < 0;
    for (const part of [this.edges[place], this.labels[place]]) {
      part.classList.toggle("off", off);
      part.classList.toggle("strong", !off && this.data.arrows[look][2] === 1);
    }
    if (off) return;
    this.labels[place].querySelector("text").textContent = this.data.arrows[look][0];
    this.edges[place].querySelector("title").textContent = this.data.arrows[look][1];
  }

  showRows(now, taken) {
    const step = this.film.step(taken);
    this.each("r", now, (thread, row) => {
      const cells = this.rows[thread].querySelectorAll("td");
      const [state, , , , line] = this.data.rows[row];
      this.data.rows[row].forEach((text, place) => (cells[place].textContent = text));
      this.lanes[thread].textContent = line ? `${state} :${line}` : state;
    });
    this.rows.forEach((row, thread) => row.classList.toggle("moved", step !== null && step[0] === thread));
  }

  showValues(now, taken) {
    const before = taken > this.film.first ? this.film.at(taken - 1).v : now.v;
    const said = [];
    now.v.forEach((value, place) => {
      const cells = this.values[place].querySelectorAll("td");
      const was = before[place] === value ? "" : `was ${this.data.values[before[place]]}`;
      cells[0].textContent = this.data.values[value];
      cells[1].textContent = was;
      this.values[place].classList.toggle("changed", was !== "");
      if (was) said.push([this.data.variables[place], this.data.values[value], was]);
    });
    this.note.replaceChildren();
    for (const [name, value, was] of said) this.note.append(`${name} = `, element("b", value), ` ${was}  `);
  }

  showSource(now, taken) {
    const done = this.film.linesDone(taken);
    const step = this.film.step(taken);
    this.lines.forEach((line, place) => {
      line.classList.toggle("done", done.has(place + 1));
      line.classList.toggle("now", step !== null && step[1] === place + 1);
    });
    now.r.forEach((row, thread) => {
      const [state, , waits, , line] = this.data.rows[row];
      const mark = this.marks[thread];
      mark.classList.toggle("waits", waits !== "");
      mark.title = `${this.data.threads[thread]}: ${state}`;
      if (line) {
        this.lines[Number(line) - 1].classList.remove("done");
        this.lines[Number(line) - 1].firstChild.append(mark);
      } else {
        mark.remove();
      }
    });
    if (step !== null) this.lines[step[1] - 1].append(this.note);
    else this.note.remove();
  }

  // Give the dot of a step: its own, or that of the steps among which it is.
  dot(taken) {
    for (let step = taken; step <= this.film.last; step++) if (this.dots.has(step)) return this.dots.get(step);
    return null;
  }

  showTime(taken) {
    const dot = taken > this.film.first ? this.dot(taken) : null;
    const first = this.dot(this.film.first + 1);
    let x = first ? middle(first) - 14 : 0;
    if (dot) x = middle(dot);
    if (taken === this.film.last) x = this.end;
    this.cursor.style.transform = `translateX(${x}px)`;
    this.cursor.style.display = taken === this.film.last ? "none" : "";
    this.veil.style.transform = `translateX(${x}px)`;
    for (const other of this.svg.querySelectorAll(".here")) other.classList.remove("here");
    const own = dot && (dot.matches(".step") ? dot : dot.querySelector(".step"));
    if (own) own.classList.add("here");
  }

  // Show what is ordered against the step that was taken last.
  showOrder(taken, around, pairs) {
    const names = ["before", "after", "unordered"];
    for (const [step, dot] of this.dots) {
      const relation = around === null ? "" : names.find((name) => around[name].has(step)) || "";
      if ((this.relations.get(step) || "") === relation) continue;
      this.relations.set(step, relation);
      const own = dot.matches(".step") ? dot : dot.querySelector(".step");
      own.classList.remove(...names);
      if (relation) own.classList.add(relation);
    }
    for (const arrow of this.mine) arrow.classList.remove("mine");
    this.mine = this.orders.filter((_, place) => pairs[place][0] === taken || pairs[place][1] === taken);
    for (const arrow of this.mine) arrow.classList.add("mine");
  }

  // Bring a thread into view, in all pictures.
  choose(thread) {
    for (const chosen of document.querySelectorAll(".chosen")) chosen.classList.remove("chosen");
    const node = this.nodes[this.data.drawn[thread]];
    const lane = document.getElementById(`lane-${thread}`);
    for (const part of [node, lane, this.rows[thread]]) {
      if (!part) continue;
      part.classList.add("chosen");
      part.scrollIntoView({ block: "nearest", inline: "center" });
    }
  }

  // Scroll a box, and nothing else, so that a part of it can be seen.
  keepInView(part, box) {
    if (!part) return;
    const top = part.offsetTop - box.offsetTop + (getComputedStyle(box).position === "relative" ? box.offsetTop : 0);
    if (top < box.scrollTop || top + part.offsetHeight > box.scrollTop + box.clientHeight) {
      box.scrollTop = Math.max(0, top - box.clientHeight / 2);
    }
  }
}

function middle(dot) {
  if (dot.hasAttribute("cx")) return Number(dot.getAttribute("cx"));
  const box = dot.getBBox();
  return box.x + box.width / 2;
}
