/**
 * The national identifiers of health professionals in France, as FR Core has them on a Practitioner.
 * https://hl7.fr/ig/fhir/core/StructureDefinition-fr-core-practitioner.html
 */
import type { Identifier } from '@medplum/fhirtypes';

export interface NationalIds {
  /** 11 digits. */
  readonly rpps?: string;
  /** 9 digits. */
  readonly adeli?: string;
}

const typeSystem = 'https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203';

const systems = {
  rpps: { system: 'https://rpps.esante.gouv.fr', code: 'RPPS', display: 'N° RPPS' },
  adeli: { system: 'https://adeli.esante.gouv.fr', code: 'ADELI', display: 'N° ADELI' },
} as const;

/** ADELI numbers may have letters for the department (2A, 2B). */
const patterns = { rpps: /^\d{11}$/, adeli: /^\d[\dAB]\d{7}$/ } as const;

/** The value when it is a number of the kind. */
export function nationalId(kind: keyof NationalIds, value: string | undefined): string | undefined {
  const text = value?.replace(/\s/g, '').toUpperCase();
  return text !== undefined && patterns[kind].test(text) ? text : undefined;
}

/** IdNat_PS: the kind's digit (8 for RPPS, 0 for ADELI), then the number. Nothing for other kinds. */
export function ofIdNatPs(value: string | undefined): NationalIds {
  const text = value?.replace(/\s/g, '') ?? '';
  const rest = text.slice(1);
  const rpps = text.startsWith('8') ? nationalId('rpps', rest) : undefined;
  const adeli = text.startsWith('0') ? nationalId('adeli', rest) : undefined;
  return { ...(rpps ? { rpps } : {}), ...(adeli ? { adeli } : {}) };
}

/** Identifiers for the Practitioner. */
export function identifiersOf(ids: NationalIds): readonly Identifier[] {
  return (['rpps', 'adeli'] as const).flatMap((kind) => {
    const value = ids[kind];
    if (value === undefined) return [];
    const { system, code, display } = systems[kind];
    return [{ use: 'official', type: { coding: [{ system: typeSystem, code, display }] }, system, value }];
  });
}
