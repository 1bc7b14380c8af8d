/** Packing: several short rows in one, so that little of a batch is padding. */

/**
 * First-fit bin packing in the order given: each row goes into the first group that still has room for it.
 * O(n log n) by a tree over the groups that holds the most room below each node. A row longer than
 * `capacity` gets a group of its own.
 *
 * Source: Johnson, "Near-optimal bin packing algorithms" (1973).
 */
export function packFirstFit(order: ArrayLike<number>, lengthOf: (row: number) => number, capacity: number): number[][] {
  let leaves = 1;
  while (leaves < order.length) leaves *= 2;
  const room = new Int32Array(2 * leaves).fill(capacity); // leaf g: room left in group g; above: the larger child
  const groups: number[][] = [];
  for (let i = 0; i < order.length; i++) {
    const row = order[i];
    const length = Math.min(lengthOf(row), capacity);
    let node = 1;
    while (node < leaves) node = room[2 * node] >= length ? 2 * node : 2 * node + 1;
    (groups[node - leaves] ??= []).push(row);
    room[node] -= length;
    for (node >>= 1; node >= 1; node >>= 1) room[node] = Math.max(room[2 * node], room[2 * node + 1]);
  }
  return groups;
}
