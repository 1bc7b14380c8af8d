/**
 * `trials.halted`: 1 from the stop of a search until the trial goes on: what its run is stopped by meanwhile is no loss.
 *
 * `searches.announced`: 0 until somebody has taken it upon himself to tell of its end.
 */
export const searchRest = `
  ALTER TABLE trials ADD COLUMN halted INTEGER NOT NULL DEFAULT 0;
  UPDATE trials SET halted = 1 WHERE lost IS NULL AND search IN (SELECT key FROM searches WHERE state = 'stopped');

  ALTER TABLE searches ADD COLUMN announced INTEGER NOT NULL DEFAULT 0;
  UPDATE searches SET announced = 1 WHERE state IN ('completed', 'failed');
`;
