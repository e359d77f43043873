/** Pure functions that are asked for the same again and again. */

/** Longer keys are hardly ever the same, and would make what is kept large. */
const longest = 128;

/** `make` with its last answers kept, for keys that anybody may choose: all are forgotten when there are `most`, and made again. */
export function remember<V extends NonNullable<unknown>>(make: (key: string) => V, most: number): (key: string) => V {
  const kept = new Map<string, V>();
  return (key) => {
    if (key.length > longest) return make(key);
    const before = kept.get(key);
    if (before !== undefined) return before;
    const made = make(key);
    if (kept.size >= most) kept.clear();
    kept.set(key, made);
    return made;
  };
}
