import { describe, expect, it } from 'vitest';
import { askedPage, pageLinks } from '../../../../src/fhir/search/page.ts';
import { FhirError } from '../../../../src/shared/errors.ts';
import { pageMinutes } from '../../../../src/store/search/snapshots.ts';

const pageKey = new Uint8Array(32).fill(1);
const base = 'http://localhost/fhir';
const at = (time: string) => ({ pageKey, base, now: () => new Date(time) });

function nextLink(key = pageKey): string {
  const context = { ...at('2026-01-01T00:00:00Z'), pageKey: key };
  const links = pageLinks(context, { path: 'Patient', query: 'name=x', link: null, next: 'v1' });
  return new URL(links.find(({ relation }) => relation === 'next')?.url ?? '').searchParams.get('_page') ?? '';
}

const kindOf = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    if (error instanceof FhirError) return [error.kind, error.issues[0]?.code];
    throw error;
  }
  return ['none'];
};

describe('page links', () => {
  it('lead back to the search and the position', () => {
    expect(askedPage(at('2026-01-01T00:12:00Z'), 'Patient', nextLink())).toEqual({ query: 'name=x', after: 'v1' });
    expect(askedPage(at('2026-01-01T00:12:00Z'), 'Patient', null)).toBeUndefined();
  });

  it(`are good for ${pageMinutes} minutes, then gone`, () => {
    expect(kindOf(() => askedPage(at('2026-01-01T00:29:59Z'), 'Patient', nextLink()))).toEqual(['none']);
    expect(kindOf(() => askedPage(at('2026-01-01T00:30:01Z'), 'Patient', nextLink()))).toEqual(['gone', 'expired']);
  });

  it.each([
    ['another path', 'Observation', nextLink()],
    ['another key', 'Patient', nextLink(new Uint8Array(32).fill(2))],
    ['a cut link', 'Patient', nextLink().slice(0, 20)],
    ['a changed link', 'Patient', nextLink().replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))],
    ['nothing', 'Patient', ''],
    ['a shortened tag', 'Patient', nextLink().slice(0, 18)],
  ])('are refused for %s', (_, path, link) => {
    expect(kindOf(() => askedPage(at('2026-01-01T00:00:00Z'), path, link))).toEqual(['invalid', 'invalid']);
  });

  it('are not there without a key', () => {
    const { pageKey: _, ...keyless } = at('2026-01-01T00:00:00Z');
    expect(pageLinks(keyless, { path: 'Patient', query: '', link: null, next: 'v1' })).toHaveLength(1);
    expect(kindOf(() => askedPage(keyless, 'Patient', nextLink()))).toEqual(['invalid', 'invalid']);
  });
});
