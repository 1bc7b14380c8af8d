import { appendFileSync } from 'node:fs';

/** Says what a file of the suite has counted, and keeps it for the sum at the end of `npm run test:faults`. */
export function report(suite: string, counts: Readonly<Record<string, number>>): void {
  process.stdout.write(`${suite}: ${Object.entries(counts).map(([what, count]) => `${what} ${count}`).join('; ')}\n`);
  const file = process.env['WORKBENCH_FAULT_COUNTS'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(counts)}\n`);
}
