/**
 * The messages of an ONNX file that we write, and no others.
 * Field numbers: onnx/onnx.proto of the ONNX specification (IR version 10).
 */
import protobuf from 'protobufjs/light.js';

export const elementType = { f32: 1, u8: 2, u16: 4, i32: 6, i64: 7, bool: 9, f16: 10, bf16: 16 } as const;
export type ElementType = (typeof elementType)[keyof typeof elementType];

export interface AttributeProto {
  readonly name: string;
  readonly type: number;
  readonly f?: number;
  readonly i?: number;
  readonly s?: Uint8Array;
  readonly ints?: readonly number[];
}

export interface NodeProto {
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly AttributeProto[];
}

export interface TensorProto {
  readonly name: string;
  readonly dataType: ElementType;
  readonly dims: readonly number[];
  readonly rawData?: Uint8Array;
  /** `location`, `offset` and `length` of the bytes in another file of the model's folder. */
  readonly externalData?: readonly { readonly key: string; readonly value: string }[];
  readonly dataLocation?: 0 | 1;
}

export interface ValueInfoProto {
  readonly name: string;
  readonly type: {
    readonly tensorType: {
      readonly elemType: ElementType;
      readonly shape: { readonly dim: readonly ({ readonly dimValue: number } | { readonly dimParam: string })[] };
    };
  };
}

export interface ModelProto {
  readonly irVersion: number;
  readonly producerName: string;
  readonly opsetImport: readonly { readonly domain: string; readonly version: number }[];
  readonly graph: {
    readonly name: string;
    readonly node: readonly NodeProto[];
    readonly initializer: readonly TensorProto[];
    readonly input: readonly ValueInfoProto[];
    readonly output: readonly ValueInfoProto[];
  };
}

type Field = { id: number; type: string; rule?: 'repeated' };
const one = (id: number, type: string): Field => ({ id, type });
const many = (id: number, type: string): Field => ({ id, type, rule: 'repeated' });

const messages = protobuf.Root.fromJSON({
  nested: {
    AttributeProto: { fields: { name: one(1, 'string'), f: one(2, 'float'), i: one(3, 'int64'), s: one(4, 'bytes'), ints: many(8, 'int64'), type: one(20, 'int32') } },
    NodeProto: { fields: { input: many(1, 'string'), output: many(2, 'string'), name: one(3, 'string'), opType: one(4, 'string'), attribute: many(5, 'AttributeProto'), domain: one(7, 'string') } },
    StringStringEntryProto: { fields: { key: one(1, 'string'), value: one(2, 'string') } },
    TensorProto: {
      fields: { dims: many(1, 'int64'), dataType: one(2, 'int32'), name: one(8, 'string'), rawData: one(9, 'bytes'), externalData: many(13, 'StringStringEntryProto'), dataLocation: one(14, 'int32') },
    },
    Dimension: { fields: { dimValue: one(1, 'int64'), dimParam: one(2, 'string') } },
    TensorShapeProto: { fields: { dim: many(1, 'Dimension') } },
    TensorTypeProto: { fields: { elemType: one(1, 'int32'), shape: one(2, 'TensorShapeProto') } },
    TypeProto: { fields: { tensorType: one(1, 'TensorTypeProto') } },
    ValueInfoProto: { fields: { name: one(1, 'string'), type: one(2, 'TypeProto') } },
    GraphProto: { fields: { node: many(1, 'NodeProto'), name: one(2, 'string'), initializer: many(5, 'TensorProto'), input: many(11, 'ValueInfoProto'), output: many(12, 'ValueInfoProto') } },
    OperatorSetIdProto: { fields: { domain: one(1, 'string'), version: one(2, 'int64') } },
    ModelProto: { fields: { irVersion: one(1, 'int64'), producerName: one(2, 'string'), graph: one(7, 'GraphProto'), opsetImport: many(8, 'OperatorSetIdProto') } },
  },
});

const modelType = messages.lookupType('ModelProto');

/** The bytes of a `.onnx` file. */
export function encodeModel(model: ModelProto): Uint8Array {
  return modelType.encode(model).finish();
}
