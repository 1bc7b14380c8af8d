/** A frame: rows of text that panes have painted, each where Ink's layout has put its box. */
import type { DOMElement } from 'ink';

/** Terminal text, a string a row; every row takes exactly as many columns as its box. */
export type Rows = readonly string[];

/** One row of one box, where it lies in the row of the screen. */
export interface Part {
  readonly left: number;
  readonly width: number;
  readonly text: string;
}

/** The whole screen: the parts of each row from left to right, none over another. */
export type Frame = readonly (readonly Part[])[];

const painted = new WeakMap<DOMElement, Rows>();

/** What a box shows. It keeps it until it is told anew, or goes with the box. */
export function hang(box: DOMElement, rows: Rows): void {
  painted.set(box, rows);
}

/** The whole of `root`, as many rows as it is high. What comes later in the tree covers what it lies on. */
export function frameOf(root: DOMElement): Frame {
  const height = root.yogaNode?.getComputedHeight() ?? 0;
  const parts = Array.from({ length: height }, (): Part[] => []);
  collect(root, 0, 0, parts);
  return parts.map((row) => row.sort((a, b) => a.left - b.left));
}

function collect(box: DOMElement, left: number, top: number, parts: Part[][]): void {
  const width = box.yogaNode?.getComputedWidth() ?? 0;
  for (const [row, text] of (painted.get(box) ?? []).entries()) {
    const around = parts[top + row];
    if (around !== undefined) parts[top + row] = [...around.filter((part) => part.left + part.width <= left || left + width <= part.left), { left, width, text }];
  }
  for (const child of box.childNodes) {
    if (child.nodeName === '#text' || child.yogaNode === undefined) continue;
    collect(child, left + child.yogaNode.getComputedLeft(), top + child.yogaNode.getComputedTop(), parts);
  }
}
