type NumberArray = Int32Array | Uint32Array | Float64Array;

/** A typed array that grows by half as it fills. */
export class Growing<A extends NumberArray> {
  length = 0;
  #values: A;
  readonly #make: new (length: number) => A;

  constructor(make: new (length: number) => A) {
    this.#make = make;
    this.#values = new make(1024);
  }

  add(value: number): void {
    if (this.length === this.#values.length) this.#values = this.#copy(Math.ceil(this.length * 1.5));
    this.#values[this.length++] = value;
  }

  push(values: ArrayLike<number>): void {
    if (this.length + values.length > this.#values.length) this.#values = this.#copy(Math.ceil((this.length + values.length) * 1.5));
    this.#values.set(values, this.length);
    this.length += values.length;
  }

  at(index: number): number {
    return this.#values[index];
  }

  set(index: number, value: number): void {
    this.#values[index] = value;
  }

  /** A copy of all values. */
  take(): A {
    return this.#copy(this.length);
  }

  /** All of them, and it is empty again. */
  drain(): A {
    const values = this.take();
    this.length = 0;
    return values;
  }

  #copy(capacity: number): A {
    const copy = new this.#make(capacity);
    copy.set(this.#values.subarray(0, this.length));
    return copy;
  }
}
