/**
 * Event files of TensorBoard: protobuf messages in TFRecord frames, appended as things happen.
 * Sources: tensorflow/core/util/event.proto, framework/summary.proto, lib/io/record_writer.h
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import protobuf from 'protobufjs/light.js';

type Field = { id: number; type: string; rule?: 'repeated' };
const one = (id: number, type: string): Field => ({ id, type });
const many = (id: number, type: string): Field => ({ id, type, rule: 'repeated' });

const messages = protobuf.Root.fromJSON({
  nested: {
    Dim: { fields: { size: one(1, 'int64') } },
    TensorShape: { fields: { dim: many(2, 'Dim') } },
    Tensor: { fields: { dtype: one(1, 'int32'), tensorShape: one(2, 'TensorShape'), stringVal: many(8, 'bytes') } },
    PluginData: { fields: { pluginName: one(1, 'string') } },
    Metadata: { fields: { pluginData: one(1, 'PluginData'), dataClass: one(4, 'int32') } },
    Value: { fields: { tag: one(1, 'string'), simpleValue: one(2, 'float'), tensor: one(8, 'Tensor'), metadata: one(9, 'Metadata') } },
    Summary: { fields: { value: many(1, 'Value') } },
    SessionLog: { fields: { status: one(1, 'int32') } },
    Event: { fields: { wallTime: one(1, 'double'), step: one(2, 'int64'), fileVersion: one(3, 'string'), summary: one(5, 'Summary'), sessionLog: one(7, 'SessionLog') } },
  },
});
const eventType = messages.lookupType('Event');

const stringType = 7; //  DT_STRING
const tensorClass = 2; // DATA_CLASS_TENSOR
const sessionStart = 1; // SessionLog.START

/** When something was, in milliseconds since 1970, and at which update. */
export interface Moment {
  readonly time: number;
  readonly step: number;
}

/** Writes to a file of its own, which begins with the first event; those of one folder are one run to TensorBoard. */
export class EventFile {
  readonly #folder: string;
  #path: string | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What earlier files of the folder have of later updates is no longer shown. */
  start({ time, step }: Moment): void {
    this.#append({ time, step: step + 1 }, { sessionLog: { status: sessionStart } });
  }

  /** Points of curves by their tags; those that are null are left out. */
  scalars(moment: Moment, values: Readonly<Record<string, number | null>>): void {
    const value = Object.entries(values).flatMap(([tag, simpleValue]) => (simpleValue === null ? [] : [{ tag, simpleValue }]));
    this.#append(moment, { summary: { value } });
  }

  /** Markdown under a tag, as `SummaryWriter.add_text` of PyTorch writes it. */
  text(moment: Moment, tag: string, text: string): void {
    const tensor = { dtype: stringType, tensorShape: { dim: [{ size: 1 }] }, stringVal: [Buffer.from(text)] };
    this.#append(moment, { summary: { value: [{ tag: `${tag}/text_summary`, tensor, metadata: { pluginData: { pluginName: 'text' }, dataClass: tensorClass } }] } });
  }

  #append({ time, step }: Moment, what: object): void {
    if (this.#path === null) {
      mkdirSync(this.#folder, { recursive: true });
      const path = join(this.#folder, `events.out.tfevents.${Math.floor(time / 1000)}.${hostname()}.${process.pid}.0`);
      appendFileSync(path, framed({ wallTime: time / 1000, fileVersion: 'brain.Event:2' }));
      this.#path = path;
    }
    appendFileSync(this.#path, framed({ wallTime: time / 1000, step, ...what }));
  }
}

/** Length (8 bytes), its sum, the message, its sum. */
function framed(event: object): Uint8Array {
  const data = eventType.encode(event).finish();
  const frame = Buffer.alloc(data.length + 16);
  frame.writeBigUInt64LE(BigInt(data.length), 0);
  frame.writeUInt32LE(maskedSum(frame.subarray(0, 8)), 8);
  frame.set(data, 12);
  frame.writeUInt32LE(maskedSum(data), 12 + data.length);
  return frame;
}

/** CRC-32C (Castagnoli, reflected 0x82f63b78), turned by 15 bits and moved, so that sums of sums stay good. */
export function maskedSum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff];
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});
