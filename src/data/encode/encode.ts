/** Examples to token ids, whole, before anything is cut. */
import { UserError } from '../../util/errors.js';
import { kept } from '../codes.js';
import type { Example, Piece } from '../template/example.js';
import type { Tokenizer } from '../tokenizer/index.js';

/** Each example's tokens as they are kept. */
export async function encodeExamples(examples: readonly Example[], tokenizer: Tokenizer): Promise<Int32Array[]> {
  const apart = await tokenizer.encodeBatch(examples.flatMap(({ joined, pieces }) => (joined ? [] : pieces.flatMap((piece) => ('text' in piece ? [piece.text] : [])))), { special: false });
  const whole = await tokenizer.locateBatch(examples.filter(({ joined }) => joined).map(textOf));
  let nextApart = 0;
  let nextWhole = 0;
  return examples.map((example) => {
    const parts: Int32Array[] = [];
    if (example.joined) {
      const found = whole[nextWhole++];
      const trained = overlaps(example.pieces, found);
      parts.push(found.ids.map((id, t) => kept(id, trained[t] === 1)));
    }
    for (const piece of example.pieces) {
      if ('mark' in piece) parts.push(Int32Array.from(markIds(piece.mark, tokenizer), (id) => kept(id, piece.trained)));
      else if ('id' in piece) parts.push(Int32Array.of(kept(piece.id, piece.trained)));
      else if (!example.joined) {
        const ids = apart[nextApart++];
        parts.push(piece.trained ? ids : ids.map((id) => ~id));
      }
    }
    return parts.length === 1 ? parts[0] : joined(parts);
  });
}

export function joined(parts: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function textOf({ pieces }: Example): string {
  return pieces.map((piece) => ('text' in piece ? piece.text : '')).join('');
}

/** 1 for each token that shares a character with a trained piece. */
function overlaps(pieces: readonly Piece[], { starts, ends }: { readonly starts: Int32Array; readonly ends: Int32Array }): Uint8Array {
  const trained = new Uint8Array(starts.length);
  let from = 0;
  for (const piece of pieces) {
    if (!('text' in piece)) continue;
    const to = from + piece.text.length;
    if (piece.trained) for (let i = 0; i < starts.length; i++) if (starts[i] < to && ends[i] > from) trained[i] = 1;
    from = to;
  }
  return trained;
}

function markIds(mark: 'prefix' | 'suffix' | 'end', tokenizer: Tokenizer): readonly number[] {
  if (mark !== 'end') return tokenizer[mark];
  if (tokenizer.eosId === null) throw new UserError('the tokenizer names no end token, so a model could not learn to stop; set eos_token in its tokenizer_config.json');
  return [tokenizer.eosId];
}
