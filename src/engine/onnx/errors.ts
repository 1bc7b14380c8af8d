import { messageOf } from '../../util/errors.js';
import { DeviceLost, OutOfMemory } from '../contract.js';

/** Does what takes memory of V8's; its RangeError, when there is none left, becomes the contract's error. */
export function allocating<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof RangeError && /allocation failed/i.test(cause.message)) throw new OutOfMemory(cause.message, { cause });
    throw cause;
  }
}

/** What ONNX Runtime threw, as the contract's error where it is one of its kinds. */
export function translated(cause: unknown, doing: string): Error {
  const message = messageOf(cause);
  if (/failed to allocate|allocation failed|bad_alloc|out of memory|cannot allocate memory|BFCArena/i.test(message)) {
    return new OutOfMemory(`${doing}: ${message}`, { cause });
  }
  if (/device (is |was )?lost|device_lost|GPU hang/i.test(message)) {
    return new DeviceLost(`${doing}: ${message}`, { cause });
  }
  return new Error(`${doing}: ${message}`, { cause });
}
