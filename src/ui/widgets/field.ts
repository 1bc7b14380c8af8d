/** A line of text being typed. */
export interface Field {
  readonly text: string;
  /** Characters before the caret. */
  readonly caret: number;
  /** The text is selected whole: what is typed replaces it. */
  readonly selected?: boolean;
}

export type FieldAction =
  | { readonly type: 'insert'; readonly text: string }
  | { readonly type: 'backspace' }
  | { readonly type: 'clear' }
  | { readonly type: 'delete-word' }
  | { readonly type: 'delete-rest' }
  | { readonly type: 'move'; readonly to: 'left' | 'right' | 'start' | 'end' };

export function fieldOf(text: string): Field {
  return { text, caret: text.length };
}

export function selectedField(text: string): Field {
  return { ...fieldOf(text), selected: text !== '' };
}

export function reduceField(field: Field, action: FieldAction): Field {
  const { text, caret } = field.selected && action.type !== 'move' ? fieldOf('') : field;
  switch (action.type) {
    case 'insert':
      return { text: text.slice(0, caret) + action.text + text.slice(caret), caret: caret + action.text.length };
    case 'backspace':
      return { text: text.slice(0, Math.max(0, caret - 1)) + text.slice(caret), caret: Math.max(0, caret - 1) };
    case 'clear':
      return { text: text.slice(caret), caret: 0 };
    case 'delete-word': {
      const kept = text.slice(0, caret).replace(/\S*\s*$/, '');
      return { text: kept + text.slice(caret), caret: kept.length };
    }
    case 'delete-rest':
      return { text: text.slice(0, caret), caret };
    case 'move':
      return { text, caret: { left: Math.max(0, caret - 1), right: Math.min(text.length, caret + 1), start: 0, end: text.length }[action.to] };
  }
}

/** The part of the text around the caret that fits into `width` columns. */
export function fieldWindow({ text, caret }: Field, width: number): { readonly before: string; readonly at: string; readonly after: string } {
  const from = Math.max(0, caret - width + 1);
  return { before: text.slice(from, caret), at: text[caret] ?? ' ', after: text.slice(caret + 1, from + width) };
}
