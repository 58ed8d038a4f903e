import assert from "node:assert/strict";
import test from "node:test";

import { Film } from "../../../simulator/deadsim/draw/player/film.mjs";

// A run of 200 steps of two threads in turn, in which the value of a variable is the number of steps.
function film(first = 0) {
  const steps = Array.from({ length: 200 }, (_, place) => [place % 2, (place % 3) + 1]);
  const moments = [{ n: [0, 1, 1, 2], e: [0, -1], r: [0, 0], v: [0, 0], x: [0, 1] }];
  for (let taken = 1; taken <= 200; taken++) moments.push({ v: [0, taken], ...(taken === 100 ? { e: [0, 7] } : {}), x: [taken % 2] });
  return new Film({ first, last: first + 200, steps, moments });
}

test("every moment is what its changes add up to", () => {
  const shown = film();
  for (let taken = 0; taken <= 200; taken++) {
    const now = shown.at(taken);
    assert.deepEqual(now.v, [taken]);
    assert.deepEqual(now.e, [taken < 100 ? -1 : 7]);
    assert.deepEqual(now.n, [1, 2]);
    assert.deepEqual(now.enabled, taken === 0 ? [0, 1] : [taken % 2]);
  }
});

test("going back gives what was there", () => {
  const shown = film();
  const before = shown.at(63);
  shown.at(200);
  assert.deepEqual(shown.at(63), before);
});

test("steps beyond the run are its first and its last", () => {
  const shown = film(3000);
  assert.deepEqual(shown.at(-5).v, [0]);
  assert.deepEqual(shown.at(99999).v, [200]);
  assert.equal(shown.within(2999), 3000);
  assert.equal(shown.step(3000), null);
  assert.deepEqual(shown.step(3001), [0, 1]);
});

test("the next of some moments, or the end", () => {
  const shown = film();
  assert.equal(shown.next([4, 8], 4, 1), 8);
  assert.equal(shown.next([4, 8], 8, 1), 200);
  assert.equal(shown.next([4, 8], 8, -1), 4);
  assert.equal(shown.next([4, 8], 4, -1), 0);
});

test("a line leads to its next step, round the end, and one without steps nowhere", () => {
  const shown = film();
  assert.equal(shown.nextOnLine(1, 0), 1);
  assert.equal(shown.nextOnLine(1, 1), 4);
  assert.equal(shown.nextOnLine(1, 198), 199);
  assert.equal(shown.nextOnLine(1, 199), 1);
  assert.equal(shown.nextOnLine(3, 200), 3);
  assert.equal(shown.nextOnLine(9, 0), null);
  assert.deepEqual(shown.linesDone(2), new Set([1, 2]));
});
