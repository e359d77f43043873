/** Texts that are spliced, signed and said. */
import { describe, expect, it } from 'vitest';
import { canonicalText } from '../../../src/livedoc/canonical-json.ts';
import { spliceChanges, spliceMembers } from '../../../src/livedoc/splice-members.ts';
import { stableId } from '../../../src/livedoc/stable-id.ts';
import { interpretation } from '../../../src/livedoc/wording.ts';

describe('spliceMembers', () => {
  const text = '{"a": 1.10, "b" : {"c":[1,"}"]},"d":"x\\"y"}';

  it('keeps what it does not change, digits included', () => {
    expect(spliceMembers(text, { b: 2 })).toBe('{"a":1.10,"b":2,"d":"x\\"y"}');
  });

  it('adds at the end and removes what is undefined', () => {
    expect(spliceMembers(text, { b: undefined, e: true })).toBe('{"a":1.10,"d":"x\\"y","e":true}');
  });

  it('writes only what is not the very same value', () => {
    const before = { a: 1.1, b: { c: [1] }, d: 'x' };
    expect(spliceChanges('{"a":1.10,"b":{"c":[1.0]},"d":"x"}', before, { ...before, d: 'z' })).toBe(
      '{"a":1.10,"b":{"c":[1.0]},"d":"z"}',
    );
  });
});

describe('canonicalText', () => {
  it('has sorted names and no spaces, narrative or meta', () => {
    const text = '{"resourceType":"X","meta":{"versionId":"3"},"text":{"div":"d"},"b":[ {"z":1.10,"a":null} ],"a":"é"}';
    expect(canonicalText(text)).toBe('{"a":"é","b":[{"a":null,"z":1.1}],"resourceType":"X"}');
  });
});

describe('stableId', () => {
  it('is a UUID of version 5 that follows from its parts and their order', () => {
    expect(stableId('a', 'b')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(stableId('a', 'b')).toBe(stableId('a', 'b'));
    expect(new Set([stableId('a', 'b'), stableId('b', 'a'), stableId('ab'), stableId('a,b')]).size).toBe(4);
  });
});

describe('interpretation', () => {
  const facts = {
    outcome: 'positive',
    probability: 0.87,
    threshold: 0.2926,
    confidence_level: 'ELEVE',
    features_detected: [{ zone: 'right-upper', box: { x: 0, y: 0, width: 1, height: 1 }, share: 0.614 }],
    not_read_reason: null,
    model: 'tb-cxr 1.0.0',
    warnings: [],
  } as const;

  it('says outcome, figures, regions and that a physician has to speak, in French', () => {
    expect(interpretation({ ...facts, features_detected: [...facts.features_detected] }, 'fr')).toBe(
      'Lecture automatique par tb-cxr 1.0.0 : évocateur de tuberculose pulmonaire. ' +
        'Probabilité calibrée 0,87, seuil 0,293, confiance élevée. ' +
        'Régions évocatrices : champ pulmonaire supérieur droit (61 %). ' +
        "Résultat préliminaire d'une intelligence artificielle, à valider par un médecin.",
    );
  });

  it('says in English why an image was not read, and draws no conclusion', () => {
    const unread = { ...facts, outcome: 'not-read', not_read_reason: 'too-young', features_detected: [] } as const;
    expect(interpretation({ ...unread, features_detected: [], warnings: ['Supine film'] }, 'en')).toBe(
      'Image not read: below the minimum age of the model. No conclusion about tuberculosis. Reservations: Supine film.',
    );
  });
});
