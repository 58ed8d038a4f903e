import assert from "node:assert/strict";
import test from "node:test";

import { Order } from "../../../simulator/deadsim/draw/player/order.mjs";

test("program order and arrows together, and nothing else", () => {
  // Steps 1, 2, 5 are of thread 0, steps 3, 4 of thread 1, step 6 of thread 2; step 4 comes after step 1.
  const order = new Order(0, [0, 0, 1, 1, 0, 2], [[1, 4]]);
  assert.deepEqual(order.around(1), { before: new Set(), after: new Set([2, 4, 5]), unordered: new Set([3, 6]) });
  assert.deepEqual(order.around(4), { before: new Set([1, 3]), after: new Set(), unordered: new Set([2, 5, 6]) });
  assert.deepEqual(order.around(6).unordered.size, 5);
});

test("steps are counted from where the shown part begins", () => {
  const order = new Order(10, [0, 1, 0], [[11, 12]]);
  assert.deepEqual(order.around(12), { before: new Set([11]), after: new Set(), unordered: new Set([13]) });
});

test("each step is in one of the three, whatever the arrows are", () => {
  let seed = 7;
  const draw = (bound) => (seed = (seed * 48271) % 2147483647) % bound;
  for (let round = 0; round < 50; round++) {
    const owners = Array.from({ length: 30 }, () => draw(4));
    const arrows = Array.from({ length: 15 }, () => [1 + draw(29), 0]).map(([from]) => [from, from + 1 + draw(30 - from)]);
    const order = new Order(0, owners, arrows);
    for (let step = 1; step <= 30; step++) {
      const { before, after, unordered } = order.around(step);
      assert.equal(before.size + after.size + unordered.size, 29);
      for (const earlier of before) assert.ok(order.around(earlier).after.has(step));
    }
  }
});
