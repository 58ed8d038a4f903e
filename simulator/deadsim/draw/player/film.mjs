// A run as data: what it looks like after so many steps. Everything that changes is written as what it changes to.

const KINDS = ["n", "e", "r", "v"]; // nodes, arrows, rows of the table, values of variables
const APART = 64; // moments between those that are kept whole

export class Film {
  constructor(data) {
    this.data = data;
    this.first = data.first;
    this.last = data.last;
    this.whole = [];
    let now = { n: [], e: [], r: [], v: [] };
    data.moments.forEach((change, place) => {
      now = changed(now, change);
      if (place % APART === 0) this.whole.push(now);
    });
  }

  // Keep a number of steps within the run.
  within(taken) {
    return Math.min(this.last, Math.max(this.first, taken));
  }

  // Give the numbers of what is to be seen after `taken` steps, and who could take the next one.
  at(taken) {
    const place = this.within(taken) - this.first;
    let now = this.whole[Math.floor(place / APART)];
    for (let next = place - (place % APART) + 1; next <= place; next++) now = changed(now, this.data.moments[next]);
    return { ...now, enabled: this.data.moments[place].x };
  }

  // Give the thread and the line of the step that was taken last; null before the first.
  step(taken) {
    return taken > this.first ? this.data.steps[taken - 1 - this.first] : null;
  }

  // Find the next of some moments after one, or the one before it, else the end.
  next(moments, taken, direction) {
    const rest = moments.filter((moment) => (direction > 0 ? moment > taken : moment < taken));
    if (rest.length === 0) return direction > 0 ? this.last : this.first;
    return direction > 0 ? rest[0] : rest[rest.length - 1];
  }

  // Find the moment after the next step on a line, from the start again where there is none.
  nextOnLine(line, taken) {
    const steps = this.data.steps;
    for (let more = 0; more < steps.length; more++) {
      const place = (taken - this.first + more) % steps.length;
      if (steps[place][1] === line) return this.first + place + 1;
    }
    return null;
  }

  // List the lines of the steps that were taken.
  linesDone(taken) {
    return new Set(this.data.steps.slice(0, taken - this.first).map((step) => step[1]));
  }
}

function changed(now, change) {
  const after = { ...now };
  for (const kind of KINDS) {
    if (!change[kind]) continue;
    after[kind] = now[kind].slice();
    for (let place = 0; place < change[kind].length; place += 2) after[kind][change[kind][place]] = change[kind][place + 1];
  }
  return after;
}
