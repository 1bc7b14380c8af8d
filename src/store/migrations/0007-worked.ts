const ofLoss = "FROM metrics WHERE metrics.run = runs.key AND metrics.key = (SELECT key FROM metric_keys WHERE name = 'loss')";
// What a run said last, in any way but that somebody asked it for something.
const lastSign = (events: string, point: string): string => `(SELECT max(time) FROM (
  SELECT max(time) AS time FROM events AS sign WHERE sign.run = runs.key AND sign.type <> 'control' ${events}
  UNION ALL SELECT strftime('%Y-%m-%dT%H:%M:%fZ', (${point}) / 1000.0, 'unixepoch')))`;
const atLast = lastSign('', `SELECT time ${ofLoss} ORDER BY step DESC LIMIT 1`);
const beforeThat = lastSign('AND sign.seq < began.seq', `SELECT max(time) ${ofLoss} AND metrics.seq < began.seq`); // reads the curve: of few runs

/**
 * `worked_seconds`: how long a run has worked, all its parts together, up to what it said last; NULL before its start.
 * `working_since`: from when on the part that goes on is not in it yet; NULL while it rests (a pause, a queue, its end).
 *
 * Of what there is already it is told from the events: from the start to the last of them, less what lies between a part's last sign
 * and the next part's beginning. One that is said to run, and may have died long ago, has worked up to that sign too.
 */
export const worked = `
  ALTER TABLE runs ADD COLUMN worked_seconds REAL;
  ALTER TABLE runs ADD COLUMN working_since TEXT;

  UPDATE runs SET working_since = coalesce(${atLast}, started_at) WHERE state = 'running';
  UPDATE runs SET worked_seconds = max(0, 86400 * (
    julianday(coalesce(working_since, ${atLast}, ended_at, started_at)) - julianday(started_at)
    - coalesce((SELECT sum(max(0, julianday(began.time) - julianday(${beforeThat}))) FROM events AS began
        WHERE began.run = runs.key AND began.type IN ('started', 'resumed')
        AND EXISTS (SELECT 1 FROM events AS earlier WHERE earlier.run = runs.key AND earlier.type = 'started' AND earlier.seq < began.seq)), 0)))
    WHERE started_at IS NOT NULL;
`;
