import { messageOf } from '../../util/errors.js';
import { DeviceLost, OutOfMemory } from '../contract.js';

/** What ONNX Runtime threw, as the contract's error where it is one of its kinds. */
export function translated(cause: unknown, doing: string): Error {
  const message = messageOf(cause);
  if (/failed to allocate|allocation failed|bad_alloc|out of memory|BFCArena/i.test(message)) {
    return new OutOfMemory(`${doing}: ${message}`, { cause });
  }
  if (/device (is |was )?lost|device_lost|GPU hang/i.test(message)) {
    return new DeviceLost(`${doing}: ${message}`, { cause });
  }
  return new Error(`${doing}: ${message}`, { cause });
}
