/**
 * Which profiles a resource or extension has to fulfil: those it names, those asked for, and those that this installation
 * enforces for its type.
 * https://hl7.org/fhir/R4/resource.html#Meta.profile
 */
import type { Issue } from '../../../shared/errors.ts';
import { isA } from '../../definitions/types.ts';
import { isObject, type Json } from '../../fhirpath/collection.ts';
import type { Environment } from '../../fhirpath/environment.ts';
import { checkProfile } from './check.ts';
import type { Run } from './content.ts';
import { kinFinder, type Standing, standingIssues, unknownIssues } from './extensions.ts';
import type { Profile } from './known.ts';

/** Where the walk is. */
interface At {
  readonly outermost: Json;
  readonly steps: readonly (string | number)[];
  readonly environment: Environment;
  /** The FHIRPath of the place. */
  path(): string;
}

/** Checks of what a profile may be about, besides the base definitions: resources and extensions. */
export type Conform = (value: Json, type: string, at: At) => readonly Issue[];

export interface ConformOptions {
  readonly run: Run;
  /** Of the outermost resource; absent: what it names. */
  readonly asked: readonly string[] | undefined;
  /** Profiles that resources of a type must fulfil, whether they name them or not. */
  readonly enforced: (type: string) => readonly string[];
  /** What a named profile that is not known gives. */
  readonly unknownProfile: 'error' | 'warning' | 'ignore';
  /** Whether extensions that nothing is known of are told. */
  readonly thorough: boolean;
}

/** Base definitions, which are checked always. */
const base = /^http:\/\/hl7\.org\/fhir\/StructureDefinition\/([A-Z]\w*)(?:\|4\.0(?:\.1)?)?$/;

function named(resource: Json): readonly string[] {
  const profiles = isObject(resource['meta']) ? resource['meta']['profile'] : undefined;
  return Array.isArray(profiles) ? profiles.filter((url) => typeof url === 'string') : [];
}

function foreign({ url, type }: Profile, actual: string, path: string): Issue {
  const diagnostics = `The profile ${url} is about ${type}, not ${actual}.`;
  return { severity: 'error', code: 'structure', diagnostics, expression: [path] };
}

/** A profile in another version than the one that is named is not the one that is named. */
function isVersion({ definition }: Profile, url: string): boolean {
  const version = url.split('|')[1];
  return version === undefined || definition.version === undefined || definition.version === version;
}

function extensionIssues(
  { run, thorough }: ConformOptions,
  value: Json,
  at: At,
  kin: Standing['kin'],
): readonly Issue[] {
  const { url } = value;
  if (typeof url !== 'string') return [];
  const profile = run.registry.profile(url);
  const path = at.path();
  const standing = {
    extension: value,
    kin,
    outermost: at.outermost,
    steps: at.steps,
    environment: at.environment,
    path,
  };
  if (profile?.type === 'Extension') {
    const own = checkProfile(profile, { value, type: 'Extension', path }, run, at.environment);
    return [...own, ...standingIssues(profile, standing)];
  }
  const isModifier = at.steps.findLast((step) => typeof step === 'string') === 'modifierExtension';
  return thorough || isModifier || !url.includes(':') ? unknownIssues(url, standing) : [];
}

function unknownIssue(
  url: string,
  path: string,
  { unknownProfile }: ConformOptions,
  isAsked: boolean,
): readonly Issue[] {
  const severity = isAsked ? 'error' : unknownProfile;
  if (severity === 'ignore') return [];
  const diagnostics = `The profile ${url} is not known to this server${isAsked ? '' : ', so it was not checked'}.`;
  return [{ severity, code: 'not-found', diagnostics, expression: [isAsked ? path : `${path}.meta.profile`] }];
}

function resourceIssues(options: ConformOptions, value: Json, type: string, at: At): readonly Issue[] {
  const { run, asked, enforced } = options;
  const isAsked = asked !== undefined && at.steps.length === 1;
  const urls = isAsked ? asked : [...named(value), ...enforced(type)];
  return [...new Set(urls)].flatMap((url) => {
    const path = at.path();
    const profile = run.registry.profile(url);
    if (profile && isVersion(profile, url)) {
      if (!isA(type, profile.type)) return [foreign(profile, type, path)];
      return checkProfile(profile, { value, type, path }, run, at.environment);
    }
    const [, baseType] = base.exec(url) ?? [];
    return baseType !== undefined && isA(type, baseType) ? [] : unknownIssue(url, path, options, isAsked);
  });
}

/** The check of each resource and each extension against its profiles. */
export function conformance(options: ConformOptions): Conform {
  const kin = kinFinder();
  return (value, type, at) =>
    type === 'Extension' ? extensionIssues(options, value, at, kin) : resourceIssues(options, value, type, at);
}
