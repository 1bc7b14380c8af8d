/**
 * Something the user can mend: one sentence that says what is wrong, where, and what to try.
 * The command line prints the message alone and exits 2. Every other error is our bug.
 */
export class UserError extends Error {
  override readonly name: string = 'UserError';
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Ends an exhaustive switch: a case that is forgotten does not compile. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
