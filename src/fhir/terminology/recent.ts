/** A memory of bounded size for what is dear to make: the oldest unused goes first. */

export interface Recent<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
  clear(): void;
}

/** Keeps the `limit` values used last. */
export function recent<V>(limit: number): Recent<V> {
  const kept = new Map<string, { readonly value: V }>();
  return {
    get(key) {
      const found = kept.get(key);
      if (!found) return undefined;
      // A Map lists keys in the order they were set: what is used moves to the end.
      kept.delete(key);
      kept.set(key, found);
      return found.value;
    },
    set(key, value) {
      kept.delete(key);
      kept.set(key, { value });
      if (kept.size <= limit) return;
      for (const oldest of kept.keys()) {
        kept.delete(oldest);
        return;
      }
    },
    delete: (key) => void kept.delete(key),
    clear: () => kept.clear(),
  };
}
