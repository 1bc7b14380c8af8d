/** How far a search is, as a short text. */
import type { SearchRecord } from '../../store/rows.js';

/** "rung 2 of 3, to update 60: 1 of 4 measured". */
export function progressText({ plan, trials, state }: SearchRecord): string {
  const rung = Math.max(0, ...trials.map((trial) => trial.rung));
  const there = trials.filter((trial) => trial.rung === rung);
  const measured = there.filter((trial) => trial.measured.length > rung).length;
  if (state === 'completed') return `${measured} of ${trials.length} trials trained to the end`;
  const where = plan.rungs.length === 0 ? '' : `rung ${rung + 1} of ${plan.rungs.length + 1}, ${rung === plan.rungs.length ? 'to the end' : `to update ${plan.rungs[rung]}`}: `;
  return `${where}${measured} of ${there.length} measured`;
}
