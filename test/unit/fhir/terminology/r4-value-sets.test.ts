/**
 * Every value set that a rule of R4 binds an element to expands, or it is said here why not.
 * https://hl7.org/fhir/R4/terminologies-valuesets.html
 */
import { describe, expect, it } from 'vitest';
import { readGenerated } from '../../../../src/fhir/definitions/generated.ts';
import type { TypeDefinition } from '../../../../src/fhir/definitions/types.ts';
import { openTerminology } from '../../../../src/fhir/terminology/open-terminology.ts';
import { FhirError } from '../../../../src/shared/errors.ts';

const terminology = await openTerminology({});

const bound = new Set(
  Object.values(readGenerated<Record<string, TypeDefinition>>('types.json'))
    .flatMap(({ elements }) => elements)
    .flatMap(({ binding }) => binding?.valueSet ?? []),
);

/** Systems that are not shipped, because they are too big or not free: `livedoc import` and uploads bring them. */
const notShipped = [
  'http://snomed.info/sct',
  'http://loinc.org',
  'http://hl7.org/fhir/sid/cvx',
  'http://nucc.org/provider-taxonomy',
  'http://varnomen.hgvs.org/',
  'http://www.ensembl.org',
  'http://www.ncbi.nlm.nih.gov/nuccore',
  'http://www.sequenceontology.org',
  'https://precision.fda.gov/apps/',
  'https://precision.fda.gov/files/',
  'urn:iso:std:iso:11073:10101',
  'http://ihe.net/fhir/ValueSet/IHE.FormatCode.codesystem',
];
/** Systems that are a grammar: there is no end of their codes. */
const endless = ['http://unitsofmeasure.org', 'urn:ietf:bcp:47', 'urn:ietf:bcp:13', 'urn:iso:std:iso:3166:-2'];
/** Named by the definitions, and defined nowhere: pages for people, and value sets that only later releases have. */
const mistakes = [
  'http://dicom.nema.org/medical/dicom/current/output/chtml/part04/sect_B.5.html#table_B.5-1',
  'http://dicom.nema.org/medical/dicom/current/output/chtml/part16/sect_CID_29.html',
  'http://www.rsna.org/RadLex_Playbook.aspx',
  'http://terminology.hl7.org/CodeSystem/processpriority',
  'http://terminology.hl7.org/ValueSet/usage-context-type',
  'http://hl7.org/fhir/ValueSet/characteristic-combination',
  'http://hl7.org/fhir/ValueSet/characteristic-offset',
  'http://hl7.org/fhir/ValueSet/definition-method',
  'http://hl7.org/fhir/ValueSet/evidence-variable-event',
  'http://hl7.org/fhir/ValueSet/research-study-arm-type',
  'http://hl7.org/fhir/ValueSet/research-study-classifiers',
  'http://hl7.org/fhir/ValueSet/research-study-party-organization-type',
  'http://hl7.org/fhir/ValueSet/research-study-party-role',
  'http://hl7.org/fhir/ValueSet/study-design',
  'http://hl7.org/fhir/ValueSet/title-type',
  'http://hl7.org/fhir/ValueSet/dicom-cid29',
  'http://hl7.org/fhir/ValueSet/usps-state',
  'http://hl7.org/fhir/CodeSystem/task-code|3.6.0',
];

const isExpected = (message: string) =>
  [...notShipped, ...endless, ...mistakes].some(
    (name) => message.includes(`'${name}'`) || message.includes(`${name} `),
  );

describe('the value sets that R4 binds elements to', () => {
  it('are many', () => expect(bound.size).toBeGreaterThan(500));

  it('expand, but for those whose system is not shipped or has no end of codes', async () => {
    let expanded = 0;
    const unexpected: string[] = [];
    for (const url of bound) {
      try {
        await terminology.expand({ url });
        expanded++;
      } catch (error) {
        if (!(error instanceof FhirError) || !isExpected(error.message)) unexpected.push(`${url}: ${String(error)}`);
      }
    }
    expect(unexpected).toEqual([]);
    expect([expanded, bound.size]).toEqual([498, 577]);
  });
});
