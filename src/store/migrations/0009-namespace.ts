/** Where the number of a run's process is its number: containers of one machine count their own. */
export const namespace = 'ALTER TABLE runs ADD COLUMN pid_namespace TEXT;';
