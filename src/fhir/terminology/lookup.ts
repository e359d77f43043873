/**
 * CodeSystem/$lookup and CodeSystem/$subsumes.
 * https://hl7.org/fhir/R4/codesystem-operation-lookup.html https://hl7.org/fhir/R4/codesystem-operation-subsumes.html
 */
import type { ParametersParameter } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import { displayOf, languagesOf } from './display.ts';
import type { Hit } from './membership.ts';
import { present } from './present.ts';
import { type Scope, systemText } from './scope.ts';
import { canonicalText } from './source.ts';
import type { Concept, System } from './system.ts';
import type { LookupAsked, SubsumesAsked, Subsumption } from './terminology.ts';

/** More relatives than this are not shown of one concept. */
const mostRelatives = 1000;

async function knownSystem(scope: Scope, url: string, version: string | undefined): Promise<System> {
  const system = await scope.system(url, version);
  if (system) return system;
  const versions = await scope.versions(url);
  const hint = versions.length > 0 ? ` Valid versions: ${versions.join(', ')}.` : '';
  const name = canonicalText({ url, version });
  throw new FhirError('notFound', `A definition for CodeSystem '${name}' could not be found.${hint}`);
}

async function knownConcept(system: System, code: string): Promise<Concept> {
  const concept = await system.find(code);
  if (concept) return concept;
  const why = system.reason?.(code);
  throw new FhirError(
    'notFound',
    `Unknown code '${code}' in the CodeSystem '${systemText(system)}'.${why ? ` ${why}` : ''}`,
  );
}

function propertyOf(code: string, value: Omit<ParametersParameter, 'name'>, description?: string): ParametersParameter {
  return {
    name: 'property',
    part: [
      { name: 'code', valueCode: code },
      { name: 'value', ...value },
      ...(description === undefined ? [] : [{ name: 'description', valueString: description }]),
    ],
  };
}

async function relatives(system: System, name: 'parent' | 'child', codes: readonly string[]) {
  const out: ParametersParameter[] = [];
  for (const code of codes.slice(0, mostRelatives)) {
    const concept = await system.find(code);
    out.push(propertyOf(name, { valueCode: code }, concept?.display));
  }
  return out;
}

/** Concept properties; what the hierarchy says better is left to it. */
function ownProperties({ property }: Concept, wants: (name: string) => boolean): ParametersParameter[] {
  return property
    .filter(({ code = '' }) => wants(code) && !['parent', 'child', 'inactive'].includes(code))
    .map(({ code = '', id: _, extension: __, ...value }) => propertyOf(code, value));
}

const usage = 'http://terminology.hl7.org/CodeSystem/designation-usage';

function designationsOf({ concept, known }: Hit): ParametersParameter[] {
  const display = { language: known?.about.language, use: { system: usage, code: 'display' }, value: concept.display };
  const own = concept.display === undefined ? [] : [display];
  return [...own, ...concept.designation].map(({ language, use, value }) => ({
    name: 'designation',
    part: [
      ...(language === undefined ? [] : [{ name: 'language', valueCode: language }]),
      ...(use === undefined ? [] : [{ name: 'use', valueCoding: use }]),
      { name: 'value', ...present({ valueString: value }) },
    ],
  }));
}

/** The output parameters of $lookup. Throws `notFound` for an unknown system or code. */
export async function lookup(scope: Scope, asked: LookupAsked): Promise<readonly ParametersParameter[]> {
  const system = await knownSystem(scope, asked.system, asked.version);
  const concept = await knownConcept(system, asked.code);
  const { url, version, name, title } = system.about;
  const hit: Hit = { system: url, ...present({ version }), concept, known: system };
  const display = displayOf(hit, languagesOf(asked.displayLanguage)) ?? concept.code;
  const { properties = [] } = asked;
  const wants = (one: string) => properties.length === 0 || properties.includes(one) || properties.includes('*');
  return [
    { name: 'name', valueString: name ?? title ?? url },
    ...(version === undefined ? [] : [{ name: 'version', valueString: version }]),
    { name: 'display', valueString: display },
    { name: 'system', valueUri: url },
    { name: 'code', valueCode: concept.code },
    { name: 'abstract', valueBoolean: concept.abstract },
    ...(wants('definition') && concept.definition !== undefined
      ? [{ name: 'definition', valueString: concept.definition }]
      : []),
    ...(wants('designation') ? designationsOf(hit) : []),
    // R4 has the definition among the properties; later versions, as a parameter of its own.
    ...(wants('definition') && concept.definition !== undefined
      ? [propertyOf('definition', { valueString: concept.definition })]
      : []),
    ...(concept.abstract && wants('abstract') ? [propertyOf('abstract', { valueBoolean: true })] : []),
    ...(wants('inactive') ? [propertyOf('inactive', { valueBoolean: concept.inactive })] : []),
    ...(wants('parent') ? await relatives(system, 'parent', await system.parents(concept.code)) : []),
    ...(wants('child') ? await relatives(system, 'child', await system.children(concept.code)) : []),
    ...ownProperties(concept, wants),
  ];
}

/** Ancestors looked through for one concept; a hierarchy with more above a single code is not one. */
const mostAncestors = 100_000;

export async function subsumes(scope: Scope, asked: SubsumesAsked): Promise<Subsumption> {
  const system = await knownSystem(scope, asked.system, asked.version);
  const [a, b] = [await knownConcept(system, asked.codeA), await knownConcept(system, asked.codeB)];
  if (a.code === b.code) return 'equivalent';
  if ((await system.ancestors(b.code, mostAncestors)).includes(a.code)) return 'subsumes';
  if ((await system.ancestors(a.code, mostAncestors)).includes(b.code)) return 'subsumed-by';
  return 'not-subsumed';
}
