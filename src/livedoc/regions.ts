/** The parts of a lung that speak for the disease, as components of an Observation: zone, box in pixels, share. */
import type { Extension, ObservationComponent } from '@medplum/fhirtypes';
import type { Feature } from '../shared/api/prediction.ts';
import { extension } from './canonical.ts';
import { codeIn, concept, type Language } from './terms.ts';

const boxUrl = extension('region-box');
const shareUrl = extension('region-share');
const sides = ['x', 'y', 'width', 'height'] as const;

export function regionComponent({ zone, box, share }: Feature, language: Language): ObservationComponent {
  return {
    extension: [
      { url: boxUrl, extension: sides.map((side) => ({ url: side, valueInteger: box[side] })) },
      { url: shareUrl, valueDecimal: share },
    ],
    code: concept('tb-cad', 'region', language),
    valueCodeableConcept: concept('lung-zone', zone, language),
  };
}

/** The feature of a region component; nothing for any other component. */
export function feature(component: ObservationComponent): Feature[] {
  const zone = codeIn('lung-zone', component.valueCodeableConcept);
  if (codeIn('tb-cad', component.code) !== 'region' || !zone) return [];
  const box = component.extension?.find((each) => each.url === boxUrl)?.extension ?? [];
  const share = component.extension?.find((each) => each.url === shareUrl)?.valueDecimal ?? 0;
  return [{ zone, box: boxOf(box), share }];
}

function boxOf(parts: readonly Extension[]): Feature['box'] {
  const [x = 0, y = 0, width = 0, height = 0] = sides.map(
    (side) => parts.find((each) => each.url === side)?.valueInteger,
  );
  return { x, y, width, height };
}
