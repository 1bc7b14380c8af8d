/** What was first asked for, of a run whose configuration was changed since: a list of experiments finds its runs by it. */
export const asked = 'ALTER TABLE runs ADD COLUMN asked TEXT;';
