/** The losses of runs over their updates as an SVG, readable on a light page and on a dark one. */

/** What of the store is read; steps and values of a curve in stretches of so many points. */
export interface CurveSource {
  pointCount(runId: string, within: { readonly key: string; readonly after: number }): number;
  stretches(runId: string, request: { readonly key: string; readonly after: number; readonly points: number; readonly limit: number }): readonly { readonly last: number; readonly mean: number }[];
}

interface Point {
  readonly step: number;
  readonly value: number;
}

export interface PlottedRun {
  readonly name: string;
  readonly train: readonly Point[];
  readonly eval: readonly Point[];
}

/** More points than columns of a picture say nothing more. */
const columns = 800;

const [width, height] = [800, 420];
const frame = { left: 64, right: 16, top: 48, bottom: 44 };
const inner = { width: width - frame.left - frame.right, height: height - frame.top - frame.bottom };

/** Told apart by people who do not see all colours: Okabe and Ito (2008). */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];

/** The curves of a run, of long ones means of neighbours; what is not a number is left out. */
export function plottedRun(source: CurveSource, { id, name }: { readonly id: string; readonly name: string }): PlottedRun {
  const curve = (key: string): Point[] => {
    const points = Math.max(1, Math.ceil(source.pointCount(id, { key, after: -1 }) / columns));
    return source.stretches(id, { key, after: -1, points, limit: columns }).flatMap(({ last, mean }) => (Number.isFinite(mean) ? [{ step: last, value: mean }] : []));
  };
  return { name, train: curve('loss'), eval: curve('eval_loss') };
}

/** Null where no run has two points that make a line. */
export function lossPlot(runs: readonly PlottedRun[]): string | null {
  const curves = runs.flatMap(({ train, eval: evaluation }) => [train, evaluation]);
  if (!curves.some((curve) => curve.length > 1)) return null;
  const points = curves.flat();
  const steps = ticks(Math.min(0, ...points.map(({ step }) => step)), Math.max(...points.map(({ step }) => step)), 8);
  const losses = ticks(Math.min(...points.map(({ value }) => value)), Math.max(...points.map(({ value }) => value)), 6);
  const at = ({ step, value }: Point): string => `${round(x(steps, step))},${round(y(losses, value))}`;

  const lines = runs.flatMap(({ name, train, eval: evaluation }, i) => {
    const colour = colours[i % colours.length];
    const other = runs.length === 1 ? colours[1] : colour;
    return [
      `<polyline class="train" stroke="${colour}" points="${train.map(at).join(' ')}"><title>${escaped(name)}: training</title></polyline>`,
      `<polyline class="eval" stroke="${other}" points="${evaluation.map(at).join(' ')}"><title>${escaped(name)}: evaluation</title></polyline>`,
      ...(evaluation.length <= 100 ? evaluation.map((point) => `<circle fill="${other}" cx="${at(point).replace(',', '" cy="')}" r="2.5"><title>update ${point.step}: ${short(point.value)}</title></circle>`) : []),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height + extraRows(runs) * 18}" role="img" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${escaped(runs.map(({ name }) => name).join(', '))}: loss over updates</title>`,
    '<style>text { fill: #333 } .grid { stroke: #8884 } .train, .eval { fill: none; stroke-width: 1.5; stroke-linejoin: round } .eval { stroke-dasharray: 5 3 } @media (prefers-color-scheme: dark) { text { fill: #ccc } }</style>',
    ...losses.map((value) => `<path class="grid" d="M${frame.left} ${round(y(losses, value))}h${inner.width}"/><text x="${frame.left - 8}" y="${round(y(losses, value) + 4)}" text-anchor="end">${short(value)}</text>`),
    ...steps.map((step) => `<text x="${round(x(steps, step))}" y="${height - frame.bottom + 18}" text-anchor="middle">${short(step)}</text>`),
    `<text x="${frame.left + inner.width / 2}" y="${height - 8}" text-anchor="middle">updates</text>`,
    ...lines,
    ...legend(runs),
    '</svg>',
    '',
  ].join('\n');
}

/** One run has its two curves above the picture; several have a row each below it. */
function legend(runs: readonly PlottedRun[]): string[] {
  const entry = (place: { x: number; y: number }, { colour, kind, label }: { colour: string; kind: 'train' | 'eval'; label: string }): string =>
    `<path class="${kind}" stroke="${colour}" d="M${place.x} ${place.y - 4}h24"/><text x="${place.x + 30}" y="${place.y}">${escaped(label)}</text>`;
  const last = (curve: readonly Point[]): string => (curve.length === 0 ? '' : ` ${short(curve[curve.length - 1].value)}`);
  if (runs.length === 1) {
    const [{ name, train, eval: evaluation }] = runs;
    return [
      `<text x="${frame.left}" y="20" font-size="14" font-weight="600">${escaped(name)}</text>`,
      entry({ x: frame.left, y: 40 }, { colour: colours[0], kind: 'train', label: `training loss${last(train)}` }),
      ...(evaluation.length === 0 ? [] : [entry({ x: frame.left + 200, y: 40 }, { colour: colours[1], kind: 'eval', label: `evaluation loss${last(evaluation)}` })]),
    ];
  }
  return [
    `<text x="${frame.left}" y="20" font-size="14" font-weight="600">loss: training, and evaluation in dashes</text>`,
    ...runs.map(({ name, train, eval: evaluation }, i) => entry({ x: frame.left, y: height + 14 + 18 * i }, { colour: colours[i % colours.length], kind: 'train', label: `${name}:${last(train)}${evaluation.length === 0 ? '' : ` /${last(evaluation)}`}` })),
  ];
}

function extraRows(runs: readonly PlottedRun[]): number {
  return runs.length === 1 ? 0 : runs.length;
}

/** Round numbers that enclose a range, about so many of them: 1, 2 or 5 times a power of ten apart. */
function ticks(low: number, high: number, wanted: number): number[] {
  const span = high - low || Math.abs(high) || 1;
  const power = 10 ** Math.floor(Math.log10(span / wanted));
  const apart = power * ([1, 2, 5].find((factor) => span / (power * factor) <= wanted) ?? 10);
  const first = Math.floor(low / apart);
  const last = Math.max(Math.ceil(high / apart), first + 1);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * apart).toPrecision(12)));
}

function x(steps: readonly number[], step: number): number {
  return frame.left + share(steps, step) * inner.width;
}

function y(losses: readonly number[], value: number): number {
  return frame.top + (1 - share(losses, value)) * inner.height;
}

/** Where a value lies between the first tick and the last: 0 to 1. */
function share(scale: readonly number[], value: number): number {
  return (value - scale[0]) / (scale[scale.length - 1] - scale[0]);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** As XML 1.0 takes a text: its own signs as references, and no control characters. */
function escaped(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is meant
  return text.replace(/[\u0000-\u001f\u007f]/g, ' ').replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign] ?? '');
}
