/**
 * A model version as a Device, and its card as a DocumentReference; both follow from the hash of the weights.
 * https://hl7.org/fhir/R4/device.html
 */
import type { Device, DocumentReference } from '@medplum/fhirtypes';
import type { ModelIdentity } from '../inference/finding.ts';
import type { ModelDescription } from '../inference/model-description.ts';
import { profile, sid } from '../livedoc/canonical.ts';
import { stableId } from '../livedoc/stable-id.ts';
import { type Code, concept, type Language } from '../livedoc/terms.ts';

export interface KnownModel {
  readonly description: ModelDescription;
  readonly identity: ModelIdentity;
}

const keyOf = ({ name, version, sha256, runtime }: ModelIdentity) => [name, version, sha256, runtime] as const;

export const deviceId = (identity: ModelIdentity) => stableId('Device', ...keyOf(identity));
export const modelCardId = (identity: ModelIdentity) => stableId('DocumentReference', ...keyOf(identity));

export function deviceOf({ description, identity }: KnownModel, language: Language): Device {
  const version = (code: Code<'device'>, value: string) => ({ type: concept('device', code, language), value });
  return {
    resourceType: 'Device',
    id: deviceId(identity),
    meta: { profile: [profile('ai-device')] },
    identifier: [{ system: sid('model'), value: `${identity.name}|${identity.version}|${identity.sha256}` }],
    status: 'active',
    manufacturer: identity.manufacturer,
    deviceName: [{ name: description.title, type: 'user-friendly-name' }],
    modelNumber: identity.name,
    type: concept('device', 'ai-model', language),
    version: [
      version('version', identity.version),
      version('sha256', identity.sha256),
      version('runtime', identity.runtime),
    ],
    property: description.thresholds.map(({ id, value, population }) => ({
      type: { ...concept('device', 'threshold', language), text: `${id} (${population})` },
      valueQuantity: [{ value, unit: '1', system: 'http://unitsofmeasure.org', code: '1' }],
    })),
  };
}

export function modelCardOf({ description, identity }: KnownModel, language: Language): DocumentReference {
  const card = Buffer.from(JSON.stringify(description, undefined, 2));
  return {
    resourceType: 'DocumentReference',
    id: modelCardId(identity),
    meta: { profile: [profile('model-card')] },
    status: 'current',
    docStatus: 'final',
    type: concept('document', 'model-card', language),
    description: `${description.title}, ${identity.name} ${identity.version}`,
    content: [
      {
        attachment: {
          contentType: 'application/json',
          title: `${identity.name} ${identity.version}`,
          data: card.toString('base64'),
          size: card.length,
        },
      },
    ],
  };
}
