import { messageOf } from '../../util/errors.js';
import { DeviceLost, OutOfMemory } from '../contract.js';

/** What TensorFlow.js threw, as the contract's error where it is one of its kinds. */
export function translated(cause: unknown, doing: string): Error {
  if (cause instanceof OutOfMemory) return cause;
  const message = `${doing}: ${messageOf(cause)}`;
  if (/OOM when allocating|ResourceExhausted|Array buffer allocation failed|Invalid typed array length|out of memory/i.test(message)) {
    return new OutOfMemory(message, { cause });
  }
  // A wasm module that has aborted answers no further call; a CUDA context with an error does not recover.
  if ((cause instanceof Error && cause.name === 'RuntimeError') || /CUDA_ERROR|device lost/i.test(message)) return new DeviceLost(message, { cause });
  return new Error(message, { cause });
}
