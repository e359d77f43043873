/**
 * FHIR capabilities interaction: what this server does, derived from the table of its interactions and from the search
 * parameters that it indexes, so that it cannot claim more.
 * https://hl7.org/fhir/R4/http.html#capabilities
 */
import type {
  CapabilityStatement,
  CapabilityStatementRestInteraction,
  CapabilityStatementRestResource,
  CapabilityStatementRestResourceInteraction,
  CapabilityStatementRestResourceSearchParam,
} from '@medplum/fhirtypes';
import { pageMinutes } from '../../store/search/snapshots.ts';
import { resourceTypes } from '../definitions/types.ts';
import { formats } from '../formats.ts';
import { isSearchable } from '../search/clause.ts';
import { r4Parameters, type SearchParameter, type WithParameters } from '../search/parameters.ts';
import { isServersOwn } from './guard.ts';

export interface CapabilityOptions extends WithParameters {
  /** The FHIR base without a trailing slash. */
  readonly base: string;
  readonly version: string;
  /** The server's interactions, as its table has them. */
  readonly interactions: readonly { readonly code: string; readonly path: string; readonly method: string }[];
  /** Where an app signs its user in, where SMART clients look for it. */
  readonly oauth?: { readonly authorize: string; readonly token: string };
  /** Whether a conditional delete may delete several; absent: a single one. */
  readonly conditionalDelete?: 'single' | 'multiple';
}

/** The day of the last change to what is said here. */
const date = '2026-11-22';

const documentation =
  `Links to further pages are opaque and good for ${pageMinutes} minutes. Unknown search parameters are ignored, and
named in an OperationOutcome of the Bundle; with "Prefer: handling=strict" they are refused.`.replace(/\s+/g, ' ');

/** The CapabilityStatement. */
export function capabilities({
  base,
  version,
  interactions,
  oauth,
  parameters = r4Parameters,
  conditionalDelete = 'single',
}: CapabilityOptions): CapabilityStatement {
  const searchable = (type: string) => parameters.parameters(type).filter(isSearchable);
  const ofTypes = interactions.filter(({ path, code }) => path.startsWith(':type') && code !== 'operation');
  const system = interactions.filter(({ path, code }) => !path.includes(':') && code !== 'operation');
  const ofSystem = [...new Set([...system.map(({ code }) => code), 'batch'])];
  return {
    resourceType: 'CapabilityStatement',
    name: 'LIVEDOC',
    title: 'LIVEDOC FHIR R4 server',
    status: 'active',
    date,
    kind: 'instance',
    software: { name: 'LIVEDOC', version },
    implementation: { description: 'LIVEDOC: tuberculosis screening', url: base },
    fhirVersion: '4.0.1',
    format: [...formats],
    patchFormat: ['application/json-patch+json', ...formats],
    rest: [
      {
        mode: 'server',
        documentation,
        security: securityOf(oauth),
        interaction: ofSystem.map((code) => ({ code }) as CapabilityStatementRestInteraction),
        resource: resourceTypes().map((type) => resourceOf(type, ofTypes, searchable(type), conditionalDelete)),
      },
    ],
  };
}

type Rest = NonNullable<CapabilityStatement['rest']>[number];

function securityOf(oauth: CapabilityOptions['oauth']): NonNullable<Rest['security']> {
  const code = { system: 'http://terminology.hl7.org/CodeSystem/restful-security-service', code: 'SMART-on-FHIR' };
  if (!oauth) return { service: [{ coding: [code] }] };
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
    service: [{ coding: [code] }],
  };
}

function resourceOf(
  type: string,
  interactions: CapabilityOptions['interactions'],
  parameters: readonly SearchParameter[],
  conditionalDelete: 'single' | 'multiple',
): CapabilityStatementRestResource {
  const open = interactions.filter(({ code }) => !isServersOwn(type) || !isWrite(code));
  const has = (code: string) => open.some((interaction) => interaction.code === code);
  const references = parameters
    .filter((parameter) => parameter.type === 'reference')
    .map(({ code }) => `${type}:${code}`);
  return {
    type: type as NonNullable<CapabilityStatementRestResource['type']>,
    interaction: [...new Set(open.map(({ code }) => code))].map(
      (code) => ({ code }) as CapabilityStatementRestResourceInteraction,
    ),
    versioning: has('update') ? 'versioned-update' : 'versioned',
    readHistory: has('vread'),
    updateCreate: has('update'),
    conditionalCreate: has('create'),
    conditionalRead: 'full-support',
    conditionalUpdate: has('update'),
    conditionalDelete: has('delete') ? conditionalDelete : 'not-supported',
    referencePolicy: ['literal', 'logical'],
    ...(references.length > 0 ? { searchInclude: ['*', ...references] } : {}),
    searchParam: parameters.map(searchParam),
  };
}

function isWrite(code: string): boolean {
  return code === 'create' || code === 'update' || code === 'patch' || code === 'delete';
}

function searchParam({ code, type, url }: SearchParameter): CapabilityStatementRestResourceSearchParam {
  return { name: code, definition: url, type: type as CapabilityStatementRestResourceSearchParam['type'] };
}
