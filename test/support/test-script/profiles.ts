/** Validation of what a server answers, against R4 and the StructureDefinitions that a script brings. */
import { createValidation } from '../../../src/fhir/validation/validator.ts';
import type { CheckProfile } from './engine.ts';

/** `find` gives the text of a profile that is referred to other than by its canonical URL. */
export function profileChecker(profilesFolder: string, find: (reference: string) => Promise<string>): CheckProfile {
  const validation = createValidation({ profilesFolder, policy: { enforced: {}, unknown: 'error' } });
  const urls = new Map<string, Promise<string>>();
  const load = async (reference: string): Promise<string> => {
    const definition = JSON.parse(await find(reference)) as { readonly id?: string; readonly url?: string };
    if (definition.url === undefined) throw new Error(`The profile ${reference} has no url.`);
    validation.put(definition.id ?? reference, definition);
    return definition.url;
  };
  return async (json, profile) => {
    if (!urls.has(profile))
      urls.set(profile, /^(https?|urn):/.test(profile) ? Promise.resolve(profile) : load(profile));
    const url = (await urls.get(profile)) ?? profile;
    const issues = await validation.validateDeep(JSON.parse(json), { profiles: [url] });
    return issues
      .filter(({ severity }) => severity === 'error' || severity === 'fatal')
      .map(({ expression, diagnostics }) => `${expression?.join(', ') ?? ''}: ${diagnostics}`);
  };
}
