// What is published as user-access brands: of the settings, or a Bundle that is given whole.
import type { Bundle } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { type BrandOptions, publishBrands } from '../../../src/auth/brands.ts';
import { withStore } from '../../support/store.ts';

const test = withStore();
const publicUrl = 'https://livedoc.hopital.example';
const publish = (options: BrandOptions) => publishBrands(test.store.db, options, publicUrl);
const timestampOf = ({ text }: { readonly text: string }) => (JSON.parse(text) as Bundle).timestamp;

/** Two brands, of which the second one manages this server's endpoint. */
function given(changes: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    resourceType: 'Bundle',
    type: 'collection',
    entry: [
      { resource: { resourceType: 'Organization', id: 'group', identifier: [{ value: 'group' }], name: 'Group' } },
      {
        resource: {
          resourceType: 'Organization',
          id: 'own',
          identifier: [{ system: 'urn:x', value: 'own' }],
          name: 'Own',
        },
      },
      {
        resource: {
          resourceType: 'Endpoint',
          id: 'fhir',
          address: `${publicUrl}/fhir`,
          managingOrganization: { reference: 'Organization/own' },
        },
      },
    ],
    ...changes,
  });
}

describe('brands', () => {
  it('have the timestamp of their last change, the same in each process', async () => {
    const first = await publish({ name: 'A' });
    expect(await publish({ name: 'A' })).toEqual(first);
    const second = await publish({ name: 'B' });
    expect(second.etag).not.toBe(first.etag);
    expect(Date.parse(timestampOf(second) ?? '')).toBeGreaterThanOrEqual(Date.parse(timestampOf(first) ?? ''));
  });

  it('of an installation without a website have its own address', async () => {
    const { identifier, text } = await publish({ name: 'A' });
    expect(identifier).toEqual({ system: 'urn:ietf:rfc:3986', value: publicUrl });
    expect(text).toContain(`"address":"${publicUrl}/fhir"`);
  });

  it('that are given whole stay as they are, and the one that manages this server’s endpoint is its own', async () => {
    const { identifier, text } = await publish({ name: 'A', bundle: given() });
    expect(identifier).toEqual({ system: 'urn:x', value: 'own' });
    expect(JSON.parse(text)).toEqual({ ...JSON.parse(given()), timestamp: expect.any(String) });
    const dated = await publish({ name: 'A', bundle: given({ timestamp: '2026-01-01T00:00:00Z' }) });
    expect(timestampOf(dated)).toBe('2026-01-01T00:00:00Z');
  });

  it.each([
    ['no JSON', '{'],
    ['no file', '/nowhere/brands.json'],
    ['another type of Bundle', given({ type: 'searchset' })],
    ['no Bundle', JSON.stringify({ resourceType: 'Organization' })],
    ['no endpoint of this server', given({ entry: [] })],
    ['no identifier', given().replaceAll('"identifier"', '"alias"')],
  ])('that are %s stop the start, and the setting is named', async (_what, bundle) => {
    await expect(publish({ name: 'A', bundle })).rejects.toThrow(/^LIVEDOC_BRANDS: /);
  });
});
