/**
 * What a search has to know before it can be asked: the codes of a value set, the places within a place. The search is built
 * once with nothing in their stead, what it asked for is looked up, and it is built again.
 */
import { FhirError } from '../../shared/errors.ts';
import type { Context } from '../context.ts';

/** What `find` gives; `meanwhile` as long as that is not known. `name` tells questions apart. */
export type LookUp = <T>(name: string, find: (context: Context) => Promise<T>, meanwhile: T) => T;

/** More questions than this in one search are a mistake or an attack. */
const mostQuestions = 20;

/** What `make` makes when everything that it looks up is known. */
export async function lookingUp<T>(context: Context, make: (lookUp: LookUp) => T): Promise<T> {
  const known = new Map<string, unknown>();
  for (;;) {
    const asked = new Map<string, (context: Context) => Promise<unknown>>();
    const lookUp = <A>(name: string, find: (context: Context) => Promise<A>, meanwhile: A): A => {
      if (known.has(name)) return known.get(name) as A;
      asked.set(name, find);
      return meanwhile;
    };
    const made = make(lookUp);
    if (asked.size === 0) return made;
    if (known.size + asked.size > mostQuestions) {
      throw new FhirError('invalid', `The search names more than ${mostQuestions} value sets, codes and places.`);
    }
    for (const [name, find] of asked) known.set(name, await find(context));
  }
}
