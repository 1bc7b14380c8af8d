/** In which ways a run can be written for other programs, and how the screen asks for one. */
import type { RunRecord } from '../../../store/rows.js';
import type { ExportFormat } from '../../records.js';
import type { Message } from '../../state.js';
import { selectedField } from '../../widgets/field.js';

/** `what` is typed next; `suffix` comes after the name of the run in the folder that is offered. */
const ways = {
  peft: { key: 'a', does: 'adapter (PEFT)', what: 'folder for the adapter', suffix: 'adapter' },
  merged: { key: 'm', does: 'model', what: 'folder for the model', suffix: 'model' },
  gguf: { key: 'g', does: 'GGUF', what: 'folder for the GGUF model', suffix: 'gguf' },
  'gguf-lora': { key: 'l', does: 'GGUF adapter', what: 'folder for the GGUF adapter', suffix: 'gguf-lora' },
  onnx: { key: 'o', does: 'ONNX', what: 'folder for the ONNX model', suffix: 'onnx' },
} as const satisfies Readonly<Record<ExportFormat, unknown>>;

export type ExportPlace = (typeof ways)[ExportFormat]['what'];

export function formatAt(what: ExportPlace): ExportFormat {
  return (Object.keys(ways) as ExportFormat[]).find((format) => ways[format].what === what)!;
}

/** Asks which of the formats it shall be, then where to. */
export function askForExport({ id, name }: RunRecord, formats: readonly ExportFormat[]): Message {
  const answers = formats.map((format) => {
    const { key, does, what, suffix } = ways[format];
    const then: Message = { type: 'history', action: { type: 'edit', editing: { what, runIds: [id], field: selectedField(`${name}-${suffix}`) } } };
    return { keys: [key], does, then: [then] };
  });
  return { type: 'ask', dialog: { title: 'Export', question: `Export what ${name} learned as`, answers: [...answers, { keys: ['esc', 'n'], does: 'nothing', then: [] }] } };
}
