/**
 * The answers to what expressions ask of validation itself: conformsTo() and memberOf().
 * https://hl7.org/fhir/R4/fhirpath.html#functions
 */
import { isA } from '../definitions/types.ts';
import { isObject } from '../fhirpath/collection.ts';
import type { Environment } from '../fhirpath/environment.ts';
import { bindingProblem } from './binding.ts';
import { checkProfile } from './profiles/check.ts';
import { errorsOf, type Run } from './profiles/content.ts';

/** undefined where the profile, or the value set, is not known or cannot be listed. */
export function asking(run: Run): Required<Pick<Environment, 'conformsTo' | 'memberOf'>> {
  const { registry } = run;
  return {
    conformsTo(item, url) {
      const type = isObject(item) ? String(item['resourceType']) : '';
      const profile = registry.profile(url);
      const wanted = profile?.type ?? registry.typeOf(url);
      if (wanted === undefined) return undefined;
      if (!isA(type, wanted)) return false;
      if (!profile) return true;
      return (
        errorsOf(checkProfile(profile, { value: item, type, path: type }, run, { resource: item, root: item }))
          .length === 0
      );
    },
    memberOf(item, url) {
      const codes = registry.codes(url);
      if (!codes) return undefined;
      if (isObject(item)) return bindingProblem(item, codes) === undefined;
      return [...codes.values()].some((set) => typeof item === 'string' && set.has(item));
    },
  };
}
