/** Keys of one's own, as they are written: `keys.yaml` in the home. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { messageOf, UserError } from '../util/errors.js';

/** Null where there is no such file. Throws a UserError where it is no YAML. */
export function readKeyFile(home: string): unknown {
  const file = join(home, 'keys.yaml');
  if (!existsSync(file)) return null;
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${messageOf(error).split('\n')[0]}`);
  }
}
