/** The machine on which a run's process is: a home may be shared by several. */
export const host = 'ALTER TABLE runs ADD COLUMN host TEXT;';
