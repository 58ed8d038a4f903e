// Happens-before: which steps come before one, and which after, by the order within threads and the arrows between them.

export class Order {
  // `owners` has the thread of each step from `first` on; steps count those taken: the first one is first + 1.
  constructor(first, owners, arrows) {
    this.first = first;
    this.back = new Map();
    this.on = new Map();
    const last = new Map();
    owners.forEach((thread, place) => {
      const step = first + place + 1;
      if (last.has(thread)) this.add(last.get(thread), step);
      last.set(thread, step);
    });
    for (const [earlier, later] of arrows) this.add(earlier, later);
    this.count = owners.length;
  }

  add(earlier, later) {
    if (!this.on.has(earlier)) this.on.set(earlier, []);
    if (!this.back.has(later)) this.back.set(later, []);
    this.on.get(earlier).push(later);
    this.back.get(later).push(earlier);
  }

  reached(links, from) {
    const found = new Set();
    const front = [from];
    while (front.length) {
      for (const step of links.get(front.pop()) || []) {
        if (!found.has(step)) {
          found.add(step);
          front.push(step);
        }
      }
    }
    return found;
  }

  // Sort all other steps: those before this one, those after it, and those that nothing orders against it.
  around(step) {
    const before = this.reached(this.back, step);
    const after = this.reached(this.on, step);
    const unordered = new Set();
    for (let other = this.first + 1; other <= this.first + this.count; other++) {
      if (other !== step && !before.has(other) && !after.has(other)) unordered.add(other);
    }
    return { before, after, unordered };
  }
}
