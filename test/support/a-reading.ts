/** Builders of what the reading process hands over, and of the server's own context. */
import { readFileSync } from 'node:fs';
import type { Access, Caller } from '../../src/fhir/access.ts';
import type { Context } from '../../src/fhir/context.ts';
import { createValidator } from '../../src/fhir/validation/validator.ts';
import type { KnownModel } from '../../src/imaging/ai-device.ts';
import type { ImageFacts } from '../../src/imaging/image-facts.ts';
import type { LookedAt } from '../../src/imaging/reading.ts';
import type { Finding } from '../../src/inference/finding.ts';
import { parseModelDescription } from '../../src/inference/model-description.ts';
import { silent } from '../../src/shared/logger.ts';
import type { Store } from '../../src/store/store.ts';

const description = parseModelDescription(
  JSON.parse(readFileSync(new URL('../../models/tb-cxr/model.json', import.meta.url), 'utf8')),
);

/** The model of the repository, without its weights in memory. */
export const aModel: KnownModel = {
  description,
  identity: {
    name: description.name,
    version: description.version,
    manufacturer: description.manufacturer,
    sha256: description.sha256,
    runtime: 'onnxruntime-node 1 cpu',
  },
};

export function aFinding(given: Partial<Finding> = {}): Finding {
  return {
    outcome: 'positive',
    logit: 2.25,
    probability: 0.87654321,
    threshold: { id: 'screening', value: 0.2926, population: 'adults' },
    confidence: 0.91,
    confidenceLevel: 'ELEVE',
    regions: [{ zone: 'right-upper', box: { x: 10, y: 20, width: 300, height: 400 }, share: 0.61 }],
    heatmap: { width: 2, height: 2, data: new Float32Array(4), png: new Uint8Array([0x89, 0x50, 0x4e, 0x47]) },
    distance: 1.5,
    outOfDistribution: false,
    model: aModel.identity,
    milliseconds: { preprocess: 20, run: 30, postprocess: 10 },
    ...given,
  };
}

export function someFacts(given: Partial<ImageFacts> = {}): ImageFacts {
  return {
    study: '1.2.826.0.1.3680043.8.498.1',
    series: '1.2.826.0.1.3680043.8.498.1.1',
    instance: '1.2.826.0.1.3680043.8.498.1.1.1',
    sopClass: '1.2.840.10008.5.1.4.1.1.1.1',
    modality: 'DX',
    accessionNumber: 'ACC-1',
    studyDescription: 'Thorax de face',
    seriesNumber: 1,
    instanceNumber: 1,
    studyStarted: '2026-11-20T09:30:00+01:00',
    patient: {
      id: '2026-000007',
      name: { family: "N'Diaye", given: ['Aïssatou'], text: "Aïssatou N'Diaye" },
      birthDate: '1980-02-29',
      gender: 'female',
    },
    ...given,
  };
}

export const aReading = (finding: Partial<Finding> = {}, facts: Partial<ImageFacts> = {}): LookedAt => ({
  facts: someFacts(facts),
  reading: { kind: 'read', finding: aFinding(finding), warnings: [] },
});

/** Everything is allowed, in the name of this caller. */
export function accessAs(caller: Caller): Access {
  return {
    caller,
    may: () => true,
    mayTouch: () => true,
    mayName: () => true,
    restrict: () => [[]],
    mayUse: (feature) => feature !== 'validation' || caller.role === 'MEDECIN',
  };
}

const validate = createValidator({ profilesFolder: 'fhir-profiles' });

export function aContext(store: Store, caller: Caller = { client: { name: 'livedoc read-instance' } }): Context {
  const base = 'http://localhost:8080/fhir';
  return { store, access: accessAs(caller), validate, now: () => new Date(), base, log: silent };
}
