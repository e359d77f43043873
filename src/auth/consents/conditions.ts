/**
 * The conditions of one provision of a Consent, each a list of alternatives.
 * https://hl7.org/fhir/R4/consent-definitions.html#Consent.provision
 */
import type {
  CodeableConcept,
  Coding,
  ConsentProvision,
  ConsentProvisionActor,
  ConsentProvisionData,
  Reference,
} from '@medplum/fhirtypes';
import { isResourceType } from '../../fhir/definitions/types.ts';
import { periodRange } from '../../fhir/search/dates.ts';
import type { Issue } from '../../shared/errors.ts';
import { isId } from '../../shared/id.ts';
import {
  type Actor,
  clientIdSystem,
  type Deed,
  type Effect,
  type Label,
  type Named,
  type Provision,
} from './provision.ts';

export interface Reading {
  /** The FHIR base: references below it are local. */
  readonly base: string;
  /** Takes what is not understood. */
  readonly issues: Issue[];
}

interface About {
  readonly path: string;
  readonly effect: Effect;
  /** Whether it denies what is permitted around it. */
  readonly isDenial: boolean;
}

/** A value of one element, or the reason why it means nothing here, or that it belongs to another condition. */
type Meaning<T> = { readonly is: T } | { readonly unknown: string } | { readonly other: true };

const actionSystem = 'http://terminology.hl7.org/CodeSystem/consentaction';
const deeds: Readonly<Record<string, Deed>> = {
  access: 'read',
  use: 'read',
  disclose: 'disclose',
  collect: 'collect',
  correct: 'correct',
};

/** Roles in which an actor is where data come from, and not who gets them. */
const originRoles: ReadonlySet<string> = new Set(['AUT', 'CST']);

function codingsOf({ coding = [] }: CodeableConcept): readonly Coding[] {
  return coding.filter(({ code }) => code !== undefined);
}

/** The local resource that a reference names, whatever its version. */
export function named(reference: Reference | undefined, base: string): Named | undefined {
  const text = reference?.reference ?? '';
  const local = text.startsWith(`${base}/`) ? text.slice(base.length + 1) : text;
  const [type = '', id = '', history, version, ...more] = local.split('/');
  const isWhole = history === undefined || (history === '_history' && version !== undefined && more.length === 0);
  return isResourceType(type) && isId(id) && isWhole ? { type, id } : undefined;
}

function isOrigin({ role }: ConsentProvisionActor): boolean {
  return codingsOf(role ?? {}).some(({ code = '' }) => originRoles.has(code));
}

function actorOf({ reference }: ConsentProvisionActor, base: string): Meaning<Actor> {
  const local = named(reference, base);
  if (local) return { is: local };
  const { system, value } = reference?.identifier ?? {};
  if (system === clientIdSystem && value) return { is: { clientId: value } };
  return { unknown: `an actor is a resource of this server (Practitioner/ID) or an identifier of ${clientIdSystem}` };
}

function namedOr(reference: Reference | undefined, base: string, unknown: string): Meaning<Named> {
  const is = named(reference, base);
  return is ? { is } : { unknown };
}

function dataOf(
  { reference, meaning }: ConsentProvisionData,
  base: string,
): Meaning<Named & { readonly wide: boolean }> {
  const is = named(reference, base);
  return is ? { is: { ...is, wide: meaning !== 'instance' } } : { unknown: 'data are resources of this server' };
}

function deedOf(concept: CodeableConcept): Meaning<Deed> {
  const found = codingsOf(concept).find(
    ({ system, code = '' }) => system === actionSystem && Object.hasOwn(deeds, code),
  );
  const is = deeds[found?.code ?? ''];
  return is ? { is } : { unknown: `an action is a code of ${actionSystem}` };
}

function purposeOf({ system, code }: Coding): Meaning<string> {
  const known = ['http://terminology.hl7.org/CodeSystem/v3-ActReason', 'http://hl7.org/fhir/v3/ActReason'];
  if (code !== undefined && known.includes(system ?? '')) return { is: code };
  return { unknown: `a purpose is a code of ${known[0]}` };
}

function typeOf({ system, code = '' }: Coding): Meaning<string> {
  if (system === 'http://hl7.org/fhir/resource-types' && isResourceType(code)) return { is: code };
  return { unknown: 'a class is a code of http://hl7.org/fhir/resource-types' };
}

function labelOf({ system, code }: Coding): Meaning<Label> {
  if (code === undefined) return { unknown: 'a security label has a code' };
  return { is: { ...(system === undefined ? {} : { system }), code } };
}

function codesOf(concept: CodeableConcept): Meaning<readonly Label[]> {
  const labels = codingsOf(concept).map(({ system, code = '' }) => ({
    ...(system === undefined ? {} : { system }),
    code,
  }));
  return labels.length > 0 ? { is: labels } : { unknown: 'a code has a coding' };
}

/** What an absent, understood or partly understood list of alternatives comes to. */
interface Alternatives {
  of<T, U>(name: string, given: readonly T[] | undefined, meaning: (one: T) => Meaning<U>): readonly U[] | undefined;
  /** Whether nothing of a list was understood: a permission for that is none. */
  isNever(): boolean;
}

/** Says what is not understood, where that matters: within what is denied anyhow, a denial changes nothing. */
function report(
  { issues }: Reading,
  { path, effect, isDenial }: About,
  name: string,
  all: readonly Meaning<unknown>[],
) {
  if (effect === 'deny' && !isDenial) return;
  const severity = isDenial ? 'error' : 'warning';
  const why = isDenial ? 'What is denied cannot be told' : 'Nothing is permitted by this';
  for (const [at, one] of all.entries()) {
    if (!('unknown' in one)) continue;
    const expression = [`${path}.${name}[${at}]`];
    issues.push({ severity, code: 'not-supported', diagnostics: `${why}: ${one.unknown}.`, expression });
  }
}

function alternatives(reading: Reading, about: About): Alternatives {
  let never = false;
  return {
    of(name, given, meaning) {
      const all = (given ?? []).map(meaning);
      const own = all.filter((one) => !('other' in one));
      if (own.length === 0) return undefined;
      const known = own.flatMap((one) => ('is' in one ? [one.is] : []));
      report(reading, about, name, all);
      if (known.length === own.length) return known;
      // A denial without one of its conditions denies more, a permission without one of its alternatives permits less.
      if (about.effect === 'deny') return undefined;
      if (known.length === 0) never = true;
      return known;
    },
    isNever: () => never,
  };
}

const present = <T extends object>(given: { [Key in keyof T]: T[Key] | undefined }): T =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;

/** The conditions that are there; what of them is not understood goes to the issues. */
export function readConditions(
  reading: Reading,
  provision: ConsentProvision,
  about: About,
): Omit<Provision, 'effect' | 'exceptions'> {
  const { base } = reading;
  const list = alternatives(reading, about);
  const { actor, securityLabel, purpose, action, class: classes, code, data } = provision;
  const origin = 'the author or custodian of data is a resource of this server';
  const found = present<Omit<Provision, 'effect' | 'exceptions' | 'never'>>({
    period: periodRange(provision.period),
    actors: list.of('actor', actor, (one) => (isOrigin(one) ? { other: true } : actorOf(one, base))),
    origins: list.of('actor', actor, (one) => (isOrigin(one) ? namedOr(one.reference, base, origin) : { other: true })),
    deeds: list.of('action', action, deedOf),
    purposes: list.of('purpose', purpose, purposeOf),
    types: list.of('class', classes, typeOf),
    labels: list.of('securityLabel', securityLabel, labelOf),
    codes: list.of('code', code, codesOf)?.flat(),
    dataPeriod: periodRange(provision.dataPeriod),
    data: list.of('data', data, (one) => dataOf(one, base)),
  });
  return { ...found, ...(list.isNever() ? { never: true } : {}) };
}
