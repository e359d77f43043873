/** Objects without the members that are not there: what `exactOptionalPropertyTypes` asks of optional ones. */

export function present<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as never;
}
