/**
 * What of a record the provisions of a Consent deny to one caller: whether they concern the caller is decided here, what
 * they say of resources becomes clauses, which the store searches by and `holds` judges.
 * https://hl7.org/fhir/R4/consent.html
 */
import type { DateRange } from '../../fhir/search/dates.ts';
import type { Clause } from '../../store/search/query.ts';
import { and, type Formula, not, or } from './formula.ts';
import type { Actor, Deed, Label, Provision } from './provision.ts';
import type { RecordParameters } from './record-parameters.ts';

/** Who asks, for a provision to be about. */
export interface Who {
  /** `Type/id` of everything in the directory that the caller is or belongs to. */
  readonly belongsTo: (actor: string) => boolean;
  readonly clientId: string | undefined;
  /** Of v3-ActReason; undefined: not known, so that it might be any. */
  readonly purpose: string | undefined;
}

export interface Question {
  readonly who: Who;
  /** Any of them that is denied is a denial. */
  readonly deeds: readonly Deed[];
  /** Undefined: whether any type is concerned; then what is answered is no clause of a search. */
  readonly type: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly parameters: RecordParameters;
}

/** What the rule denies of resources of the type. */
export function denied(rule: Provision, question: Question): Formula {
  return or(question.deeds.map((deed) => and([applies(rule, question, deed), decide(rule, question, deed)])));
}

/** Where the provision's own conditions hold: what is denied after all exceptions. */
function decide({ effect, exceptions }: Provision, question: Question, deed: Deed): Formula {
  const parts = exceptions.flatMap((inner) => {
    const about = applies(inner, question, deed);
    return about === false ? [] : [{ about, within: decide(inner, question, deed) }];
  });
  const denials = or(parts.map(({ about, within }) => and([about, within])));
  if (effect === 'permit') return denials;
  const permits = or(parts.map(({ about, within }) => and([about, not(within)])));
  return or([denials, not(permits)]);
}

/** What some resources are and others are not. */
const maybe: Clause = { kind: 'id', any: [] };

/** Of which resources the provision speaks to this caller. */
function applies(provision: Provision, question: Question, deed: Deed): Formula {
  if (provision.never || !concerns(provision, question, deed)) return false;
  const { types, labels, codes, dataPeriod, data, origins, effect } = provision;
  const { type, parameters } = question;
  if (type === undefined) return types || labels || codes || dataPeriod || data || origins ? maybe : true;
  return and([
    labels ? or(labels.map((label) => labelled(type, label, effect === 'permit'))) : true,
    codes ? coded(type, codes, parameters) : true,
    dataPeriod ? dated(type, dataPeriod, effect === 'permit', parameters) : true,
    data ? or(data.map((one) => ofData(type, one, one.wide, parameters))) : true,
    origins ? or(origins.map((one) => ofData(type, one, true, parameters))) : true,
  ]);
}

/** What does not depend on the resource but on its type. */
function concerns(provision: Provision, { who, type, now }: Question, deed: Deed): boolean {
  const { period, actors, deeds, purposes, types, effect } = provision;
  if (period && (now < period.low || now > period.high)) return false;
  if (types && type !== undefined && !types.includes(type)) return false;
  if (deeds && !deeds.includes(deed)) return false;
  if (actors && !actors.some((actor) => isActor(actor, who))) return false;
  return !purposes || isPurpose(purposes, who.purpose, effect === 'deny');
}

function isActor(actor: Actor, { belongsTo, clientId }: Who): boolean {
  return 'clientId' in actor ? actor.clientId === clientId : belongsTo(`${actor.type}/${actor.id}`);
}

/** The root of the code system's purposes is all of them. A purpose that is not known might be the one that is denied. */
function isPurpose(purposes: readonly string[], purpose: string | undefined, unknown: boolean): boolean {
  if (purposes.includes('PurposeOfUse')) return true;
  return purpose === undefined ? unknown : purposes.includes(purpose);
}

export const confidentiality = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';

/** From the least to the most confidential; what has no label is normal. */
const levels = ['U', 'L', 'M', 'N', 'R', 'V'];

export function labelClause(type: string, any: readonly Label[]): Clause {
  return { kind: 'token', param: `${type}._security`, any };
}

/** Of confidentiality, a permission is for up to this level, a denial from this level on. Other labels are themselves. */
function labelled(type: string, label: Label, isPermit: boolean): Formula {
  const level = label.system === undefined || label.system === confidentiality ? levels.indexOf(label.code) : -1;
  if (level < 0) return labelClause(type, [label]);
  const of = (codes: readonly string[]) =>
    labelClause(
      type,
      codes.map((code) => ({ system: confidentiality, code })),
    );
  const normal = levels.indexOf('N');
  // What has no label of that system counts as normal.
  if (isPermit) {
    const above = levels.slice(Math.max(level, 0) + 1);
    const under = above.length === 0 ? true : not(of(above));
    return level >= normal ? under : of(levels.slice(0, level + 1));
  }
  if (level > normal) return of(levels.slice(level));
  return level === 0 ? true : not(of(levels.slice(0, level)));
}

/** https://hl7.org/fhir/R4/consent-definitions.html#Consent.provision.code: the code is found in the resource. */
function coded(type: string, codes: readonly Label[], { tokens }: RecordParameters): Formula {
  return or(tokens(type).map((code): Clause => ({ kind: 'token', param: `${type}.${code}`, any: codes })));
}

/** What has no date might be of the time that is denied, and might not be of the one that is permitted. */
function dated(type: string, { low, high }: DateRange, isPermit: boolean, { date }: RecordParameters): Formula {
  const code = date(type);
  if (code === undefined) return !isPermit;
  const param = `${type}.${code}`;
  if (isPermit) return { kind: 'date', param, any: [{ prefix: 'eq', low, high }] };
  return or([
    { kind: 'date', param, any: [{ prefix: 'ap', low, high }] },
    { kind: 'missing', param, missing: true, of: 'date' },
  ]);
}

/** The resource itself and, `wide`, whatever refers to it. */
function ofData(
  type: string,
  one: { readonly type: string; readonly id: string },
  wide: boolean,
  { references }: RecordParameters,
): Formula {
  const { type: of, id } = one;
  const pointing = wide
    ? references(type).map((code): Clause => ({ kind: 'reference', param: `${type}.${code}`, any: [{ type: of, id }] }))
    : [];
  return or([...(of === type ? [{ kind: 'id', any: [id] } as const] : []), ...pointing]);
}
