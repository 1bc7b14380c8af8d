import * as tf from '@tensorflow/tfjs-core';
import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { OutOfMemory } from '../contract.js';

export const wasmBackend = 'wasm';

/** Starts the WebAssembly backend; false where it cannot run, or not safely. The binaries lie in its package. */
export async function startWasm(): Promise<boolean> {
  if (!(await tf.setBackend(wasmBackend))) return false;
  const backend = tf.findBackend(wasmBackend);
  if (!(backend instanceof BackendWasm) || !isHeap(backend.wasm)) return false;
  guardAllocation(backend.wasm);
  return true;
}

interface Heap {
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/**
 * The backend does not look at what `malloc` answers: with the heap full (4 GiB at most) it is address 0, and
 * the tensor would be written over the heap's own data. Here a full heap stops the op before it writes.
 */
function guardAllocation(heap: Heap): void {
  heap._free(heap._malloc(1)); // the first call puts the real function in the place of a stub
  const allocate = heap._malloc;
  heap._malloc = (bytes) => {
    const address = allocate(bytes);
    if (address === 0 && bytes > 0) throw new OutOfMemory(`the WebAssembly heap, 4 GiB at most, has no room for ${bytes} bytes more`);
    return address;
  };
}

function isHeap(module: object): module is Heap {
  return '_malloc' in module && typeof module._malloc === 'function';
}
