/** What the side panes say, as lines. */
import { formatBytes, formatCount, formatNumber, formatShare, formatShort } from '../../../util/format.js';
import { seriesOf } from '../../curve.js';
import { windowRange } from '../../drawing.js';
import type { Drawing } from '../../drawing.js';
import { blank, line, spread } from '../../format/line.js';
import type { Line } from '../../format/line.js';
import { plot } from '../../format/plot.js';
import { sparkline } from '../../format/sparkline.js';
import { clean, wrap } from '../../format/text.js';
import { latest, stepsOf } from '../../run-data.js';
import type { RunData } from '../../run-data.js';
import type { RunLog } from '../../services.js';
import type { Glyphs } from '../../theme.js';
import { momentMarks, moments } from '../../timeline.js';
import { progressBar } from '../../widgets/bar.js';
import type { MachineReading } from '../../../machine/meter.js';
import { rateText } from './lines.js';

export interface Area {
  readonly width: number;
  readonly height: number;
  readonly glyphs: Glyphs;
}

/** What happened, newest first; a text that is too long goes on in the next line. */
export function eventLines(data: RunData, { width }: Pick<Area, 'width'>): Line[] {
  return moments(data).toReversed().flatMap(({ kind, step, time, text }) => {
    const { letter, tone } = momentMarks[kind];
    const head = `${clockTime(time)} ${formatCount(step).padStart(6)} `;
    const room = width - head.length - 2;
    return wrap(text, room).map((part, i) => (i === 0 ? line([head, 'muted'], [`${letter} `, tone], part) : line(' '.repeat(head.length + 2), part)));
  });
}

function clockTime(time: number): string {
  return new Date(time).toTimeString().slice(0, 8);
}

const smallCurves = [
  { key: 'learning_rate', name: 'learning rate', short: 'lr', format: rateText },
  { key: 'grad_norm', name: 'gradient norm', short: 'grad', format: formatNumber },
  { key: 'tokens_per_second', name: 'tokens/s', short: 'tok/s', format: (rate: number) => formatShort(Math.round(rate)) },
  { key: 'memory_bytes', name: 'memory', short: 'mem', format: formatBytes },
] as const;

/** Lines below which a curve is drawn in one line. */
const smallestPlot = 5;

/** Learning rate, gradient norm, speed and memory: charts where there is room, else a line each. */
export function curveLines(data: RunData, drawing: Drawing, { width, height, glyphs }: Area): Line[] {
  const each = Math.floor(height / smallCurves.length);
  const steps = stepsOf(data);
  const range = drawing.window ? windowRange(drawing.window, steps) : { from: steps.from, to: Math.max(steps.to, steps.from + 1) };
  return smallCurves.flatMap(({ key, name, short, format }): Line[] => {
    const value = latest(data, key);
    const said = value === null ? '-' : format(value);
    const series = data.curves[key] ? seriesOf(data.curves[key]) : { x: [], y: [] };
    if (each < smallestPlot) return [line([short.padEnd(6), 'muted'], [sparkline(series, width - said.length - 7, glyphs).padEnd(width - said.length - 7), 'train'], ` ${said}`)];
    const drawn = plot([{ name, series, tone: 'train', marker: null }], { width, height: each - 1, range, style: drawing.style, logarithmic: false, label: format, glyphs });
    return [spread(line([name, 'muted']), line(said), width), ...(drawn ?? Array.from({ length: each - 1 }, () => blank))];
  });
}

/** CPU, memory, and every NVIDIA device. */
export function machineLines(reading: MachineReading | null, { width, glyphs }: Omit<Area, 'height'>): Line[] {
  if (reading === null) return [line([`Measuring${glyphs.ellipsis}`, 'muted'])];
  const gauge = (name: string, share: number, said: string): Line => {
    const room = Math.max(4, width - 8 - said.length - 1);
    return line([name.padEnd(8), 'muted'], ...progressBar(Math.max(0, share), 1, { width: room, glyphs }), ` ${said}`);
  };
  const { cpu, cores, usedBytes, totalBytes, gpus } = reading;
  return [
    gauge('cpu', cpu ?? 0, `${cpu === null ? '-' : formatShare(cpu).replace('.0%', '%')} of ${cores}`),
    gauge('memory', usedBytes / totalBytes, `${formatBytes(usedBytes)} of ${formatBytes(totalBytes)}`),
    ...gpus.flatMap((gpu, i): Line[] => [
      line([`gpu ${i}   `, 'muted'], clean(gpu.name)),
      ...(gpu.utilisation === null ? [] : [gauge('  busy', gpu.utilisation, formatShare(gpu.utilisation).replace('.0%', '%'))]),
      ...(gpu.usedBytes === null || gpu.totalBytes === null ? [] : [gauge('  memory', gpu.usedBytes / gpu.totalBytes, `${formatBytes(gpu.usedBytes)} of ${formatBytes(gpu.totalBytes)}`)]),
      ...hotLine(gpu),
    ]),
  ];
}

/** From here on a device slows itself down. */
const hot = 85;

function hotLine({ temperature, watts, wattsLimit }: MachineReading['gpus'][number]): Line[] {
  const power = watts === null ? '' : `${Math.round(watts)}${wattsLimit === null ? '' : ` of ${Math.round(wattsLimit)}`} W`;
  if (temperature === null && power === '') return [];
  return [line(['        ', 'muted'], temperature === null ? '' : [`${temperature} C  `, temperature >= hot ? 'bad' : 'plain'], power)];
}

/** The run's own log and its logged points, in the order of time; the newest last. */
export function logLines(log: RunLog | null, data: RunData, width: number): Line[] {
  if (log === null) return [];
  const stretches = data.curves.loss?.stretches ?? [];
  // A logged point has a step but no time; a line of the log the other way round.
  const said = log.lines.map(({ time, text }) => ({ at: stretches.findLast((stretch) => stretch.time <= time)?.last ?? -1, lines: wrap(text, width - 9).map((part, i) => line([i === 0 ? `${clockTime(time)} ` : ' '.repeat(9), 'muted'], part)) }));
  const logged = log.points.map((point) => ({ at: typeof point.current_steps === 'number' ? point.current_steps : 0, lines: [pointLine(point)] }));
  return [...said, ...logged].map((entry, order) => ({ ...entry, order })).sort((a, b) => a.at - b.at || a.order - b.order).flatMap(({ lines }) => lines);
}

function pointLine({ current_steps: step, loss, eval_loss: evaluated, eval_losses: sets, learning_rate: rate, grad_norm: norm, throughput }: RunLog['points'][number]): Line {
  const fact = (name: string, value: RunLog['points'][number][string] | undefined, format: (value: number) => string): string => (typeof value === 'number' ? `  ${name} ${format(value)}` : '');
  const head = `step ${formatCount(typeof step === 'number' ? step : 0)}`;
  if (typeof evaluated === 'number') return line([head, 'muted'], [fact('eval loss', evaluated, formatNumber), 'eval'], Object.entries(typeof sets === 'object' ? (sets ?? {}) : {}).map(([name, value]) => fact(clean(name), value, formatNumber)).join(''));
  return line([head, 'muted'], fact('loss', loss, formatNumber), fact('lr', rate, rateText), fact('grad', norm, formatNumber), fact('tok/s', throughput, (speed) => formatShort(Math.round(speed))));
}
