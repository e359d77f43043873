/**
 * Who is behind this server, for people who look for their hospital in an app: organizations and the endpoints where their
 * records are. https://hl7.org/fhir/smart-app-launch/brands.html
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Bundle, Endpoint, Identifier, Organization, Resource } from '@medplum/fhirtypes';
import { publishedSince } from '../store/consent/published-brands.ts';
import type { Database } from '../store/store.ts';

/** Below the public URL. */
export const brandsPath = '/fhir/.well-known/user-access-brands.json';

export interface BrandOptions {
  /** The hospital's name as people know it. */
  readonly name: string;
  /** Its website; the address of this server when it has none. */
  readonly website?: string | undefined;
  /** URL of its logo. */
  readonly logo?: string | undefined;
  /** A whole Bundle instead, as JSON or as the path of a file of it. */
  readonly bundle?: string | undefined;
}

export interface Brands {
  /** The Bundle as JSON. */
  readonly text: string;
  readonly etag: string;
  /** Of the brand that is this server's own: SMART's `user_access_brand_identifier`. */
  readonly identifier: Identifier;
}

const profile = 'http://hl7.org/fhir/smart-app-launch/StructureDefinition/user-access-brands-bundle';
const extensions = 'http://hl7.org/fhir/StructureDefinition';
const terminology = 'http://terminology.hl7.org/CodeSystem';

/** A website's host, without the part that says nothing: by this do apps know the brand again elsewhere. */
function identifierOf(website: string): Identifier {
  const { protocol, host } = new URL(website);
  return { system: 'urn:ietf:rfc:3986', value: `${protocol}//${host.replace(/^www\./, '')}` };
}

function organization({ name, logo }: BrandOptions, website: string): Organization {
  return {
    resourceType: 'Organization',
    id: 'brand',
    extension: [
      ...(logo === undefined
        ? []
        : [{ url: `${extensions}/organization-brand`, extension: [{ url: 'brandLogo', valueUrl: logo }] }]),
      {
        url: `${extensions}/organization-portal`,
        extension: [
          { url: 'portalName', valueString: name },
          { url: 'portalUrl', valueUrl: website },
          { url: 'portalEndpoint', valueReference: { reference: 'Endpoint/fhir' } },
        ],
      },
    ],
    identifier: [identifierOf(website)],
    active: true,
    type: [{ coding: [{ system: `${terminology}/organization-type`, code: 'prov', display: 'Healthcare Provider' }] }],
    name,
    telecom: [{ system: 'url', value: website }],
    endpoint: [{ reference: 'Endpoint/fhir' }],
  };
}

function endpoint({ name }: BrandOptions, website: string, base: string): Endpoint {
  return {
    resourceType: 'Endpoint',
    id: 'fhir',
    extension: [{ url: `${extensions}/endpoint-fhir-version`, valueCode: '4.0.1' }],
    status: 'active',
    connectionType: { system: `${terminology}/endpoint-connection-type`, code: 'hl7-fhir-rest' },
    name: `${name} (FHIR R4)`,
    managingOrganization: { reference: 'Organization/brand', identifier: identifierOf(website) },
    contact: [{ system: 'url', value: website }],
    payloadType: [{ coding: [{ system: `${terminology}/endpoint-payload-type`, code: 'none' }] }],
    address: base,
  };
}

/** One brand and its endpoint, of what little an installation has to say. */
function ownBundle(options: BrandOptions, publicUrl: string): Bundle {
  const website = options.website ?? publicUrl;
  const resources = [organization(options, website), endpoint(options, website, `${publicUrl}/fhir`)];
  const entry = resources.map((resource) => ({
    fullUrl: `${publicUrl}/brands/${resource.resourceType}/${resource.id}`,
    resource,
  }));
  return { resourceType: 'Bundle', id: 'brands', meta: { profile: [profile] }, type: 'collection', entry };
}

const isOf =
  <T extends Resource>(type: T['resourceType']) =>
  (resource: Resource | undefined): resource is T =>
    resource?.resourceType === type;

/** The brand's own Bundle. Throws Error that names the setting and what is wrong. */
function givenBundle(given: string, base: string): Bundle {
  const wrong = (what: string, cause?: unknown) => new Error(`LIVEDOC_BRANDS: ${what}`, { cause });
  let bundle: Bundle;
  try {
    bundle = JSON.parse(given.trimStart().startsWith('{') ? given : readFileSync(given, 'utf8')) as Bundle;
  } catch (cause) {
    throw wrong(cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (bundle.resourceType !== 'Bundle' || bundle.type !== 'collection') throw wrong('is no Bundle of type collection.');
  const resources = (bundle.entry ?? []).map(({ resource }) => resource);
  if (!resources.filter(isOf<Endpoint>('Endpoint')).some(({ address }) => address === base)) {
    throw wrong(`has no Endpoint with the address ${base}.`);
  }
  return bundle;
}

/** The identifier of the brand that manages this server's endpoint, else of the first one. */
function primaryIdentifier(bundle: Bundle, base: string): Identifier {
  const resources = (bundle.entry ?? []).map(({ resource }) => resource);
  const brands = resources.filter(isOf<Organization>('Organization'));
  const own = resources.filter(isOf<Endpoint>('Endpoint')).find(({ address }) => address === base);
  const managing = own?.managingOrganization?.reference?.split('/').at(-1);
  const brand = brands.find(({ id }) => id !== undefined && id === managing) ?? brands[0];
  const identifier = brand?.identifier?.find(({ value }) => value !== undefined);
  if (!identifier) throw new Error('LIVEDOC_BRANDS: the Organization of this server has no identifier with a value.');
  const { system, value } = identifier;
  return { ...(system === undefined ? {} : { system }), value: String(value) };
}

/** What is published below `publicUrl`; its timestamp is when that last changed, in whichever process. */
export async function publishBrands(db: Database, options: BrandOptions, publicUrl: string): Promise<Brands> {
  const base = `${publicUrl}/fhir`;
  const bundle = options.bundle === undefined ? ownBundle(options, publicUrl) : givenBundle(options.bundle, base);
  const identifier = primaryIdentifier(bundle, base);
  const hash = createHash('sha256').update(JSON.stringify(bundle)).digest('hex');
  const timestamp = bundle.timestamp ?? (await publishedSince(db, hash)).toISOString();
  return { text: JSON.stringify({ ...bundle, timestamp }), etag: `W/"${hash.slice(0, 16)}"`, identifier };
}
