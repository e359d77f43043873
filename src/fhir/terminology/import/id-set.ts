/** A set of SNOMED CT identifiers (up to 18 digits) at eight bytes each: a Set of texts would take ten times as much. */

export class IdSet {
  #ids = new BigInt64Array(1024);
  #size = 0;
  #sorted = true;

  add(id: string): void {
    if (this.#size === this.#ids.length) {
      const grown = new BigInt64Array(this.#ids.length * 2);
      grown.set(this.#ids);
      this.#ids = grown;
    }
    this.#ids[this.#size++] = BigInt(id);
    this.#sorted = false;
  }

  has(id: string): boolean {
    if (!this.#sorted) {
      this.#ids.subarray(0, this.#size).sort();
      this.#sorted = true;
    }
    const wanted = BigInt(id);
    let [low, high] = [0, this.#size];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ids[middle] as bigint) < wanted) low = middle + 1;
      else high = middle;
    }
    return low < this.#size && this.#ids[low] === wanted;
  }
}
