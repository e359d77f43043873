/**
 * FHIR capabilities interaction: what this server does, derived from the table of its interactions and from the search
 * parameters that it indexes, so that it cannot claim more.
 * https://hl7.org/fhir/R4/http.html#capabilities
 */
import type { CapabilityStatement, CapabilityStatementRestInteraction } from '@medplum/fhirtypes';
import { pageMinutes } from '../../store/search/snapshots.ts';
import { resourceTypes } from '../definitions/types.ts';
import { formats } from '../formats.ts';
import type { Operation } from '../operations/operation.ts';
import { patchTypes } from '../patch/patch-document.ts';
import { isSearchable } from '../search/clause.ts';
import { r4Parameters, type SearchParameter, type WithParameters } from '../search/parameters.ts';
import { systemOperations } from './capability-operations.ts';
import { capabilityOf, type ResourceOptions } from './capability-resource.ts';

export interface CapabilityOptions extends WithParameters {
  /** The FHIR base without a trailing slash. */
  readonly base: string;
  readonly version: string;
  /** The server's interactions, as its table has them. */
  readonly interactions: readonly { readonly code: string; readonly path: string; readonly method: string }[];
  readonly operations: readonly Operation[];
  /** Where an app signs its user in, where SMART clients look for it. */
  readonly oauth?: { readonly authorize: string; readonly token: string };
  /** Whether a conditional delete may delete several; absent: a single one. */
  readonly conditionalDelete?: 'single' | 'multiple';
  /** The profiles that resources of a type are held to; absent: none but R4's own. */
  readonly profilesOf?: (type: string) => readonly string[];
}

/** The day of the last change to what is said here. */
const date = '2026-11-23';

const documentation =
  `Links to further pages are opaque and good for ${pageMinutes} minutes. Unknown search parameters are ignored, and
named in an OperationOutcome of the Bundle; with "Prefer: handling=strict" they are refused.`.replace(/\s+/g, ' ');

/** What every search takes besides the parameters of its types. */
const common = [
  ['_filter', 'special', 'Resource-filter'],
  ['_has', 'special', 'Resource-has'],
  ['_list', 'special', 'Resource-list'],
  ['_type', 'special', 'Resource-type'],
] as const;

/** The ways to ask for it: https://hl7.org/fhir/R4/http.html#capabilities. TerminologyCapabilities is for `terminology`. */
export type Mode = 'full' | 'normative';

/** Resource types whose definition is normative in R4: https://hl7.org/fhir/R4/resourcelist.html */
const normative: ReadonlySet<string> = new Set([
  'Binary',
  'Bundle',
  'CapabilityStatement',
  'CodeSystem',
  'Observation',
  'OperationDefinition',
  'OperationOutcome',
  'Parameters',
  'Patient',
  'StructureDefinition',
  'ValueSet',
]);

/** The CapabilityStatement. */
export function capabilities(options: CapabilityOptions, mode: Mode = 'full'): CapabilityStatement {
  const { base, version, interactions, operations, oauth } = options;
  const system = interactions.filter(({ path, code }) => !path.includes(':') && code !== 'operation');
  const ofSystem = [...new Set([...system.map(({ code }) => code), 'batch'])];
  return {
    resourceType: 'CapabilityStatement',
    url: `${base}/metadata`,
    version,
    name: 'LIVEDOC',
    title: 'LIVEDOC FHIR R4 server',
    status: 'active',
    date,
    kind: 'instance',
    software: { name: 'LIVEDOC', version },
    implementation: { description: 'LIVEDOC: tuberculosis screening', url: base },
    instantiates: ['http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data'],
    fhirVersion: '4.0.1',
    format: [...formats],
    patchFormat: [...patchTypes, ...formats],
    rest: [
      {
        mode: 'server',
        documentation,
        security: securityOf(oauth),
        resource: resourcesOf(options, mode),
        interaction: ofSystem.map((code) => ({ code }) as CapabilityStatementRestInteraction),
        searchParam: common.map(([name, type, id]) => ({
          name,
          type,
          definition: `http://hl7.org/fhir/SearchParameter/${id}`,
        })),
        operation: systemOperations(operations),
        compartment: compartmentsOf(interactions),
      },
    ],
  };
}

type Rest = NonNullable<CapabilityStatement['rest']>[number];

function resourcesOf(
  { interactions, operations, parameters = r4Parameters, conditionalDelete = 'single', profilesOf }: CapabilityOptions,
  mode: Mode,
): NonNullable<Rest['resource']> {
  const ofTypes = interactions.filter(({ path, code }) => path.startsWith(':type') && code !== 'operation');
  // What is still being indexed is not searched by yet.
  const isOpen = (parameter: SearchParameter) => isSearchable(parameter) && !parameter.indexing;
  const searchable = new Map(resourceTypes().map((type) => [type, parameters.parameters(type).filter(isOpen)]));
  const pointing = revIncludes(searchable);
  const shared: Pick<ResourceOptions, 'interactions' | 'operations' | 'conditionalDelete'> = {
    interactions: ofTypes,
    operations,
    conditionalDelete,
  };
  return resourceTypes()
    .filter((type) => mode === 'full' || normative.has(type))
    .map((type) =>
      capabilityOf(type, {
        ...shared,
        parameters: searchable.get(type) ?? [],
        revIncludes: pointing.get(type) ?? [],
        profiles: profilesOf?.(type) ?? [],
      }),
    );
}

/** By type the references that may point at it; those that may point at anything are too many to be listed with each. */
function revIncludes(
  searchable: ReadonlyMap<string, readonly SearchParameter[]>,
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const [source, parameters] of searchable) {
    for (const { code, type, targets = [] } of parameters) {
      if (type !== 'reference' || targets.length > mostTargets) continue;
      for (const target of targets) found.set(target, [...(found.get(target) ?? []), `${source}:${code}`]);
    }
  }
  return found;
}

/** A reference with more targets than this is one to anything. */
const mostTargets = 40;

/** https://hl7.org/fhir/R4/compartmentdefinition.html: those that can be searched. */
function compartmentsOf(interactions: CapabilityOptions['interactions']): string[] {
  const isServed = interactions.some(({ path }) => path.startsWith(':compartment'));
  const names = ['device', 'encounter', 'patient', 'practitioner', 'relatedPerson'];
  return isServed ? names.map((name) => `http://hl7.org/fhir/CompartmentDefinition/${name}`) : [];
}

function securityOf(oauth: CapabilityOptions['oauth']): NonNullable<Rest['security']> {
  const code = { system: 'http://terminology.hl7.org/CodeSystem/restful-security-service', code: 'SMART-on-FHIR' };
  const service = [{ coding: [code], text: 'OAuth2 using SMART-on-FHIR profile (see http://docs.smarthealthit.org)' }];
  if (!oauth) return { service };
  return {
    extension: [
      {
        url: 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris',
        extension: [
          { url: 'authorize', valueUri: oauth.authorize },
          { url: 'token', valueUri: oauth.token },
        ],
      },
    ],
    service,
  };
}
