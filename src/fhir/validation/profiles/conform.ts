/**
 * Which profiles a resource or extension has to fulfil: those it names and this server knows, or those asked for.
 * https://hl7.org/fhir/R4/resource.html#Meta.profile
 */
import type { Issue } from '../../../shared/errors.ts';
import { isObject, type Json } from '../../fhirpath/collection.ts';
import type { Conform } from '../walk.ts';
import { checkProfile } from './check.ts';
import type { Profile, Registry } from './registry.ts';

/** Base definitions, which are checked always. */
const base = /^http:\/\/hl7\.org\/fhir\/StructureDefinition\/[A-Z]\w*$/;

function named(resource: Json): readonly string[] {
  const profiles = isObject(resource['meta']) ? resource['meta']['profile'] : undefined;
  return Array.isArray(profiles) ? profiles.filter((url) => typeof url === 'string') : [];
}

function unknown(url: string, path: string, asked: boolean): Issue {
  const diagnostics = `The profile ${url} is not known to this server${asked ? '' : ', so it was not checked'}.`;
  const expression = [asked ? path : `${path}.meta.profile`];
  return { severity: asked ? 'error' : 'information', code: 'not-found', diagnostics, expression };
}

function foreign({ url, type }: Profile, actual: string, path: string): Issue {
  const diagnostics = `The profile ${url} is about ${type}, not ${actual}.`;
  return { severity: 'error', code: 'structure', diagnostics, expression: [path] };
}

/** The check of the outermost resource against `asked` (absent: what it names), and of all others against what they name. */
export function conformance(registry: Registry, asked: readonly string[] | undefined): Conform {
  return (value, type, path, environment) => {
    const check = (profile: Profile) => checkProfile(profile, { value, type, path: path() }, registry, environment);
    if (type === 'Extension') {
      const profile = typeof value['url'] === 'string' ? registry.profile(value['url']) : undefined;
      return profile?.type === type ? check(profile) : [];
    }
    const explicit = asked !== undefined && !path().includes('.');
    return (explicit ? asked : named(value)).flatMap((url) => {
      const profile = registry.profile(url);
      if (!profile) return base.test(url) && url.endsWith(`/${type}`) ? [] : [unknown(url, path(), explicit)];
      return profile.type === type ? check(profile) : [foreign(profile, type, path())];
    });
  };
}
